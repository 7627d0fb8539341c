//! A model package was rejected and the event does not contain its previous status: the deployed packages decide.

use std::collections::BTreeMap;

use model_registry::event::{Deployed, Rule, StateChange};
use model_release::release_build::{BuildRequest, StageRequest};
use model_release::{Accounts, Diagnostic, Event, PackageSelection, Stage};
use stack_rollout::status::InstanceStatus;

use crate::fake::{Cloud, error, target};
use crate::project::*;

/// The build request for the rejection of this version.
fn rejected(version: u32) -> BuildRequest {
    let event = serde_json::json!({
        "source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change",
        "detail": { "ModelPackageArn": package(version), "ModelApprovalStatus": "Rejected", "ModelPackageStatus": "Completed" },
    });
    let group = "iris".parse().unwrap();
    let change = StateChange::parse(&event.to_string(), &group).unwrap();
    let rule = change.rule(&Deployed::default());
    let stage = |stage: Stage| StageRequest {
        stage,
        config_file: format!("{stage}.json"),
        env_type: stage.name().to_owned(),
        execution_role: "ModelRole".to_owned(),
        accounts: Accounts::Own,
        waves: None,
    };
    BuildRequest {
        project_name: "iris".to_owned(),
        project_id: "p-1".to_owned(),
        env_name: "env".to_owned(),
        group,
        selection: PackageSelection {
            selection: change.selection(rule),
            allow_unapproved: false,
            policy: None,
            event: Some(Event { change, rule }),
        },
        regions: Vec::new(),
        regional_packages: BTreeMap::new(),
        stages: [stage(Stage::Staging), stage(Stage::Prod)],
        volume_kms_key_arn: None,
        output_template: "template.yaml".to_owned(),
        template_configuration: false,
        without_pipeline: false,
        sources: &[],
    }
}

/// The rule for the packages that this cloud deploys, and the warning.
fn decided(cloud: &Cloud, version: u32) -> (Rule, Option<Diagnostic>) {
    let mut request = rejected(version);
    let warning = block_on(request.compare_with_stack_sets(cloud));
    let event = request.selection.event.unwrap();
    assert_eq!(request.selection.selection, event.change.selection(event.rule));
    (event.rule, warning)
}

/// A cloud whose stack sets deploy version 13.
fn with_13() -> Cloud {
    let cloud = Cloud::default();
    deployed(&cloud, &release(13));
    cloud
}

#[test]
fn a_deployed_package_was_approved_and_one_that_is_not_deployed_changes_nothing() {
    assert_eq!(decided(&with_13(), 13), (Rule::ApprovalWithdrawn, None));
    assert_eq!(decided(&with_13(), 14), (Rule::RejectedNotDeployed, None));
}

#[test]
fn an_instance_that_can_still_have_an_older_package_leaves_the_rule_uncertain() {
    let cloud = with_13();
    cloud.state().instances.get_mut(&target(B, EAST)).unwrap().0.status = InstanceStatus::Outdated;
    assert_eq!(decided(&cloud, 12), (Rule::RejectedPerhapsApproved, None));
    assert_eq!(decided(&cloud, 13), (Rule::ApprovalWithdrawn, None));
}

#[test]
fn a_missing_stack_set_or_parameter_leaves_the_rule_uncertain() {
    assert_eq!(decided(&Cloud::default(), 13), (Rule::RejectedPerhapsApproved, None));
    let cloud = with_13();
    cloud.state().set.as_mut().unwrap().parameters.clear();
    assert_eq!(decided(&cloud, 13), (Rule::RejectedPerhapsApproved, None));
}

#[test]
fn a_denied_call_keeps_the_rule_and_returns_a_warning() {
    let cloud = with_13();
    cloud.state().errors = [("DescribeStackSet", [error("AccessDenied")].into())].into();
    let (rule, warning) = decided(&cloud, 14);
    assert_eq!(rule, Rule::RejectedPerhapsApproved);
    assert_eq!(warning.unwrap().code, Some("deployed-package-unknown"));
}
