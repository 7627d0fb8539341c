//! An older run never overwrites what a newer one has done.

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

/// A release of this version. The second region has a parameter of its own, so that a rollout takes two operations.
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

/// Lets a run go on until this holds.
fn go_on_until<T>(mut run: Pin<&mut impl Future<Output = T>>, holds: impl Fn() -> bool) {
    while !holds() {
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

/// A cloud with version 1, and a run of version 2 that goes no further than its first of two operations, which has ended.
macro_rules! after_the_first_of_two_operations {
    ($cloud:ident, $run:ident) => {
        let $cloud = Cloud::default();
        rolled_out_with(&$cloud, &version(1), &options_of(1), |_| {}).unwrap();
        let (second, options) = (version(2), options_of(2).with_clock(FakeClock::default()));
        let mut $run = pin!(roll_out(&$cloud, no_sessions, &second, &options, |_| {}));
        let before = $cloud.state().operations.len();
        go_on_until($run.as_mut(), || $cloud.state().operations.len() > before);
        (0..9).for_each(|_| $cloud.state().advance());
    };
}

fn by_someone_else(action: OperationAction) -> Operation {
    Operation {
        id: "4f0c-of-the-pipeline".parse().unwrap(),
        action,
        status: OperationStatus::Succeeded,
        status_reason: None,
        created_at: None,
    }
}

#[test]
fn a_run_that_comes_late_to_its_second_operation_leaves_the_newer_release_that_came_before_it() {
    after_the_first_of_two_operations!(cloud, late);
    // Release 3 had waited for that operation, updates both regions and ends.
    let waiting = Options { wait_for_others: true, ..options_of(3) };
    assert_eq!(rolled_out_with(&cloud, &version(3), &waiting, |_| {}).unwrap().verdict(), Verdict::Succeeded);
    let before = operations(&cloud);

    let rollout = end(late).unwrap();
    assert_eq!(operations(&cloud), before, "nothing more was started");
    assert_eq!(cloud.state().set.as_ref().unwrap().parameters, version(3).parameters);
    assert_eq!(rollout.verdict(), Verdict::Unfinished);
    assert_eq!(outcomes(&rollout), ["222222222222/eu-west-1 unfinished", "222222222222/us-east-1 unfinished"]);
    assert_eq!(rollout.problems[0].code, "superseded");
    insta::assert_snapshot!(rollout.problems[0], @"stack set: superseded: operation `release-3-1-update-2` (UPDATE SUCCEEDED) does not belong to this release and started after this run's first operation");

    // Going back is a new run, whose operations are newer.
    assert_eq!(rolled_out_with(&cloud, &version(2), &options_of(2), |_| {}).unwrap().verdict(), Verdict::Succeeded);
    assert_eq!(cloud.state().set.as_ref().unwrap().parameters, version(2).parameters);
}

#[test]
fn an_operation_of_the_pipeline_or_of_a_person_counts_as_newer_and_one_that_changes_no_instance_does_not() {
    for (action, is_newer) in [
        (OperationAction::Update, true),
        (OperationAction::Create, true),
        (OperationAction::Delete, false),
        (OperationAction::DetectDrift, false),
    ] {
        after_the_first_of_two_operations!(cloud, late);
        cloud.state().had(0, by_someone_else(action.clone()));
        let rollout = end(late).unwrap();
        let superseded = rollout.problems.iter().any(|problem| problem.code == "superseded");
        assert_eq!((superseded, rollout.verdict() == Verdict::Succeeded), (is_newer, !is_newer), "{action} {rollout:#?}");
    }
}

#[test]
fn an_operation_that_began_after_the_last_of_a_run_leaves_nothing_that_it_could_vouch_for() {
    let cloud = Cloud::default();
    let rollout = rolled_out_with(&cloud, &version(1), &options_of(1), |event| {
        let all_there = cloud.state().instances.len() == 2;
        if all_there && matches!(&event, Event::OperationStatus { status, .. } if status.has_ended()) {
            cloud.state().had(0, by_someone_else(OperationAction::Update));
        }
    });
    let rollout = rollout.unwrap();
    assert_eq!((rollout.verdict(), rollout.problems[0].code), (Verdict::Unfinished, "superseded"));
    assert_eq!(rollout.counts.unfinished, 2);
    let reason = "operation `4f0c-of-the-pipeline` (UPDATE SUCCEEDED) of another run has started since";
    assert_eq!(rollout.targets[0].reason.as_deref(), Some(reason));
}

/// Its own operation did what it should; that the instances are outdated, or have failed, is the newer release's doing.
#[test]
fn what_a_newer_release_does_meanwhile_is_not_a_failure_of_the_older_one() {
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
        go_on_until(newer.as_mut(), || cloud.state().operations.len() > before);
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
fn what_another_changed_between_the_look_and_the_first_operation_is_observed_again() {
    let cloud = Cloud::default();
    rolled_out_with(&cloud, &version(1), &options_of(1), |_| {}).unwrap();
    let is_planned = AtomicBool::new(false);
    let planned = |event| is_planned.store(matches!(event, Event::Planned(_)), Ordering::Relaxed);
    let (second, options) = (version(2), options_of(2).with_clock(FakeClock::default()));
    let mut run = pin!(roll_out(&cloud, no_sessions, &second, &options, planned));
    go_on_until(run.as_mut(), || is_planned.load(Ordering::Relaxed));
    rolled_out_with(&cloud, &version(3), &options_of(3), |_| {}).unwrap();
    // This run's first operation is newer than all of release 3.
    assert_eq!(end(run).unwrap().verdict(), Verdict::Succeeded);
    assert_eq!(cloud.state().set.as_ref().unwrap().parameters, second.parameters);
    assert_eq!(cloud.state().applied[&target(A, WEST)], second.overrides_of(&target(A, WEST)));
}

#[test]
fn as_long_as_the_list_lags_behind_times_decide_and_a_tie_counts_as_newer() {
    // All in this cloud begins at second 1,000.
    for created_at in [Some(1_000), None] {
        after_the_first_of_two_operations!(cloud, late);
        cloud.state().foreign = Some(Operation { created_at, ..by_someone_else(OperationAction::Update) });
        cloud.state().list_lags = 1;
        assert_eq!(end(late).unwrap().problems[0].code, "superseded", "{created_at:?}");
    }
    after_the_first_of_two_operations!(cloud, late);
    cloud.state().had(1, Operation { created_at: Some(999), ..by_someone_else(OperationAction::Update) });
    assert_eq!(end(late).unwrap().verdict(), Verdict::Succeeded, "an older one that is listed late is none that supersedes");
}

#[test]
fn instances_that_were_named_for_removal_stay_once_a_newer_release_has_begun() {
    let cloud = Cloud::default();
    let mut everywhere = release(&[A, B], &[EAST, WEST]);
    rolled_out(&cloud, &everywhere).unwrap();
    everywhere.parameters[0].1 = "newer".to_owned();
    // Not a rectangle: two operations.
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
    go_on_until(late.as_mut(), || cloud.calls_that_change().contains(&"DeleteStackInstances"));
    (0..9).for_each(|_| cloud.state().advance());
    rolled_out(&cloud, &everywhere).unwrap();
    let pruned = end(late).unwrap();
    assert_eq!((pruned.verdict, pruned.problems[0].code), (Verdict::Unfinished, "superseded"));
    assert_eq!(cloud.state().instances.len(), 4);
}
