//! Errors of AWS and the network, and operations of others during a rollout.

use std::time::Duration;

use stack_rollout::status::{OperationAction, OperationStatus};
use stack_rollout::{CallError, CallErrorKind, Error, Event, Operation, Options, Outcome, Verdict, roll_out};

use crate::fake::*;

const A: &str = "222222222222";
const B: &str = "333333333333";
const EAST: &str = "us-east-1";

fn foreign() -> Operation {
    Operation {
        id: "someone-else-1".parse().unwrap(),
        action: OperationAction::Update,
        status: OperationStatus::Running,
        status_reason: None,
        created_at: None,
    }
}

#[test]
fn a_running_foreign_operation_is_an_error_and_nothing_is_changed() {
    let cloud = Cloud::default();
    let release = release(&[A], &[EAST]);
    rolled_out(&cloud, &release).unwrap();
    cloud.state().foreign = Some(foreign());
    let before = cloud.calls_that_change().len();
    let error = rolled_out(&cloud, &release).unwrap_err();
    insta::assert_snapshot!(error, @"stack set `iris-staging` already has a running operation `someone-else-1` (UPDATE RUNNING)");
    assert!(error.hint().unwrap().contains("stop-stack-set-operation"));
    assert_eq!(cloud.calls_that_change().len(), before);
}

#[test]
fn an_operation_that_starts_between_observation_and_change_is_an_error_too() {
    let cloud = Cloud::with_errors("CreateStackInstances", [error("OperationInProgressException")]);
    // It is listed only after the change was rejected.
    let release = release(&[A], &[EAST]);
    let error = rolled_out_with(&cloud, &release, &options(), |event| {
        if matches!(event, Event::StackSetCreated { .. }) {
            cloud.state().foreign = Some(foreign());
        }
    })
    .unwrap_err();
    assert!(matches!(error, Error::OperationInProgress { operation, .. } if operation.id.as_str() == "someone-else-1"));
}

#[test]
fn a_set_that_is_briefly_blocked_without_a_listed_operation_is_retried() {
    let cloud = Cloud::with_errors("CreateStackInstances", [error("OperationInProgressException"), error("OperationInProgressException")]);
    assert_eq!(rolled_out(&cloud, &release(&[A], &[EAST])).unwrap().verdict(), Verdict::Succeeded);
}

#[test]
fn a_set_that_stays_blocked_is_an_error() {
    let cloud = Cloud::with_errors("CreateStackInstances", std::iter::repeat_with(|| error("OperationInProgressException")).take(99));
    let error = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap_err();
    assert!(matches!(error, Error::Call { source, .. } if source.kind() == CallErrorKind::OperationInProgress));
}

#[test]
fn throttling_of_every_call_is_retried() {
    let cloud = Cloud::with(|state| state.throttles_everything_once = true);
    let mut tolerated = 0;
    let rollout = rolled_out_with(&cloud, &release(&[A, B], &[EAST]), &options(), |event| {
        tolerated += usize::from(matches!(event, Event::Tolerated { .. }));
    });
    assert_eq!(rollout.unwrap().verdict(), Verdict::Succeeded);
    assert_eq!(tolerated, cloud.state().throttled.len());
}

#[test]
fn permanent_throttling_is_an_error_before_the_first_operation_and_a_record_after_it() {
    let forever = || std::iter::repeat_with(|| error("Throttling")).take(999);
    let cloud = Cloud::with_errors("DescribeStackSet", forever());
    let error = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap_err();
    insta::assert_snapshot!(error, @"stack set `iris-staging`: `DescribeStackSet` failed: Throttling: injected by the test (request id req-1)");
    assert_eq!(cloud.state().calls.len(), 9, "the first call and eight retries");

    let cloud = Cloud::with_errors("DescribeStackSetOperation", forever());
    let rollout = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap();
    assert_eq!((rollout.verdict(), rollout.targets[0].outcome), (Verdict::Unfinished, Outcome::Unfinished));
    assert_eq!(rollout.operations.len(), 1);
    assert_eq!(rollout.problems[0].code, "not-finished");
}

#[test]
fn an_expired_token_during_an_operation_results_in_a_record_and_a_hint() {
    let cloud = Cloud::with_errors("DescribeStackSetOperation", [error("ExpiredToken")]);
    let rollout = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap();
    assert_eq!(rollout.verdict(), Verdict::Unfinished);
    assert!(rollout.problems[0].hint.as_deref().unwrap().contains("get new credentials"));
}

