//! An older run never overwrites the changes of a newer one.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use stack_rollout::status::{InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::*;

use crate::fake::*;

const A: &str = "222222222222";
const B: &str = "333333333333";
const EAST: &str = "us-east-1";
const WEST: &str = "eu-west-1";

async fn no_sessions(_: AccountId, _: Region) -> Result<FakeStacks, SessionError> {
    Err(SessionError::new("no session in this test"))
}

/// A release with this version. The second region has an override, so that a rollout needs two
/// operations.
fn version(number: u32) -> Release {
    let mut release = release(&[A], &[EAST, WEST]);
    release.parameters[0].1 = format!("version {number}");
    release.overrides = vec![ParameterOverride {
        account: None,
        region: Some(WEST.parse().unwrap()),
        parameters: [("EnvType".to_owned(), format!("west {number}"))].into(),
    }];
    release
}

fn options_of(number: u32) -> Options {
    Options::new(format!("release-{number}").parse().unwrap())
}

/// Polls a run until the condition is true.
fn poll_until<T>(mut run: Pin<&mut impl Future<Output = T>>, condition: impl Fn() -> bool) {
    while !condition() {
        assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "the run has ended");
    }
}

fn end<T>(mut run: Pin<&mut impl Future<Output = T>>) -> T {
    loop {
        if let Poll::Ready(ended) = run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return ended;
        }
    }
}

fn operations(cloud: &Cloud) -> Vec<String> {
    cloud.state().operations.iter().map(|running| running.operation.id.to_string()).collect()
}

/// A cloud with version 1, and a run of version 2 that has finished the first of its two
/// operations.
macro_rules! after_the_first_of_two_operations {
    ($cloud:ident, $run:ident) => {
        let $cloud = Cloud::default();
        rolled_out_with(&$cloud, &version(1), &options_of(1), |_| {}).unwrap();
        let (second, options) = (version(2), options_of(2).with_clock(FakeClock::default()));
        let mut $run = pin!(roll_out(&$cloud, no_sessions, &second, &options, |_| {}));
        let before = $cloud.state().operations.len();
        poll_until($run.as_mut(), || $cloud.state().operations.len() > before);
        (0..9).for_each(|_| $cloud.state().advance());
    };
}

fn foreign(action: OperationAction) -> Operation {
    Operation {
        id: "4f0c-of-the-pipeline".parse().unwrap(),
        action,
        status: OperationStatus::Succeeded,
        status_reason: None,
        created_at: None,
    }
}

#[test]
fn a_run_does_not_start_its_second_operation_after_a_newer_release() {
    after_the_first_of_two_operations!(cloud, late);
    // Release 3 waited for that operation, updates both regions and ends.
    let waiting = Options { wait_for_others: true, ..options_of(3) };
    assert_eq!(rolled_out_with(&cloud, &version(3), &waiting, |_| {}).unwrap().verdict(), Verdict::Succeeded);
    let before = operations(&cloud);

    let rollout = end(late).unwrap();
    assert_eq!(operations(&cloud), before, "no further operation was started");
    assert_eq!(cloud.state().set.as_ref().unwrap().parameters, version(3).parameters);
    assert_eq!(rollout.verdict(), Verdict::Unfinished);
    assert_eq!(outcomes(&rollout), ["222222222222/eu-west-1 unfinished", "222222222222/us-east-1 unfinished"]);
    assert_eq!(rollout.problems[0].code, "superseded");
    insta::assert_snapshot!(rollout.problems[0], @"stack set: superseded: operation `release-3-1-update-2` (UPDATE SUCCEEDED) does not belong to this release and started after this run's first operation");

    // A rollback is a new run, whose operations are newer.
    assert_eq!(rolled_out_with(&cloud, &version(2), &options_of(2), |_| {}).unwrap().verdict(), Verdict::Succeeded);
    assert_eq!(cloud.state().set.as_ref().unwrap().parameters, version(2).parameters);
}

#[test]
fn a_foreign_operation_supersedes_a_run_unless_it_changes_no_instance() {
    for (action, is_newer) in [
        (OperationAction::Update, true),
        (OperationAction::Create, true),
        (OperationAction::Delete, false),
        (OperationAction::DetectDrift, false),
    ] {
        after_the_first_of_two_operations!(cloud, late);
        cloud.state().add_foreign(0, foreign(action.clone()));
        let rollout = end(late).unwrap();
        let superseded = rollout.problems.iter().any(|problem| problem.code == "superseded");
        assert_eq!((superseded, rollout.verdict() == Verdict::Succeeded), (is_newer, !is_newer), "{action} {rollout:#?}");
    }
}

