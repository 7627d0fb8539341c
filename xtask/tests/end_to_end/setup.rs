//! `setup`: the group and its policy, as seen in AWS.

use sandbox::stand_in::Fault;
use serde_json::{Value as Json, json};

use crate::cloud::{Cloud, GROUP};

fn policy(cloud: &Cloud) -> Json {
    let answer = cloud.sagemaker("GetModelPackageGroupPolicy", &json!({ "ModelPackageGroupName": GROUP }));
    serde_json::from_str(answer["ResourcePolicy"].as_str().unwrap()).unwrap()
}

#[test]
fn the_group_is_created_with_tags_and_shared_and_a_second_run_changes_nothing() {
    let cloud = Cloud::new();
    let project = cloud.project();
    project.run(["setup", "--check"]).ends_with(1).says("would be written");
    assert!(cloud.requests("CreateModelPackageGroup").is_empty());

    project.run(["setup"]).ends_with(0).says("Created").says("policy written");
    let group = cloud.sagemaker("DescribeModelPackageGroup", &json!({ "ModelPackageGroupName": GROUP }));
    let tags = cloud.sagemaker("ListTags", &json!({ "ResourceArn": group["ModelPackageGroupArn"] }));
    let mut names: Vec<_> =
        tags["Tags"].as_array().unwrap().iter().map(|tag| format!("{}={}", tag["Key"], tag["Value"]).replace('"', "")).collect();
    names.sort();
    assert_eq!(names, ["EnvironmentName=ds", "EnvironmentType=dev", "sagemaker:project-id=p-abc123xyz", "sagemaker:project-name=iris"]);
    assert_eq!(
        policy(&cloud)["Statement"][0]["Principal"]["AWS"],
        json!(["arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:root"])
    );
    assert!(!policy(&cloud).to_string().contains("UpdateModelPackage"));

    cloud.aws.clear_requests().unwrap();
    project.run(["setup"]).ends_with(0).says("Found").says("policy unchanged");
    project.run(["setup", "--check"]).ends_with(0);
    assert!(cloud.requests("PutModelPackageGroupPolicy").is_empty());
    assert!(cloud.requests("CreateModelPackageGroup").is_empty());
}

#[test]
fn other_statements_are_kept_and_removed_accounts_are_deleted() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.run(["setup"]).ends_with(0);
    let theirs = json!({ "Sid": "Theirs", "Effect": "Allow", "Principal": { "AWS": "999999999999" }, "Action": "sagemaker:DescribeModelPackage", "Resource": "*" });
    let mut document = policy(&cloud);
    document["Statement"].as_array_mut().unwrap().insert(0, theirs.clone());
    let input = json!({ "ModelPackageGroupName": GROUP, "ResourcePolicy": document.to_string() });
    cloud.sagemaker("PutModelPackageGroupPolicy", &input);

    project.set("STAGING_ACCOUNT_LIST", "444444444444");
    project.run(["setup"]).ends_with(0).says("policy written");
    assert_eq!(policy(&cloud)["Statement"][0], theirs);
    assert!(!policy(&cloud).to_string().contains("222222222222"));
    assert!(policy(&cloud).to_string().contains("444444444444"));

    // Back to single-account mode: this program's statements are removed, others are kept.
    project.set("MULTI_ACCOUNT_DEPLOYMENT", "NO");
    project.run(["setup"]).ends_with(0);
    assert_eq!(policy(&cloud)["Statement"], json!([theirs]));
}

#[test]
fn another_validation_error_is_not_treated_as_a_missing_group() {
    let cloud = Cloud::new();
    let project = cloud.project();
    let fault = Fault::error(400, "ValidationException", "1 validation error detected").on("sagemaker", "DescribeModelPackageGroup");
    cloud.aws.fault(&fault).unwrap();
    project.run(["setup"]).ends_with(3).says("ValidationException").says("1 validation error detected");
    assert!(cloud.requests("CreateModelPackageGroup").is_empty());
}

#[test]
fn roles_and_an_organization_restrict_the_readers_and_a_second_run_changes_nothing() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("PRINCIPAL_ROLES", "StackSetExecution, service-role/ModelExecution");
    project.run(["setup", "--principal-org-id", "o-a1b2c3d4e5"]).ends_with(0).says("shared with 2 roles of each of");
    let statement = policy(&cloud)["Statement"][1].clone();
    assert_eq!(statement["Condition"], json!({ "StringEquals": { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } }));
    assert_eq!(
        statement["Principal"]["AWS"],
        json!([
            "arn:aws:iam::222222222222:role/StackSetExecution",
            "arn:aws:iam::222222222222:role/service-role/ModelExecution",
            "arn:aws:iam::333333333333:role/StackSetExecution",
            "arn:aws:iam::333333333333:role/service-role/ModelExecution"
        ])
    );
    cloud.aws.clear_requests().unwrap();
    project.run(["setup", "--principal-org-id", "o-a1b2c3d4e5"]).ends_with(0).says("policy unchanged");
    assert!(cloud.requests("PutModelPackageGroupPolicy").is_empty());
    project.run(["setup", "--check"]).ends_with(1).says("would be written");
    project.set("PRINCIPAL_ROLES", "a b");
    project
        .run(["setup", "--principal-org-id", "r-1"])
        .ends_with(2)
        .says("`a b` is not the name of an IAM role")
        .says("`r-1` is not the id of an AWS organization");
}

#[test]
fn a_policy_with_a_concurrent_change_is_merged_again() {
    let cloud = Cloud::new();
    let project = cloud.project();
    let fault = Fault::error(400, "ConflictException", "There was a conflict").on("sagemaker", "PutModelPackageGroupPolicy").times(2);
    cloud.aws.fault(&fault).unwrap();
    project.run(["setup"]).ends_with(0).says("policy written");
    assert_eq!(cloud.requests("GetModelPackageGroupPolicy").len(), 3);
}

#[test]
fn the_policy_is_deleted_if_no_account_remains() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.run(["setup"]).ends_with(0);
    project.set("MULTI_ACCOUNT_DEPLOYMENT", "NO");
    project.run(["setup"]).ends_with(0);
    assert_eq!(cloud.requests("DeleteModelPackageGroupPolicy").len(), 1);
    project.run(["setup"]).ends_with(0);
    assert_eq!(cloud.requests("DeleteModelPackageGroupPolicy").len(), 1);
}

#[test]
fn requests_without_encryption_need_no_certificates() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("SSL_CERT_FILE", "/no/certificates");
    project.set("SSL_CERT_DIR", "/no/certificates");
    project.run(["setup"]).ends_with(0).says("policy written");
}
