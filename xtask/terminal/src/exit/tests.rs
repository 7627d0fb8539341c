//! The ranking of exit codes.

use super::Exit;

#[test]
fn failed_outranks_not_proven_which_outranks_unreachable_which_outranks_nothing() {
    for (higher, lower) in [(Exit::Failed, Exit::NotProven), (Exit::NotProven, Exit::Unreachable), (Exit::NotProven, Exit::Done)] {
        assert_eq!([higher.worst(lower), lower.worst(higher)], [higher; 2]);
    }
    assert_eq!(Exit::NotProven.code(), 5);
    assert_eq!(Exit::Unreachable.worst(Exit::Failed), Exit::Failed);
    assert_eq!(Exit::Failed.worst(Exit::Unreachable), Exit::Failed);
    assert_eq!(Exit::Nothing.worst(Exit::Unreachable), Exit::Unreachable);
    assert_eq!(Exit::Done.worst(Exit::Nothing), Exit::Nothing);
}

#[test]
fn a_proven_failure_stays_one_if_its_results_cannot_be_written() {
    assert_eq!(Exit::Failed.without_results(), Exit::Failed);
    assert_eq!([Exit::Done, Exit::Nothing, Exit::Unreachable, Exit::NotProven].map(Exit::without_results), [Exit::BadInput; 4]);
}
