//! `build --event`: AWS's table of transitions, on the local AWS.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME};
use crate::project::{Project, Run};

fn arn(version: u32) -> String {
    format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/{version}")
}

/// EventBridge's event about a version, with additional members in its detail.
pub(crate) fn event(version: u32, approval: &str, more: &Json) -> String {
    let mut event = json!({
        "version": "0", "id": "4a2c3b1e-0000-4000-8000-000000000001", "detail-type": "SageMaker Model Package State Change",
        "source": "aws.sagemaker", "account": HOME, "time": "2026-01-02T03:04:05Z", "region": "us-east-1", "resources": [arn(version)],
        "detail": {
            "ModelPackageGroupName": GROUP, "ModelPackageVersion": version, "ModelPackageArn": arn(version),
            "ModelPackageStatus": "Completed", "ModelApprovalStatus": approval,
        },
    });
    for (name, value) in more.as_object().unwrap() {
        event["detail"][name] = value.clone();
    }
    event.to_string()
}

/// A registry of ten approved versions and a few others, and a project.
fn registry() -> (Cloud, Project, u32) {
    let cloud = Cloud::new();
    cloud.register(10);
    let project = cloud.project();
    let newest = project.run(["registry", "resolve"]).stdout.trim().rsplit('/').next().unwrap().parse().unwrap();
    cloud.aws.clear_requests().unwrap();
    (cloud, project, newest)
}

fn build(project: &Project, event: &str) -> Run {
    project.write("event.json", event);
    project.run(["build", "--event", "event.json"])
}

fn built(project: &Project) -> String {
    project.json("target/deploy/release-manifest.json")["model_package"]["arn"].as_str().unwrap().to_owned()
}

#[test]
fn an_approval_deploys_the_events_package_without_a_list() {
    let (cloud, project, newest) = registry();
    // Not the newest one: the event determines the package, not the list.
    build(&project, &event(1, "Approved", &json!({}))).ends_with(0).says("(rule approved)");
    assert_eq!(built(&project), arn(1));
    assert_ne!(newest, 1);
    let actions: Vec<_> = cloud.aws.requests().unwrap().into_iter().map(|request| request.action).collect();
    assert_eq!(actions, ["DescribeModelPackage", "HeadObject"]);
    let choice = project.json("target/deploy/release-manifest.json")["choice"]["event"].clone();
    assert_eq!(choice["rule"], "approved");
    assert_eq!(choice["id"], "4a2c3b1e-0000-4000-8000-000000000001");
}

#[test]
fn a_withdrawn_approval_deploys_the_newest_remaining_package() {
    let (cloud, project, newest) = registry();
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn(newest), "ModelApprovalStatus": "Rejected" }));
    let was_approved = json!({ "previousModelApprovalStatus": "Approved" });
    build(&project, &event(newest, "Rejected", &was_approved)).ends_with(0).says("(rule approval-withdrawn)");
    assert_ne!(built(&project), arn(newest));
    let first = built(&project);
    // Most events do not include the previous status: the same applies.
    build(&project, &event(newest, "Rejected", &json!({}))).ends_with(0).says("(rule rejected-perhaps-approved)");
    assert_eq!(built(&project), first);
    // Unless the deployed package is known.
    project.write("event.json", &event(newest, "Rejected", &json!({})));
    let deployed = |version: &str| project.run(["build", "--event", "event.json", "--deployed-model-package", version]);
    deployed(&newest.to_string()).ends_with(0).says("(rule approval-withdrawn)");
    deployed("1").ends_with(4).says("(rule rejected-not-deployed)");
}

#[test]
fn if_there_is_nothing_to_do_there_are_no_calls_and_release_env_has_the_result() {
    let (cloud, project, newest) = registry();
    for (approval, more, rule) in [
        ("PendingManualApproval", json!({}), "pending"),
        ("Rejected", json!({ "previousModelApprovalStatus": "PendingManualApproval" }), "rejected-without-approval"),
        ("Approved", json!({ "UpdatedModelPackageFields": ["ModelLifeCycle"] }), "approval-unchanged"),
        ("Approved", json!({ "ModelPackageStatus": "InProgress" }), "not-completed"),
    ] {
        build(&project, &event(newest, approval, &more)).ends_with(4).says(&format!("(rule {rule})"));
        let files: Vec<_> = project.files("target/deploy").into_iter().map(|(name, _)| name).collect();
        assert_eq!(files, ["release.env"]);
        assert!(project.read("target/deploy/release.env").starts_with("RELEASE_ACTION='none'\nMODEL_PACKAGE_ARN=''\n"));
    }
    assert!(cloud.aws.requests().unwrap().is_empty());
    // An existing release is unchanged.
    project.run(["build"]).ends_with(0);
    let before = project.files("target/deploy");
    build(&project, &event(newest, "PendingManualApproval", &json!({}))).ends_with(4);
    assert_eq!(project.files("target/deploy"), before);
}

#[test]
fn an_outdated_event_deploys_nothing() {
    let (cloud, project, newest) = registry();
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn(newest), "ModelApprovalStatus": "Rejected" }));
    build(&project, &event(newest, "Approved", &json!({}))).ends_with(4).says("rejected").says("the event is outdated");
    // An approval does not bypass a gate.
    project.write("release-policy.json", r#"{ "schema_version": 1, "deny": [{ "version": 1, "reason": "leaked data" }] }"#);
    build(&project, &event(1, "Approved", &json!({}))).ends_with(4).says("denied by the release policy: leaked data");
}

#[test]
fn if_the_last_approved_package_is_rejected_a_message_reports_that_it_stays_deployed() {
    let cloud = Cloud::new();
    cloud.register(1);
    let project = cloud.project();
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn(1), "ModelApprovalStatus": "Rejected" }));
    build(&project, &event(1, "Rejected", &json!({})))
        .ends_with(4)
        .says("no approved model package")
        .says("the deployed model package stays deployed");
}

#[test]
fn an_event_can_be_read_from_standard_input() {
    let (_cloud, project, _) = registry();
    let mut program = project.command(["build", "--event", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    program.stdin.take().unwrap().write_all(event(1, "Approved", &json!({})).as_bytes()).unwrap();
    project.ended(program).ends_with(0).says("(rule approved)");
    assert_eq!(built(&project), arn(1));
}

#[test]
fn an_invalid_event_is_refused_before_any_call() {
    let (cloud, project, _) = registry();
    let other = event(1, "Approved", &json!({})).replace(GROUP, "wine-p-000000000");
    build(&project, &other).ends_with(2).says("which does not belong to group `iris-p-abc123xyz`").says("event.json:1:");
    build(&project, "{").ends_with(2).says("the event is not JSON");
    build(&project, &event(1, "Approved", &json!({})).replace("aws.sagemaker", "aws.s3")).ends_with(2).says("the event's `source`");
    project.run(["build", "--event", "nope.json"]).ends_with(2).says("cannot read `nope.json`");
    project.write("event.json", &event(1, "Approved", &json!({})));
    project.run(["build", "--event", "event.json", "--model-package", "1"]).ends_with(2).says("both an event and a model package are set");
    assert!(cloud.aws.requests().unwrap().is_empty());
}
