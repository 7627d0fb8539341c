//! Instances that are updated again although CloudFormation regards them as up to date.

use std::collections::BTreeSet;

use stack_rollout::status::InstanceStatus;
use stack_rollout::{Error, Event, InstanceAction, Outcome, Reapply, Release, Target, observe, plan};

use crate::fake::*;
use crate::stopping_clock::StoppingClock;

const A: &str = "222222222222";
const B: &str = "333333333333";
const EAST: &str = "us-east-1";

fn reapplied(attempt: &str, targets: &[Target]) -> Release {
    let targets: BTreeSet<_> = targets.iter().cloned().collect();
    let release = release(&[A, B], &[EAST]).parameters([("EnvType", "staging"), ("Attempt", "")]);
    release.reapply(Some(Reapply { parameter: "Attempt".to_owned(), attempt: attempt.to_owned(), targets }))
}

/// Both instances have the release, and both endpoints were rolled back.
fn rolled_back() -> Cloud {
    let cloud = Cloud::default();
    rolled_out(&cloud, &reapplied("", &[])).unwrap();
    cloud.state().reverted = [target(A, EAST), target(B, EAST)].into();
    cloud
}

#[test]
fn only_the_named_instance_is_updated_again() {
    let cloud = rolled_back();
    assert!(rolled_out(&cloud, &reapplied("", &[])).unwrap().nothing_to_do, "never without a request");
    let again = rolled_out(&cloud, &reapplied("1", &[target(A, EAST)])).unwrap();
    assert_eq!(outcomes(&again), ["222222222222/us-east-1 succeeded", "333333333333/us-east-1 unchanged"]);
    assert_eq!(cloud.calls_that_change().last(), Some(&"UpdateStackInstances"));
    assert_eq!(cloud.state().reverted, [target(B, EAST)].into());
    // Later rollouts keep the override, and another attempt updates it once more.
    assert!(rolled_out(&cloud, &reapplied("", &[])).unwrap().nothing_to_do);
    cloud.state().reverted.insert(target(A, EAST));
    rolled_out(&cloud, &reapplied("2", &[target(A, EAST)])).unwrap();
    assert_eq!(cloud.state().reverted, [target(B, EAST)].into());
}

#[test]
fn the_plan_shows_it_and_other_overrides_of_the_instance_are_kept() {
    let cloud = rolled_back();
    let mut release = reapplied("1", &[target(A, EAST)]);
    release.overrides = vec![stack_rollout::ParameterOverride {
        account: Some(A.parse().unwrap()),
        region: None,
        parameters: [("EnvType".to_owned(), "own".to_owned())].into(),
    }];
    rolled_out(&cloud, &release.clone().reapply(None)).unwrap();
    let planned = plan(&release, &block_on(observe(&cloud, &release)).unwrap());
    let actions: Vec<_> = planned.instances.iter().map(|planned| planned.action).collect();
    assert_eq!(actions, [InstanceAction::Reapply, InstanceAction::Unchanged]);
    assert!(!planned.is_nothing_to_do());
    rolled_out(&cloud, &release).unwrap();
    let expected = [("EnvType".to_owned(), "own".to_owned()), ("Attempt".to_owned(), "1".to_owned())];
    assert_eq!(cloud.state().applied[&target(A, EAST)], expected.into());
}

#[test]
fn a_new_release_updates_all_instances_and_the_named_one_gets_its_attempt_too() {
    let cloud = rolled_back();
    let mut next = reapplied("1", &[target(A, EAST)]);
    next.parameters[0].1 = "prod".to_owned();
    let rollout = rolled_out(&cloud, &next).unwrap();
    assert_eq!(rollout.counts.succeeded, 2);
    assert!(cloud.state().reverted.is_empty());
    assert_eq!(cloud.state().applied[&target(A, EAST)]["Attempt"], "1");
    assert!(rolled_out(&cloud, &next.reapply(reapplied("", &[]).reapply)).unwrap().nothing_to_do);
}

#[test]
fn an_older_release_without_the_parameter_removes_the_override() {
    let cloud = rolled_back();
    rolled_out(&cloud, &reapplied("1", &[target(A, EAST)])).unwrap();
    let mut older = reapplied("", &[]);
    older.parameters.pop();
    // Another override changes, too: both are sent in one request.
    older.overrides = vec![stack_rollout::ParameterOverride {
        account: None,
        region: None,
        parameters: [("EnvType".to_owned(), "own".to_owned())].into(),
    }];
    let planned = plan(&older, &block_on(observe(&cloud, &older)).unwrap());
    let keys = |index: usize| planned.instances[index].override_changes().iter().map(|change| (change.key, change.to)).collect::<Vec<_>>();
    let own = "own".to_owned();
    assert_eq!(keys(0), [("Attempt", None), ("EnvType", Some(&own))]);
    assert_eq!(keys(1), [("EnvType", Some(&own))]);
    assert_eq!(rolled_out(&cloud, &older).unwrap().counts.succeeded, 2);
    assert_eq!(cloud.state().applied[&target(A, EAST)], [("EnvType".to_owned(), own)].into());
    assert!(rolled_out(&cloud, &older).unwrap().nothing_to_do);
}

#[test]
fn an_update_that_an_interrupted_run_started_is_awaited_and_not_repeated() {
    let cloud = rolled_back();
    let options = options();
    let clock = options.clone().with_clock(StoppingClock::after(0));
    let sessions = |_, _| async { Err::<FakeStacks, _>(stack_rollout::SessionError::new("no session in this test")) };
    let first = reapplied("1", &[target(A, EAST)]);
    assert!(clock.clock.kills(std::pin::pin!(stack_rollout::roll_out(&cloud, sessions, &first, &clock, |_| {}))));
    let mut is_resumed = false;
    let again = rolled_out_with(&cloud, &reapplied("2", &[target(A, EAST)]), &options, |event| {
        is_resumed |= matches!(event, Event::Resumed { .. });
    });
    assert!(is_resumed);
    assert_eq!(again.unwrap().operations.len(), 1);
    assert_eq!(cloud.state().applied[&target(A, EAST)]["Attempt"], "1");
}

#[test]
fn a_failed_attempt_leaves_the_instance_outdated_and_the_next_rollout_tries_it_again() {
    let cloud = rolled_back();
    cloud.state().fates.insert(target(A, EAST), Fate::Fails("no capacity"));
    let failed = rolled_out(&cloud, &reapplied("1", &[target(A, EAST)])).unwrap();
    assert_eq!(failed.targets[0].outcome, Outcome::Failed);
    assert_eq!(cloud.state().instances[&target(A, EAST)].0.status, InstanceStatus::Outdated);
    cloud.state().fates.clear();
    rolled_out(&cloud, &reapplied("", &[])).unwrap();
    assert!(!cloud.state().reverted.contains(&target(A, EAST)));
}

#[test]
fn a_target_of_another_release_and_a_template_without_the_parameter_are_refused_before_any_call() {
    let cloud = rolled_back();
    let calls = cloud.state().calls.len();
    let mut release = reapplied("1", &[target(A, EAST), target("444444444444", EAST)]);
    release.parameters.pop();
    let Err(Error::Release { problems, .. }) = rolled_out(&cloud, &release) else { panic!("it must be refused") };
    assert_eq!(problems.0.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["reapply-parameter", "reapply-target"]);
    assert_eq!(cloud.state().calls.len(), calls);
}
