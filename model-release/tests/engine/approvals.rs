//! The approval before production as evidence: what is read, and what is refused.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use model_registry::{ApprovalStatus, ModelPackage, Person};
use model_release::approval::{Approval, ApprovalQuery, ApprovalRecord, Comparison, Execution, Naming};
use model_release::manifest::{OtherPerson, ReleasePolicy, RequiredApproval, RolloutLimits, Tool};
use model_release::{Failure, FailureKind, Release, StagingTests};
use serde_json::{Value as Json, json};

use crate::project::*;

const ANN: &str = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Approver_0123456789abcdef/ann@example.com";
const ANN_AS_SCIENTIST: &str = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Scientist_fedcba9876543210/ann@example.com";
const EVE: &str = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Scientist_fedcba9876543210/eve@example.com";
const TOKEN: &str = "1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f";

/// 2026-11-27T14:00:00Z, the time of every check.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
}

const NOW: u64 = 1_795_788_000;
const DAY: u64 = 24 * 60 * 60;

pub(crate) fn require(release: &mut Release, approval: RequiredApproval) {
    let policy = ReleasePolicy {
        file: "release-policy.json".to_owned(),
        digest: "sha256:1".to_owned(),
        unknown_bytes: model_registry::release_policy::UnknownBytes::Allow,
        approval: Some(approval),
        rollout: RolloutLimits::default(),
    };
    release.manifest.choice.release_policy = Some(policy);
}

fn digest(of: char) -> String {
    of.to_string().repeat(64)
}

/// A release whose digest is that of a manifest, with this policy.
fn release_that_requires(other_person: Option<OtherPerson>, max_age_days: Option<u32>) -> Release {
    let mut release = release(13);
    release.digest = format!("sha256:{}", digest('a'));
    require(&mut release, RequiredApproval { other_person, max_age_days });
    release
}

fn execution() -> Execution {
    Execution { pipeline: "sagemaker-iris-p-1-model-deploy".to_owned(), id: "e-1".to_owned() }
}

/// An approval in the history of the pipeline, an hour before the check.
fn recorded() -> Json {
    json!({
        "pipelineExecutionId": "e-1", "actionExecutionId": "a-1", "pipelineVersion": 3, "stageName": "Approval",
        "actionName": "ApproveProduction", "startTime": NOW - 7200, "lastUpdateTime": NOW - 3600, "updatedBy": ANN, "status": "Succeeded",
        "input": {
            "actionTypeId": { "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1" },
            "configuration": { "CustomData": "Release: #{Build.RELEASE_MANIFEST_SHA256}" },
            "resolvedConfiguration": {
                "CustomData": format!("Deploy version 13 to prod? Release (SHA-256 of its manifest): {}.", digest('a')),
                "ExternalEntityLink": "https://example.com/dossier",
            },
            "region": "us-east-1", "inputArtifacts": [],
        },
        "output": { "outputArtifacts": [], "executionResult": { "externalExecutionId": TOKEN, "externalExecutionSummary": "better than 12" } },
    })
}

fn approval(change: impl FnOnce(&mut Json)) -> Approval {
    let mut detail = recorded();
    change(&mut detail);
    Approval::of_code_pipeline(&[detail], &execution()).unwrap()
}

/// The package of the release, registered by this identity.
fn registered_by(arn: Option<&str>) -> ModelPackage {
    ModelPackage {
        approval_status: ApprovalStatus::Approved,
        created_by: arn.map(|arn| Person { iam_arn: Some(arn.to_owned()), ..Person::default() }),
        ..ModelPackage::new(package(13).parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap())
    }
}

fn check(release: &Release, approval: &Approval, registrant: Option<&str>) -> Result<ApprovalRecord, Failure> {
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    release.check_approval(approval, &[registered_by(registrant)], None, now(), tool)
}

fn codes(result: Result<ApprovalRecord, Failure>) -> Vec<&'static str> {
    let failure = result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Failed, "{failure:?}");
    failure.diagnostics.iter().map(|diagnostic| diagnostic.code.unwrap()).collect()
}

#[test]
fn an_approval_of_this_release_by_another_person_is_recorded_with_what_the_approver_saw() {
    let release = release_that_requires(Some(OtherPerson::Required), Some(7));
    let record = check(&release, &approval(|_| {}), Some(EVE)).unwrap();
    assert_eq!((record.release.as_str(), record.release_named_by), (release.digest.as_str(), Naming::ShownText));
    let approver = record.approver.as_ref().unwrap();
    assert_eq!((approver.id.as_str(), approver.name()), (ANN, "ann@example.com"));
    assert_eq!(approver.role.as_deref(), Some("AWSReservedSSO_Approver_0123456789abcdef"));
    assert_eq!(record.approved_at.as_deref(), Some("2026-11-27T13:00:00.000Z"));
    assert_eq!(record.comment.as_deref(), Some("better than 12"));
    assert_eq!((record.evidence.token.as_deref(), record.evidence.action_execution.as_deref()), (Some(TOKEN), Some("a-1")));
    assert_eq!(record.evidence.pipeline.as_deref(), Some("sagemaker-iris-p-1-model-deploy"));
    assert!(record.shown_text.as_ref().unwrap().contains("version 13") && !record.evidence.from_file);
    assert_eq!(record.model_packages[0].registered_by.as_deref(), Some(EVE));
    assert_eq!(record.model_packages[0].approver_is, Comparison::Different);
    // The file can be read again.
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<ApprovalRecord>(&text).unwrap(), record);
}

