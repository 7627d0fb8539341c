//! `doctor`: checks all prerequisites of a release and changes nothing.

use sandbox::stand_in::{Fault, SeedOrganization, SeedUnit};
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP, HOME, REGION};
use crate::project::Project;
use crate::rollout::{ACCOUNTS, OTHER, approve, project};
use crate::schemas::validate;

const PROD: &str = "333333333333";

/// Both stages are ready in two regions, and the group exists and is shared.
pub(crate) fn ready(cloud: &Cloud) -> Project {
    let mut project = project(cloud, &ACCOUNTS[..2]);
    project.set("ARTIFACT_BUCKET", "iris-artifacts");
    cloud.make_bucket("iris-artifacts");
    for region in [REGION, OTHER] {
        cloud.prepare_in("prod", PROD, region);
    }
    approve(cloud, 1);
    project.run(["setup"]).ends_with(0);
    // The other region's pipeline shares its group.
    let statement = json!({
        "Effect": "Allow", "Principal": { "AWS": [ACCOUNTS[0], ACCOUNTS[1], PROD] }, "Action": ["sagemaker:DescribeModelPackage"], "Resource": "*"
    });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let input = json!({ "ModelPackageGroupName": GROUP, "ResourcePolicy": policy });
    cloud.aws.call_in(HOME, OTHER, "sagemaker", "PutModelPackageGroupPolicy", &input).unwrap();
    cloud.aws.clear_requests().unwrap();
    project
}

/// The report, validated against its schema.
fn report(project: &Project, code: i32) -> Json {
    let run = project.run(["doctor", "--format", "json"]).ends_with(code);
    project.write("doctor.json", &run.stdout);
    validate("doctor.v1.json", &project.path("doctor.json")).unwrap();
    serde_json::from_str(&run.stdout).unwrap()
}

/// Check, outcome, and where.
fn answers(report: &Json) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let targets = |checked: &Json| checked["targets"].as_array().unwrap().iter().map(text).collect();
    let checks = report["checks"].as_array().unwrap();
    checks.iter().map(|checked| (text(&checked["check"]), text(&checked["outcome"]), targets(checked))).collect()
}

fn has(report: &Json, check: &str, outcome: &str, target: Option<&str>) -> bool {
    answers(report).iter().any(|(name, found, targets)| {
        name == check && found == outcome && target.is_none_or(|target| targets.iter().any(|known| known == target))
    })
}

#[test]
fn when_all_prerequisites_exist_every_check_is_ok_and_nothing_is_written() {
    let cloud = Cloud::new();
    let project = ready(&cloud);
    let found = report(&project, 0);
    for (check, outcome, _) in answers(&found) {
        assert_eq!(outcome, "ok", "{check} in {found:#}");
    }
    for check in
        ["configuration", "credentials", "model-package-group", "group-policy", "artifact-bucket", "model-package-choice", "stack-set"]
    {
        assert!(has(&found, check, "ok", None), "{check} in {found:#}");
    }
    for check in ["session", "ssm-parameter", "model-package", "image", "artifact", "execution-role", "model-role", "instance-quota"] {
        for target in ["222222222222/us-east-1", "444444444444/eu-west-1", "333333333333/us-east-1"] {
            assert!(has(&found, check, "ok", Some(target)), "{check} in {target}: {found:#}");
        }
    }
    assert!(has(&found, "administration-role", "ok", None));
    cloud.only_reads();
    // It writes no release.
    assert!(!project.path("target/deploy").exists());
    let text = project.run(["doctor"]).ends_with(0);
    assert!(text.stdout.lines().all(|line| line.is_empty() || line.starts_with("ok ") || line.contains(" ok")), "{}", text.stdout);
}

/// Something is missing in each account.
pub(crate) fn incomplete(cloud: &Cloud) -> Project {
    let mut project = ready(cloud);
    project.set("STAGING_ACCOUNT_LIST", "222222222222,666666666666");
    project.set("ARTIFACT_BUCKET", "nobody-made-this");
    for (what, account) in [
        ("model.tar.gz", Some("222222222222")),
        ("ds-model-execution-role", Some(PROD)),
        ("AWSCloudFormationStackSetExecutionRole", Some(PROD)),
        ("AWSCloudFormationStackSetAdministrationRole", None),
    ] {
        cloud.aws.set_missing(what, account).unwrap();
    }
    cloud.aws.fault(&Fault::refused_role("666666666666")).unwrap();
    project
}

