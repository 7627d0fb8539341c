//! The life cycle of a stage in three accounts and two regions; every state is read from AWS.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use sandbox::stand_in::{SeedPackage, SeedPackages};

use crate::cloud::{Cloud, GROUP, HOME, REGION};
use crate::project::Project;
use crate::schemas::validate;

pub(crate) const ENDPOINT: &str = "iris-p-abc123xyz-staging";
pub(crate) const OTHER: &str = "eu-west-1";
pub(crate) const ACCOUNTS: [&str; 3] = ["222222222222", "444444444444", "555555555555"];
pub(crate) const DEPLOY: [&str; 3] = ["deploy", "--stage", "staging"];

pub(crate) fn package(region: &str, version: u32) -> String {
    format!("arn:aws:sagemaker:{region}:{HOME}:model-package/{GROUP}/{version}")
}

/// Approves a version in both regions. A later version is of a later day.
pub(crate) fn approve(cloud: &Cloud, version: u32) {
    for region in [REGION, OTHER] {
        let package = SeedPackage {
            version: Some(version),
            approval_status: Some("Approved".to_owned()),
            created: Some(format!("2026-{:02}-{:02}T00:00:00Z", 2 + (version - 1) / 28, 1 + (version - 1) % 28)),
            ..SeedPackage::default()
        };
        let seed = SeedPackages {
            account: HOME.to_owned(),
            region: Some(region.to_owned()),
            group: GROUP.to_owned(),
            packages: Some(vec![package]),
            ..SeedPackages::default()
        };
        cloud.aws.seed_packages(&seed).unwrap();
    }
}

/// A project for these accounts in both regions, with network parameters.
pub(crate) fn project(cloud: &Cloud, accounts: &[&str]) -> Project {
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    // The Python seed's key is in us-east-1, and cannot be used in other regions.
    project.set("SAGEMAKER_EBS_KMS_KEY_ARN", "");
    project.set("DEPLOYMENT_REGIONS", "us-east-1,eu-west-1");
    project.set("REGIONAL_MODEL_PACKAGES", "eu-west-1=same-version");
    for account in ACCOUNTS {
        for region in [REGION, OTHER] {
            cloud.prepare_in("staging", account, region);
        }
    }
    project
}

/// Checks which version every endpoint serves.
#[track_caller]
pub(crate) fn serves(cloud: &Cloud, accounts: &[&str], version: u32) {
    for account in accounts {
        for region in [REGION, OTHER] {
            assert_eq!(cloud.served_in(account, region, ENDPOINT), package(region, version), "{account}/{region}");
        }
    }
}

pub(crate) fn has_endpoint(cloud: &Cloud, account: &str, region: &str) -> bool {
    let input = serde_json::json!({ "EndpointName": ENDPOINT });
    cloud.aws.call_in(account, region, "sagemaker", "DescribeEndpoint", &input).is_ok()
}

fn instance_count(cloud: &Cloud, account: &str, region: &str) -> i64 {
    let ask = |action: &str, input| cloud.aws.call_in(account, region, "sagemaker", action, &input).unwrap();
    let endpoint = ask("DescribeEndpoint", serde_json::json!({ "EndpointName": ENDPOINT }));
    let config = ask("DescribeEndpointConfig", serde_json::json!({ "EndpointConfigName": endpoint["EndpointConfigName"] }));
    config["ProductionVariants"][0]["InitialInstanceCount"].as_i64().unwrap()
}

#[test]
fn releases_accounts_and_regions_come_and_go_and_every_endpoint_serves_the_model_package_of_its_region() {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS[..2]);

    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0).says("4 of 4 endpoints serve the release");
    validate("rollout.v1.json", &project.path("target/rollout/staging/rollout.json")).unwrap();
    serves(&cloud, &ACCOUNTS[..2], 1);

    // The second release: a new model, another parameter, a changed template, and one more account.
    approve(&cloud, 2);
    let config = project.read("staging-config-template.json").replace("\"1\"", "\"2\"");
    project.write("staging-config-template.json", &config);
    let template = project.read("cfn-sm-endpoint-template.yml");
    project.write("cfn-sm-endpoint-template.yml", &format!("{template}\n# a change\n"));
    project.set("STAGING_ACCOUNT_LIST", &ACCOUNTS.join(","));
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0).says("6 of 6 endpoints serve the release");
    serves(&cloud, &ACCOUNTS, 2);
    assert_eq!(instance_count(&cloud, ACCOUNTS[2], OTHER), 2);

    cloud.aws.clear_requests().unwrap();
    project.run(DEPLOY).ends_with(0).says("6 unchanged");
    for action in ["UpdateStackSet", "CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances"] {
        assert!(cloud.requests(action).is_empty(), "{action}");
    }

    // A removed account is reported and kept.
    project.set("STAGING_ACCOUNT_LIST", &ACCOUNTS[..2].join(","));
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0).says("555555555555/eu-west-1").says("it is not deleted");
    assert!(has_endpoint(&cloud, ACCOUNTS[2], REGION) && has_endpoint(&cloud, ACCOUNTS[2], OTHER));
}

