//! `plan` shows changes, and `prune` removes stack instances.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, REGION};
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, ENDPOINT, OTHER, approve, has_endpoint, package, project, serves};
use crate::schemas::validate;

const PLAN: [&str; 3] = ["plan", "--stage", "staging"];
const PRUNE: [&str; 3] = ["prune", "--stage", "staging"];
const CHANGING: [&str; 6] =
    ["CreateStackSet", "UpdateStackSet", "CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances", "DetectStackSetDrift"];

fn plan(project: &Project, code: i32) -> Json {
    let run = project.run(PLAN.iter().chain(&["--format", "json"])).ends_with(code);
    project.write("plan.json", &run.stdout);
    validate("plan.v1.json", &project.path("plan.json")).unwrap();
    serde_json::from_str(&run.stdout).unwrap()
}

fn actions(plan: &Json) -> Vec<String> {
    let text = |target: &Json, key: &str| target[key].as_str().unwrap().to_owned();
    let targets = plan["targets"].as_array().unwrap();
    targets.iter().map(|target| format!("{}/{} {}", text(target, "account_id"), text(target, "region"), text(target, "action"))).collect()
}

/// The effect of a group's resource, with the properties that change.
fn effect<'a>(plan: &'a Json, region: &str, resource: &str) -> &'a str {
    let group = plan["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["region"] == region && !group["model_package_from"].is_null())
        .unwrap();
    let resource = group["resources"].as_array().unwrap().iter().find(|found| found["logical_id"] == resource);
    resource.map_or("unchanged", |resource| resource["effect"].as_str().unwrap())
}

#[test]
fn a_plan_matches_the_following_rollout_and_changes_nothing() {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    let first = plan(&project, 0);
    assert_eq!((&first["change"], &first["counts"]["new"]), (&json!("create"), &json!(4)));
    project.run(DEPLOY).ends_with(0);
    let unchanged = plan(&project, 4);
    assert_eq!((&unchanged["nothing_to_do"], &unchanged["counts"]["unchanged"]), (&json!(true), &json!(4)));

    approve(&cloud, 2);
    project.set("STAGING_ACCOUNT_LIST", &ACCOUNTS[1..].join(","));
    project.run(["build"]).ends_with(0);
    cloud.aws.clear_requests().unwrap();
    let second = plan(&project, 0);
    for action in CHANGING {
        assert!(cloud.requests(action).is_empty(), "{action}");
    }
    assert_eq!(
        actions(&second),
        [
            "222222222222/eu-west-1 orphaned",
            "222222222222/us-east-1 orphaned",
            "444444444444/eu-west-1 changed",
            "444444444444/us-east-1 changed",
            "555555555555/eu-west-1 new",
            "555555555555/us-east-1 new",
        ]
    );
    for region in [REGION, OTHER] {
        assert_eq!(effect(&second, region, "SageMakerModel"), "replace");
        assert_eq!(effect(&second, region, "SageMakerEndpointConfig"), "replace");
        assert_eq!(effect(&second, region, "SageMakerEndpoint"), "update");
    }
    let group =
        second["groups"].as_array().unwrap().iter().find(|group| group["region"] == OTHER && !group["model_package_from"].is_null());
    let group = group.unwrap();
    assert_eq!((&group["model_package_from"], &group["model_package_to"]), (&json!(package(OTHER, 1)), &json!(package(OTHER, 2))));
    serves(&cloud, &ACCOUNTS[..2], 1);

    let run = project.run(PLAN).ends_with(0);
    for line in
        ["2 to create, 2 to change, 2 orphaned; ", "no endpoint is interrupted", "model-package/iris-p-abc123xyz/1 → 2", "is replaced"]
    {
        assert!(run.stdout.contains(line), "`{line}` is not in\n{}", run.stdout);
    }
    project.run(PLAN.iter().chain(&["--markdown", "plan.md"])).ends_with(0);
    let markdown = project.read("plan.md");
    assert!(markdown.contains("| `SageMakerModel` | `AWS::SageMaker::Model` | replace |"), "{markdown}");

    let operations = second["operations"].as_array().unwrap().len();
    project.run(DEPLOY).ends_with(0);
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!(record["operations"].as_array().unwrap().len(), operations);
    serves(&cloud, &ACCOUNTS[1..], 2);
}

#[test]
fn a_changed_endpoint_name_is_shown_as_an_interruption() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..1]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    let template = project.read("cfn-sm-endpoint-template.yml");
    let named = template.lines().find(|line| line.trim_start().starts_with("EndpointName: !Sub")).unwrap();
    project.write("cfn-sm-endpoint-template.yml", &template.replace(named, &named.replace("${EnvType}", "${EnvType}-new")));
    project.run(["build"]).ends_with(0);
    let renamed = plan(&project, 0);
    assert_eq!(effect(&renamed, REGION, "SageMakerEndpoint"), "replace");
    project.run(PLAN).ends_with(0).says("2 endpoints are interrupted").says("the endpoint with the old name is deleted");
}

