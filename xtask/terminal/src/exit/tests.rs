//! The ranking of exit codes.

use super::Exit;

#[test]
fn failed_outranks_unreachable_which_outranks_nothing() {
    assert_eq!(Exit::Unreachable.worst(Exit::Failed), Exit::Failed);
    assert_eq!(Exit::Failed.worst(Exit::Unreachable), Exit::Failed);
    assert_eq!(Exit::Nothing.worst(Exit::Unreachable), Exit::Unreachable);
    assert_eq!(Exit::Done.worst(Exit::Nothing), Exit::Nothing);
}
