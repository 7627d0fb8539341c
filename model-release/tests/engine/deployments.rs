//! The results of deployments: the rollout, then the check that the endpoints serve the release.

use std::sync::Mutex;

use endpoint_test::{Outcome, TargetInfo, TargetReport};
use model_release::deploy::{DeployError, DeployEvent};
use model_release::manifest::Tool;
use model_release::{Diagnostic, EndpointState, FailureKind, Health, Level, Release, RolloutRequest, RolloutSettings, Stage};
use stack_rollout::status::{InstanceStatus, OperationAction, OperationStatus};
use stack_rollout::{CallAs, Event, Operation, Verdict};

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
    assert_eq!(
        messages(&findings),
        ["`iris-staging` was not rolled out: failed", "1 of 2 targets does not have the release; the other one keeps it"]
    );
    assert_eq!((findings[1].code, findings[1].subject.as_deref()), (Some("rollout-incomplete"), Some("staging 333333333333")));
    assert_eq!((findings[0].level, &findings[0].details[..]), (Level::Error, &["no capacity".to_owned()][..]));
}

#[test]
fn a_rollout_that_failed_everywhere_mentions_no_other_target() {
    let cloud = Cloud::with_fate(target(B, EAST), Fate::Fails("no capacity"));
    let release = release(1);
    let only_b = RolloutSettings { accounts: Some([B.parse().unwrap()].into()), ..settings() };
    let rollout = RolloutRequest::new(&release, Stage::Staging, only_b).unwrap();
    let deployment = Fleet::default().deploy_request(&cloud, &release, &rollout, NO_PREFLIGHT, |_| {}).unwrap();
    let findings = deployment.findings(&rollout.all_targets);
    assert_eq!(messages(&findings)[1], "1 of 1 target does not have the release");
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
    let findings = deployment.findings(&request(&release(1)).all_targets);
    let not_updated = "CloudFormation has updated the stack in 1 target, but the endpoint does not serve the release";
    assert_eq!(messages(&findings), ["the endpoint serves another model package", not_updated]);
    assert_eq!((findings[1].code, findings[1].subject.as_deref()), (Some("endpoints-not-updated"), Some("staging 333333333333/us-east-1")));
    // The next run does not update it either, and reports the same.
    let again = fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap();
    assert!(again.rollout.nothing_to_do);
    assert_eq!(again.findings(&request(&release(1)).all_targets), findings);
    assert_eq!(again.serving_lines().len(), 2);
}

#[test]
fn an_endpoint_that_fails_another_check_serves_the_release_and_needs_no_second_update() {
    let cloud = Cloud::default();
    let fleet = Fleet { misconfigured: [target(B, EAST)].into(), ..Fleet::default() };
    let deployment = fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap();
    assert_eq!(deployment.failure(), Some(FailureKind::Failed));
    assert_eq!(deployment.summary(), "iris-staging: 2 targets, 2 rolled out; 2 of 2 endpoints serve the release");
    assert_eq!(messages(&deployment.findings(&request(&release(1)).all_targets)), ["the volumes have another key"]);
    // If both checks fail, the reason is the one of the model package.
    let both = Fleet { reverted: [target(B, EAST)].into(), ..fleet };
    let deployment = both.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap();
    let endpoint = &deployment.serving[1].endpoints[0];
    assert_eq!((endpoint.health, endpoint.reason.as_deref()), (Health::Differs, Some("the endpoint serves another model package")));
    let findings = deployment.findings(&request(&release(1)).all_targets);
    assert_eq!(findings.last().and_then(|finding| finding.code), Some("endpoints-not-updated"));
}

#[test]
fn a_check_that_fails_before_the_model_package_is_known_leaves_it_unknown() {
    let info = TargetInfo { account_id: A.to_owned(), region: EAST.to_owned(), endpoint: "iris".to_owned(), ..TargetInfo::default() };
    let mut report = TargetReport::errored(info, "status", "the endpoint is `Failed`", None);
    let health = |report: &TargetReport| EndpointState::of_report(report).health;
    assert_eq!(health(&report), Health::Unknown);
    report.checks[0].outcome = Outcome::Failed;
    report.status = Some("Failed".to_owned());
    assert_eq!(health(&report), Health::Failed);
    report.status = Some("InService".to_owned());
    assert_eq!(health(&report), Health::Unknown);
}

#[test]
fn an_endpoint_that_does_not_exist_is_not_unknown() {
    assert_eq!(EndpointState::missing("iris").summary(), "not in service: the endpoint does not exist");
    assert_eq!(EndpointState::unread("iris", "access denied".to_owned(), None).summary(), "unknown: access denied");
}

