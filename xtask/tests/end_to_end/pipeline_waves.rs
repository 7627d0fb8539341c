//! Simulated executions of a pipeline that deploys production to its first accounts, tests them, and
//! then deploys the others. What CodePipeline does after a failure follows its documentation.

use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME};
use crate::code_pipeline::{EXECUTION_ID, Pipeline, Run};
use crate::pipeline::{PROD, PROD_AFTER, WHOLE_WAY, ready, with_first_accounts};

const ENDPOINT: &str = "iris-p-abc123xyz-prod";
/// The actions before production.
const BEFORE: usize = 6;

/// The actions of production with first accounts.
const PRODUCTION: [&str; 5] =
    ["CheckRelease succeeded", "DeployProdFirst succeeded", "TestProdFirst succeeded", "DeployProd succeeded", "TestProd succeeded"];

/// The history of an execution that reaches production, and then has these entries.
fn with(production: &[&'static str]) -> Vec<&'static str> {
    [&WHOLE_WAY[..BEFORE], production].concat()
}

/// The versions that the first and the second production account serve, and the statuses of their
/// stack instances.
fn production(cloud: &Cloud) -> [(String, String); 2] {
    [PROD, PROD_AFTER].map(|account| {
        let instance = [
            ("StackSetName", "sagemaker-iris-p-abc123xyz-deploy-prod"),
            ("StackInstanceAccount", account),
            ("StackInstanceRegion", "us-east-1"),
        ];
        let status = cloud.aws.query(HOME, "cloudformation", "DescribeStackInstance", &instance).unwrap().text("Status").unwrap();
        (cloud.served(account, ENDPOINT).rsplit('/').next().unwrap().to_owned(), status)
    })
}

fn both(version: &str) -> [(String, String); 2] {
    [PROD, PROD_AFTER].map(|_| (version.to_owned(), "CURRENT".to_owned()))
}

/// The page that the approver opened.
fn page(run: &Run<'_>) -> String {
    let link = &run.approval.as_ref().unwrap()["ExternalEntityLink"];
    let object = link.rsplit_once("prefix=").unwrap().1.replace(".html", ".md");
    std::fs::read_to_string(run.uploaded(&format!("artifactbucket/{object}"))).unwrap()
}

fn json(run: &Run<'_>, artifact: &str, name: &str) -> Json {
    serde_json::from_str(&std::fs::read_to_string(run.artifacts[artifact].join(name)).unwrap()).unwrap()
}

#[test]
fn a_first_wave_that_fails_leaves_the_others_untouched_and_goes_back_to_a_release_that_is_still_approved() {
    let (cloud, pipeline, source) = ready(&with_first_accounts());
    let before = Run::start(&pipeline, &cloud, &source.path(""), &[]);
    assert_eq!(before.history, with(&PRODUCTION), "{}", before.log);
    assert_eq!(production(&cloud), both("14"));
    assert_eq!(json(&before, "BuildArtifact", "release-manifest.json")["stages"]["prod"]["waves"], format!("{PROD},rest"));
    let tested = json(&before, "TestProdFirstArtifact", "test-results.json");
    assert_eq!((tested["targets"].as_array().unwrap().len(), &tested["targets"][0]["account_id"]), (1, &PROD.into()));

    // The second release fails the tests of the first account. CodePipeline runs the stage again with
    // the artifacts of the first one, which was approved in its own execution.
    source.write(
        "test/smoke-tests.yaml",
        "version: 1\ncases:\n  - name: never\n    payload: { csv: '5.1,3.5,1.4,0.2' }\n    expect: { text: { contains: tulip } }\n",
    );
    cloud.aws.clear_requests().unwrap();
    let failed = Run::start_after(&pipeline, &cloud, &source.path(""), &[("MODEL_PACKAGE", "13")], &before);
    let back = [&PRODUCTION[..2], &["TestProdFirst failed", "Production rolls back"], &PRODUCTION].concat();
    assert_eq!(failed.history, with(&back), "{}", failed.log);
    assert_eq!(production(&cloud), both("14"));
    // The second account never got the release that failed: its endpoint was not updated.
    let updated: Vec<_> = cloud.requests("UpdateEndpoint").into_iter().map(|request| request.account).collect();
    assert!(!updated.contains(&PROD_AFTER.to_owned()), "{updated:?}");
    let approval = json(&failed, "CheckReleaseArtifact", "approval.json");
    assert_eq!(approval["evidence"]["execution"], before.variables[EXECUTION_ID]);
    assert_ne!(failed.variables[EXECUTION_ID], before.variables[EXECUTION_ID]);

    // The next approver sees that both accounts have the release before. The update fails, and what
    // was withdrawn since does not reach production again.
    std::fs::remove_file(source.path("test/smoke-tests.yaml")).unwrap();
    let arn = format!("arn:aws:sagemaker:us-east-1:{HOME}:model-package/{GROUP}/14");
    cloud.sagemaker("UpdateModelPackage", &json!({ "ModelPackageArn": arn, "ModelApprovalStatus": "Rejected" }));
    let failure = sandbox::stand_in::EndpointFailure {
        account: PROD.to_owned(),
        endpoint: ENDPOINT.to_owned(),
        reason: "no capacity".to_owned(),
        ..Default::default()
    };
    cloud.aws.fail_endpoint(&failure).unwrap();
    let failed = Run::start_after(&pipeline, &cloud, &source.path(""), &[("MODEL_PACKAGE", "13")], &before);
    let back = [PRODUCTION[0], "DeployProdFirst failed", "Production rolls back", "CheckRelease failed"];
    assert_eq!(failed.history, with(&back), "{}", failed.log);
    assert!(failed.log.contains("/14` is no longer approved"), "{}", failed.log);
    let page = page(&failed);
    assert!(page.contains(&format!("model-package/{GROUP}/14")) && page.contains("2 to change"), "{page}");
}

#[test]
fn an_alarm_of_the_first_accounts_stops_the_others_and_the_next_approver_sees_both_versions() {
    let mut all = with_first_accounts();
    all.retain(|(name, _)| !["ProdFirstAccounts", "ProdOnFailure"].contains(name));
    let (cloud, at_once, source) = ready(&all);
    let file = r#"{ "Parameters": { "EndpointInstanceCount": "1", "EndpointInstanceType": "ml.m5.large", "RollbackAlarms": "yes" } }"#;
    source.write("prod-config-template.json", file);
    let before = Run::start(&at_once, &cloud, &source.path(""), &[]);
    assert_eq!(before.history, WHOLE_WAY, "{}", before.log);
    let version = ("Version", "2010-08-01");
    let name = cloud.aws.query(PROD, "monitoring", "DescribeAlarms", &[version]).unwrap().text("AlarmName").unwrap();
    let alarm = [version, ("AlarmName", &name), ("StateValue", "ALARM"), ("StateReason", "a test")];
    cloud.aws.query(PROD, "monitoring", "SetAlarmState", &alarm).unwrap();

    all.extend([("ProdFirstAccounts", PROD), ("ProdBakeMinutes", "30")]);
    let in_waves = Pipeline::read(&all);
    let failed = Run::start_after(&in_waves, &cloud, &source.path(""), &[("MODEL_PACKAGE", "13")], &before);
    let stopped = [&PRODUCTION[..2], &["TestProdFirst failed"]].concat();
    assert_eq!(failed.history, with(&stopped), "{}", failed.log);
    assert!(failed.log.contains("in the state ALARM") && failed.log.contains(&name), "{}", failed.log);
    let [first, other] = production(&cloud);
    assert_eq!((first, other), (("13".to_owned(), "CURRENT".to_owned()), ("14".to_owned(), "OUTDATED".to_owned())));

    // The alarm is still raised when the stage goes back, and does not stop that.
    all.push(("ProdOnFailure", "roll-back"));
    let in_waves = Pipeline::read(&all);
    let failed = Run::start_after(&in_waves, &cloud, &source.path(""), &[("MODEL_PACKAGE", "13")], &before);
    let page = page(&failed);
    let outdated = format!("{PROD_AFTER}/us-east-1: outdated: an earlier operation did not update it");
    assert!(page.contains(&outdated) && !page.contains(&format!("{PROD}/us-east-1: ")), "{page}");
    assert_eq!(failed.history, with(&[&stopped[..], &["Production rolls back"], &PRODUCTION].concat()), "{}", failed.log);
    assert_eq!(production(&cloud), both("14"));
}