#[test]
fn a_killed_run_is_resumed_and_starts_nothing_twice() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    cloud.aws.set_stack_set_pace(Duration::from_hours(1)).unwrap();

    let mut first = project.command(DEPLOY).spawn().unwrap();
    let mut lines = BufReader::new(first.stderr.take().unwrap()).lines();
    let started = lines.by_ref().map(Result::unwrap).find(|line| line.contains("Started")).expect("an operation is started");
    first.kill().unwrap();
    first.wait().unwrap();
    let operation = started.split("operation ").nth(1).unwrap().trim_end_matches(')').to_owned();

    let mut second = project.command(DEPLOY).spawn().unwrap();
    let mut lines = BufReader::new(second.stderr.take().unwrap()).lines();
    let resumed = lines.by_ref().map(Result::unwrap).find(|line| line.contains("Resuming")).expect("the operation is found");
    assert!(resumed.contains(&operation), "{resumed}");
    cloud.aws.set_stack_set_pace(Duration::ZERO).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(second.wait().unwrap().code(), Some(0), "{rest:#?}");

    serves(&cloud, &ACCOUNTS, 1);
    // One operation per region, since each has its own model package.
    assert_eq!(cloud.requests("CreateStackInstances").iter().filter(|request| request.status == Some(200)).count(), 2);
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!(record["operations"][0]["operation_id"], operation.as_str());
    assert_eq!(record["operations"][0]["resumed"], true);
    assert_eq!(record["counts"]["succeeded"], 6);
}

#[test]
fn an_interrupted_deployment_reports_that_its_operation_continues() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..1]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    cloud.aws.set_stack_set_pace(Duration::from_hours(1)).unwrap();
    for (signal, text) in [("TERM", "Started"), ("INT", "Resuming"), ("HUP", "Resuming")] {
        let mut run = project.interruptible(DEPLOY).spawn().unwrap();
        let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
        lines.by_ref().find(|line| line.contains(text)).expect("an operation runs");
        let id = run.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let rest: Vec<String> = lines.collect();
        assert_eq!(run.wait().unwrap().code(), Some(3), "{signal}: {rest:#?}");
        assert!(rest.iter().any(|line| line.contains("continues in AWS")), "{signal}: {rest:#?}");
    }
}

/// Suspends (`STOP`) or resumes (`CONT`) a process.
fn signal(process: &std::process::Child, signal: &str) {
    let id = process.id().to_string();
    assert!(std::process::Command::new("kill").args([format!("-{signal}").as_str(), &id]).status().unwrap().success());
    let is_stopped = || {
        let state = std::process::Command::new("ps").args(["-o", "stat=", "-p", &id]).output().unwrap().stdout;
        state.trim_ascii_start().starts_with(b"T")
    };
    while is_stopped() != (signal == "STOP") {}
}

