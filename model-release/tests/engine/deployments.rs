//! What a deployment comes to: the rollout, and then the proof that the endpoints serve the release.

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

fn by_someone_else(status: OperationStatus) -> Operation {
    Operation { id: "someone-else".parse().unwrap(), action: OperationAction::Update, status, status_reason: None, created_at: Some(2_000) }
}

#[test]
fn a_first_release_creates_the_set_and_every_endpoint_is_proven_to_serve_it() {
    let cloud = Cloud::default();
    let seen = Mutex::new(Vec::new());
    let heard = |event| match event {
        DeployEvent::RollingOut => seen.lock().unwrap().push("rolling out"),
        DeployEvent::RolledOut => seen.lock().unwrap().push("rolled out"),
        DeployEvent::CheckingIdentity => seen.lock().unwrap().push("checking identity"),
        _ => {}
    };
    let deployment = Fleet::default().deploy(&cloud, &release(1), NO_PREFLIGHT, heard).unwrap();
    assert_eq!(deployment.failure(), None);
    assert_eq!(cloud.calls_that_change(), ["CreateStackSet", "CreateStackInstances"]);
    assert_eq!(*seen.lock().unwrap(), ["rolling out", "rolled out", "checking identity"]);
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
}

#[test]
fn the_same_release_again_changes_nothing_and_is_proven_again() {
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
fn a_target_that_fails_is_reported_with_its_reason_and_nothing_is_said_of_the_endpoints() {
    let cloud = Cloud::with_fate(target(B, EAST), Fate::Fails("no capacity"));
    let deployment = deployed(&cloud, &release(1));
    assert_eq!(deployment.failure(), Some(FailureKind::Failed));
    assert!(deployment.identity.is_empty());
    let findings = deployment.findings(&request(&release(1)).all_targets);
    assert_eq!(messages(&findings), ["`iris-staging` was not rolled out: failed"]);
    assert_eq!((findings[0].level, &findings[0].details[..]), (Level::Error, &["no capacity".to_owned()][..]));
}

#[test]
fn a_deployment_that_is_superseded_vouches_for_nothing_and_says_so() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let newer = |event| {
        if let DeployEvent::Rollout(Event::OperationStarted { .. }) = event {
            cloud.state().had(0, by_someone_else(OperationStatus::Succeeded));
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
fn a_rollout_that_succeeded_is_a_failure_when_an_endpoint_serves_another_model_package() {
    let cloud = Cloud::default();
    let fleet = Fleet { put_back: [target(B, EAST)].into(), ..Fleet::default() };
    let deployment = fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap();
    assert_eq!((deployment.rollout.verdict(), deployment.failure()), (Verdict::Succeeded, Some(FailureKind::Failed)));
    assert_eq!(deployment.summary(), "iris-staging: 2 targets, 2 rolled out; 1 of 2 endpoints serve the release");
    assert_eq!(messages(&deployment.findings(&request(&release(1)).all_targets)), ["the endpoint serves another model package"]);
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_no_proof_and_a_proven_failure_outranks_it() {
    let cloud = Cloud::default();
    let mut fleet = Fleet { unreachable: [target(A, EAST)].into(), ..Fleet::default() };
    assert_eq!(fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap().failure(), Some(FailureKind::Unreachable));
    fleet.put_back = [target(B, EAST)].into();
    assert_eq!(fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap().failure(), Some(FailureKind::Failed));
}

#[test]
fn a_running_operation_of_someone_else_is_refused_with_the_command_that_stops_it() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    cloud.state().foreign = Some(by_someone_else(OperationStatus::Running));
    let refused = Fleet::default().deploy(&cloud, &release(2), NO_PREFLIGHT, |_| {});
    let Err(DeployError::Failure(failure)) = refused else { panic!("it is refused: {refused:?}") };
    assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::Unreachable, Some("operation-in-progress")));
    let stop = "aws cloudformation stop-stack-set-operation --stack-set-name iris-staging --operation-id someone-else";
    assert_eq!(failure.diagnostics[0].subject.as_deref(), Some(stop));
}

#[test]
fn an_orphan_is_reported_and_left_alone() {
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