#[test]
fn a_denied_call_is_not_retried() {
    let cloud = Cloud::with_errors("CreateStackSet", [error("AccessDenied")]);
    let error = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap_err();
    assert_eq!(error.hint().unwrap(), "allow `cloudformation:CreateStackSet` for the role or user that makes the call");
    assert_eq!(cloud.calls_that_change(), ["CreateStackSet"]);
}

#[test]
fn a_lost_response_starts_nothing_twice() {
    for call in ["CreateStackSet", "CreateStackInstances", "UpdateStackSet"] {
        let cloud = Cloud::default();
        let mut next = release(&[A], &[EAST]);
        if call == "UpdateStackSet" {
            rolled_out(&cloud, &next).unwrap();
            next.parameters[0].1 = "prod".to_owned();
        }
        let before = cloud.state().operations.len();
        cloud.state().lost_responses.insert(call, [CallError::unreachable(call, "connection reset")].into());
        let rollout = rolled_out(&cloud, &next).unwrap();
        assert_eq!(rollout.verdict(), Verdict::Succeeded, "{call}");
        assert_eq!(cloud.state().operations.len(), before + 1, "{call}");
    }
}

#[test]
fn a_duplicate_operation_id_without_a_listed_operation_is_an_error() {
    let duplicate = std::iter::repeat_with(|| error("OperationIdAlreadyExistsException")).take(99);
    let cloud = Cloud::with_errors("CreateStackInstances", duplicate);
    let error = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap_err();
    assert!(matches!(error, Error::Call { source, .. } if source.kind() == CallErrorKind::OperationIdAlreadyExists));
}

#[test]
fn an_operation_that_is_not_found_yet_is_polled_again() {
    let cloud = Cloud::with_errors("DescribeStackSetOperation", [error("OperationNotFoundException"), error("OperationNotFoundException")]);
    assert_eq!(rolled_out(&cloud, &release(&[A], &[EAST])).unwrap().verdict(), Verdict::Succeeded);
}

#[test]
fn at_the_deadline_the_record_has_the_known_results_and_the_deadline_problem() {
    let cloud = Cloud::with_fate(target(B, EAST), Fate::NeverEnds);
    let options = Options { deadline: Duration::from_mins(10), ..options() }.with_clock(FakeClock::default());
    let sessions = |_, _| async { Ok(FakeStacks::default()) };
    let rollout = block_on(roll_out(&cloud, sessions, &release(&[A, B], &[EAST]), &options, |_| {})).unwrap();
    assert_eq!(options.clock.elapsed(), Duration::from_mins(10), "it waits exactly until the deadline");
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 succeeded", "333333333333/us-east-1 unfinished"]);
    assert_eq!(rollout.verdict(), Verdict::Unfinished);
    assert_eq!(rollout.problems[0].code, "deadline");
    let polls = cloud.state().calls.iter().filter(|call| **call == "DescribeStackSetOperation").count();
    assert!((40..=65).contains(&polls), "{polls} polls in ten minutes");
}

#[test]
fn denied_access_to_results_does_not_abort_the_rollout() {
    let cloud = Cloud::with_errors("ListStackSetOperationResults", std::iter::repeat_with(|| error("AccessDenied")).take(9));
    let rollout = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap();
    assert_eq!(rollout.verdict(), Verdict::Succeeded);
    assert_eq!(rollout.problems[0].code, "results-unread");
}

#[test]
fn an_operation_result_does_not_override_the_state_of_the_instance() {
    let cloud = Cloud::default();
    let release = release(&[A], &[EAST]);
    let rollout = rolled_out_with(&cloud, &release, &options(), |event| {
        if matches!(&event, Event::OperationStatus { status, .. } if status.has_ended()) {
            cloud.state().instances.get_mut(&target(A, EAST)).unwrap().0.status = "OUTDATED".into();
        }
    });
    let rollout = rollout.unwrap();
    assert_eq!(rollout.targets[0].outcome, Outcome::Failed);
    assert_eq!(rollout.targets[0].reason.as_deref(), Some("the operation ended, but the stack instance is OUTDATED"));
}

#[test]
fn a_failure_of_an_earlier_rollout_is_not_reported_again() {
    let cloud = Cloud::with_fate(target(A, EAST), Fate::Fails("an older failure"));
    let release = release(&[A], &[EAST]);
    assert_eq!(rolled_out(&cloud, &release).unwrap().targets[0].outcome, Outcome::Failed);
    cloud.state().errors.insert("DescribeStackSetOperation", [error("ExpiredToken")].into());
    let rollout = rolled_out(&cloud, &release).unwrap();
    assert_eq!(rollout.targets[0].outcome, Outcome::Unfinished);
    assert!(!rollout.targets[0].reason.as_deref().unwrap().contains("an older failure"));
}