#[test]
fn an_approval_of_another_release_is_refused_with_both_digests() {
    let release = release_that_requires(None, None);
    let other = approval(|detail| {
        let text = format!("Release (SHA-256 of its manifest): {}.", digest('B'));
        detail["input"]["resolvedConfiguration"]["CustomData"] = text.into();
    });
    let failure = check(&release, &other, None).unwrap_err();
    assert_eq!(failure.diagnostics[0].code, Some("approval-of-another-release"));
    assert_eq!(failure.diagnostics[0].details, [format!("approved sha256:{}", digest('b')), format!("release  {}", release.digest)]);
    // The digest of an image beside it changes nothing; a cut digest names nothing.
    let both = approval(|detail| {
        let text = format!("Image sha256:{}. Release {}.", digest('c'), digest('A'));
        detail["input"]["resolvedConfiguration"]["CustomData"] = text.into();
    });
    assert!(check(&release, &both, None).is_ok());
    for text in [json!(format!("Release {}", &digest('a')[1..])), json!(format!("Release {}a", digest('a'))), Json::Null] {
        let unnamed = approval(|detail| detail["input"]["resolvedConfiguration"]["CustomData"] = text.clone());
        assert_eq!(codes(check(&release, &unnamed, None)), ["approval-names-no-release"], "{text}");
    }
    // Without its variables replaced, the text proves nothing.
    let unresolved = approval(|detail| {
        detail["input"].as_object_mut().unwrap().remove("resolvedConfiguration");
    });
    assert_eq!(codes(check(&release, &unresolved, None)), ["approval-names-no-release"]);
}

#[test]
fn a_rejection_an_abandoned_and_a_pending_approval_are_no_approval() {
    let release = release_that_requires(None, None);
    for (status, code) in [("Failed", "approval-rejected"), ("Abandoned", "approval-rejected"), ("InProgress", "approval-pending")] {
        let failure = check(&release, &approval(|detail| detail["status"] = status.into()), None).unwrap_err();
        assert_eq!(failure.diagnostics[0].code, Some(code), "{status}");
        assert!(failure.diagnostics[0].details.contains(&"comment: better than 12".to_owned()), "{failure:?}");
    }
}

#[test]
fn the_policy_decides_whether_an_approver_who_registered_the_package_or_may_have_is_refused() {
    use OtherPerson::{IfKnown, Required};

    for (policy, registrant, expected) in [
        (Some(Required), Some(ANN_AS_SCIENTIST), vec!["approver-is-registrant"]),
        (Some(IfKnown), Some(ANN_AS_SCIENTIST), vec!["approver-is-registrant"]),
        (Some(Required), None, vec!["approver-not-known"]),
        (Some(IfKnown), None, vec![]),
        (None, Some(ANN_AS_SCIENTIST), vec![]),
        (Some(Required), Some(EVE), vec![]),
    ] {
        let result = check(&release_that_requires(policy, None), &approval(|_| {}), registrant);
        let found = if result.is_ok() { Vec::new() } else { codes(result) };
        assert_eq!(found, expected, "{policy:?} {registrant:?}");
    }
    // The registrant of any region's package counts.
    let release = release_that_requires(Some(Required), None);
    let both = [registered_by(Some(EVE)), registered_by(Some(ANN_AS_SCIENTIST))];
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    assert_eq!(codes(release.check_approval(&approval(|_| {}), &both, None, now(), tool)), ["approver-is-registrant"]);
}

#[test]
fn an_approval_that_is_too_old_or_has_no_time_is_refused_only_if_the_policy_has_a_limit() {
    let at = |seconds: Option<u64>| approval(|detail| detail["lastUpdateTime"] = json!(seconds));
    let limited = release_that_requires(None, Some(2));
    assert!(check(&limited, &at(Some(NOW - 2 * DAY)), None).is_ok());
    assert_eq!(codes(check(&limited, &at(Some(NOW - 2 * DAY - 1)), None)), ["evidence-too-old"]);
    assert_eq!(codes(check(&limited, &at(None), None)), ["evidence-too-old"]);
    let unlimited = release_that_requires(None, None);
    assert!(check(&unlimited, &at(Some(NOW - 900 * DAY)), None).is_ok() && check(&unlimited, &at(None), None).is_ok());
}

#[test]
fn every_finding_is_reported_at_once() {
    let release = release_that_requires(Some(OtherPerson::Required), Some(1));
    let bad = approval(|detail| {
        detail["status"] = "Failed".into();
        detail["lastUpdateTime"] = json!(NOW - 3 * DAY);
        detail["input"]["resolvedConfiguration"]["CustomData"] = digest('b').into();
    });
    let expected = ["approval-rejected", "approval-of-another-release", "approver-is-registrant", "evidence-too-old"];
    assert_eq!(codes(check(&release, &bad, Some(ANN_AS_SCIENTIST))), expected);
}

