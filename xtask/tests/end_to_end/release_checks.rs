//! `check-release`, and `deploy --stage prod` without passed staging tests.

use serde_json::json;

use crate::cloud::{Cloud, GROUP, HOME};
use crate::events::event;
use crate::project::Project;

/// A release that is deployed to staging.
fn in_staging() -> (Cloud, Project) {
    let cloud = Cloud::new();
    let project = deployed(&cloud);
    (cloud, project)
}

fn deployed(cloud: &Cloud) -> Project {
    cloud.register(10);
    let project = cloud.project();
    project.run(["build"]).ends_with(0);
    cloud.deploy(&project, "staging", "222222222222", &[]);
    project
}

/// The same, and its staging tests passed.
pub(crate) fn tested() -> (Cloud, Project) {
    let cloud = Cloud::new();
    let project = tested_in(&cloud);
    (cloud, project)
}

/// As [`tested`], in an empty local AWS.
pub(crate) fn tested_in(cloud: &Cloud) -> Project {
    let project = deployed(cloud);
    project.run(["test-staging"]).ends_with(0);
    project
}

fn decide(cloud: &Cloud, status: &str) {
    let arn = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/14");
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn, "ModelApprovalStatus": status }));
}

const CHECK: [&str; 3] = ["check-release", "--stage", "prod"];
const DEPLOY: [&str; 3] = ["deploy", "--stage", "prod"];

#[test]
fn a_tested_and_approved_release_is_allowed_and_deployed() {
    let (cloud, project) = tested();
    cloud.prepare("prod", "333333333333");
    cloud.aws.clear_requests().unwrap();
    let run = project.run(CHECK.iter().chain(&["--format", "json"]));
    let record: serde_json::Value = serde_json::from_str(&run.ends_with(0).stdout).unwrap();
    assert_eq!(record["staging_tests"], "1 of 1 endpoint passed");
    assert!(record["model_packages"][0].as_str().unwrap().ends_with("/14"), "{record}");
    cloud.only_reads();
    // The model package, and its artifact.
    assert_eq!(cloud.aws.requests().unwrap().len(), 2);
    project.run(DEPLOY).ends_with(0).says("1 of 1 endpoints serve the release");
}

#[test]
fn a_withdrawn_approval_is_refused_with_a_hint() {
    let (cloud, project) = tested();
    decide(&cloud, "Rejected");
    project
        .run(CHECK)
        .ends_with(1)
        .says("is no longer approved: its status is `Rejected`")
        .says("release another model package, or approve this one again");
    decide(&cloud, "PendingManualApproval");
    project.run(CHECK).ends_with(1).says("its status is `PendingManualApproval`");
    // It is approved again.
    decide(&cloud, "Approved");
    project.run(CHECK).ends_with(0);
}

#[test]
fn a_package_with_an_unknown_state_is_refused() {
    let (cloud, project) = tested();
    cloud.aws.enforce_iam(true).unwrap();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }] });
    cloud.aws.make_role(HOME, "Nothing", &policy.to_string()).unwrap();
    let mut project = project;
    project.set_all(cloud.aws.environment_as(HOME, "Nothing").unwrap());
    project.run(CHECK).ends_with(3).says("is still approved is unknown").says("allow `sagemaker:DescribeModelPackage`");
}

#[test]
fn production_requires_passed_staging_tests_unless_an_option_waives_them() {
    let (cloud, project) = in_staging();
    cloud.aws.clear_requests().unwrap();
    for command in [&CHECK[..], &DEPLOY[..]] {
        project.run(command).ends_with(2).says("test-results.json").says("--without-staging-tests");
    }
    // Tests that failed.
    let suite = project.read("test/endpoint-tests.yaml");
    let never = "version: 1\ncases:\n  - name: never\n    payload: { csv: '5.1,3.5,1.4,0.2' }\n    expect: { text: { contains: tulip } }\n";
    project.write("test/endpoint-tests.yaml", never);
    project.run(["test-staging", "--no-load"]).ends_with(1);
    for command in [&CHECK[..], &DEPLOY[..]] {
        project.run(command).ends_with(1).says("the staging tests of this release ended as `failed`");
    }
    // Tests of another release: version 13 is built, and version 14 was tested.
    project.write("test/endpoint-tests.yaml", &suite);
    project.run(["test-staging"]).ends_with(0);
    project.run(["build", "--model-package", "13"]).ends_with(0);
    for command in [&CHECK[..], &DEPLOY[..]] {
        project.run(command).ends_with(1).says("the staging tests tested another release").says("run `test-staging`");
    }
    assert!(cloud.requests("CreateStackSet").is_empty());
    // The caller can roll back to an older version without staging.
    cloud.prepare("prod", "333333333333");
    let run = project.run(DEPLOY.iter().chain(&["--without-staging-tests"]));
    run.ends_with(0).says("the staging tests of this release are not checked");
    assert!(cloud.served("333333333333", &format!("{GROUP}-prod")).ends_with("/13"));
}

#[test]
fn failed_staging_tests_are_reported_although_no_session_can_be_opened() {
    let (_cloud, mut project) = in_staging();
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        project.unset(name);
    }
    project.run(CHECK).ends_with(2).says("test-results.json").says("no AWS region is configured");
}

#[test]
fn the_rejection_of_a_package_starts_a_release_only_if_it_is_deployed() {
    let cloud = Cloud::new();
    cloud.register(10);
    cloud.prepare("staging", "222222222222");
    let project = cloud.project();
    project.run(["build"]).ends_with(0);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    decide(&cloud, "Rejected");
    let rejected = |version| {
        project.write("event.json", &event(version, "Rejected", &json!({})));
        project.run(["build", "--event", "event.json"])
    };
    rejected(14).ends_with(0).says("(rule approval-withdrawn)");
    rejected(3).ends_with(4).says("it was rejected and is not deployed, so there is nothing to do");
}
