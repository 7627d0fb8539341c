//! The way forward after a silent rollback or a half-failed rollout, and after a lost capacity.

use std::io::{BufRead as _, BufReader};
use std::process::Command;
use std::time::Duration;

use sandbox::stand_in::Fault;
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, REGION};
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, ENDPOINT, approve, package};
use crate::schemas::validate;

const PLAN: [&str; 3] = ["plan", "--stage", "staging"];
const CHANGING: [&str; 4] = ["UpdateStackSet", "CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances"];

/// A project for these accounts in one region; their network parameters exist.
fn project(cloud: &Cloud, accounts: &[&str]) -> Project {
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    for account in accounts {
        cloud.prepare("staging", account);
    }
    project
}

fn instances(cloud: &Cloud, account: &str) -> i64 {
    let endpoint = cloud.aws.call(account, "sagemaker", "DescribeEndpoint", &json!({ "EndpointName": ENDPOINT })).unwrap();
    endpoint["ProductionVariants"][0]["DesiredInstanceCount"].as_i64().unwrap()
}

fn scale(cloud: &Cloud, account: &str, count: u32) {
    let desired = json!([{ "VariantName": "AllTraffic", "DesiredInstanceCount": count }]);
    let input = json!({ "EndpointName": ENDPOINT, "DesiredWeightsAndCapacities": desired });
    cloud.aws.call(account, "sagemaker", "UpdateEndpointWeightsAndCapacities", &input).unwrap();
}

#[test]
fn an_endpoint_that_was_rolled_back_is_shown_and_updated_again_only_on_request() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    cloud.aws.silent_rollback(ACCOUNTS[1], ENDPOINT).unwrap();
    let reapply = "xtask deploy --stage staging --reapply 444444444444/us-east-1";
    let left = format!("444444444444/us-east-1/{ENDPOINT} serves version 1");
    project.run(DEPLOY).ends_with(1).says("1 of 2 endpoints serve the release").says(reapply).says(&left);

    // The same again: nothing is updated, and the way forward is still shown.
    cloud.aws.clear_requests().unwrap();
    project.run(DEPLOY).ends_with(1).says("2 unchanged; 1 of 2 endpoints serve the release").says(reapply).says(&left);
    let plan = project.run(PLAN).ends_with(4).says(reapply);
    assert!(plan.stdout.contains("1 serves version 1  444444444444/us-east-1"), "{}", plan.stdout);
    assert!(plan.stdout.contains("1 serves version 2  222222222222/us-east-1"), "{}", plan.stdout);
    for action in CHANGING {
        assert!(cloud.requests(action).is_empty(), "{action}");
    }

    // Only the named target is updated, and the next rollout leaves it.
    let again = project.run(DEPLOY.iter().chain(&["--reapply", "444444444444/us-east-1"])).ends_with(0);
    assert!(again.stderr.contains("Reapplying the release to 444444444444/us-east-1"), "{}", again.stderr);
    assert!(again.stdout.contains("1 rolled out, 1 unchanged; 2 of 2 endpoints serve the release"), "{}", again.stdout);
    assert_eq!(
        ACCOUNTS[..2].iter().map(|account| cloud.served(account, ENDPOINT)).collect::<Vec<_>>(),
        [package(REGION, 2), package(REGION, 2)]
    );
    assert_eq!(cloud.requests("UpdateStackInstances").len(), 1);
    validate("rollout.v1.json", &project.path("target/rollout/staging/rollout.json")).unwrap();
    project.run(PLAN).ends_with(4);
    project.run(DEPLOY).ends_with(0).says("2 unchanged");
    // The next release reaches all of them.
    approve(&cloud, 3);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0).says("2 of 2 endpoints serve the release");
}

