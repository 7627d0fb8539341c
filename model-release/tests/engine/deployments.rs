//! The results of deployments: the rollout, then the check that the endpoints serve the release.

use std::sync::Mutex;

use model_release::deploy::{DeployError, DeployEvent};
use model_release::manifest::Tool;
use model_release::{Diagnostic, FailureKind, Level, Stage};
use stack_rollout::status::{OperationAction, OperationStatus};
use stack_rollout::{Event, Operation, Verdict};

use crate::fake::{Cloud, Fate, target};
use crate::project::*;

fn messages(findings: &[Diagnostic]) -> Vec<String> {
    findings.iter().map(|finding| finding.message.clone()).collect()
}

fn foreign(status: OperationStatus) -> Operation {
    Operation { id: "someone-else".parse().unwrap(), action: OperationAction::Update, status, status_reason: None, created_at: Some(2_000) }
}

#[test]
fn a_first_release_creates_the_set_and_every_endpoint_is_checked() {
    let cloud = Cloud::default();
    let phases = Mutex::new(Vec::new());
    let on_event = |event| match event {
        DeployEvent::RollingOut => phases.lock().unwrap().push("rolling out"),
        DeployEvent::RolledOut => phases.lock().unwrap().push("rolled out"),
        DeployEvent::CheckingIdentity => phases.lock().unwrap().push("checking identity"),
        _ => {}
    };
    let deployment = Fleet::default().deploy(&cloud, &release(1), NO_PREFLIGHT, on_event).unwrap();
    assert_eq!(deployment.failure(), None);
    assert_eq!(cloud.calls_that_change(), ["CreateStackSet", "CreateStackInstances"]);
    assert_eq!(*phases.lock().unwrap(), ["rolling out", "rolled out", "checking identity"]);
    assert_eq!(deployment.summary(), "iris-staging: 2 targets, 2 rolled out; 2 of 2 endpoints serve the release");
    let set = cloud.state().set.clone().unwrap();
    assert_eq!(set.parameters, [("ModelPackageName".to_owned(), package(1))]);
    let tags = [("sagemaker:project-name", "iris"), ("sagemaker:project-id", "p-1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(set.tags, tags);
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    let record = deployment.record(&release(1), Stage::Staging, &tool).unwrap();
    assert_eq!(
        (&record["stage"], &record["verdict"], &record["model_package"]),
        (&"staging".into(), &"succeeded".into(), &package(1).into())
    );
    assert_eq!(record["identity"].as_array().unwrap().len(), 2);
    // The clock of the tests begins in 1970, and only pauses advance it.
    assert_eq!(record["started_at"], "1970-01-01T00:00:00.000Z");
    let ended_at = record["ended_at"].as_str().unwrap();
    assert!(ended_at.starts_with("1970-01-01T00:00:0") && ended_at > "1970-01-01T00:00:00.000Z", "{ended_at}");
}

#[test]
fn the_same_release_changes_nothing_and_is_checked_again() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let before = cloud.calls_that_change().len();
    let deployment = deployed(&cloud, &release(1));
    assert!(deployment.rollout.nothing_to_do);
    assert_eq!(cloud.calls_that_change().len(), before);
    assert_eq!((deployment.failure(), deployment.identity.len()), (None, 2));
    assert_eq!(deployment.summary(), "iris-staging: 2 targets, 2 unchanged; 2 of 2 endpoints serve the release");
}

#[test]
fn a_failed_target_is_reported_with_its_reason_and_endpoints_are_not_checked() {
    let cloud = Cloud::with_fate(target(B, EAST), Fate::Fails("no capacity"));
    let deployment = deployed(&cloud, &release(1));
    assert_eq!(deployment.failure(), Some(FailureKind::Failed));
    assert!(deployment.identity.is_empty());
    let findings = deployment.findings(&request(&release(1)).all_targets);
    assert_eq!(messages(&findings), ["`iris-staging` was not rolled out: failed"]);
    assert_eq!((findings[0].level, &findings[0].details[..]), (Level::Error, &["no capacity".to_owned()][..]));
}

#[test]
fn a_superseded_deployment_is_reported_and_its_result_is_unknown() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let newer = |event| {
        if let DeployEvent::Rollout(Event::OperationStarted { .. }) = event {
            cloud.state().add_foreign(0, foreign(OperationStatus::Succeeded));
        }
    };
    let deployment = Fleet::default().deploy(&cloud, &release(2), NO_PREFLIGHT, newer).unwrap();
    assert_eq!((deployment.rollout.verdict(), deployment.failure()), (Verdict::Unfinished, Some(FailureKind::Unreachable)));
    assert!(deployment.identity.is_empty());
    let findings = deployment.findings(&request(&release(2)).all_targets);
    let superseded = findings.iter().find(|finding| finding.message.contains("superseded: operation `someone-else`"));
    assert_eq!(superseded.map(|finding| finding.level), Some(Level::Error), "{findings:#?}");
}

#[test]
fn a_deployment_fails_if_an_endpoint_serves_another_model_package() {
    let cloud = Cloud::default();
    let fleet = Fleet { reverted: [target(B, EAST)].into(), ..Fleet::default() };
    let deployment = fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap();
    assert_eq!((deployment.rollout.verdict(), deployment.failure()), (Verdict::Succeeded, Some(FailureKind::Failed)));
    assert_eq!(deployment.summary(), "iris-staging: 2 targets, 2 rolled out; 1 of 2 endpoints serve the release");
    assert_eq!(messages(&deployment.findings(&request(&release(1)).all_targets)), ["the endpoint serves another model package"]);
}

#[test]
fn an_unreachable_endpoint_is_an_unknown_result_and_a_failure_has_precedence() {
    let cloud = Cloud::default();
    let mut fleet = Fleet { unreachable: [target(A, EAST)].into(), ..Fleet::default() };
    assert_eq!(fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap().failure(), Some(FailureKind::Unreachable));
    fleet.reverted = [target(B, EAST)].into();
    assert_eq!(fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap().failure(), Some(FailureKind::Failed));
}

#[test]
fn a_running_foreign_operation_is_an_error_with_the_command_that_stops_it() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    cloud.state().foreign = Some(foreign(OperationStatus::Running));
    let refused = Fleet::default().deploy(&cloud, &release(2), NO_PREFLIGHT, |_| {});
    let Err(DeployError::Failure(failure)) = refused else { panic!("expected a failure: {refused:?}") };
    assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::Unreachable, Some("operation-in-progress")));
    let stop = "aws cloudformation stop-stack-set-operation --stack-set-name iris-staging --operation-id someone-else";
    assert_eq!(failure.diagnostics[0].subject.as_deref(), Some(stop));
}

#[test]
fn an_orphan_is_reported_and_not_changed() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let mut orphan = cloud.state().instances[&target(A, EAST)].clone();
    orphan.0.target = target("444444444444", WEST);
    cloud.state().instances.insert(orphan.0.target.clone(), orphan);
    let deployment = deployed(&cloud, &release(1));
    let findings = deployment.findings(&request(&release(1)).all_targets);
    assert_eq!((findings.len(), findings[0].code, findings[0].level), (1, Some("orphan"), Level::Warning));
    assert_eq!(findings[0].subject.as_deref(), Some("444444444444/eu-west-1"));
    assert_eq!(cloud.state().instances.len(), 3);
}
