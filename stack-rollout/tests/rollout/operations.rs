//! The operations of a rollout and their order.

use std::time::Duration;

use stack_rollout::status::InstanceStatus;
use stack_rollout::{Event, Options, Orphan, Outcome, SetChange, Targets, Verdict, WaitReports};

use crate::fake::*;

const A: &str = "222222222222";
const B: &str = "333333333333";
const EAST: &str = "us-east-1";
const WEST: &str = "eu-west-1";

#[test]
fn the_first_release_creates_the_set_and_every_instance() {
    let cloud = Cloud::default();
    let rollout = rolled_out(&cloud, &release(&[A, B], &[EAST, WEST])).unwrap();
    assert_eq!(rollout.verdict(), Verdict::Succeeded);
    assert_eq!(rollout.change, SetChange::Create);
    assert_eq!(rollout.counts.succeeded, 4);
    assert_eq!(cloud.calls_that_change(), ["CreateStackSet", "CreateStackInstances"]);
    assert!(cloud.state().instances.values().all(|(instance, version)| instance.status == InstanceStatus::Current && *version == 1));
}

#[test]
fn the_same_release_again_starts_nothing() {
    let cloud = Cloud::default();
    let release = release(&[A], &[EAST]);
    rolled_out(&cloud, &release).unwrap();
    let before = cloud.calls_that_change().len();
    let again = rolled_out(&cloud, &release).unwrap();
    assert!(again.nothing_to_do);
    assert!(again.operations.is_empty());
    assert_eq!(outcomes(&again), ["222222222222/us-east-1 unchanged"]);
    assert_eq!(cloud.calls_that_change().len(), before);
}

