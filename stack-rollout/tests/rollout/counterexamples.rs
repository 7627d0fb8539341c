//! Courses of events in which a rollout once did or reported something wrong, each found by the state machine.

use crate::state_machine::Step::*;
use crate::state_machine::{Other, Together as Both, Turn, course};

#[test]
fn an_override_that_a_killed_run_left_is_reset_after_an_account_came() {
    course([Killed(1), Accounts([1].into()), Own(Some(0)), Killed(1), Own(None), AwsGoesOn, Rollout]);
}

#[test]
fn an_override_that_a_killed_run_left_is_reset_after_an_account_came_later() {
    course([Killed(1), Own(Some(0)), Accounts([1].into()), Killed(1), Own(None), AwsGoesOn, Rollout]);
}

#[test]
fn an_override_is_reset_after_an_account_failed_and_a_call_was_throttled() {
    course([
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
fn an_instance_that_is_said_not_to_be_there_is_not_taken_for_one_without_overrides() {
    course([Rollout, ByHand(0, 0, Some(0)), Troubled("DescribeStackInstance", "StackInstanceNotFoundException", 1, false)]);
}

#[test]
fn an_operation_whose_id_is_said_to_be_taken_by_its_own_first_request_counts_as_the_first_of_its_run() {
    course([
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
fn an_operation_whose_request_seemed_to_be_refused_counts_as_the_first_of_its_run() {
    course([Together(Both {
        other: Other::Newer,
        waits: (false, false),
        by_hand: None,
        trouble: Some(("UpdateStackSet", "StackInstanceNotFoundException", 2, true)),
        schedule: vec![(Turn::This, 6), (Turn::Other, 12), (Turn::This, 1), (Turn::Aws, 1), (Turn::This, 16)],
    })]);
}

#[test]
fn a_target_that_an_operation_of_a_run_beside_this_is_still_at_work_in_is_not_reported_as_unchanged() {
    let beside = |other, by_hand, trouble, schedule| Together(Both { other, waits: (false, false), by_hand, trouble, schedule });
    course([
        beside(Other::Same, Some((0, 0, Some(0))), None, vec![(Turn::Other, 15), (Turn::Person, 1), (Turn::This, 3), (Turn::This, 1)]),
        beside(
            Other::Own(None),
            None,
            Some(("DescribeStackSetOperation", "InvalidOperationException", 2, false)),
            vec![(Turn::Other, 4), (Turn::Other, 6), (Turn::This, 14), (Turn::Other, 15)],
        ),
    ]);
}
