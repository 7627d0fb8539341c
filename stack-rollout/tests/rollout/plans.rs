//! The differences and problems in a plan.

use stack_rollout::status::{Capability, DetailedStatus, InstanceStatus};
use stack_rollout::{Difference, Error, InstanceAction, Observed, PermissionModel, Release, SetChange, StackSet, orphans, plan};

use crate::fake::*;

fn because(release: &Release, stack_set: StackSet) -> Vec<Difference> {
    match plan(release, &Observed { stack_set: Some(stack_set), instances: Vec::new() }).stack_set {
        SetChange::Update { because } => because,
        SetChange::Untouched => Vec::new(),
        SetChange::Create => unreachable!("the set exists"),
    }
}

#[test]
fn every_difference_is_reported_and_parameters_by_key_only() {
    let mut release = release(&["222222222222"], &["us-east-1"]);
    let mut present = set_of(&release);
    assert_eq!(because(&release, present.clone()), []);
    present.template_body = "Resources: { Old: {} }".to_owned();
    present.parameters =
        [("EnvType", "old"), ("Gone", "1"), ("Secret", "****")].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    release.parameters.push(("Secret".to_owned(), "hunter2".to_owned()));
    release.parameters.push(("Added".to_owned(), "1".to_owned()));
    release.description = Some("second".to_owned());
    release.capabilities.insert(Capability::NamedIam);
    release.tags.push(("team".to_owned(), "iris".to_owned()));
    release.permission_model =
        PermissionModel::SelfManaged { administration_role_arn: None, execution_role_name: Some("deployer".to_owned()) };
    let texts: Vec<_> = because(&release, present).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"), @r"
    the template differs
    parameter `Added` is new
    parameter `EnvType` differs
    parameter `Secret` is hidden (NoEcho) and may differ
    parameter `Gone` returns to its default
    the description differs
    a capability is acknowledged that the stack set did not have
    the tags differ
    the execution role differs
    ");
}

#[test]
fn changes_without_an_effect_on_stacks_are_ignored() {
    let mut release = release(&["222222222222"], &["us-east-1"]);
    let mut present = set_of(&release);
    present.template_body = "Resources: {}\r\n\r\n".to_owned();
    present.description = Some("kept, because the release has no description".to_owned());
    present.administration_role_arn = Some("arn:aws:iam::111111111111:role/kept".to_owned());
    present.capabilities = Some([Capability::Iam].into());
    assert_eq!(because(&release, present.clone()), []);
    // An API that does not report capabilities must not turn every rollout into an update.
    release.capabilities.insert(Capability::NamedIam);
    present.capabilities = None;
    assert_eq!(because(&release, present), []);
}

#[test]
fn a_set_with_another_permission_model_is_a_problem() {
    let release = release(&["222222222222"], &["us-east-1"]);
    let mut present = set_of(&release);
    present.permission_model = Some("SERVICE_MANAGED".to_owned());
    let plan = plan(&release, &Observed { stack_set: Some(present), instances: Vec::new() });
    insta::assert_snapshot!(plan.problems[0], @"stack set: stack set `iris-staging` has the permission model SERVICE_MANAGED; the release needs SELF_MANAGED");
}

#[test]
fn an_inoperable_target_blocks_the_rollout_and_an_inoperable_orphan_does_not() {
    let both = release(&["222222222222", "333333333333"], &["us-east-1"]);
    let cloud = Cloud::default();
    rolled_out(&cloud, &both).unwrap();
    cloud.state().instances.get_mut(&target("333333333333", "us-east-1")).unwrap().0.status = InstanceStatus::Inoperable;
    let before = cloud.calls_that_change().len();
    let Err(Error::Release { problems, .. }) = rolled_out(&cloud, &both) else { panic!("an inoperable instance must be an error") };
    assert_eq!(problems.to_string(), "333333333333/us-east-1: the stack instance is INOPERABLE");
    assert_eq!(cloud.calls_that_change().len(), before);
    assert!(rolled_out(&cloud, &release(&["222222222222"], &["us-east-1"])).unwrap().nothing_to_do);
}

#[test]
fn an_instance_that_the_last_operation_did_not_reach_has_not_failed() {
    let release = release(&["222222222222"], &["us-east-1"]);
    let reasons = |status: DetailedStatus, reason: Option<&str>| {
        let mut listed = instance(&target("222222222222", "us-east-1"), InstanceStatus::Outdated);
        (listed.detailed_status, listed.status_reason) = (Some(status), reason.map(str::to_owned));
        let plan = plan(&release, &Observed { stack_set: Some(set_of(&release)), instances: vec![listed] });
        let planned = &plan.instances[0];
        (planned.last_failure().map(str::to_owned), planned.not_reached().map(str::to_owned))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(reasons(DetailedStatus::Cancelled, None), (None, text("the operation was stopped, or exceeded its failure tolerance")));
    assert_eq!(reasons(DetailedStatus::Cancelled, Some("Cancelled")), (None, text("Cancelled")));
    assert_eq!(reasons(DetailedStatus::SkippedSuspendedAccount, None), (None, text("the account is suspended")));
    assert_eq!(reasons(DetailedStatus::Failed, None), (text("CloudFormation gave no reason"), None));
    assert_eq!(reasons(DetailedStatus::Succeeded, Some("kept")), (text("kept"), None), "a later operation keeps the reason");
}

#[test]
fn orphans_are_the_instances_outside_the_targets_in_order() {
    let release = release(&["222222222222"], &["us-east-1"]);
    let all =
        ["444444444444", "222222222222", "333333333333"].map(|account| instance(&target(account, "us-east-1"), InstanceStatus::Current));
    let accounts: Vec<_> = orphans(&release, &all).iter().map(|instance| instance.target.account.to_string()).collect();
    assert_eq!(accounts, ["333333333333", "444444444444"]);
}

#[test]
fn a_plan_is_serialized_with_the_values_of_aws() {
    let release = release(&["222222222222"], &["us-east-1"]);
    let mut old = set_of(&release);
    old.parameters[0].1 = "old".to_owned();
    let instances = vec![instance(&target("222222222222", "us-east-1"), InstanceStatus::Outdated)];
    let plan = plan(&release, &Observed { stack_set: Some(old), instances });
    assert_eq!(plan.instances[0].action, InstanceAction::Update);
    insta::assert_json_snapshot!(plan, @r#"
    {
      "problems": [],
      "stack_set": {
        "action": "update",
        "because": [
          {
            "what": "parameter-changed",
            "key": "EnvType"
          }
        ]
      },
      "instances": [
        {
          "target": {
            "account_id": "222222222222",
            "region": "us-east-1"
          },
          "action": "update",
          "observed": {
            "target": {
              "account_id": "222222222222",
              "region": "us-east-1"
            },
            "status": "OUTDATED",
            "detailed_status": null,
            "status_reason": null,
            "stack_id": "arn:aws:cloudformation:us-east-1:222222222222:stack/StackSet-iris/1"
          }
        }
      ]
    }
    "#);
}
