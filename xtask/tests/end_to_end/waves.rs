//! Production in waves: a failed wave touches no further account, and goes back.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use sandbox::stand_in::Fault;

use crate::cloud::{Cloud, REGION};
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, ENDPOINT, OTHER, approve, package, project, serves};
use crate::schemas::validate;

const RECORD: &str = "target/rollout/staging/rollout.json";

fn deploy(project: &Project, options: &[&str]) -> crate::project::Run {
    project.run(DEPLOY.iter().chain(options))
}

/// The outcomes of the waves in the record.
fn outcomes(project: &Project) -> Vec<String> {
    validate("rollout.v1.json", &project.path(RECORD)).unwrap();
    let record = project.json(RECORD);
    record["waves"].as_array().unwrap().iter().map(|wave| wave["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn of_twelve_accounts_in_two_regions_only_the_failed_wave_goes_back() {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS);
    let accounts: Vec<String> = (0..12).map(|number| format!("{:012}", 600_000_000_000_u64 + number)).collect();
    let accounts: Vec<&str> = accounts.iter().map(String::as_str).collect();
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    for account in &accounts {
        for region in [REGION, OTHER] {
            cloud.prepare_in("staging", account, region);
        }
    }
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    deploy(&project, &["--no-preflight", "--max-concurrent-percentage", "100"]).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    // SageMaker rolls one endpoint of the second wave back by itself.
    cloud.aws.silent_rollback(accounts[2], ENDPOINT).unwrap();
    let options = ["--no-preflight", "--waves", "1,10%,rest", "--on-failure", "roll-back", "--max-concurrent-percentage", "100"];
    let failed = deploy(&project, &options).ends_with(1);
    let failed =
        failed.says("1 of 3 (1): 1 account in 2 regions").says("2 of 3 (10%): 2 accounts in 2 regions").says("to the release before");
    assert!(!failed.stderr.contains("3 of 3"), "{}", failed.stderr);
    assert_eq!(outcomes(&project), ["passed", "failed", "skipped"]);
    let record = project.json(RECORD);
    assert_eq!(
        (&record["counts"]["succeeded"], &record["counts"]["rolled_back"], &record["counts"]["skipped"]),
        (&2.into(), &4.into(), &18.into())
    );
    assert_eq!((&record["rolled_back"]["wave"], &record["rolled_back"]["verdict"]), (&2.into(), &"succeeded".into()));
    // What every account serves, in AWS and in the report.
    serves(&cloud, &accounts[..1], 2);
    serves(&cloud, &accounts[1..], 1);
    let serving = record["serving"].as_array().unwrap();
    let reported =
        |target: &serde_json::Value| target["endpoints"][0]["model_packages"][0].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(serving.iter().map(reported).collect::<Vec<_>>(), [vec!["2"; 2], vec!["1"; 22]].concat());

    // The same command continues once the cause is fixed.
    deploy(&project, &options).ends_with(0).says("24 of 24 endpoints serve the release");
    assert_eq!(outcomes(&project), ["passed"; 3]);
    serves(&cloud, &accounts, 2);
}

#[test]
fn after_a_kill_in_a_wave_the_waves_are_tested_again_and_the_rest_follows() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    deploy(&project, &["--waves", "1,1,rest"]).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    // Each run is killed at its first operation, which then ends: one per account and region.
    let mut kills = 0;
    loop {
        cloud.aws.set_stack_set_pace(Duration::from_hours(1)).unwrap();
        let mut run = project.command(DEPLOY.iter().chain(&["--waves", "1,1,rest"])).spawn().unwrap();
        let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
        if !lines.any(|line| line.contains("Started")) {
            assert_eq!(run.wait().unwrap().code(), Some(0));
            break;
        }
        kills += 1;
        run.kill().unwrap();
        run.wait().unwrap();
        cloud.aws.set_stack_set_pace(Duration::ZERO).unwrap();
        project.run(["status", "--stage", "staging"]);
        let versions =
            ACCOUNTS.map(|account| [REGION, OTHER].map(|region| cloud.served_in(account, region, ENDPOINT) == package(region, 2)));
        let begun = versions.iter().filter(|regions| regions.contains(&true)).count();
        assert!(
            versions[..begun.max(1) - 1].iter().all(|regions| *regions == [true; 2]),
            "a wave began before the one before: {versions:?}"
        );
    }
    assert_eq!(kills, 6);
    assert_eq!(outcomes(&project), ["passed"; 3]);
    serves(&cloud, &ACCOUNTS, 2);
}

#[test]
fn an_alarm_fails_the_wave_and_alarms_that_cannot_be_read_stop_the_rollout() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    // The stage file has the waves, and the template's alarms.
    let file = r#"{
        "Parameters": { "EndpointInstanceCount": "1", "EndpointInstanceType": "ml.m5.large", "RollbackAlarms": "yes" },
        "waves": [["222222222222"], "rest"],
        "bake_minutes": 30
    }"#;
    project.write("staging-config-template.json", file);
    project.run(["build"]).ends_with(0);
    assert_eq!(project.json("target/deploy/release-manifest.json")["stages"]["staging"]["waves"], "222222222222,rest");
    deploy(&project, &["--waves", "rest"]).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);

    cloud.aws.fault(&Fault::error(403, "AccessDenied", "User is not authorized").on("monitoring", "DescribeAlarms")).unwrap();
    let unknown = deploy(&project, &[]).ends_with(3);
    unknown.says("wave 1 (`222222222222`) is not known to have passed").says("AccessDenied");
    assert_eq!(outcomes(&project), ["unfinished", "unfinished"]);
    cloud.aws.clear_faults().unwrap();

    let alarms = cloud.aws.query(ACCOUNTS[0], "monitoring", "DescribeAlarms", &[("Version", "2010-08-01")]).unwrap();
    let name = alarms.text("AlarmName").unwrap();
    let alarm = [("Version", "2010-08-01"), ("AlarmName", &name), ("StateValue", "ALARM"), ("StateReason", "a test")];
    cloud.aws.query(ACCOUNTS[0], "monitoring", "SetAlarmState", &alarm).unwrap();
    deploy(&project, &[]).ends_with(1).says("in the state ALARM").says(&name);
    assert_eq!(outcomes(&project), ["failed", "skipped"]);
    serves(&cloud, &ACCOUNTS[..1], 2);
    serves(&cloud, &ACCOUNTS[1..2], 1);
    // Without a bake time, the alarms are not read.
    deploy(&project, &["--bake", "0"]).ends_with(0);
    assert_eq!(cloud.served_in(ACCOUNTS[1], REGION, ENDPOINT), package(REGION, 2));
}

