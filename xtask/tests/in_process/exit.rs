//! How exit codes rank.

use super::Exit;

#[test]
fn a_proven_failure_outranks_an_unknown_and_that_outranks_nothing() {
    assert_eq!(Exit::Unreachable.worst(Exit::Failed), Exit::Failed);
    assert_eq!(Exit::Failed.worst(Exit::Unreachable), Exit::Failed);
    assert_eq!(Exit::Nothing.worst(Exit::Unreachable), Exit::Unreachable);
    assert_eq!(Exit::Done.worst(Exit::Nothing), Exit::Nothing);
}
