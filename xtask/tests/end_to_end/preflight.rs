//! The preflight checks of every target before any change.

use sandbox::stand_in::Fault;
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME, REGION};
use crate::project::Project;
use crate::rollout::{ACCOUNTS, DEPLOY, ENDPOINT, OTHER, approve, has_endpoint, project, serves};

const PLAN: [&str; 5] = ["plan", "--stage", "staging", "--format", "json"];

const KEY: &str = "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A built release for these accounts, whose group is shared with them.
fn built(cloud: &Cloud, accounts: &[&str]) -> Project {
    let project = project(cloud, accounts);
    approve(cloud, 1);
    for region in [REGION, OTHER] {
        let statement =
            json!({ "Effect": "Allow", "Principal": { "AWS": accounts }, "Action": ["sagemaker:DescribeModelPackage"], "Resource": "*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
        let input = json!({ "ModelPackageGroupName": GROUP, "ResourcePolicy": policy });
        cloud.aws.call_in(HOME, region, "sagemaker", "PutModelPackageGroupPolicy", &input).unwrap();
    }
    project.run(["build"]).ends_with(0);
    project
}

fn findings(project: &Project, code: i32) -> Vec<(String, String, Vec<String>)> {
    let run = project.run(PLAN).ends_with(code);
    let plan: Json = serde_json::from_str(&run.stdout).unwrap();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let findings = plan["preflight"]["findings"].as_array().unwrap();
    let targets = |finding: &Json| finding["targets"].as_array().unwrap().iter().map(text).collect();
    findings.iter().map(|finding| (text(&finding["check"]), text(&finding["outcome"]), targets(finding))).collect()
}

#[test]
fn if_everything_exists_every_check_passes_and_nothing_is_changed() {
    let cloud = Cloud::new();
    let project = built(&cloud, &ACCOUNTS[..2]);
    cloud.aws.clear_requests().unwrap();
    assert_eq!(findings(&project, 0), []);
    let changing = ["Create", "Update", "Delete", "Put", "Detect", "Stop"];
    for request in cloud.aws.requests().unwrap() {
        assert!(!changing.iter().any(|verb| request.action.starts_with(verb)), "{}", request.action);
    }
    // Each account's role is assumed once, for all regions and checks.
    assert_eq!(cloud.requests("AssumeRole").len(), 2);
    project.run(DEPLOY).ends_with(0);
    serves(&cloud, &ACCOUNTS[..2], 1);
}

#[test]
fn everything_missing_is_reported_at_once_and_deploy_changes_nothing() {
    let cloud = Cloud::new();
    let mut project = built(&cloud, &ACCOUNTS[..2]);
    project.set("STAGING_ACCOUNT_LIST", "222222222222,666666666666");
    project.set("SAGEMAKER_EBS_KMS_KEY_ARN", KEY);
    project.run(["build"]).ends_with(0);
    cloud.aws.set_missing("model.tar.gz", Some("222222222222")).unwrap();
    cloud.aws.set_missing("1234abcd-12ab-34cd-56ef-1234567890ab", Some("222222222222")).unwrap();
    cloud.aws.set_missing("AWSCloudFormationStackSetExecutionRole", Some("666666666666")).unwrap();
    cloud.aws.set_instance_quota("ml.m5.large", 0).unwrap();
    let found = findings(&project, 1);
    let failed = |check: &str, place: &str| {
        found.iter().any(|(name, outcome, targets)| name == check && outcome == "failed" && targets.iter().any(|target| target == place))
    };
    for (check, place) in [
        ("artifact", "222222222222/us-east-1"),
        ("key", "222222222222/us-east-1"),
        // The key is in one region, and the other region has none.
        ("key", "222222222222/eu-west-1"),
        ("instance-quota", "222222222222/us-east-1"),
        ("execution-role", "666666666666/us-east-1"),
        ("ssm-parameter", "666666666666/eu-west-1"),
    ] {
        assert!(failed(check, place), "{check} in {place}: {found:#?}");
    }
    // The group is not shared with this account: the check cannot run, and does not pass.
    assert!(
        found
            .iter()
            .any(|(name, outcome, targets)| name == "model-package" && outcome == "unchecked" && targets[0].starts_with("666666666666"))
    );

    cloud.aws.clear_requests().unwrap();
    let run = project.run(DEPLOY).ends_with(1).says("nothing was changed").says("--no-preflight");
    for text in [
        "Systems Manager has no parameter `ds-staging-private-subnet-ids`",
        "key/1234abcd-12ab-34cd-56ef-1234567890ab` does not exist",
        "the quota for `ml.m5.large` endpoint instances is 0",
    ] {
        assert!(run.stderr.contains(text), "`{text}` is not in\n{}", run.stderr);
    }
    assert!(cloud.requests("CreateStackSet").is_empty());
    assert!(!has_endpoint(&cloud, "222222222222", REGION));
}

#[test]
fn another_endpoint_with_the_name_in_any_case_is_found_and_the_stacks_own_is_not() {
    let cloud = Cloud::new();
    let project = built(&cloud, &ACCOUNTS[..2]);
    let ask = |action: &str, input: Json| cloud.aws.call(ACCOUNTS[0], "sagemaker", action, &input).unwrap();
    ask("CreateModel", json!({ "ModelName": "other", "PrimaryContainer": { "Image": "x" } }));
    let variant = json!({ "VariantName": "a", "ModelName": "other", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 });
    ask("CreateEndpointConfig", json!({ "EndpointConfigName": "other", "ProductionVariants": [variant] }));
    ask("CreateEndpoint", json!({ "EndpointName": ENDPOINT, "EndpointConfigName": "other" }));
    let found = findings(&project, 1);
    assert_eq!(found, [("endpoint-name".to_owned(), "failed".to_owned(), vec!["222222222222/us-east-1".to_owned()])]);

    ask("DeleteEndpoint", json!({ "EndpointName": ENDPOINT }));
    project.run(DEPLOY).ends_with(0);
    approve(&cloud, 2);
    project.run(["build"]).ends_with(0);
    assert_eq!(findings(&project, 0), [], "the stacks' own endpoints are not in the way");
}

#[test]
fn a_check_without_permission_names_the_action_and_does_not_stop_a_rollout() {
    let cloud = Cloud::new();
    let mut project = built(&cloud, &ACCOUNTS[..1]);
    project.set("SAGEMAKER_EBS_KMS_KEY_ARN", KEY);
    project.set("DEPLOYMENT_REGIONS", REGION);
    project.set("REGIONAL_MODEL_PACKAGES", "");
    project.run(["build"]).ends_with(0);
    for (service, action) in
        [("kms", "DescribeKey"), ("ssm", "GetParameters"), ("servicequotas", "ListServiceQuotas"), ("ecr", "BatchGetImage")]
    {
        let fault = Fault::error(400, "AccessDeniedException", "User is not authorized to perform this").on(service, action);
        cloud.aws.fault(&fault).unwrap();
    }
    let found = findings(&project, 0);
    let unchecked: std::collections::BTreeSet<_> =
        found.iter().filter(|(_, outcome, _)| outcome == "unchecked").map(|(name, ..)| name.as_str()).collect();
    assert_eq!(unchecked.into_iter().collect::<Vec<_>>(), ["image", "instance-quota", "key", "ssm-parameter"]);
    let run = project.run(DEPLOY).ends_with(0);
    for action in ["kms:DescribeKey", "ssm:GetParameters", "servicequotas:ListServiceQuotas", "ecr:BatchGetImage"] {
        assert!(run.stderr.contains(&format!("not checked: `{action}` was denied")), "{action} is not in\n{}", run.stderr);
    }
}

#[test]
fn throttled_calls_are_retried_and_a_role_that_cannot_be_assumed_is_a_failure() {
    let cloud = Cloud::new();
    let project = built(&cloud, &ACCOUNTS[..2]);
    cloud.aws.fault(&Fault::error(400, "ThrottlingException", "Rate exceeded").on("ssm", "GetParameters").times(2)).unwrap();
    assert_eq!(findings(&project, 0), []);
    let refusal = Fault::error(403, "AccessDenied", "is not authorized to perform: sts:AssumeRole").on("sts", "AssumeRole");
    cloud.aws.fault(&refusal).unwrap();
    let found = findings(&project, 1);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.as_str(), found[0].1.as_str(), found[0].2.len()), ("session", "failed", 4));
}

