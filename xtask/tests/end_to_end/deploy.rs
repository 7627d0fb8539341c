//! `deploy`: rolls out a stage through its stack set; checked in AWS.

use sandbox::stand_in::{Fault, SeedPackage, SeedPackages};
use serde_json::json;

use crate::cloud::{Cloud, GROUP, HOME};

const ENDPOINT: &str = "iris-p-abc123xyz-staging";
const DEPLOY: [&str; 3] = ["deploy", "--stage", "staging"];

fn package(version: u32) -> String {
    format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/{version}")
}

fn approve(cloud: &Cloud, version: u32) {
    let created = format!("2026-02-{:02}T00:00:00Z", version % 28 + 1);
    let package = SeedPackage {
        version: Some(version),
        approval_status: Some("Approved".to_owned()),
        created: Some(created),
        ..SeedPackage::default()
    };
    let packages =
        SeedPackages { account: HOME.to_owned(), group: GROUP.to_owned(), packages: Some(vec![package]), ..SeedPackages::default() };
    cloud.aws.seed_packages(&packages).unwrap();
}

#[test]
fn a_second_release_reaches_every_account_and_a_third_run_changes_nothing() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    let accounts = ["222222222222", "444444444444"];
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    for account in accounts {
        cloud.prepare("staging", account);
    }

    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0).says("2 of 2 endpoints serve the release");
    assert_eq!(accounts.map(|account| cloud.served(account, ENDPOINT)), [package(1), package(1)]);
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!(record["verdict"], "succeeded");
    assert_eq!(record["identity"][0]["outcome"], "passed");

    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    assert_eq!(accounts.map(|account| cloud.served(account, ENDPOINT)), [package(2), package(2)]);

    cloud.aws.clear_requests().unwrap();
    project.run(DEPLOY).ends_with(0).says("2 unchanged");
    for action in ["CreateStackSet", "UpdateStackSet", "CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances"] {
        assert!(cloud.requests(action).is_empty(), "{action}");
    }
}

#[test]
fn an_added_account_gets_the_release_and_a_removed_one_is_reported_and_kept() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    approve(&cloud, 1);
    for account in ["222222222222", "444444444444"] {
        cloud.prepare("staging", account);
    }
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    project.set("STAGING_ACCOUNT_LIST", "444444444444");
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0).says("222222222222/us-east-1").says("it is not deleted");
    assert_eq!(cloud.served("444444444444", ENDPOINT), package(1));
    assert_eq!(cloud.served("222222222222", ENDPOINT), package(1));
}

#[test]
fn an_endpoint_that_silently_stays_on_the_old_model_is_a_failure() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.prepare("staging", "222222222222");
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    cloud.aws.silent_rollback("222222222222", ENDPOINT).unwrap();
    project.run(DEPLOY).ends_with(1).says(&package(1)).says(&package(2));
    let record = project.json("target/rollout/staging/rollout.json");
    // The stack set reports success; the endpoint serves the old model.
    assert_eq!(record["verdict"], "succeeded");
    assert_eq!(record["identity"][0]["outcome"], "failed");
}

#[test]
fn an_error_of_cloudformation_is_reported_with_its_reason_and_a_broken_release_is_not_rolled_out() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.prepare("staging", "222222222222");
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    let fault = Fault::error(403, "AccessDenied", "User is not authorized to perform: cloudformation:CreateStackSet")
        .on("cloudformation", "CreateStackSet");
    cloud.aws.fault(&fault).unwrap();
    project.run(DEPLOY).ends_with(3).says("AccessDenied").says("cloudformation:CreateStackSet");
    cloud.aws.clear_faults().unwrap();
    cloud.aws.clear_requests().unwrap();

    let config = project.read("target/deploy/staging-config.json").replace("ml.m5.large", "ml.m5.24xlarge");
    project.write("target/deploy/staging-config.json", &config);
    project.run(DEPLOY).ends_with(2).says("does not match the checksum in the release manifest");
    assert_eq!(json!(cloud.aws.requests().unwrap().len()), json!(0));
}

#[test]
fn a_failing_account_is_reported_with_its_reason_and_the_others_continue_within_the_tolerance() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", "222222222222,444444444444");
    // The other account has no network parameters: its stack cannot be created.
    cloud.prepare("staging", "222222222222");
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    let run = project.run(DEPLOY.iter().chain(&["--no-preflight", "--failure-tolerance-percentage", "50"])).ends_with(1);
    assert!(run.stderr.contains("444444444444/us-east-1") && run.stderr.contains("ds-staging-"), "{}", run.stderr);
    assert_eq!(cloud.served("222222222222", ENDPOINT), package(1));
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!(record["counts"]["failed"], 1);
    assert_eq!(record["counts"]["succeeded"], 1);
}

/// Also ensures that the recorded calls include the one that reads a failed stack.
#[test]
fn a_stack_that_cannot_be_updated_is_explained_from_its_events_in_the_target() {
    let cloud = Cloud::new();
    let project = cloud.project();
    cloud.prepare("staging", "222222222222");
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);

    // Not an instance type: the template's pattern allows it, and SageMaker refuses it.
    let config = project.read("staging-config-template.json").replace("ml.m5.large", "ml.zz9.large");
    project.write("staging-config-template.json", &config);
    project.run(["build"]).ends_with(0);
    cloud.aws.clear_requests().unwrap();
    project.run(DEPLOY.iter().chain(&["--no-preflight"])).ends_with(1).says("ml.zz9.large");
    assert_eq!(cloud.requests("DescribeStackEvents").len(), 1);
    let target = &project.json("target/rollout/staging/rollout.json")["targets"][0];
    assert!(target["events"][0]["reason"].as_str().unwrap().contains("ml.zz9.large"), "{target:#}");
}
