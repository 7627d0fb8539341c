//! Runs that were killed during an operation, and concurrent runs.

use std::pin::pin;
use std::time::Duration;

use stack_rollout::status::{OperationAction, OperationStatus};
use stack_rollout::*;

use crate::fake::*;
use crate::stopping_clock::StoppingClock;

const A: &str = "222222222222";
const B: &str = "333333333333";
const EAST: &str = "us-east-1";

fn no_sessions(_: AccountId, _: Region) -> std::future::Ready<Result<FakeStacks, SessionError>> {
    std::future::ready(Err(SessionError::new("no session in this test")))
}

/// Starts a rollout and drops it at its first pause.
fn killed(cloud: &Cloud, release: &Release, options: &Options) {
    let options = options.clone().with_clock(StoppingClock::after(0));
    let run = pin!(roll_out(cloud, no_sessions, release, &options, |_| {}));
    assert!(options.clock.kills(run));
}

#[test]
fn the_operation_of_a_killed_run_is_resumed_and_nothing_is_started_twice() {
    let cloud = Cloud::default();
    let (release, options) = (release(&[A, B], &[EAST]), options());
    killed(&cloud, &release, &options);
    let mut resumed = Vec::new();
    let rollout = rolled_out_with(&cloud, &release, &options, |event| {
        if let Event::Resumed { operation } = event {
            resumed.push(operation.id.to_string());
        }
    })
    .unwrap();
    assert_eq!(rollout.verdict(), Verdict::Succeeded);
    assert_eq!(cloud.calls_that_change(), ["CreateStackSet", "CreateStackInstances"]);
    assert_eq!(resumed, [cloud.state().operations[0].operation.id.to_string()]);
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 succeeded", "333333333333/us-east-1 succeeded"]);
    assert!(rollout.operations[0].resumed);
}

#[test]
fn the_remaining_steps_of_a_killed_run_are_started_after_its_operation_has_ended() {
    let cloud = Cloud::default();
    let mut next = release(&[A], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    next.parameters[0].1 = "prod".to_owned();
    next.targets = Targets::new([A, B].map(|account| account.parse().unwrap()), [EAST.parse().unwrap()]);
    let options = options();
    killed(&cloud, &next, &options);
    let rollout = rolled_out_with(&cloud, &next, &options, |_| {}).unwrap();
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 succeeded", "333333333333/us-east-1 succeeded"]);
    assert_eq!(cloud.calls_that_change()[2..], ["UpdateStackSet", "CreateStackInstances"]);
    assert_eq!(rollout.operations.iter().map(|operation| operation.resumed).collect::<Vec<_>>(), [true, false]);
    assert!(cloud.state().instances.values().all(|(_, version)| *version == 2));
}

#[test]
fn a_resumed_operation_that_fails_is_reported_and_no_other_is_started() {
    let cloud = Cloud::with_fate(target(A, EAST), Fate::Fails("no capacity"));
    let (release, options) = (release(&[A], &[EAST]), options());
    killed(&cloud, &release, &options);
    let rollout = rolled_out_with(&cloud, &release, &options, |_| {}).unwrap();
    assert_eq!((rollout.verdict(), outcomes(&rollout)), (Verdict::Failed, vec!["222222222222/us-east-1 failed".to_owned()]));
    assert_eq!(rollout.targets[0].reason.as_deref(), Some("no capacity"));
    assert_eq!(cloud.state().operations.len(), 1);
}

#[test]
fn a_release_can_be_rolled_out_repeatedly_and_every_run_has_its_own_ids() {
    let cloud = Cloud::default();
    let (release, options) = (release(&[A], &[EAST]), options());
    rolled_out_with(&cloud, &release, &options, |_| {}).unwrap();
    for _ in 0..3 {
        cloud.state().instances.get_mut(&target(A, EAST)).unwrap().0.status = "OUTDATED".into();
        assert_eq!(rolled_out_with(&cloud, &release, &options, |_| {}).unwrap().verdict(), Verdict::Succeeded);
    }
    let ids: std::collections::BTreeSet<_> = cloud.state().operations.iter().map(|running| running.operation.id.to_string()).collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn an_operation_of_another_release_is_not_resumed() {
    let cloud = Cloud::default();
    let release = release(&[A], &[EAST]);
    killed(&cloud, &release, &options());
    let error = rolled_out(&cloud, &release).unwrap_err();
    assert!(matches!(error, Error::OperationInProgress { .. }), "{error}");
}

#[test]
fn other_operations_are_waited_for_if_requested_until_the_deadline() {
    let foreign = Operation {
        id: "someone-else-1".parse().unwrap(),
        action: OperationAction::Update,
        status: OperationStatus::Running,
        status_reason: None,
        created_at: None,
    };
    let cloud = Cloud::default();
    let mut next = release(&[A], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    next.parameters[0].1 = "prod".to_owned();
    let waiting = Options { wait_for_others: true, ..options() };
    cloud.state().foreign = Some(foreign.clone());
    cloud.state().foreign_lists = 5;
    let mut waited = 0;
    let rollout = rolled_out_with(&cloud, &next, &waiting, |event| waited += usize::from(matches!(event, Event::WaitingForOther { .. })));
    assert_eq!((rollout.unwrap().verdict(), waited), (Verdict::Succeeded, 1));

    cloud.state().foreign = Some(foreign);
    let waiting = Options { wait_for_others: true, deadline: Duration::from_mins(5), ..options() }.with_clock(FakeClock::default());
    let error = block_on(roll_out(&cloud, no_sessions, &next, &waiting, |_| {})).unwrap_err();
    assert!(matches!(error, Error::OperationInProgress { .. }), "{error}");
    assert_eq!(waiting.clock.elapsed(), Duration::from_mins(5));
}

#[test]
fn two_concurrent_runs_of_one_release_start_each_operation_once_and_both_succeed() {
    let cloud = Cloud::default();
    let mut next = release(&[A], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    next.parameters[0].1 = "prod".to_owned();
    next.targets = Targets::new([A, B].map(|account| account.parse().unwrap()), [EAST.parse().unwrap()]);
    let options = options();
    let [one, other] = [(); 2].map(|()| options.clone().with_clock(FakeClock::default()));
    let (one, other) = block_on(async {
        tokio::join!(roll_out(&cloud, no_sessions, &next, &one, |_| {}), roll_out(&cloud, no_sessions, &next, &other, |_| {}),)
    });
    assert_eq!([one.unwrap().verdict(), other.unwrap().verdict()], [Verdict::Succeeded; 2]);
    let started: Vec<_> = cloud.state().operations.iter().skip(1).map(|running| running.operation.action.clone()).collect();
    assert_eq!(started, [OperationAction::Update, OperationAction::Create]);
}
