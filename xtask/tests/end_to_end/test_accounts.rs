//! `test-staging` and `test-prod` for some accounts of a stage, with their alarms.

use sandbox::stand_in::Fault;

use crate::cloud::Cloud;
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, approve, project};

const RESULTS: &str = "target/test-results/test-results.json";
const TEST: [&str; 2] = ["test-staging", "--no-load"];

/// Each target of the results, with its verdict and the outcome of its alarms.
fn outcomes(project: &Project) -> Vec<(String, String, Option<String>)> {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let results = project.json(RESULTS);
    let of = |target: &serde_json::Value| {
        let alarms = target["checks"].as_array().unwrap().iter().find(|check| check["name"] == "alarms");
        let place = format!("{}/{}", target["account_id"].as_str().unwrap(), target["region"].as_str().unwrap());
        (place, text(&target["verdict"]).unwrap(), alarms.and_then(|check| text(&check["outcome"])))
    };
    results["targets"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn only_the_named_accounts_are_tested_and_their_alarms_can_fail_the_tests() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    let file = r#"{ "Parameters": { "EndpointInstanceCount": "1", "EndpointInstanceType": "ml.m5.large", "RollbackAlarms": "yes" } }"#;
    project.write("staging-config-template.json", file);
    project.run(["build"]).ends_with(0);
    project.run(DEPLOY).ends_with(0);
    let first = |more: &[&str]| project.run(TEST.iter().chain(&["--accounts", ACCOUNTS[0]]).chain(more));
    let places = ["us-east-1", "eu-west-1"].map(|region| format!("{}/{region}", ACCOUNTS[0]));

    first(&[]).ends_with(0).says("2 targets: 2 passed");
    let tested: Vec<_> = outcomes(&project).into_iter().map(|(place, _, _)| place).collect();
    assert!(tested.len() == 2 && places.iter().all(|place| tested.contains(place)), "{tested:?}");
    // They are no proof for production.
    project.run(["check-release", "--stage", "prod"]).ends_with(1).says(ACCOUNTS[1]);

    // Alarms that cannot be read are not known to be fine.
    cloud.aws.fault(&Fault::error(403, "AccessDenied", "User is not authorized").on("monitoring", "DescribeAlarms")).unwrap();
    first(&["--bake", "30"]).ends_with(3).says("the alarms are not known").says("AccessDenied");
    assert!(outcomes(&project).iter().all(|(_, verdict, alarms)| (verdict.as_str(), alarms.as_deref()) == ("errored", Some("errored"))));
    cloud.aws.clear_faults().unwrap();

    let version = ("Version", "2010-08-01");
    let name = cloud.aws.query(ACCOUNTS[0], "monitoring", "DescribeAlarms", &[version]).unwrap().text("AlarmName").unwrap();
    let alarm = [version, ("AlarmName", &name), ("StateValue", "ALARM"), ("StateReason", "a test")];
    cloud.aws.query(ACCOUNTS[0], "monitoring", "SetAlarmState", &alarm).unwrap();
    first(&["--bake", "30"]).ends_with(1).says("in the state ALARM").says(&name);
    let mut verdicts: Vec<_> = outcomes(&project).into_iter().map(|(place, verdict, _)| (place, verdict)).collect();
    verdicts.sort();
    // The alarm is in one of the regions.
    assert_eq!(verdicts[0], (places[1].clone(), "passed".to_owned()));
    assert_eq!(verdicts[1], (places[0].clone(), "failed".to_owned()));
    // Without a time, and after failed tests, the alarms are not read.
    cloud.aws.clear_requests().unwrap();
    first(&["--bake", "0"]).ends_with(0);
    project.write(
        "wrong.yaml",
        "version: 1\ncases:\n  - name: never\n    payload: { csv: '5.1,3.5,1.4,0.2' }\n    expect: { text: { contains: tulip } }\n",
    );
    first(&["--bake", "30", "--suite", "wrong.yaml"]).ends_with(1);
    assert!(cloud.requests("DescribeAlarms").is_empty());
}

#[test]
fn accounts_that_are_not_the_stages_and_options_of_endpoints_are_refused() {
    let cloud = Cloud::new();
    let project = project(&cloud, &ACCOUNTS[..2]);
    approve(&cloud, 1);
    project.run(["build"]).ends_with(0);
    for (options, says) in [
        (&["--accounts", "999999999999"][..], "has no account `999999999999`"),
        (&["--accounts", "22"], "`22` is not an AWS account id"),
        (&["--accounts", ACCOUNTS[0], "--endpoint-url", "http://127.0.0.1:1"], "a container has no account and no alarms"),
        (&["--bake", "5", "--endpoint-url", "http://127.0.0.1:1"], "a container has no account and no alarms"),
        (&["--bake", "1441"], "1441"),
    ] {
        project.run(TEST.iter().chain(options)).ends_with(2).says(says);
    }
    // Waves of production that the stage does not permit.
    for (waves, says) in [
        ("999999999999,rest", "names the account `999999999999`, which is not a target"),
        ("333333333333,rest", "wave 2 (`rest`) has no target"),
        ("1,1", "the last wave is not `rest`"),
    ] {
        project.run(["build", "--prod-waves", waves]).ends_with(2).says(says).says("--prod-waves, PROD_WAVES");
    }
}
