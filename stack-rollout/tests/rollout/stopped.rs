//! Stopping the operations that are running on a stack set.

use std::pin::pin;
use std::time::Duration;

use stack_rollout::status::{DetailedStatus, OperationStatus};
use stack_rollout::*;

use crate::fake::*;
use crate::stopping_clock::StoppingClock;

const A: &str = "222222222222";
const B: &str = "333333333333";
const EAST: &str = "us-east-1";

/// A cloud in which an operation of the release is running: A is being created, B has not started.
fn running(release: &Release, options: &Options, fate: Fate) -> Cloud {
    let cloud = Cloud::with_fate(target(A, EAST), fate);
    let options = options.clone().with_clock(StoppingClock::after(0));
    let sessions = |_, _| async { Err::<FakeStacks, _>(SessionError::new("no session in this test")) };
    assert!(options.clock.kills(pin!(roll_out(&cloud, sessions, release, &options, |_| {}))));
    cloud.state().operations[0].results.get_mut(&target(B, EAST)).unwrap().status = DetailedStatus::Pending;
    cloud
}

fn stopped(cloud: &Cloud, scope: StopScope, options: &Options) -> Result<StopReport, Error> {
    let options = options.clone().with_clock(FakeClock::default());
    block_on(stop(cloud, &release(&[A], &[EAST]).stack_set, scope, &options, |_| {}))
}

fn stop_requests(cloud: &Cloud) -> usize {
    cloud.state().calls.iter().filter(|call| **call == "StopStackSetOperation").count()
}

fn statuses(report: &StopReport) -> Vec<&OperationStatus> {
    report.operations.iter().map(|operation| &operation.status).collect()
}

#[test]
fn what_has_started_is_finished_and_the_rest_is_cancelled() {
    let (release, options) = (release(&[A, B], &[EAST]), options());
    let cloud = running(&release, &options, Fate::Succeeds);
    let mut stopping = Vec::new();
    let clocked = options.clone().with_clock(FakeClock::default());
    let report = block_on(stop(&cloud, &release.stack_set, StopScope::Every, &clocked, |event| {
        if let Event::Stopping { operation } = event {
            stopping.push(operation.id);
        }
    }))
    .unwrap();
    assert_eq!((statuses(&report), report.has_ended()), (vec![&OperationStatus::Stopped], true), "{report:#?}");
    assert_eq!(stopping, [report.operations[0].operation_id.clone()]);
    let results: Vec<_> = cloud.state().operations[0].results.values().map(|result| result.status.clone()).collect();
    assert_eq!(results, [DetailedStatus::Succeeded, DetailedStatus::Cancelled]);
    assert_eq!(cloud.calls_that_change().last(), Some(&"StopStackSetOperation"));
    // The next run of the release continues with what is missing.
    let rollout = rolled_out_with(&cloud, &release, &options, |_| {}).unwrap();
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 unchanged", "333333333333/us-east-1 succeeded"]);
}

#[test]
fn without_a_running_operation_nothing_is_stopped() {
    let cloud = Cloud::default();
    let missing = Cloud::with_errors("ListStackSetOperations", [error("StackSetNotFoundException")]);
    rolled_out(&cloud, &release(&[A], &[EAST])).unwrap();
    for cloud in [cloud, missing] {
        let report = stopped(&cloud, StopScope::Every, &options()).unwrap();
        assert!(report.operations.is_empty() && report.has_ended(), "{report:#?}");
        assert_eq!(stop_requests(&cloud), 0);
    }
}

#[test]
fn only_the_operations_of_the_release_can_be_selected() {
    let (release, options) = (release(&[A, B], &[EAST]), options());
    let cloud = running(&release, &options, Fate::Succeeds);
    let report = stopped(&cloud, StopScope::OfRelease, &crate::fake::options()).unwrap();
    assert!(report.operations.is_empty() && stop_requests(&cloud) == 0, "it belongs to another release: {report:#?}");
    let report = stopped(&cloud, StopScope::OfRelease, &options).unwrap();
    assert_eq!(statuses(&report), [&OperationStatus::Stopped]);
}