#[test]
fn while_another_release_is_rolled_out_a_run_refuses_or_waits_and_the_older_one_stops_before_its_next_operation() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..1]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    cloud.aws.set_stack_set_pace(Duration::from_hours(1)).unwrap();
    let mut second = project.command(DEPLOY).spawn().unwrap();
    let mut lines = BufReader::new(second.stderr.take().unwrap()).lines();
    lines.by_ref().map(Result::unwrap).find(|line| line.contains("Started")).unwrap();

    approve(&cloud, 3);
    project.run(["build", "--output-dir", "target/third"]).ends_with(0);
    let third = DEPLOY.iter().chain(&["--build-dir", "target/third", "--results-dir", "target/third-rollout"]);
    project.run(third.clone()).ends_with(3).says("already has a running operation").says("--wait-for-other");
    let mut waiting = project.command(third.chain(&["--wait-for-other"])).spawn().unwrap();
    let mut waited = BufReader::new(waiting.stderr.take().unwrap()).lines();
    waited.by_ref().map(Result::unwrap).find(|line| line.contains("Waiting")).unwrap();

    // The first operation of release 2 ends, and its process continues only after release 3 is
    // deployed.
    signal(&second, "STOP");
    cloud.aws.set_stack_set_pace(Duration::ZERO).unwrap();
    let rest: Vec<String> = waited.map(Result::unwrap).collect();
    assert_eq!(waiting.wait().unwrap().code(), Some(0), "{rest:#?}");
    serves(&cloud, &ACCOUNTS[..1], 3);
    signal(&second, "CONT");
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(second.wait().unwrap().code(), Some(3), "{rest:#?}");
    assert!(rest.iter().any(|line| line.contains("superseded")), "{rest:#?}");
    serves(&cloud, &ACCOUNTS[..1], 3);
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!((&record["verdict"], &record["problems"][0]["code"]), (&"unfinished".into(), &"superseded".into()));

    // An older release is rolled out again by a new run.
    project.run(DEPLOY).ends_with(0);
    serves(&cloud, &ACCOUNTS[..1], 2);
}

#[test]
fn a_manual_parameter_override_is_in_the_plan_and_reset_by_the_next_deploy() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    let by_hand = [
        ("StackSetName", "sagemaker-iris-p-abc123xyz-deploy-staging"),
        ("Accounts.member.1", ACCOUNTS[1]),
        ("Regions.member.1", REGION),
        ("ParameterOverrides.member.1.ParameterKey", "EndpointInstanceCount"),
        ("ParameterOverrides.member.1.ParameterValue", "3"),
        ("OperationId", "by-hand"),
    ];
    cloud.aws.query(HOME, "cloudformation", "UpdateStackInstances", &by_hand).unwrap();
    assert_eq!(instance_count(&cloud, ACCOUNTS[1], REGION), 3);

    let plan = project.run(["plan", "--stage", "staging", "--markdown", "plan.md", "--format", "json"]).ends_with(0);
    project.write("plan.json", &plan.stdout);
    validate("plan.v1.json", &project.path("plan.json")).unwrap();
    let plan = project.json("plan.json");
    assert_eq!((&plan["change"], &plan["counts"]["changed"], &plan["counts"]["unchanged"]), (&"untouched".into(), &1.into(), &3.into()));
    let changed = plan["targets"].as_array().unwrap().iter().find(|target| target["action"] == "changed").unwrap();
    assert_eq!(changed["overrides"], serde_json::json!([{ "name": "EndpointInstanceCount", "from": "3", "to": null }]));
    assert!(project.read("plan.md").contains("| `EndpointInstanceCount` | `3 → the stack set's value` | 444444444444/us-east-1 |"));
    project
        .run(["plan", "--stage", "staging"])
        .ends_with(0)
        .says("EndpointInstanceCount  3 → the stack set's value  in 444444444444/us-east-1");

    project.run(DEPLOY).ends_with(0).says("EndpointInstanceCount of 444444444444/us-east-1").says("1 rolled out, 3 unchanged");
    assert_eq!(instance_count(&cloud, ACCOUNTS[1], REGION), 1);
    project.run(["plan", "--stage", "staging"]).ends_with(4);
}

#[test]
fn a_failing_account_is_explained_and_without_tolerance_the_rest_is_cancelled() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", &ACCOUNTS.join(","));
    // The first account has no network parameters: its stack cannot be created.
    for account in &ACCOUNTS[1..] {
        cloud.prepare("staging", account);
    }
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY.iter().chain(&["--no-preflight"])).ends_with(1).says("222222222222/us-east-1").says("444444444444/us-east-1");
    assert!(!has_endpoint(&cloud, ACCOUNTS[1], REGION), "no failure is tolerated without the option");
    let record = project.json("target/rollout/staging/rollout.json");
    assert_eq!((&record["counts"]["failed"], &record["counts"]["cancelled"]), (&1.into(), &2.into()));

    validate("rollout.v1.json", &project.path("target/rollout/staging/rollout.json")).unwrap();
    project.run(DEPLOY.iter().chain(&["--no-preflight", "--failure-tolerance-count", "1", "--max-concurrent-count", "3"])).ends_with(1);
    assert!(has_endpoint(&cloud, ACCOUNTS[1], REGION) && has_endpoint(&cloud, ACCOUNTS[2], REGION));
    cloud.prepare("staging", ACCOUNTS[0]);
    project.run(DEPLOY).ends_with(0).says("3 of 3 endpoints serve the release");
}