#[test]
fn a_release_whose_policy_requires_an_approval_is_refused_without_one() {
    assert!(release(13).check_needs_no_approval().is_ok());
    let failure = release_that_requires(None, None).check_needs_no_approval().unwrap_err();
    assert_eq!((failure.kind, failure.diagnostics[0].code), (FailureKind::BadInput, Some("no-approval")));
    let none = Approval::of_code_pipeline(&[], &execution()).unwrap_err();
    assert_eq!((none.kind, none.diagnostics[0].code), (FailureKind::Failed, Some("no-approval-recorded")));
    // A response that cannot be read is unknown, and not a rejection.
    let unread = Approval::of_code_pipeline(
        &[json!({ "input": { "actionTypeId": { "category": "Approval" } }, "pipelineExecutionId": "e-1" })],
        &execution(),
    );
    assert_eq!(unread.unwrap_err().kind, FailureKind::Unreachable);
}

/// Reads the approval from a file with this text.
fn read(name: &str, text: &str, execution: Option<Execution>) -> Result<Approval, Failure> {
    let folder = std::env::temp_dir().join(format!("approvals-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join("approval.json");
    std::fs::write(&path, text).unwrap();
    let read = Approval::read(&path, &ApprovalQuery { execution, environment: "production".to_owned() });
    std::fs::remove_dir_all(folder).unwrap();
    read
}

#[test]
fn the_review_history_of_a_workflow_run_is_read_from_a_file() {
    let review = json!([{
        "state": "approved", "comment": "ship it", "environments": [{ "id": 161_088_068, "name": "production" }],
        "user": { "login": "ann", "id": 1, "type": "User" },
    }]);
    let approval = read("github", &review.to_string(), None).unwrap();
    let tests = |ended: &str| StagingTests { summary: String::new(), ended_at: Some(ended.parse().unwrap()) };
    let check = |release: &Release, registrant: &str, tests: Option<&StagingTests>| {
        let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
        release.check_approval(&approval, &[registered_by(Some(registrant))], tests, now(), tool)
    };
    let release = release_that_requires(Some(OtherPerson::IfKnown), None);
    let record = check(&release, EVE, None).unwrap();
    assert_eq!((record.release_named_by, record.evidence.from_file), (Naming::WorkflowRun, true));
    assert_eq!((record.approved_at.as_deref(), record.comment.as_deref()), (None, Some("ship it")));
    assert_eq!(record.approver.unwrap().id, "ann");
    assert_eq!(record.model_packages[0].approver_is, Comparison::NotKnown);
    assert_eq!(codes(check(&release, "arn:aws:iam::111111111111:user/ann", None)), ["approver-is-registrant"]);
    // GitHub reports no time: the reviewers were asked after the staging tests.
    let limited = release_that_requires(None, Some(1));
    assert!(check(&limited, EVE, Some(&tests("2026-11-27T00:00:00Z"))).is_ok());
    assert_eq!(codes(check(&limited, EVE, Some(&tests("2026-11-25T00:00:00Z")))), ["evidence-too-old"]);
    assert_eq!(codes(check(&limited, EVE, None)), ["evidence-too-old"]);
}

#[test]
fn the_history_of_a_pipeline_can_be_a_file_too() {
    let list = json!({ "actionExecutionDetails": [recorded()] }).to_string();
    let found = read("pipeline", &list, Some(execution())).unwrap();
    assert_eq!((found.approver.as_deref(), found.evidence.from_file), (Some(ANN), true));
    assert_eq!(read("any", &list, None).unwrap().evidence.execution.as_deref(), Some("e-1"));
    let other = Execution { id: "e-2".to_owned(), ..execution() };
    let failure = read("other", &list, Some(other)).unwrap_err();
    assert_eq!(failure.diagnostics[0].code, Some("no-approval-recorded"));
}

#[test]
fn a_file_that_is_no_history_of_approvals_is_bad_input_with_its_name() {
    for (text, says) in [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("{}", "neither the review history"),
        ("[]", "no approval is recorded"),
        (r#"[{ "state": "approved", "environments": [{ "name": "staging" }] }]"#, "no approval is recorded"),
        (r#"[{ "state": "maybe", "environments": [{ "name": "production" }] }]"#, "unknown state `maybe`"),
        (r#"{ "actionExecutionDetails": 1 }"#, "not a list"),
        (r#"{ "actionExecutionDetails": [], "nextToken": "n" }"#, "not complete"),
    ] {
        let failure = read("bad", text, None).unwrap_err();
        let shown = format!("{:?}", failure.diagnostics[0]);
        assert!(failure.kind == FailureKind::BadInput && shown.contains(says) && shown.contains("approval.json"), "{text}: {shown}");
    }
    let missing = Approval::read("there-is-no/approval.json".as_ref(), &ApprovalQuery::default()).unwrap_err();
    assert_eq!(missing.diagnostics[0].code, Some("not-an-approval"));
}