#[test]
fn everything_missing_is_found_at_once_in_every_account() {
    let cloud = Cloud::new();
    let project = incomplete(&cloud);
    let found = report(&project, 1);
    for (check, target) in [
        ("artifact-bucket", None),
        // The group is not shared with the new account.
        ("group-policy", None),
        ("administration-role", None),
        ("artifact", Some("222222222222/us-east-1")),
        ("execution-role", Some("333333333333/us-east-1")),
        ("model-role", Some("333333333333/eu-west-1")),
    ] {
        assert!(has(&found, check, "failed", target), "{check}: {found:#}");
    }
    for checked in found["checks"].as_array().unwrap().iter().filter(|checked| checked["outcome"] == "failed") {
        assert!(checked["hint"].is_string() && checked["message"].is_string(), "{checked:#}");
    }
    cloud.only_reads();
    project
        .run(["doctor"])
        .ends_with(1)
        .says("the bucket does not exist")
        .says("run `setup`")
        .says("the model execution role `ds-model-execution-role` does not exist");
}

#[test]
fn without_an_approved_package_the_rest_is_checked_and_that_is_a_warning() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("SAGEMAKER_EBS_KMS_KEY_ARN", "");
    project.run(["setup"]).ends_with(0);
    cloud.prepare("staging", "222222222222");
    let found = report(&project, 1);
    assert!(has(&found, "model-package-choice", "warning", None), "{found:#}");
    assert!(has(&found, "ssm-parameter", "ok", Some("222222222222/us-east-1")), "{found:#}");
    assert!(has(&found, "ssm-parameter", "failed", Some("333333333333/us-east-1")), "{found:#}");
    // There is no finding about a missing package.
    assert!(answers(&found).iter().all(|(check, ..)| !["model-package", "image", "artifact"].contains(&check.as_str())), "{found:#}");
    cloud.prepare("prod", PROD);
    let found = report(&project, 0);
    assert_eq!(found["counts"]["warning"], 1);

    // Also before the group exists.
    let fresh = Cloud::new();
    let mut project = fresh.project();
    project.set("SAGEMAKER_EBS_KMS_KEY_ARN", "");
    let found = report(&project, 1);
    assert!(has(&found, "model-package-group", "failed", None), "{found:#}");
    assert!(has(&found, "ssm-parameter", "failed", Some("333333333333/us-east-1")), "{found:#}");
}

#[test]
fn a_check_without_permission_is_not_checked_names_the_action_and_is_not_a_success() {
    let cloud = Cloud::new();
    let project = ready(&cloud);
    for (service, action) in [("ssm", "GetParameters"), ("iam", "GetRole"), ("sagemaker", "GetModelPackageGroupPolicy")] {
        let fault = Fault::error(400, "AccessDeniedException", "User is not authorized to perform this").on(service, action);
        cloud.aws.fault(&fault).unwrap();
    }
    let found = report(&project, 3);
    assert!(answers(&found).iter().all(|(_, outcome, _)| outcome == "ok" || outcome == "not-checked"), "{found:#}");
    for check in ["ssm-parameter", "model-role", "execution-role", "administration-role", "group-policy"] {
        assert!(has(&found, check, "not-checked", None), "{check}: {found:#}");
    }
    project.run(["doctor"]).ends_with(3).says("grant `ssm:GetParameters`").says("not checked");
}