#[test]
fn waves_that_are_wrong_are_refused_before_anything_changes() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    for (options, says) in [
        (&["--waves", "1,10%"][..], "the last wave is not `rest`"),
        (&["--waves", "2,rest"], "wave 2 (`rest`) has no target"),
        (&["--waves", "999999999999,rest"], "names the account `999999999999`, which is not a target"),
        (&["--on-failure", "roll-back"], "need waves"),
        (&["--bake", "5"], "need waves"),
        (&["--waves", "rest", "--suite", "nothing.yaml"], "nothing.yaml"),
    ] {
        deploy(&project, options).ends_with(2).says(says);
    }
    assert!(cloud.requests("CreateStackSet").is_empty());
    // A mistake in the stage file is reported by the build, with its place.
    project.write("staging-config-template.json", "{\n  \"Parameters\": { \"EndpointInstanceCount\": \"1\", \"EndpointInstanceType\": \"ml.m5.large\" },\n  \"waves\": [5, \"rest\"]\n}");
    project.run(["build"]).ends_with(2).says("staging-config-template.json:3:12").says("wave 2 (`rest`) has no target");
}

#[test]
fn a_roll_back_that_is_killed_is_finished_by_the_same_command() {
    const KEPT: &str = "target/rollout/staging/release-before.json";
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    deploy(&project, &["--no-preflight"]).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    cloud.aws.silent_rollback(ACCOUNTS[0], ENDPOINT).unwrap();
    let options = ["--no-preflight", "--waves", "1,rest", "--on-failure", "roll-back"];
    let mut run = project.command(DEPLOY.iter().chain(&options)).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("to the release before")), "the roll-back has not begun");
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(project.json(KEPT)["rolling_back"], 1);

    let finished = deploy(&project, &options).ends_with(1).says("to the release before");
    assert!(!finished.stderr.contains("1 of 2"), "no wave starts: {}", finished.stderr);
    assert_eq!(outcomes(&project), ["failed", "skipped"]);
    let record = project.json(RECORD);
    assert_eq!((&record["rolled_back"]["verdict"], &record["counts"]["rolled_back"]), (&"succeeded".into(), &2.into()));
    serves(&cloud, &ACCOUNTS[..2], 1);
    assert!(!project.path(KEPT).exists(), "it is no longer needed");

    deploy(&project, &options).ends_with(0);
    serves(&cloud, &ACCOUNTS[..2], 2);
    assert!(!project.path(KEPT).exists());
}