#[test]
fn a_signal_after_a_failed_rollout_ends_the_reading_and_keeps_the_record() {
    let cloud = Cloud::new();
    // Without network parameters the stack of the second account fails.
    let mut project = project(&cloud, &ACCOUNTS[..1]);
    project.set("STAGING_ACCOUNT_LIST", &ACCOUNTS[..2].join(","));
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    cloud.aws.fault(&Fault::latency(Duration::from_hours(1)).on("sagemaker", "DescribeEndpoint")).unwrap();
    let mut run = project.interruptible(DEPLOY.iter().chain(&["--no-preflight"])).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.by_ref().find(|line| line.contains("what every endpoint serves")).expect("it reads the endpoints");
    assert!(Command::new("kill").args(["-s", "TERM", &run.id().to_string()]).status().unwrap().success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(run.wait().unwrap().code(), Some(1), "{rest:#?}");
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!(record["verdict"], "failed");
    assert_eq!(record["serving"][0]["endpoints"][0]["reason"], "reading it was interrupted");
}

#[test]
fn a_target_that_cannot_be_reapplied_is_refused_before_any_call() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..1]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    cloud.aws.clear_requests().unwrap();
    let deploy = |options: &[&str]| project.run(DEPLOY.iter().chain(options));
    deploy(&["--reapply", "444444444444/us-east-1"]).ends_with(2).says("it is not a target of this rollout");
    deploy(&["--reapply", "444444444444"]).ends_with(2).says("is not an account and region").says("--reapply");
    deploy(&["--accounts", "444444444444"]).ends_with(2).says("has no account `444444444444`").says("--accounts");
    project.run(PLAN.iter().chain(&["--accounts", "444444444444"])).ends_with(2).says("use accounts of the stage (222222222222)");
    assert_eq!(cloud.aws.requests().unwrap().len(), 0);
}

#[test]
fn after_a_half_failed_rollout_every_account_and_the_next_command_are_shown() {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    // A third account, which has no network parameters, and a new release.
    project.set("STAGING_ACCOUNT_LIST", &ACCOUNTS.join(","));
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    let run = project.run(DEPLOY.iter().chain(&["--no-preflight"])).ends_with(1);
    let served = |account: &str, what: &str| format!("{account}/us-east-1/{ENDPOINT} {what}");
    run.says(&served(ACCOUNTS[0], "serves version 2"))
        .says(&served(ACCOUNTS[2], "not in service: the endpoint does not exist"))
        .says("2 of 3 endpoints serve the release")
        .says("run `xtask deploy --stage staging`")
        .says("--accounts 555555555555");

    // The next command updates only what does not have the release.
    cloud.prepare("staging", ACCOUNTS[2]);
    let only = project.run(PLAN.iter().chain(&["--accounts", ACCOUNTS[0]])).ends_with(4);
    assert!(!only.stdout.contains(ACCOUNTS[2]), "an account that is left out is not an orphan\n{}", only.stdout);
    project.run(DEPLOY.iter().chain(&["--accounts", ACCOUNTS[2]])).ends_with(0).says("1 target, 1 rolled out; 1 of 1 endpoints serve");
    project.run(DEPLOY).ends_with(0).says("3 unchanged; 3 of 3 endpoints serve the release");
}

#[test]
fn a_suspended_account_is_named_with_what_to_do_by_plan_and_deploy_and_also_as_an_orphan() {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    cloud.aws.suspend_account(ACCOUNTS[1]).unwrap();
    let what_to_do = "--instance 444444444444/us-east-1 --even-targets --retain-stacks";
    project.run(PLAN).ends_with(1).says("Account 444444444444 is suspended").says(what_to_do);
    project.run(DEPLOY).ends_with(2).says("Account 444444444444 is suspended").says(what_to_do);
    // Without the account, the rollout goes on, and the orphan has its state.
    project.set("STAGING_ACCOUNT_LIST", ACCOUNTS[0]);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    let plan = project.run(PLAN).ends_with(0);
    assert!(plan.stdout.contains("444444444444/us-east-1 (INOPERABLE)"), "{}", plan.stdout);
    project
        .run(DEPLOY)
        .ends_with(0)
        .says("(INOPERABLE); it is not deleted")
        .says("`xtask prune --stage staging --instance 444444444444/us-east-1 --retain-stacks`");
    assert_eq!(cloud.served(ACCOUNTS[0], ENDPOINT), package(REGION, 2));
}