#[test]
fn existing_units_keys_and_stacks_are_checked_and_the_stacks_own_endpoints_are_no_conflict() {
    let cloud = Cloud::new();
    let unit = |name: &str, id: &str, account: &str| SeedUnit {
        name: name.to_owned(),
        id: Some(id.to_owned()),
        accounts: vec![account.into()],
        units: Vec::new(),
    };
    let units = vec![unit("staging", "ou-abcd-stagingx", ACCOUNTS[0]), unit("production", "ou-abcd-productx", PROD)];
    cloud.aws.seed_organization(&SeedOrganization { management_account: HOME.to_owned(), units }).unwrap();
    cloud.register(3);
    let mut project = cloud.project();
    project.unset("STAGING_ACCOUNT_LIST");
    project.unset("PROD_ACCOUNT_LIST");
    project.set("ORGANIZATIONAL_UNIT_STAGING_ID", "ou-abcd-stagingx");
    project.set("ORGANIZATIONAL_UNIT_PROD_ID", "ou-abcd-productx");
    for (stage, account) in [("staging", ACCOUNTS[0]), ("prod", PROD)] {
        cloud.prepare(stage, account);
    }
    project.run(["setup"]).ends_with(0);
    project.run(["build"]).ends_with(0);
    project.run(["deploy", "--stage", "staging"]).ends_with(0);
    cloud.aws.clear_requests().unwrap();
    let found = report(&project, 0);
    for check in ["organizational-units", "key", "endpoint-name"] {
        assert!(has(&found, check, "ok", None), "{check}: {found:#}");
    }
    cloud.only_reads();
    project.run(["doctor"]).ends_with(0).says("sagemaker-iris-p-abc123xyz-deploy-staging: 1 stack").says("staging accounts: 1 active");

    cloud.aws.set_missing("1234abcd-12ab-34cd-56ef-1234567890ab", Some(PROD)).unwrap();
    assert!(has(&report(&project, 1), "key", "failed", Some("333333333333/us-east-1")));
}

#[test]
fn accounts_of_units_are_listed_and_with_a_missing_unit_the_other_stage_is_still_checked() {
    let cloud = Cloud::new();
    let mut project = ready(&cloud);
    project.unset("STAGING_ACCOUNT_LIST");
    project.set("ORGANIZATIONAL_UNIT_STAGING_ID", "ou-abcd-99999999");
    let found = report(&project, 3);
    assert!(has(&found, "organizational-units", "not-checked", None), "{found:#}");
    assert!(has(&found, "ssm-parameter", "ok", Some("333333333333/us-east-1")), "{found:#}");
    assert!(has(&found, "targets", "not-checked", None), "{found:#}");
}

#[test]
fn local_artifacts_of_the_template_are_not_uploaded_and_need_a_bucket() {
    let cloud = Cloud::new();
    let mut project = ready(&cloud);
    project.write("code/index.py", "");
    let function = "Resources:\n  Uploaded:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: code\n      Handler: index.handler\n      \
                    Runtime: python3.13\n      Role: arn:aws:iam::222222222222:role/function\n";
    let template = project.read("cfn-sm-endpoint-template.yml").replacen("Resources:\n", function, 1);
    project.write("cfn-sm-endpoint-template.yml", &template);
    report(&project, 0);
    cloud.only_reads();
    project.set("ARTIFACT_BUCKET", "");
    let found = report(&project, 1);
    assert!(has(&found, "release", "failed", None) && found.to_string().contains("no bucket is named"), "{found:#}");
}

#[test]
fn without_credentials_the_files_are_still_checked_and_the_rest_is_not_checked() {
    let mut project = Project::new().with_pipeline_variables();
    project.set("AWS_REGION", REGION);
    let found = report(&project, 3);
    assert!(has(&found, "configuration", "ok", None));
    assert!(has(&found, "credentials", "not-checked", None));
    let wrong = project.read("prod-config-template.json").replacen("\"ParameterKey\": \"", "\"ParameterKey\": \"X", 1);
    project.write("prod-config-template.json", &wrong);
    assert!(has(&report(&project, 1), "configuration", "failed", None));
}

#[test]
fn invalid_options_fail_before_any_work() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("STAGING_ACCOUNT_LIST", "12");
    project.run(["doctor"]).ends_with(2).says("`12` is not an AWS account id");
    project.run(["doctor", "--registry", "examples/registry.json"]).ends_with(2).says("does not support `--registry`");
    project
        .run(["doctor", "--permission-model", "service-managed"])
        .ends_with(2)
        .says("need the organizational units of the prod accounts");
    assert!(cloud.aws.requests().unwrap().is_empty());
}

#[test]
fn a_role_whose_session_fails_for_another_reason_is_not_checked() {
    let cloud = Cloud::new();
    let project = ready(&cloud);
    for fault in [Fault::error(400, "Throttling", "Rate exceeded"), Fault::dropped()] {
        cloud.aws.fault(&fault.on("sts", "AssumeRole")).unwrap();
        let found = report(&project, 3);
        assert!(has(&found, "session", "not-checked", None) && !answers(&found).iter().any(|(_, outcome, _)| outcome == "failed"));
        cloud.aws.clear_faults().unwrap();
    }
}
