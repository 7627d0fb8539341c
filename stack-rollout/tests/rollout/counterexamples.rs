//! Event sequences that once made a rollout behave or report incorrectly, found by the state
//! machine.

use crate::state_machine::Step::*;
use crate::state_machine::{Other, Together as Both, Turn, run_steps};

#[test]
fn an_override_of_a_killed_run_is_reset_after_an_account_was_added() {
    run_steps([Killed(1), Accounts([1].into()), Own(Some(0)), Killed(1), Own(None), Continue, Rollout]);
}

#[test]
fn an_override_of_a_killed_run_is_reset_after_an_account_was_added_later() {
    run_steps([Killed(1), Own(Some(0)), Accounts([1].into()), Killed(1), Own(None), Continue, Rollout]);
}

#[test]
fn an_override_is_reset_after_an_account_failed_and_a_call_was_throttled() {
    run_steps([
        Killed(1),
        Own(Some(0)),
        Accounts([1, 2].into()),
        Fails(1, 1, true),
        Troubled("DescribeStackSet", "Throttling", 1, false),
        Own(None),
        Troubled("DescribeStackSet", "InvalidOperationException", 1, true),
    ]);
}

#[test]
fn an_instance_that_is_reported_as_not_found_is_not_treated_as_one_without_overrides() {
    run_steps([Rollout, ByHand(0, 0, Some(0)), Troubled("DescribeStackInstance", "StackInstanceNotFoundException", 1, false)]);
}

#[test]
fn an_operation_whose_own_first_request_is_reported_as_a_duplicate_is_the_first_of_its_run() {
    run_steps([
        Together(Both {
            other: Other::Newer,
            waits: (false, false),
            by_hand: None,
            trouble: None,
            schedule: vec![(Turn::This, 15), (Turn::This, 1)],
        }),
        Together(Both {
            other: Other::Own(Some(0)),
            waits: (false, false),
            by_hand: None,
            trouble: Some(("UpdateStackSet", "OperationIdAlreadyExistsException", 1, true)),
            schedule: vec![(Turn::This, 2)],
        }),
    ]);
}

#[test]
fn an_operation_whose_request_seemed_to_be_rejected_is_the_first_of_its_run() {
    run_steps([Together(Both {
        other: Other::Newer,
        waits: (false, false),
        by_hand: None,
        trouble: Some(("UpdateStackSet", "StackInstanceNotFoundException", 2, true)),
        schedule: vec![(Turn::This, 6), (Turn::Other, 12), (Turn::This, 1), (Turn::Aws, 1), (Turn::This, 16)],
    })]);
}

#[test]
fn a_target_with_a_running_operation_of_a_concurrent_run_is_not_reported_as_unchanged() {
    let together = |other, by_hand, trouble, schedule| Together(Both { other, waits: (false, false), by_hand, trouble, schedule });
    run_steps([
        together(Other::Same, Some((0, 0, Some(0))), None, vec![(Turn::Other, 15), (Turn::Person, 1), (Turn::This, 3), (Turn::This, 1)]),
        together(
            Other::Own(None),
            None,
            Some(("DescribeStackSetOperation", "InvalidOperationException", 2, false)),
            vec![(Turn::Other, 4), (Turn::Other, 6), (Turn::This, 14), (Turn::Other, 15)],
        ),
    ]);
}