#[test]
fn an_operation_that_ended_in_the_meantime_is_reported_as_it_ended() {
    let (release, options) = (release(&[A, B], &[EAST]), options());
    let cloud = running(&release, &options, Fate::Succeeds);
    cloud.state().operations[0].results.get_mut(&target(B, EAST)).unwrap().status = DetailedStatus::Succeeded;
    cloud.state().errors.insert("StopStackSetOperation", [error("InvalidOperationException")].into());
    let report = stopped(&cloud, StopScope::Every, &options).unwrap();
    assert_eq!((statuses(&report), report.has_ended()), (vec![&OperationStatus::Succeeded], true));
}

#[test]
fn an_operation_that_is_stopping_already_is_only_waited_for() {
    let (release, options) = (release(&[A, B], &[EAST]), options());
    let cloud = running(&release, &options, Fate::Succeeds);
    cloud.state().operations[0].operation.status = OperationStatus::Stopping;
    let report = stopped(&cloud, StopScope::Every, &options).unwrap();
    assert_eq!((statuses(&report), stop_requests(&cloud)), (vec![&OperationStatus::Stopped], 0));
}

#[test]
fn a_refused_stop_is_an_error_and_a_throttled_one_is_repeated() {
    let (release, options) = (release(&[A, B], &[EAST]), options());
    for code in ["AccessDenied", "InvalidOperationException"] {
        let cloud = running(&release, &options, Fate::NeverEnds);
        cloud.state().errors.insert("StopStackSetOperation", [error(code)].into());
        let refused = stopped(&cloud, StopScope::Every, &options).unwrap_err();
        assert!(refused.to_string().contains(code), "{refused}");
        assert_eq!(cloud.state().operations[0].operation.status, OperationStatus::Running);
    }
    let cloud = running(&release, &options, Fate::Succeeds);
    cloud.state().errors.insert("StopStackSetOperation", [error("Throttling")].into());
    // The request has an effect although its response is lost.
    cloud.state().lost_responses.insert("StopStackSetOperation", [error("InternalFailure")].into());
    let report = stopped(&cloud, StopScope::Every, &options).unwrap();
    assert_eq!((statuses(&report), stop_requests(&cloud)), (vec![&OperationStatus::Stopped], 3));
}

#[test]
fn of_several_operations_all_are_stopped_and_one_that_is_refused_is_a_problem() {
    let (release, options) = (release(&[A, B], &[EAST]), options());
    let queued = || Operation {
        id: "queued".parse().unwrap(),
        action: stack_rollout::status::OperationAction::Update,
        status: OperationStatus::Queued,
        status_reason: None,
        created_at: Some(2_000),
    };
    let cloud = running(&release, &options, Fate::Succeeds);
    cloud.state().add_foreign(0, queued());
    let report = stopped(&cloud, StopScope::Every, &options).unwrap();
    assert_eq!((statuses(&report), report.has_ended()), (vec![&OperationStatus::Stopped; 2], true), "{report:#?}");
    assert_eq!(report.operations[0].operation_id.as_str(), "queued", "it must not start when the other one ends");

    let cloud = running(&release, &options, Fate::Succeeds);
    cloud.state().add_foreign(0, queued());
    cloud.state().errors.insert("StopStackSetOperation", [error("AccessDenied")].into());
    let report = stopped(&cloud, StopScope::Every, &options).unwrap();
    assert_eq!((statuses(&report), report.has_ended()), (vec![&OperationStatus::Stopped], false));
    assert_eq!(report.problems[0].code, "not-stopped");
    assert!(report.problems[0].message.contains("`queued`") && report.problems[0].hint.is_some(), "{:?}", report.problems);
}

#[test]
fn an_operation_that_does_not_end_before_the_deadline_is_reported() {
    let (release, options) = (release(&[A, B], &[EAST]), options());
    let cloud = running(&release, &options, Fate::NeverEnds);
    let report = stopped(&cloud, StopScope::Every, &Options { deadline: Duration::from_mins(5), ..options }).unwrap();
    assert_eq!((statuses(&report), report.has_ended()), (vec![&OperationStatus::Stopping], false));
    assert_eq!(report.problems[0].code, "deadline");
}