#[test]
fn a_frozen_production_is_not_deployed_without_a_reason() {
    let cloud = Cloud::new();
    cloud.register(10);
    cloud.prepare("prod", "333333333333");
    let project = cloud.project();
    let freeze = r#"{ "from": "2000-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z", "reason": "end of the year" }"#;
    project.write("release-policy.json", &format!(r#"{{ "schema_version": 1, "freeze": [{freeze}], "max_parallel_accounts": 1 }}"#));
    project.run(["build"]).ends_with(0);
    validate("release-policy.v1.json", &project.path("release-policy.json")).unwrap();
    validate("release-manifest.v2.json", &project.path("target/deploy/release-manifest.json")).unwrap();

    let frozen = "production is frozen until 2999-01-01T00:00:00Z: end of the year";
    let plan = project.run(["plan", "--stage", "prod", "--waves", "rest", "--format", "json"]).ends_with(1).says(frozen);
    project.write("plan.json", &plan.stdout);
    validate("plan.v1.json", &project.path("plan.json")).unwrap();
    let plan = project.json("plan.json");
    assert_eq!((&plan["problems"][0]["code"], &plan["limits"]["max_parallel_accounts"]), (&"frozen".into(), &1.into()));
    assert_eq!((&plan["waves"][0]["size"], &plan["targets"][0]["wave"]), (&"rest".into(), &1.into()));
    let prod = ["--stage", "prod", "--without-staging-tests"];
    for command in ["deploy", "check-release"] {
        project.run([command].iter().chain(&prod)).ends_with(1).says(frozen).says("--during-freeze REASON");
    }
    assert!(cloud.requests("CreateStackSet").is_empty());

    let reason = ["--during-freeze", "the model is wrong"];
    let checked = project.run(["check-release", "--format", "json"].iter().chain(&prod).chain(&reason)).ends_with(0).says(frozen);
    let checked: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(checked["during_freeze"], "the model is wrong");
    project.run(["deploy"].iter().chain(&prod).chain(&reason)).ends_with(0).says(frozen);
    let record = "target/rollout/prod/rollout.json";
    validate("rollout.v1.json", &project.path(record)).unwrap();
    let during = &project.json(record)["during_freeze"];
    assert_eq!((&during["reason"], &during["freezes"][0]["reason"]), (&"the model is wrong".into(), &"end of the year".into()));
}

/// The figures of docs/production-in-waves.md: the program's requests and its time in the local AWS.
#[test]
#[ignore = "some minutes: `cargo test -p xtask --test end_to_end two_hundred -- --ignored --nocapture`"]
#[expect(clippy::print_stdout, reason = "the figures")]
fn two_hundred_accounts_are_deployed_in_waves() {
    let cloud = Cloud::new();
    let mut project = project(&cloud, &ACCOUNTS);
    let accounts: Vec<String> = (0..200).map(|number| format!("{:012}", 600_000_000_000_u64 + number)).collect();
    project.set("STAGING_ACCOUNT_LIST", &accounts.join(","));
    project.set("DEPLOYMENT_REGIONS", REGION);
    project.set("REGIONAL_MODEL_PACKAGES", "");
    for account in &accounts {
        cloud.prepare_in("staging", account, REGION);
    }
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    cloud.aws.clear_requests().unwrap();
    let start = std::time::Instant::now();
    deploy(&project, &["--no-preflight", "--waves", "1,10%,rest", "--max-concurrent-percentage", "100"]).ends_with(0);
    let seconds = start.elapsed().as_secs();
    assert_eq!(outcomes(&project), ["passed"; 3]);
    let requests = cloud.aws.requests().unwrap();
    let of = |service: &str| requests.iter().filter(|request| request.service == service).count();
    let (cloudformation, sagemaker) = (of("cloudformation"), of("sagemaker"));
    println!("{} requests, {cloudformation} of them to CloudFormation and {sagemaker} to SageMaker, in {seconds} s", requests.len());
}
