//! Checks of a release directly before production: the staging tests and the registry.

use std::path::PathBuf;

use endpoint_test::{PartialRun, Report, TargetInfo, TargetReport, ToolInfo, Verdict};
use model_registry::snapshot::Snapshot;
use model_registry::{ApprovalStatus, ModelPackage, PackageStatus};
use model_release::{Failure, FailureKind, Release};

use crate::project::*;

/// Results of endpoint tests, with the verdict of each account.
fn results(release: &Release, accounts: &[(&str, Verdict)]) -> Report {
    let target = |(account, verdict): &(&str, Verdict)| {
        let info =
            TargetInfo { account_id: (*account).to_owned(), region: EAST.to_owned(), endpoint: "iris".to_owned(), ..TargetInfo::default() };
        let mut report = TargetReport::errored(info, "status", "not reached", None);
        report.verdict = *verdict;
        report
    };
    let tool = ToolInfo { name: "test".to_owned(), version: "1".to_owned() };
    let mut report = Report::assemble(tool, "staging", accounts.iter().map(target).collect());
    report.release = Some(release.digest.clone());
    report
}

fn checked_text(release: &Release, name: &str, text: &str) -> Result<String, Failure> {
    let folder = std::env::temp_dir().join(format!("release-checks-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join("test-results.json");
    std::fs::write(&path, text).unwrap();
    let checked = release.check_staging_tests(&path);
    std::fs::remove_dir_all(folder).unwrap();
    checked
}

fn checked(release: &Release, name: &str, report: &Report) -> Result<String, Failure> {
    checked_text(release, name, &serde_json::to_string(report).unwrap())
}

fn refused(result: Result<impl std::fmt::Debug, Failure>) -> (FailureKind, Option<&'static str>, String) {
    let failure = result.unwrap_err();
    (failure.kind, failure.diagnostics[0].code, format!("{:?}", failure.diagnostics))
}

const PASSED: [(&str, Verdict); 2] = [(A, Verdict::Passed), (B, Verdict::Passed)];

#[test]
fn a_release_that_staging_tested_everywhere_is_allowed() {
    let release = release(13);
    assert_eq!(checked(&release, "passed", &results(&release, &PASSED)).unwrap(), "2 of 2 endpoints passed");
}

#[test]
fn tests_of_another_release_are_no_evidence() {
    let (tested, release) = (release(12), release(13));
    let (kind, code, text) = refused(checked(&release, "other", &results(&tested, &PASSED)));
    assert_eq!((kind, code), (FailureKind::Failed, Some("staging-tests-of-another-release")));
    assert!(text.contains(&tested.digest) && text.contains(&release.digest), "{text}");
    // A container that was tested without a release is no evidence either.
    let mut report = results(&release, &PASSED);
    report.release = None;
    assert_eq!(refused(checked(&release, "none", &report)).1, Some("staging-tests-of-another-release"));
}

#[test]
fn a_partial_run_is_no_evidence_even_if_it_passed() {
    let release = release(13);
    let mut report = results(&release, &PASSED);
    report.partial = Some(PartialRun { cases: vec!["one flower".to_owned()], of: 5 });
    let (kind, code, text) = refused(checked(&release, "partial-run", &report));
    assert_eq!((kind, code), (FailureKind::Failed, Some("staging-tests-partial")));
    assert!(text.contains("a partial run: 1 of 5 cases") && text.contains("tested only: one flower"), "{text}");
}

#[test]
fn tests_that_failed_or_have_no_result_have_not_passed() {
    let release = release(13);
    for (name, verdict) in [("failed", Verdict::Failed), ("errored", Verdict::Errored), ("empty", Verdict::Empty)] {
        let (kind, code, text) = refused(checked(&release, name, &results(&release, &[(A, Verdict::Passed), (B, verdict)])));
        assert_eq!((kind, code), (FailureKind::Failed, Some("staging-tests-not-passed")), "{text}");
    }
    // A target without a test has not passed, regardless of the verdict.
    let (_, code, text) = refused(checked(&release, "partial", &results(&release, &PASSED[..1])));
    assert_eq!(code, Some("staging-tests-not-passed"));
    assert!(text.contains("not tested: 333333333333/us-east-1"), "{text}");
}

#[test]
fn a_file_without_staging_results_is_bad_input() {
    let release = release(13);
    for (name, text) in [("no-json", "{"), ("no-report", "{}")] {
        let (kind, code, _) = refused(checked_text(&release, name, text));
        assert_eq!((kind, code), (FailureKind::BadInput, Some("no-staging-tests")), "{text}");
    }
    let mut report = results(&release, &PASSED);
    report.stage = "prod".to_owned();
    assert_eq!(refused(checked(&release, "prod", &report)).0, FailureKind::BadInput);
    let missing = release.check_staging_tests("there-is-no/test-results.json".as_ref());
    assert_eq!(refused(missing).1, Some("no-staging-tests"));
}

/// The package of the release, approved and as it was built.
fn registered(version: u32) -> ModelPackage {
    ModelPackage {
        approval_status: ApprovalStatus::Approved,
        ..ModelPackage::new(package(version).parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap())
    }
}

fn registry_of(release: &Release, change: impl FnOnce(&mut ModelPackage)) -> Result<usize, Failure> {
    let mut now = registered(13);
    change(&mut now);
    let registry = Snapshot::new(None, vec![now]);
    block_on(release.check_registry(|_| registry.clone())).map(|packages| packages.len())
}

#[test]
fn a_package_that_is_still_approved_and_unchanged_is_allowed() {
    assert_eq!(registry_of(&release(13), |_| {}).unwrap(), 1);
}

#[test]
fn an_approval_that_was_withdrawn_and_a_package_that_changed_are_both_reported() {
    let (kind, code, text) = refused(registry_of(&release(13), |now| {
        now.approval_status = ApprovalStatus::Rejected;
        now.images = vec!["another:1".to_owned()];
    }));
    assert_eq!((kind, code), (FailureKind::Failed, Some("approval-withdrawn")));
    assert!(text.contains("its status is `Rejected`") && text.contains("model-package-changed") && text.contains("another:1"), "{text}");
    let pending = refused(registry_of(&release(13), |now| now.approval_status = ApprovalStatus::PendingManualApproval));
    assert_eq!(pending.1, Some("approval-withdrawn"));
    let failed = refused(registry_of(&release(13), |now| now.status = PackageStatus::Failed));
    assert_eq!(failed.1, Some("model-package-changed"));
}

#[test]
fn a_release_without_an_approval_is_allowed_until_its_package_is_rejected() {
    let mut release = release(13);
    release.manifest.choice.without_approval = true;
    release.manifest.model_package.approval_status = "PendingManualApproval".to_owned();
    for (status, allowed) in
        [(ApprovalStatus::PendingManualApproval, true), (ApprovalStatus::Approved, true), (ApprovalStatus::Rejected, false)]
    {
        assert_eq!(registry_of(&release, |now| now.approval_status = status.clone()).is_ok(), allowed, "{status}");
    }
}

#[test]
fn a_package_that_cannot_be_read_is_not_allowed() {
    // The registry has version 13 only.
    let (_, _, text) = refused(registry_of(&release(14), |_| {}));
    assert!(text.contains("is still approved is unknown") && text.contains("the release is not allowed"), "{text}");
}