#[test]
fn the_value_of_a_hidden_parameter_is_in_no_form_of_a_plan() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..1]);
    approve(&cloud, 1);
    let template = project.read("cfn-sm-endpoint-template.yml");
    let declared = "Parameters:\n  Token:\n    Type: String\n    NoEcho: true\n\n";
    let used = "      Tags:\n        - { Key: token, Value: !Sub 'the-${Token}' }\n";
    let template = template.replace("Parameters:\n", declared).replacen("      Tags:\n", used, 1);
    project.write("cfn-sm-endpoint-template.yml", &template);
    let config = project.read("staging-config-template.json");
    let with = |token: &str| config.replacen('[', &format!("[ {{ \"ParameterKey\": \"Token\", \"ParameterValue\": \"{token}\" }},"), 1);
    let prod = project.read("prod-config-template.json");
    project.write("prod-config-template.json", &prod.replacen('[', "[ { \"ParameterKey\": \"Token\", \"ParameterValue\": \"x\" },", 1));
    project.write("staging-config-template.json", &with("hunter2"));
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    project.write("staging-config-template.json", &with("hunter3"));
    project.run(["build"]).ends_with(0);
    let run = project.run(PLAN.iter().chain(&["--markdown", "plan.md", "--format", "json"])).ends_with(0);
    let text = project.run(PLAN).ends_with(0).stdout;
    for shown in [run.stdout, project.read("plan.md"), text] {
        assert!(shown.contains("Token") && !shown.contains("hunter"), "{shown}");
    }
}

#[test]
fn drift_is_detected_with_the_option_and_failures_have_their_reason() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", &ACCOUNTS[..2].join(","));
    cloud.prepare("staging", ACCOUNTS[0]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY.iter().chain(&["--no-preflight", "--failure-tolerance-count", "1"])).ends_with(1);
    cloud.aws.drift(ACCOUNTS[0], REGION).unwrap();
    let before = plan(&project, 1);
    assert_eq!((&before["counts"]["drifted"], &before["counts"]["failed_last_time"]), (&json!(0), &json!(1)));
    let run = project.run(PLAN.iter().chain(&["--detect-drift", "--no-preflight"])).ends_with(0);
    assert!(run.stdout.contains("1 drifted, 1 failed last time"), "{}", run.stdout);
    assert!(run.stdout.contains("Unable to fetch parameters [ds-staging-sagemaker-sg-ids]"), "{}", run.stdout);
}

#[test]
fn only_named_instances_are_pruned_and_targets_of_the_release_are_not() {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    project.set("STAGING_ACCOUNT_LIST", ACCOUNTS[0]);
    project.run(["build"]).ends_with(0);

    // Without a name and a terminal, nothing is removed.
    project.run(PRUNE).ends_with(2).says("444444444444/eu-west-1").says("removing these needs confirmation");
    let prune = |instances: &[&str]| {
        let named = instances.iter().flat_map(|instance| ["--instance", *instance]);
        project.run(PRUNE.into_iter().chain(named))
    };
    prune(&["222222222222/us-east-1", "444444444444/us-east-1"]).ends_with(2).says("not an orphan").says("--even-targets");
    prune(&["666666666666/us-east-1"]).ends_with(2).says("has no instance in this target");
    prune(&["444444444444"]).ends_with(2).says("is not an account and region");
    assert!(cloud.requests("DeleteStackInstances").is_empty());

    prune(&["444444444444/us-east-1", "555555555555/eu-west-1"]).ends_with(0).says("2 instances removed");
    assert!(!has_endpoint(&cloud, ACCOUNTS[1], REGION) && !has_endpoint(&cloud, ACCOUNTS[2], OTHER));
    assert!(has_endpoint(&cloud, ACCOUNTS[1], OTHER) && has_endpoint(&cloud, ACCOUNTS[2], REGION));
    serves(&cloud, &ACCOUNTS[..1], 1);

    project.run(PRUNE.iter().chain(&["--instance", "444444444444/eu-west-1", "--retain-stacks"])).ends_with(0);
    assert!(has_endpoint(&cloud, ACCOUNTS[1], OTHER), "the stack must be retained");
    assert_eq!(actions(&plan(&project, 4)).len(), 3);
    // Regions excluded with --regions are not orphans.
    let some = project.run(PLAN.iter().chain(&["--regions", REGION, "--format", "json"])).ends_with(4);
    let some: Json = serde_json::from_str(&some.stdout).unwrap();
    assert_eq!(actions(&some), ["222222222222/us-east-1 unchanged", "555555555555/us-east-1 orphaned"]);
    project.run(PRUNE.iter().chain(&["--instance", "555555555555/us-east-1"])).ends_with(0);
    project.run(PRUNE).ends_with(4).says("has no stack instance that the release does not target");
}

#[test]
fn a_removal_that_takes_longer_than_the_wait_is_found_again() {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    project.set("STAGING_ACCOUNT_LIST", ACCOUNTS[0]);
    project.run(["build"]).ends_with(0);
    cloud.aws.set_stack_set_pace(Duration::from_hours(1)).unwrap();
    let prune = PRUNE.iter().chain(&["--instance", "444444444444/us-east-1", "--wait", "1"]);
    project.run(prune.clone()).ends_with(3).says("run the command again to wait for it");
    cloud.aws.set_stack_set_pace(Duration::ZERO).unwrap();
    project.run(PLAN).ends_with(4);
    let input = json!({ "EndpointName": ENDPOINT });
    assert!(cloud.aws.call(ACCOUNTS[1], "sagemaker", "DescribeEndpoint", &input).is_err());
}
