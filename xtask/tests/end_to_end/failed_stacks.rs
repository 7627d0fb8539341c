//! Stacks that fail and are rolled back, whose rollback fails, and endpoints without capacity: what
//! failed, where, what serves now, and the command that gets out of it.

use sandbox::stand_in::EndpointFailure;
use serde_json::Value as Json;

use crate::cloud::{Cloud, GROUP, HOME, REGION};
use crate::project::{Project, Run};
use crate::rollout::{ACCOUNTS, DEPLOY, ENDPOINT, approve, package};
use crate::schemas::validate;

const PLAN: [&str; 3] = ["plan", "--stage", "staging"];
const STATUS: [&str; 3] = ["status", "--stage", "staging"];
const ACCOUNT: &str = ACCOUNTS[1];
const CAPACITY: &str = EndpointFailure::INSUFFICIENT_CAPACITY;

/// A project for two accounts with a release to deploy.
fn project(cloud: &Cloud) -> Project {
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", &ACCOUNTS[..2].join(","));
    for account in &ACCOUNTS[..2] {
        cloud.prepare("staging", account);
    }
    release(cloud, &project, 1);
    let statement = serde_json::json!({
        "Effect": "Allow", "Principal": { "AWS": ACCOUNTS }, "Action": ["sagemaker:DescribeModelPackage"], "Resource": "*",
    });
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    cloud.sagemaker("PutModelPackageGroupPolicy", &serde_json::json!({ "ModelPackageGroupName": GROUP, "ResourcePolicy": policy }));
    project
}

fn release(cloud: &Cloud, project: &Project, version: u32) {
    approve(cloud, version);
    project.run(["build"]).ends_with(0);
}

fn fail(cloud: &Cloud, rollback_reason: Option<&str>) {
    let failure = EndpointFailure {
        account: ACCOUNT.to_owned(),
        endpoint: ENDPOINT.to_owned(),
        reason: CAPACITY.to_owned(),
        rollback_reason: rollback_reason.map(str::to_owned),
        ..EndpointFailure::default()
    };
    cloud.aws.fail_endpoint(&failure).unwrap();
}

/// A stack whose update was rolled back.
pub(crate) fn rolled_back(cloud: &Cloud) -> Project {
    let project = project(cloud);
    deploy(&project).ends_with(0);
    release(cloud, &project, 2);
    fail(cloud, None);
    deploy(&project).ends_with(1);
    project
}

/// Deploys, with failures in all accounts tolerated.
fn deploy(project: &Project) -> Run {
    project.run(DEPLOY.iter().chain(&["--failure-tolerance-count", "1"]))
}

fn stack(cloud: &Cloud) -> (String, String) {
    let stacks = cloud.aws.query(ACCOUNT, "cloudformation", "DescribeStacks", &[]).unwrap();
    (stacks.text("StackId").unwrap(), stacks.text("StackStatus").unwrap())
}

fn status(project: &Project) -> Json {
    let run = project.run(STATUS.iter().chain(&["--format", "json"]));
    project.write("status.json", &run.stdout);
    validate("status.v1.json", &project.path("status.json")).unwrap();
    serde_json::from_str(&run.stdout).unwrap()
}

/// Checks what every command shows of an endpoint that still serves the first version.
fn serves_the_first_version(project: &Project, run: &Run) {
    let text = format!("{}{}", run.stdout, run.stderr);
    assert!(text.contains(&format!("{ACCOUNT}/us-east-1/{ENDPOINT} serves version 1")), "{text}");
    assert!(text.contains(&format!("{}/us-east-1/{ENDPOINT} serves version 2", ACCOUNTS[0])), "{text}");
    assert!(text.contains("SageMakerEndpoint (AWS::SageMaker::Endpoint): ") && text.contains(CAPACITY), "{text}");
    project
        .run(PLAN)
        .says("1 serves version 1  444444444444/us-east-1")
        .says("1 serves version 2  222222222222/us-east-1")
        .says("InsufficientInstanceCapacity error");
    project.run(STATUS).ends_with(1).says(CAPACITY).says("it serves version 1, but the newest operation deploys version 2");
    let tested = project.run(["test-staging"]).ends_with(1).says("1 passed, 1 failed").says(ACCOUNT);
    assert!(tested.stderr.contains(&package(REGION, 1)) || tested.stdout.contains("version 1"), "{}{}", tested.stdout, tested.stderr);
    let results = project.json("target/test-results/test-results.json");
    let target = results["targets"].as_array().unwrap().iter().find(|target| target["account_id"] == ACCOUNT).unwrap();
    let identity = target["checks"].as_array().unwrap().iter().find(|check| check["name"] == "identity").unwrap();
    assert_eq!((&identity["outcome"], &identity["actual"]), (&"failed".into(), &package(REGION, 1).into()), "{identity}");
}

