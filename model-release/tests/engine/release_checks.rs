//! Checks of a release directly before production: the staging tests and the registry.

use std::path::PathBuf;

use endpoint_test::{PartialRun, Report, TargetInfo, TargetReport, ToolInfo, Verdict};
use model_registry::snapshot::Snapshot;
use model_registry::{ApprovalStatus, ModelPackage, PackageStatus};
use model_release::manifest::{RegionalModelPackage, RequiredApproval};
use model_release::{Diagnostic, Failure, FailureKind, Release, release_text};

use crate::approvals::{now, require};
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
    let checked = release.check_staging_tests(&path, now());
    std::fs::remove_dir_all(folder).unwrap();
    checked.map(|tests| tests.summary)
}

fn checked(release: &Release, name: &str, report: &Report) -> Result<String, Failure> {
    checked_text(release, name, &serde_json::to_string(report).unwrap())
}

fn refused(result: Result<impl std::fmt::Debug, Failure>) -> (FailureKind, Option<&'static str>, String) {
    let failure = result.unwrap_err();
    (failure.kind, failure.diagnostics[0].code, format!("{:?}", failure.diagnostics))
}

#[test]
fn tests_that_are_older_than_the_policy_allows_are_no_evidence() {
    let mut release = release(13);
    let mut report = results(&release, &PASSED);
    let with = |release: &Release, report: &mut Report, ended: Option<&str>| {
        report.ended_at = ended.map(str::to_owned);
        checked(release, "age", report)
    };
    // `now` is 2026-11-27T14:00:00Z. Without a limit, the age does not matter.
    assert!(with(&release, &mut report, Some("2020-01-01T00:00:00Z")).is_ok());
    require(&mut release, RequiredApproval { other_person: None, max_age_days: Some(7) });
    assert!(with(&release, &mut report, Some("2026-11-20T14:00:00.000Z")).is_ok());
    let (kind, code, text) = refused(with(&release, &mut report, Some("2026-11-20T13:59:59Z")));
    assert_eq!((kind, code), (FailureKind::Failed, Some("evidence-too-old")));
    assert!(text.contains("is 7 days old, and the release policy allows 7 days: 2026-11-20T13:59:59.000Z"), "{text}");
    for unknown in [None, Some("last week")] {
        let (_, code, text) = refused(with(&release, &mut report, unknown));
        assert!(code == Some("evidence-too-old") && text.contains("is not known"), "{text}");
    }
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
    for (name, verdict) in
        [("failed", Verdict::Failed), ("not proven", Verdict::NotProven), ("errored", Verdict::Errored), ("empty", Verdict::Empty)]
    {
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
    let missing = release.check_staging_tests("there-is-no/test-results.json".as_ref(), now());
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

/// Whether a release is allowed whose package here is approved. The package of the other region had
/// the status `built` when the release was built, and has `now`.
fn with_regional(built: Option<ApprovalStatus>, now: ApprovalStatus) -> bool {
    let arn = package(13).replace(EAST, WEST);
    let mut release = release(13);
    let regional = RegionalModelPackage {
        arn: arn.parse().unwrap(),
        approval_status: built.map(|status| status.to_string()),
        images: Vec::new(),
        model_data: Vec::new(),
        containers: None,
    };
    release.manifest.model_package.regions.insert(WEST.parse().unwrap(), regional);
    let there = ModelPackage { approval_status: now, ..ModelPackage::new(arn.parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap()) };
    let registry = Snapshot::new(None, vec![registered(13), there]);
    let checked = block_on(release.check_registry(|_| registry.clone()));
    assert!(checked.is_ok() || refused(checked.clone()).1 == Some("approval-withdrawn"));
    checked.is_ok()
}

#[test]
fn the_approval_of_each_regional_package_is_its_own() {
    use ApprovalStatus::{Approved, PendingManualApproval as Pending, Rejected};
    assert!(with_regional(Some(Pending), Pending), "the build allowed it");
    assert!(with_regional(Some(Pending), Approved));
    assert!(!with_regional(Some(Pending), Rejected));
    assert!(!with_regional(Some(Approved), Pending), "its approval was withdrawn");
    // Releases of older versions have no status of their own.
    assert!(!with_regional(None, Pending));
    assert!(with_regional(None, Approved));
}

#[test]
fn an_approved_regional_package_stays_approved_although_the_one_of_the_home_region_never_was() {
    let mut release = release(13);
    release.manifest.choice.without_approval = true;
    release.manifest.model_package.approval_status = "PendingManualApproval".to_owned();
    let arn = package(13).replace(EAST, WEST);
    let regional = RegionalModelPackage {
        arn: arn.parse().unwrap(),
        approval_status: Some("Approved".to_owned()),
        images: Vec::new(),
        model_data: Vec::new(),
        containers: None,
    };
    release.manifest.model_package.regions.insert(WEST.parse().unwrap(), regional);
    let pending = |package: ModelPackage| ModelPackage { approval_status: ApprovalStatus::PendingManualApproval, ..package };
    let there = ModelPackage::new(arn.parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap());
    let registry = Snapshot::new(None, vec![pending(registered(13)), pending(there)]);
    let (_, code, text) = refused(block_on(release.check_registry(|_| registry.clone())));
    assert_eq!(code, Some("approval-withdrawn"));
    assert!(text.contains(WEST) && !text.contains(EAST), "{text}");
    // The release as text shows each of them.
    assert!(!release_text(&release.manifest, "release").contains(&format!("{arn} (NOT APPROVED)")));
    let regional = release.manifest.model_package.regions.values_mut().next().unwrap();
    regional.approval_status = Some("PendingManualApproval".to_owned());
    assert!(release_text(&release.manifest, "release").contains(&format!("{arn} (NOT APPROVED)")));
}

#[test]
fn two_failed_checks_are_both_reported_with_the_higher_ranking_kind() {
    use FailureKind::{BadInput, Failed, Nothing, Unreachable};
    let failure = |kind, message: &str| Failure::new(kind, vec![Diagnostic::error(message)]);
    for (first, second, expected) in [
        (Failed, BadInput, BadInput),
        (BadInput, Failed, BadInput),
        (Unreachable, Failed, Failed),
        (Failed, Unreachable, Failed),
        (Nothing, Unreachable, Unreachable),
    ] {
        let both = Failure::both::<(), ()>(Err(failure(first, "tests")), Err(failure(second, "session"))).unwrap_err();
        let messages: Vec<_> = both.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert_eq!((both.kind, &messages[..]), (expected, &["tests", "session"][..]));
    }
    assert_eq!(Failure::both::<_, ()>(Ok(1), Err(failure(Unreachable, "session"))).unwrap_err().diagnostics.len(), 1);
    assert_eq!(Failure::both::<(), _>(Err(failure(Failed, "tests")), Ok(1)).unwrap_err().kind, Failed);
    assert_eq!(Failure::both(Ok(1), Ok("one")).unwrap(), (1, "one"));
}

#[test]
fn a_package_that_cannot_be_read_is_not_allowed() {
    // The registry has version 13 only.
    let (_, _, text) = refused(registry_of(&release(14), |_| {}));
    assert!(text.contains("is still approved is unknown") && text.contains("the release is not allowed"), "{text}");
}
