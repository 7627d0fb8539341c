//! EventBridge's event, and the table of transitions.

use insta::assert_snapshot;
use model_registry::event::{Deployed, Rule, StateChange};
use model_registry::{Selection, snapshot::Snapshot};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";

/// The event that EventBridge sends when version 13 gets this approval status.
fn event(approval: &str) -> Json {
    json!({
        "version": "0", "id": "4a2c3b1e-0000-4000-8000-000000000001", "detail-type": "SageMaker Model Package State Change",
        "source": "aws.sagemaker", "account": "111111111111", "time": "2026-01-02T03:04:05Z", "region": "us-east-1", "resources": [PACKAGE],
        "detail": {
            "ModelPackageGroupName": "iris", "ModelPackageVersion": 13, "ModelPackageArn": PACKAGE, "CreationTime": 1_767_225_600_000u64,
            "ModelPackageStatus": "Completed", "ModelPackageStatusDetails": { "ValidationStatuses": [], "ImageScanStatuses": [] },
            "CertifyForMarketplace": false, "ModelApprovalStatus": approval, "LastModifiedTime": 1_767_225_600_000u64, "NewField": [{}],
        },
    })
}

fn parse(event: &Json) -> Result<StateChange, Vec<String>> {
    StateChange::parse(&event.to_string(), &"iris".parse().unwrap())
        .map_err(|problems| problems.0.iter().map(|p| p.message.clone()).collect())
}

fn rule(approval: &str, change: impl FnOnce(&mut Json)) -> Rule {
    let mut event = event(approval);
    change(&mut event["detail"]);
    parse(&event).unwrap().rule(&Deployed::default())
}

#[test]
fn each_transition_has_its_rule() {
    let from = |previous: &'static str| move |detail: &mut Json| detail["previousModelApprovalStatus"] = json!(previous);
    for (approval, previous, expected) in [
        ("Approved", "PendingManualApproval", Rule::Approved),
        ("Approved", "Rejected", Rule::Approved),
        ("Approved", "Approved", Rule::ApprovalUnchanged),
        ("Rejected", "Approved", Rule::ApprovalWithdrawn),
        ("Rejected", "PendingManualApproval", Rule::RejectedWithoutApproval),
        ("Rejected", "Rejected", Rule::ApprovalUnchanged),
        ("PendingManualApproval", "Approved", Rule::ApprovalWithdrawn),
        ("PendingManualApproval", "Rejected", Rule::Pending),
    ] {
        assert_eq!(rule(approval, from(previous)), expected, "{previous} → {approval}");
    }
    // Most events do not contain the previous status.
    assert_eq!(rule("Approved", |_| {}), Rule::Approved);
    assert_eq!(rule("PendingManualApproval", |_| {}), Rule::Pending);
    assert_eq!(rule("Rejected", |_| {}), Rule::RejectedPerhapsApproved);
}

#[test]
fn the_deployed_package_distinguishes_a_withdrawn_approval_from_none() {
    let rejected = parse(&event("Rejected")).unwrap();
    let package = |version: u32| format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/Iris/{version}").parse().unwrap();
    let deployed = |versions: &[u32], complete| Deployed { packages: versions.iter().map(|version| package(*version)).collect(), complete };
    assert_eq!(rejected.rule(&deployed(&[13], true)), Rule::ApprovalWithdrawn);
    assert_eq!(rejected.rule(&deployed(&[12], true)), Rule::RejectedNotDeployed);
    assert_eq!(rejected.rule(&deployed(&[], true)), Rule::RejectedNotDeployed);
    // In one stage only, which is enough; or where not all that is deployed is known.
    assert_eq!(rejected.rule(&deployed(&[14, 13], true)), Rule::ApprovalWithdrawn);
    assert_eq!(rejected.rule(&deployed(&[13], false)), Rule::ApprovalWithdrawn);
    assert_eq!(rejected.rule(&deployed(&[12], false)), Rule::RejectedPerhapsApproved);
    let recorded =
        |stage: &'static str| move |detail: &mut Json| detail["ModelLifeCycle"] = json!({ "Stage": stage, "StageStatus": "Deployed" });
    assert_eq!(rule("Rejected", recorded("Production")), Rule::ApprovalWithdrawn);
    assert_eq!(rule("Rejected", recorded("Development")), Rule::RejectedPerhapsApproved);
}