#[test]
fn an_older_release_without_the_parameter_keeps_no_attempt() {
    let cloud = Cloud::default();
    let new = release_with(1, &[("DeploymentAttempt", "")]);
    deployed(&cloud, &new);
    let settings = RolloutSettings { reapply: [target(B, EAST)].into(), attempt: "1".to_owned(), ..settings() };
    let again = RolloutRequest::new(&new, Stage::Staging, settings).unwrap();
    Fleet::default().deploy_request(&cloud, &new, &again, NO_PREFLIGHT, |_| {}).unwrap();
    assert_eq!(deployed(&cloud, &release(2)).failure(), None);
    assert!(cloud.state().applied[&target(B, EAST)].is_empty());
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
fn a_deleted_endpoint_is_a_failure_and_its_target_has_to_be_created_again() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let fleet = Fleet { deleted: [target(B, EAST)].into(), unreachable: [target(A, EAST)].into(), ..Fleet::default() };
    let deployment = fleet.deploy(&cloud, &release(1), NO_PREFLIGHT, |_| {}).unwrap();
    assert!(deployment.rollout.nothing_to_do);
    assert_eq!(deployment.failure(), Some(FailureKind::Failed));
    let findings = deployment.findings(&request(&release(1)).all_targets);
    let codes: Vec<_> = findings.iter().filter_map(|finding| Some((finding.code?, finding.subject.as_deref()?))).collect();
    assert_eq!(codes, [("endpoints-to-recreate", "staging 333333333333/us-east-1")]);
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    let record = deployment.record(&release(1), Stage::Staging, &tool).unwrap();
    assert_eq!((&record["identity"][0]["outcome"], &record["identity"][1]["outcome"]), (&"errored".into(), &"failed".into()));
}

#[test]
fn a_running_foreign_operation_is_an_error_that_names_what_stops_it() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    cloud.state().foreign = Some(foreign(OperationStatus::Running));
    let refused = Fleet::default().deploy(&cloud, &release(2), NO_PREFLIGHT, |_| {});
    let Err(DeployError::Failure(failure)) = refused else { panic!("expected a failure: {refused:?}") };
    assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::Unreachable, Some("operation-in-progress")));
    assert_eq!(failure.diagnostics[0].subject.as_deref(), Some("staging"));
    assert!(failure.diagnostics[0].message.contains("already has a running operation `someone-else`"));
    let rollout = RolloutRequest::new(&release(2), Stage::Prod, RolloutSettings { call_as: CallAs::DelegatedAdmin, ..settings() }).unwrap();
    let refused = Fleet::default().deploy_request(&cloud, &release(2), &rollout, NO_PREFLIGHT, |_| {});
    let Err(DeployError::Failure(failure)) = refused else { panic!("expected a failure: {refused:?}") };
    assert_eq!(failure.diagnostics[0].subject.as_deref(), Some("prod delegated-admin"));
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
    assert_eq!(findings[0].subject.as_deref(), Some("staging 444444444444/eu-west-1"));
    assert_eq!(cloud.state().instances.len(), 3);
}

#[test]
fn after_a_failure_every_endpoint_is_listed_with_what_it_serves() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    cloud.state().fates.insert(target(B, EAST), Fate::Fails("no capacity"));
    let deployment = deployed(&cloud, &release(2));
    assert_eq!(deployment.summary(), "iris-staging: 2 targets, 1 rolled out, 1 failed; 1 of 2 endpoints serve the release");
    assert_eq!(
        deployment.serving_lines(),
        ["222222222222/us-east-1/iris serves version 2", "333333333333/us-east-1/iris serves version 1"]
    );
    let record = deployment.record(&release(2), Stage::Staging, &Tool { name: "test".to_owned(), version: "1".to_owned() }).unwrap();
    assert_eq!(record["serving"][1]["endpoints"][0]["model_packages"], serde_json::json!([package(1)]));
    // A success needs no list.
    cloud.state().fates.clear();
    assert!(deployed(&cloud, &release(2)).serving_lines().is_empty());
}

#[test]
fn only_the_named_accounts_are_deployed_and_checked() {
    let cloud = Cloud::default();
    let settings = |account: &str| RolloutSettings { accounts: Some([account.parse().unwrap()].into()), ..settings() };
    let only = RolloutRequest::new(&release(1), Stage::Staging, settings(B)).unwrap();
    let deployment = Fleet::default().deploy_request(&cloud, &release(1), &only, NO_PREFLIGHT, |_| {}).unwrap();
    assert_eq!(deployment.summary(), "iris-staging: 1 target, 1 rolled out; 1 of 1 endpoints serve the release");
    assert_eq!(cloud.state().instances.keys().collect::<Vec<_>>(), [&target(B, EAST)]);
    let refused = RolloutRequest::new(&release(1), Stage::Staging, settings("444444444444")).unwrap_err();
    assert_eq!((refused.kind, refused.diagnostics[0].code), (FailureKind::BadInput, Some("not-an-account-of-the-release")));
}

