//! A model package was rejected, and the event does not contain its previous status: what the stack sets deploy decides.

use std::collections::BTreeMap;

use model_registry::event::{Deployed, Rule, StateChange};
use model_release::build::{BuildRequest, StageRequest};
use model_release::{Accounts, Diagnostic, Event, PackageSelection, Stage};
use stack_rollout::status::InstanceStatus;

use crate::fake::{Cloud, error, target};
use crate::project::*;

/// A build that the rejection of this version starts.
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
        sources: &[],
    }
}

/// The rule that follows from what this cloud deploys, and the warning.
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
fn a_package_that_is_deployed_was_approved_and_one_that_is_not_deployed_changes_nothing() {
    assert_eq!(decided(&with_13(), 13), (Rule::ApprovalWithdrawn, None));
    assert_eq!(decided(&with_13(), 14), (Rule::RejectedNotDeployed, None));
}

#[test]
fn where_an_instance_may_still_have_an_older_package_nothing_is_certain() {
    let cloud = with_13();
    cloud.state().instances.get_mut(&target(B, EAST)).unwrap().0.status = InstanceStatus::Outdated;
    assert_eq!(decided(&cloud, 12), (Rule::RejectedPerhapsApproved, None));
    assert_eq!(decided(&cloud, 13), (Rule::ApprovalWithdrawn, None));
}

#[test]
fn without_any_stack_set_or_without_the_parameter_nothing_is_certain() {
    assert_eq!(decided(&Cloud::default(), 13), (Rule::RejectedPerhapsApproved, None));
    let cloud = with_13();
    cloud.state().set.as_mut().unwrap().parameters.clear();
    assert_eq!(decided(&cloud, 13), (Rule::RejectedPerhapsApproved, None));
}

#[test]
fn where_aws_refuses_the_call_the_rule_stays_and_the_warning_says_so() {
    let cloud = with_13();
    cloud.state().errors = [("DescribeStackSet", [error("AccessDenied")].into())].into();
    let (rule, warning) = decided(&cloud, 14);
    assert_eq!(rule, Rule::RejectedPerhapsApproved);
    assert_eq!(warning.unwrap().code, Some("deployed-package-unknown"));
}