#[test]
fn a_record_written_by_this_project_starts_no_release() {
    let updated = |fields: Json| move |detail: &mut Json| detail["UpdatedModelPackageFields"] = fields;
    assert_eq!(rule("Approved", updated(json!(["ModelLifeCycle"]))), Rule::ApprovalUnchanged);
    assert_eq!(rule("Rejected", updated(json!(["CustomerMetadataProperties"]))), Rule::ApprovalUnchanged);
    assert_eq!(rule("Approved", updated(json!(["ModelLifeCycle", "ModelApprovalStatus"]))), Rule::Approved);
    assert_eq!(rule("Approved", updated(json!([]))), Rule::Approved);
}

#[test]
fn a_package_that_is_not_completed_requires_nothing() {
    for status in ["Pending", "InProgress", "Failed", "Deleting"] {
        assert_eq!(rule("Approved", |detail| detail["ModelPackageStatus"] = json!(status)), Rule::NotCompleted, "{status}");
    }
}

#[test]
fn an_approval_deploys_its_package_and_a_withdrawal_the_newest_approved_one() {
    let change = parse(&event("Approved")).unwrap();
    assert_eq!(change.selection(Rule::Approved), Some(Selection::Arn(PACKAGE.parse().unwrap())));
    assert_eq!(change.selection(Rule::ApprovalWithdrawn), Some(Selection::LatestApproved));
    assert_eq!(change.selection(Rule::RejectedPerhapsApproved), Some(Selection::LatestApproved));
    for rule in [Rule::RejectedWithoutApproval, Rule::RejectedNotDeployed, Rule::Pending, Rule::NotCompleted, Rule::ApprovalUnchanged] {
        assert_eq!(change.selection(rule), None);
        assert!(rule.to_string().ends_with("so there is nothing to do"), "{rule}");
    }
}

#[test]
fn an_event_about_another_group_is_rejected_with_all_reasons_at_once() {
    let mut other = event("approved");
    other["source"] = json!("aws.s3");
    other["detail-type"] = json!("SageMaker Model State Change");
    other["account"] = json!("222222222222");
    other["detail"]["ModelPackageArn"] = json!(PACKAGE.replace("iris", "wine"));
    other["detail"]["ModelPackageVersion"] = json!(12);
    assert_snapshot!(parse(&other).unwrap_err().join("\n"), @r#"
    the event's `source` is "aws.s3", not "aws.sagemaker"
    the event's `detail-type` is "SageMaker Model State Change", not "SageMaker Model Package State Change"
    the event is about `arn:aws:sagemaker:us-east-1:111111111111:model-package/wine/13`, which does not belong to group `iris`
    `ModelPackageGroupName` is `iris`, but the ARN belongs to `wine`
    `ModelPackageVersion` is 12, but the ARN is `arn:aws:sagemaker:us-east-1:111111111111:model-package/wine/13`
    the event's `account` is "222222222222", but the ARN is `arn:aws:sagemaker:us-east-1:111111111111:model-package/wine/13`
    `ModelApprovalStatus` is `approved`, which is not an approval status
    "#);
    assert_eq!(parse(&json!({})).unwrap_err().len(), 3);
    assert_eq!(parse(&json!([])).unwrap_err(), ["the event is a list, not an object"]);
    let group = "arn:aws:sagemaker:us-east-1:222222222222:model-package-group/iris".parse().unwrap();
    let problems = StateChange::parse(&event("Approved").to_string(), &group).unwrap_err();
    assert!(problems.0[0].message.contains("which does not belong to group"), "{problems}");
}

#[test]
fn the_package_is_found_among_the_resources_and_in_lower_case() {
    let mut event = event("Approved");
    event["detail"].as_object_mut().unwrap().remove("ModelPackageArn");
    event["detail"]["ModelPackageGroupName"] = json!("Iris");
    let change = StateChange::parse(&event.to_string(), &"IRIS".parse().unwrap()).unwrap();
    assert_eq!(change.package.to_string(), PACKAGE);
    assert_eq!(change.time.unwrap().to_string(), "2026-01-02T03:04:05Z");
}

#[test]
fn a_field_that_is_set_twice_is_rejected_at_its_second_place() {
    let text = event("Approved").to_string();
    for (first, twice) in [
        (r#""source":"aws.sagemaker""#, r#""source":"aws.sagemaker","source":"aws.sagemaker""#),
        (r#""ModelApprovalStatus":"Approved""#, r#""ModelApprovalStatus":"Rejected","ModelApprovalStatus":"Approved""#),
    ] {
        assert!(text.contains(first), "{text}");
        let problems = StateChange::parse(&text.replace(first, twice), &"iris".parse().unwrap()).unwrap_err().0;
        assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["duplicate-key"]);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_rejected_without_a_panic(text in "\\PC*") {
        let _ = StateChange::parse(&text, &"iris".parse().unwrap());
        let _ = Snapshot::parse(&text);
    }
}