#[test]
fn a_capacity_that_the_release_does_not_change_is_reported_if_an_update_changed_it() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..1]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    scale(&cloud, ACCOUNTS[0], 7);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    let lost = "variant `AllTraffic` had 7 instances before the rollout and has 1 now";
    project.run(DEPLOY).ends_with(0).says(lost).says("RetainAllVariantProperties");
    let record = project.json("target/rollout/staging/rollout.json");
    let change = json!({
        "account_id": ACCOUNTS[0], "region": REGION, "endpoint": ENDPOINT, "variant": "AllTraffic", "before": 7, "after": 1,
    });
    assert_eq!(record["unrequested_capacity"], json!([change]));
    validate("rollout.v1.json", &project.path("target/rollout/staging/rollout.json")).unwrap();

    // With scaling, the template retains the number of instances, and nothing is reported.
    let config = project.read("staging-config-template.json");
    let scaling = "[ { \"ParameterKey\": \"ScalingMaxInstanceCount\", \"ParameterValue\": \"9\" },";
    project.write("staging-config-template.json", &config.replacen('[', scaling, 1));
    scale(&cloud, ACCOUNTS[0], 7);
    approve(&cloud, 3);
    project.run(["build"]).ends_with(0);
    let run = project.run(DEPLOY).ends_with(0);
    assert!(!run.stderr.contains("instances before the rollout"), "{}", run.stderr);
    assert_eq!(instances(&cloud, ACCOUNTS[0]), 7);
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!((&record["unrequested_capacity"], &record["serving"][0]["endpoints"][0]["health"]), (&json!([]), &Json::from("ok")));

    // A number that the stage's file changes is not reported.
    let config = project
        .read("staging-config-template.json")
        .replace("\"ScalingMaxInstanceCount\", \"ParameterValue\": \"9\"", "\"ScalingMaxInstanceCount\", \"ParameterValue\": \"\"");
    project.write("staging-config-template.json", &config.replace("\"1\"", "\"2\""));
    approve(&cloud, 4);
    project.run(["build"]).ends_with(0);
    let run = project.run(DEPLOY).ends_with(0);
    assert!(!run.stderr.contains("instances before the rollout"), "{}", run.stderr);
    assert_eq!(instances(&cloud, ACCOUNTS[0]), 2);
}

#[test]
fn a_plan_reports_a_running_operation_and_a_drift_detection_has_no_number_of_targets() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..1]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    let run = project.run(PLAN.iter().chain(&["--detect-drift"])).ends_with(4);
    assert!(run.stderr.contains("Started DETECT_DRIFT of the stack set (operation "), "{}", run.stderr);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    cloud.aws.set_stack_set_pace(std::time::Duration::from_hours(1)).unwrap();
    project.run(DEPLOY.iter().chain(&["--wait", "1"])).ends_with(3).says("run the command again to wait for it");
    project.run(PLAN).says("(UPDATE RUNNING) of this release is running: the plan can change when it ends");
    let json = project.run(PLAN.iter().chain(&["--format", "json"]));
    let json: Json = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["running_operation"]["status"], &json["running_operation"]["is_of_release"]), (&json!("RUNNING"), &json!(true)));
    project.write("plan.json", &json.to_string());
    validate("plan.v1.json", &project.path("plan.json")).unwrap();
    cloud.aws.set_stack_set_pace(std::time::Duration::ZERO).unwrap();
    project.run(DEPLOY).ends_with(0);
    assert_eq!(cloud.served(ACCOUNTS[0], ENDPOINT), package(REGION, 2));
}