/// A throttled, failing, expired or dropped call proves nothing about the role.
#[test]
fn a_session_that_fails_for_another_reason_is_not_checked_and_ends_with_3() {
    let cloud = Cloud::new();
    let project = built(&cloud, &ACCOUNTS[..1]);
    let faults = [
        ("AssumeRole", Fault::error(400, "Throttling", "Rate exceeded")),
        ("AssumeRole", Fault::error(500, "InternalFailure", "no luck")),
        ("AssumeRole", Fault::error(403, "ExpiredTokenException", "the token has expired")),
        ("AssumeRole", Fault::dropped()),
        ("GetCallerIdentity", Fault::error(503, "ServiceUnavailable", "busy")),
    ];
    for (action, fault) in faults {
        cloud.aws.fault(&fault.on("sts", action)).unwrap();
        let found = findings(&project, 3);
        assert_eq!(
            found.iter().map(|(name, outcome, _)| (name.as_str(), outcome.as_str())).collect::<Vec<_>>(),
            [("session", "unchecked")]
        );
        cloud.aws.clear_requests().unwrap();
        project.run(DEPLOY).ends_with(3).says("nothing was changed").says("not checked").says(action);
        assert!(cloud.requests("CreateStackSet").is_empty());
        cloud.aws.clear_faults().unwrap();
    }
}