#[test]
fn a_stack_whose_update_is_rolled_back_is_explained_and_the_same_command_updates_it_again() {
    let cloud = Cloud::new();
    let project = project(&cloud);
    deploy(&project).ends_with(0);
    release(&cloud, &project, 2);
    fail(&cloud, None);
    let run = deploy(&project).ends_with(1);
    assert_eq!(stack(&cloud).1, "UPDATE_ROLLBACK_COMPLETE");
    serves_the_first_version(&project, &run);
    let run =
        run.says("1 of 2 endpoints serve the release").says("run `xtask deploy --stage staging`").says(&format!("--accounts {ACCOUNT}"));
    // Nothing has to be done first.
    assert!(!run.stderr.contains("refuses every update"), "{}", run.stderr);
    let targets = &status(&project)["targets"];
    assert_eq!((&targets[0]["stack_status"], &targets[1]["stack_status"]), (&Json::Null, &"UPDATE_ROLLBACK_COMPLETE".into()));
    deploy(&project).ends_with(0).says("1 rolled out, 1 unchanged; 2 of 2 endpoints serve the release");
    project.run(["test-staging"]).ends_with(0);
}

#[test]
fn a_stack_whose_rollback_failed_is_refused_before_any_change_until_its_rollback_is_finished() {
    let cloud = Cloud::new();
    let project = project(&cloud);
    deploy(&project).ends_with(0);
    release(&cloud, &project, 2);
    fail(&cloud, Some("Cannot update in-progress endpoint."));
    let run = deploy(&project).ends_with(1);
    let (id, state) = stack(&cloud);
    assert_eq!(state, "UPDATE_ROLLBACK_FAILED");
    serves_the_first_version(&project, &run);
    // All commands show the same way out.
    let way_out = format!("`aws cloudformation continue-update-rollback --region us-east-1 --stack-name {id}`");
    let credentials = format!("with credentials of account {ACCOUNT}");
    run.says(&way_out).says(&credentials).says("the stack is in UPDATE_ROLLBACK_FAILED");
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!(record["problems"][0]["code"], "stack-blocked");
    validate("rollout.v1.json", &project.path("target/rollout/staging/rollout.json")).unwrap();
    project.run(STATUS).ends_with(1).says(&way_out).says(&credentials).says("FAILED UPDATE_ROLLBACK_FAILED");
    assert_eq!(status(&project)["targets"][1]["stack_status"], "UPDATE_ROLLBACK_FAILED");
    project.run(PLAN).ends_with(1).says(&way_out).says(&credentials);

    // CloudFormation would refuse the update: nothing is started, in no account.
    cloud.aws.clear_requests().unwrap();
    deploy(&project).ends_with(1).says(&way_out).says("nothing was changed");
    for action in ["UpdateStackSet", "UpdateStackInstances"] {
        assert!(cloud.requests(action).is_empty(), "{action}");
    }
    // Without the checks, it refuses it.
    let refused = project.run(DEPLOY.iter().chain(&["--no-preflight"])).ends_with(1).says(&way_out);
    assert!(
        refused.stderr.contains(&format!("Stack:{id} is in UPDATE_ROLLBACK_FAILED state and can not be updated.")),
        "{}",
        refused.stderr
    );

    cloud.aws.query(ACCOUNT, "cloudformation", "ContinueUpdateRollback", &[("StackName", &id)]).unwrap();
    project.run(PLAN).ends_with(0);
    deploy(&project).ends_with(0).says("2 of 2 endpoints serve the release");
    project.run(STATUS).ends_with(0);
}

#[test]
fn an_endpoint_without_capacity_is_reported_with_the_reason_and_the_same_command_creates_it() {
    let cloud = Cloud::new();
    let project = project(&cloud);
    fail(&cloud, None);
    let run = deploy(&project).ends_with(1).says(CAPACITY).says("1 of 2 endpoints serve the release");
    let run = run.says(&format!("{ACCOUNT}/us-east-1/{ENDPOINT} not in service: the endpoint does not exist"));
    assert!(!run.stderr.contains("refuses every update"), "{}", run.stderr);
    assert_eq!(stack(&cloud).1, "ROLLBACK_COMPLETE");
    project.run(PLAN).ends_with(0).says("InsufficientInstanceCapacity error");
    project.run(STATUS).ends_with(1).says(CAPACITY).says("FAILED ROLLBACK_COMPLETE");
    project.run(["test-staging"]).ends_with(3).says(&format!("{ACCOUNT}/us-east-1"));
    let results = project.json("target/test-results/test-results.json");
    let target = results["targets"].as_array().unwrap().iter().find(|target| target["account_id"] == ACCOUNT).unwrap();
    let check = &target["checks"][0];
    assert!(check["message"].as_str().unwrap().contains("Could not find endpoint"), "{check}");
    assert!(check["hint"].as_str().unwrap().contains("has the stage been deployed there?"), "{check}");
    deploy(&project).ends_with(0).says("2 of 2 endpoints serve the release");
    assert_eq!(cloud.served(ACCOUNT, ENDPOINT), format!("arn:aws:sagemaker:{REGION}:{HOME}:model-package/{GROUP}/1"));
}