#[test]
fn an_endpoint_is_updated_again_only_on_request() {
    let cloud = Cloud::default();
    let old = release_with(1, &[("DeploymentAttempt", "")]);
    deployed(&cloud, &old);
    let settings = |account: &str| RolloutSettings { reapply: [target(account, EAST)].into(), attempt: "1".to_owned(), ..settings() };
    let again = RolloutRequest::new(&old, Stage::Staging, settings(B)).unwrap();
    let deployment = Fleet::default().deploy_request(&cloud, &old, &again, NO_PREFLIGHT, |_| {}).unwrap();
    assert_eq!(deployment.summary(), "iris-staging: 2 targets, 1 rolled out, 1 unchanged; 2 of 2 endpoints serve the release");
    assert_eq!(cloud.state().applied[&target(B, EAST)]["DeploymentAttempt"], "1");
    assert!(deployed(&cloud, &old).rollout.nothing_to_do);
    let codes = |release: &Release, account: &str| {
        let refused = RolloutRequest::new(release, Stage::Staging, settings(account)).unwrap_err();
        assert_eq!(refused.kind, FailureKind::BadInput);
        refused.diagnostics.into_iter().map(|finding| finding.code.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&old, "444444444444"), ["reapply-target"]);
    assert_eq!(codes(&release(1), B), ["reapply-parameter"]);
}

#[test]
fn a_number_of_instances_that_nobody_changed_is_reported() {
    let changed = |instances, parameters: &[(&str, &str)]| {
        let cloud = Cloud::default();
        deployed(&cloud, &release_with(1, &[("InstanceCount", "4")]));
        let fleet = Fleet { instances, ..Fleet::default() };
        let deployment = fleet.deploy(&cloud, &release_with(2, parameters), NO_PREFLIGHT, |_| {}).unwrap();
        assert_eq!(deployment.failure(), None);
        let warnings = deployment.findings(&request(&release(1)).all_targets);
        assert!(warnings.iter().all(|warning| warning.code == Some("capacity-changed") && warning.level == Level::Warning));
        messages(&warnings)
    };
    let same = [("InstanceCount", "4")];
    let lost = "variant `A` had 7 instances before the rollout and has 4 now; the release does not change the number";
    assert_eq!(changed(Some((7, 4)), &same), [lost, lost], "one for each target");
    assert!(changed(Some((7, 7)), &same).is_empty(), "it was kept");
    assert!(changed(Some((7, 5)), &[("InstanceCount", "5")]).is_empty(), "the stage file asks for it");
    assert_eq!(changed(Some((7, 4)), &[("InstanceCount", "5")]).len(), 2, "the stage file asks for another number");
    assert!(changed(None, &same).is_empty(), "nothing is known");
}

#[test]
fn every_problem_of_a_refused_rollout_keeps_its_code_and_hint() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    cloud.state().instances.get_mut(&target(B, EAST)).unwrap().0.status = InstanceStatus::Inoperable;
    let refused = Fleet::default().deploy(&cloud, &release(2), NO_PREFLIGHT, |_| {});
    let Err(DeployError::Failure(failure)) = refused else { panic!("expected a failure: {refused:?}") };
    assert_eq!(failure.kind, FailureKind::BadInput);
    let finding = &failure.diagnostics[0];
    assert_eq!((finding.code, finding.subject.as_deref()), (Some("inoperable-instance"), Some("333333333333/us-east-1")));
    assert!(finding.hint.is_some());
}

#[test]
fn an_orphan_that_is_not_up_to_date_is_reported_with_its_state() {
    let cloud = Cloud::default();
    deployed(&cloud, &release(1));
    let mut orphan = cloud.state().instances[&target(A, EAST)].clone();
    (orphan.0.target, orphan.0.status) = (target("444444444444", WEST), InstanceStatus::Inoperable);
    orphan.0.status_reason = Some("the account is suspended".to_owned());
    cloud.state().instances.insert(orphan.0.target.clone(), orphan);
    let findings = deployed(&cloud, &release(1)).findings(&request(&release(1)).all_targets);
    assert_eq!(messages(&findings), ["`iris-staging` has a stack that is not a target of the release (INOPERABLE); it is not deleted"]);
    assert_eq!(findings[0].details, ["the account is suspended"]);
    let what = (findings[0].code, findings[0].subject.as_deref());
    assert_eq!(what, (Some("inoperable-orphan"), Some("staging 444444444444/eu-west-1")));
}