#[test]
fn a_second_release_updates_existing_instances_before_it_creates_new_ones() {
    let cloud = Cloud::default();
    let mut next = release(&[A], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    next.parameters[0].1 = "prod".to_owned();
    next.targets = Targets::new([A, B].map(|account| account.parse().unwrap()), [EAST.parse().unwrap()]);
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(cloud.calls_that_change()[2..], ["UpdateStackSet", "CreateStackInstances"]);
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 succeeded", "333333333333/us-east-1 succeeded"]);
    assert!(cloud.state().instances.values().all(|(_, version)| *version == 2));
}

#[test]
fn an_orphan_is_reported_and_neither_updated_nor_deleted() {
    let cloud = Cloud::default();
    let mut next = release(&[A, B], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    next.targets = Targets::new([A.parse().unwrap()], [EAST.parse().unwrap()]);
    next.template.body.push_str("Outputs: {}\n");
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(rollout.orphans.iter().map(Orphan::target).collect::<Vec<_>>(), [target(B, EAST)]);
    assert_eq!(rollout.counts.targets, 1);
    assert_eq!(cloud.state().instances[&target(B, EAST)].1, 1, "the orphan keeps its version");
    assert_eq!(cloud.state().instances[&target(A, EAST)].1, 2);
}

#[test]
fn if_the_set_has_only_orphans_they_are_not_changed_and_new_targets_get_the_new_version() {
    let cloud = Cloud::default();
    let mut next = release(&[A], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    next.targets = Targets::new([B.parse().unwrap()], [EAST.parse().unwrap()]);
    next.template.body.push_str("Outputs: {}\n");
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(rollout.verdict(), Verdict::Succeeded);
    assert_eq!(cloud.state().instances[&target(A, EAST)].1, 1);
    assert_eq!(cloud.state().instances[&target(B, EAST)].1, 2);
}

#[test]
fn a_new_target_with_the_old_version_is_not_successful_if_the_update_of_the_set_is_rejected() {
    let cloud = Cloud::default();
    let mut next = release(&[A], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    next.targets = Targets::new([B.parse().unwrap()], [EAST.parse().unwrap()]);
    next.template.body.push_str("Outputs: {}\n");
    cloud.state().errors.insert("UpdateStackSet", [error("ValidationError")].into());
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(cloud.state().instances[&target(B, EAST)].1, 1);
    assert_eq!(rollout.targets[0].outcome, Outcome::Unfinished, "{rollout:#?}");
    assert_ne!(rollout.verdict(), Verdict::Succeeded);
}

#[test]
fn instances_that_do_not_form_a_rectangle_are_all_updated_without_requests_for_missing_ones() {
    let cloud = Cloud::default();
    let mut next = release(&[A, B], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    next.targets = Targets::new([A.parse().unwrap()], [EAST, WEST].map(|region| region.parse().unwrap()));
    rolled_out(&cloud, &next).unwrap();
    next.targets = Targets::new([A, B].map(|account| account.parse().unwrap()), [EAST, WEST].map(|region| region.parse().unwrap()));
    next.template.body.push_str("Outputs: {}\n");
    let before = cloud.calls_that_change().len();
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(rollout.counts.succeeded, 4);
    assert_eq!(cloud.calls_that_change()[before..], ["UpdateStackSet", "UpdateStackInstances", "CreateStackInstances"]);
    assert!(cloud.state().instances.values().all(|(_, version)| *version == 2));
}

#[test]
fn an_outdated_instance_is_brought_up_to_date_without_touching_the_set() {
    let cloud = Cloud::default();
    let release = release(&[A, B], &[EAST]);
    rolled_out(&cloud, &release).unwrap();
    cloud.state().instances.get_mut(&target(B, EAST)).unwrap().0.status = InstanceStatus::Outdated;
    let rollout = rolled_out(&cloud, &release).unwrap();
    assert_eq!(rollout.change, SetChange::Untouched);
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 unchanged", "333333333333/us-east-1 succeeded"]);
    assert_eq!(cloud.calls_that_change().last(), Some(&"UpdateStackInstances"));
}

#[test]
fn a_failure_within_the_tolerance_does_not_stop_the_operation_and_is_still_a_failure() {
    let cloud = Cloud::with_fate(target(A, EAST), Fate::Fails("role cannot be assumed"));
    let mut release = release(&[A, B], &[EAST]);
    release.preferences.failure_tolerance_percentage = Some(50);
    let rollout = rolled_out(&cloud, &release).unwrap();
    assert_eq!(rollout.operations[0].status.as_str(), "SUCCEEDED");
    assert_eq!(rollout.verdict(), Verdict::Failed);
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 failed", "333333333333/us-east-1 succeeded"]);
    assert_eq!(rollout.targets[0].reason.as_deref(), Some("role cannot be assumed"));
}

#[test]
fn after_a_failed_operation_no_other_is_started_and_every_target_has_a_reason() {
    let cloud = Cloud::default();
    let mut next = release(&[A], &[EAST]);
    rolled_out(&cloud, &next).unwrap();
    cloud.state().fates.insert(target(A, EAST), Fate::Fails("no capacity"));
    next.parameters[0].1 = "prod".to_owned();
    next.targets = Targets::new([A, B].map(|account| account.parse().unwrap()), [EAST.parse().unwrap()]);
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 failed", "333333333333/us-east-1 skipped"]);
    assert!(rollout.targets[1].reason.as_deref().unwrap().contains("ended as FAILED"), "{:?}", rollout.targets[1].reason);
    assert_eq!(cloud.calls_that_change().last(), Some(&"UpdateStackSet"));
}

#[test]
fn a_stopped_operation_and_a_suspended_account_have_different_outcomes() {
    let cloud = Cloud::with_fate(target(A, EAST), Fate::Suspended);
    let rollout = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap();
    assert_eq!((rollout.targets[0].outcome, rollout.verdict()), (Outcome::Skipped, Verdict::Failed));

    let cloud = Cloud::with(|state| state.stops = true);
    let rollout = rolled_out(&cloud, &release(&[A], &[EAST])).unwrap();
    assert_eq!((rollout.targets[0].outcome, rollout.verdict()), (Outcome::Cancelled, Verdict::Failed));
    assert_eq!(rollout.operations[0].status.as_str(), "STOPPED");
}

#[test]
fn without_operation_results_the_instances_determine_the_outcome() {
    let cloud = Cloud::with(|state| {
        state.lists_no_results = true;
        state.fates.insert(target(B, EAST), Fate::Fails("no capacity"));
    });
    let rollout = rolled_out(&cloud, &release(&[A, B], &[EAST])).unwrap();
    assert_eq!(outcomes(&rollout), ["222222222222/us-east-1 succeeded", "333333333333/us-east-1 failed"]);
}

#[test]
fn a_long_wait_is_reported_every_minute_with_the_time_that_remains() {
    let cloud = Cloud::with_fate(target(A, EAST), Fate::NeverEnds);
    let (mut due, mut waits, mut reported) = (WaitReports::new(Duration::from_mins(1)), 0, Vec::new());
    let options = Options { deadline: Duration::from_mins(4), ..options() };
    let rollout = rolled_out_with(&cloud, &release(&[A], &[EAST]), &options, |event| {
        if let Event::Waiting { elapsed, remaining, .. } = event {
            assert_eq!(elapsed + remaining, Duration::from_mins(4));
            waits += 1;
            reported.extend(due.due(elapsed, remaining));
        }
    });
    assert_eq!(rollout.unwrap().verdict(), Verdict::Unfinished);
    assert_eq!(reported, ["1 min so far, at most 2 min more", "2 min so far, at most 1 min more", "3 min so far, at most 0 min more"]);
    assert!(waits > 10, "{waits} polls");
}

#[test]
fn events_are_emitted_in_order() {
    let cloud = Cloud::default();
    let mut events = Vec::new();
    rolled_out_with(&cloud, &release(&[A], &[EAST]), &options(), |event| {
        events.push(match event {
            Event::Planned(plan) => format!("planned {}", plan.instances.len()),
            Event::StackSetCreated { .. } => "set created".to_owned(),
            Event::OperationStarted { action, targets, .. } => format!("{action} over {targets:?}"),
            Event::Waiting { elapsed, remaining, .. } => {
                format!("waits after {} s of {} s", elapsed.as_secs(), (elapsed + remaining).as_secs())
            }
            Event::OperationStatus { status, .. } => format!("operation {status}"),
            Event::InstanceStatus { target, status, .. } => format!("{target} {status}"),
            other => format!("{other:?}"),
        });
    })
    .unwrap();
    insta::assert_snapshot!(events.join("\n"), @r"
    planned 1
    set created
    CREATE over Some(1)
    operation RUNNING
    222222222222/us-east-1 RUNNING
    waits after 0 s of 3600 s
    operation SUCCEEDED
    222222222222/us-east-1 SUCCEEDED
    ");
}
