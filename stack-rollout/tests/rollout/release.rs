//! Errors in a release that are found before AWS is called.

use stack_rollout::{AutoDeployment, Error, PermissionModel, Preferences, Release, Targets, Template};

use crate::fake::*;

fn codes(release: &Release) -> Vec<&'static str> {
    release.problems().iter().map(|problem| problem.code).collect()
}

fn valid() -> Release {
    release(&["222222222222"], &["us-east-1", "eu-west-1"])
}

#[test]
fn a_valid_release_has_no_problems() {
    assert_eq!(codes(&valid()), [""; 0]);
}

#[test]
fn a_template_at_the_limit_is_accepted_and_one_more_byte_needs_s3() {
    let mut release = valid();
    release.template = Template::inline("x".repeat(51_200));
    assert!(codes(&release).is_empty());
    release.template.body.push('x');
    let problem = &release.problems()[0];
    insta::assert_snapshot!(problem, @"template: the template has 51201 bytes; a request can have at most 51200");
    assert_eq!(problem.hint.as_deref(), Some("upload it to S3 and pass its https URL"));
    release.template.url = Some("https://bucket.s3.us-east-1.amazonaws.com/t.yaml".to_owned());
    assert!(codes(&release).is_empty());
    release.template.body = "x".repeat(1_048_577);
    release.template.url = Some("s3://bucket/t.yaml".to_owned());
    assert_eq!(codes(&release), ["template-too-large", "template-url"]);
}

#[test]
fn all_problems_are_reported_at_once_without_a_call_to_aws() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut release = valid();
    release.template = Template::inline(" \n");
    release.parameters = vec![pair("A", "1"), pair("A", "2"), pair("not-a-name", &"x".repeat(4_097))];
    release.tags = vec![pair("aws:mine", "1"), pair("empty", "")];
    release.description = Some(String::new());
    release.permission_model = PermissionModel::SelfManaged {
        administration_role_arn: Some("a-role-that-is-only-a-name".to_owned()),
        execution_role_name: Some("arn:aws:iam::222222222222:role/x".to_owned()),
    };
    release.targets = Targets::new([], ["us-east-1".parse().unwrap(), "eu-west-1".parse().unwrap()]);
    release.preferences = Preferences {
        failure_tolerance_percentage: Some(101),
        max_concurrent_percentage: Some(0),
        region_order: ["us-east-1", "us-east-1", "ap-south-1"].map(|region| region.parse().unwrap()).into(),
        ..Preferences::default()
    };
    assert_eq!(
        codes(&release),
        [
            "template-empty",
            "duplicate-parameter",
            "parameter-key",
            "parameter-too-long",
            "tag-reserved",
            "tag-value",
            "description-length",
            "administration-role",
            "execution-role",
            "no-accounts",
            "failure-tolerance",
            "max-concurrent",
            "duplicate-region",
            "region-not-a-target",
            "region-not-in-order",
        ]
    );
    let cloud = Cloud::default();
    assert!(matches!(rolled_out(&cloud, &release), Err(Error::Release { .. })));
    assert!(cloud.state().calls.is_empty());
}

#[test]
fn service_managed_permissions_need_valid_organizational_units() {
    let mut release = valid();
    let with = |ids: &[&str]| PermissionModel::ServiceManaged {
        organizational_unit_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        auto_deployment: AutoDeployment::Disabled,
    };
    release.permission_model = with(&["r-ab12", "ou-ab12-cdef3456"]);
    assert!(codes(&release).is_empty());
    release.permission_model = with(&["ou-ab12", "222222222222"]);
    assert_eq!(codes(&release), ["organizational-unit", "organizational-unit"]);
    release.permission_model = with(&[]);
    assert_eq!(codes(&release), ["no-organizational-units"]);
}