#[test]
fn after_a_newer_operation_a_finished_run_reports_no_target_as_succeeded() {
    let cloud = Cloud::default();
    let rollout = rolled_out_with(&cloud, &version(1), &options_of(1), |event| {
        let all_there = cloud.state().instances.len() == 2;
        if all_there && matches!(&event, Event::OperationStatus { status, .. } if status.has_ended()) {
            cloud.state().add_foreign(0, foreign(OperationAction::Update));
        }
    });
    let rollout = rollout.unwrap();
    assert_eq!((rollout.verdict(), rollout.problems[0].code), (Verdict::Unfinished, "superseded"));
    assert_eq!(rollout.counts.unfinished, 2);
    let reason = "operation `4f0c-of-the-pipeline` (UPDATE SUCCEEDED) of another run has started since";
    assert_eq!(rollout.targets[0].reason.as_deref(), Some(reason));
}

/// The run's own operation succeeded. The newer release caused the outdated or failed instances.
#[test]
fn changes_of_a_newer_release_are_not_failures_of_the_older_one() {
    for (newer_fails, results_unread) in [(false, false), (false, true), (true, false), (true, true)] {
        after_the_first_of_two_operations!(cloud, late);
        cloud.state().lists_no_results = results_unread;
        let third = version(3);
        let waiting = Options { wait_for_others: true, ..options_of(3) }.with_clock(FakeClock::default());
        if newer_fails {
            cloud.state().fates.insert(target(A, EAST), Fate::Fails("no such model"));
        }
        let before = cloud.state().operations.len();
        let mut newer = pin!(roll_out(&cloud, no_sessions, &third, &waiting, |_| {}));
        poll_until(newer.as_mut(), || cloud.state().operations.len() > before);
        if newer_fails {
            (0..9).for_each(|_| cloud.state().advance());
        }
        assert_eq!(cloud.state().instances[&target(A, EAST)].0.status, InstanceStatus::Outdated);

        let rollout = end(late).unwrap();
        assert_eq!(outcomes(&rollout), ["222222222222/eu-west-1 unfinished", "222222222222/us-east-1 unfinished"], "{rollout:#?}");
        assert_eq!(rollout.verdict(), Verdict::Unfinished);
        assert!(rollout.problems.iter().any(|problem| problem.code == "superseded"), "{rollout:#?}");
    }
}

#[test]
fn changes_between_the_observation_and_the_first_operation_are_observed_again() {
    let cloud = Cloud::default();
    rolled_out_with(&cloud, &version(1), &options_of(1), |_| {}).unwrap();
    let is_planned = AtomicBool::new(false);
    let planned = |event| is_planned.store(matches!(event, Event::Planned(_)), Ordering::Relaxed);
    let (second, options) = (version(2), options_of(2).with_clock(FakeClock::default()));
    let mut run = pin!(roll_out(&cloud, no_sessions, &second, &options, planned));
    poll_until(run.as_mut(), || is_planned.load(Ordering::Relaxed));
    rolled_out_with(&cloud, &version(3), &options_of(3), |_| {}).unwrap();
    // This run's first operation is newer than release 3.
    assert_eq!(end(run).unwrap().verdict(), Verdict::Succeeded);
    assert_eq!(cloud.state().set.as_ref().unwrap().parameters, second.parameters);
    assert_eq!(cloud.state().applied[&target(A, WEST)], second.overrides_of(&target(A, WEST)));
}

#[test]
fn while_the_list_is_not_consistent_times_decide_and_a_tie_counts_as_newer() {
    // All operations in this cloud start at second 1,000.
    for created_at in [Some(1_000), None] {
        after_the_first_of_two_operations!(cloud, late);
        cloud.state().foreign = Some(Operation { created_at, ..foreign(OperationAction::Update) });
        cloud.state().list_lags = 1;
        assert_eq!(end(late).unwrap().problems[0].code, "superseded", "{created_at:?}");
    }
    after_the_first_of_two_operations!(cloud, late);
    cloud.state().add_foreign(1, Operation { created_at: Some(999), ..foreign(OperationAction::Update) });
    assert_eq!(end(late).unwrap().verdict(), Verdict::Succeeded, "an older operation that is listed late does not supersede the run");
}

#[test]
fn instances_are_not_removed_after_a_newer_release_has_started() {
    let cloud = Cloud::default();
    let mut everywhere = release(&[A, B], &[EAST, WEST]);
    rolled_out(&cloud, &everywhere).unwrap();
    everywhere.parameters[0].1 = "newer".to_owned();
    // Not a rectangle, so two operations.
    let request = PruneRequest {
        stack_set: everywhere.stack_set.clone(),
        permission_model: everywhere.permission_model.clone(),
        instances: [target(A, EAST), target(B, EAST), target(B, WEST)].into(),
        release_targets: Targets::default(),
        include_targets: false,
        retain_stacks: false,
        preferences: Preferences::default(),
    };
    let options = options_of(1).with_clock(FakeClock::default());
    let mut late = pin!(prune(&cloud, &request, &options, |_| {}));
    poll_until(late.as_mut(), || cloud.calls_that_change().contains(&"DeleteStackInstances"));
    (0..9).for_each(|_| cloud.state().advance());
    rolled_out(&cloud, &everywhere).unwrap();
    let pruned = end(late).unwrap();
    assert_eq!((pruned.verdict, pruned.problems[0].code), (Verdict::Unfinished, "superseded"));
    assert_eq!(cloud.state().instances.len(), 4);
}
