//! The requirements of a rollout from the resolved template, and the effect of a preflight on a
//! deployment.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use model_release::deploy::{DeployError, DeployEvent};
use model_release::preflight::{PlannedRollout, PreflightReport, Scope, mark_other_regions, targets_to_check};
use model_release::{Expectations, FailureKind, Stage};
use serde_json::{Value as Json, json};
use stack_rollout::preflight::{
    ArtifactName, ArtifactReader, ArtifactState, Check, CheckOutcome, ImageName, ObjectState, PackageState, PreflightOptions, Presence,
    TargetAccount, preflight,
};
use stack_rollout::status::{KeyState, ModelPackageStatus};
use stack_rollout::{CallError, SessionError, observe, plan};

use crate::fake::{Cloud, FakeClock, Fate, target};
use crate::project::*;

/// A target that satisfies all requirements except those that the test removes.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) network: Option<&'static str>,
    pub(crate) approval: &'static str,
    pub(crate) quota: u32,
    /// The images and artifacts.
    pub(crate) sources: Presence<()>,
    /// The digest of every image.
    pub(crate) digest: Option<&'static str>,
    /// Every object.
    pub(crate) object: ObjectState,
    /// The description of every model package.
    pub(crate) description: Json,
    /// The status of the stack.
    pub(crate) stack: &'static str,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            network: Some("String"),
            approval: "Approved",
            quota: 10,
            sources: Presence::Found(()),
            digest: None,
            object: ObjectState::default(),
            description: json!({}),
            stack: "UPDATE_COMPLETE",
        }
    }
}

impl Account {
    fn source<T>(&self, found: T) -> Presence<T> {
        match self.sources {
            Presence::Found(()) => Presence::Found(found),
            Presence::Missing => Presence::Missing,
            Presence::OtherRegion => Presence::OtherRegion,
        }
    }
}

impl ArtifactReader for Account {
    async fn image(&self, _: &ImageName) -> Result<Presence<Option<String>>, CallError> {
        Ok(self.source(self.digest.map(str::to_owned)))
    }

    async fn artifact(&self, _: &ArtifactName) -> Result<Presence<ArtifactState>, CallError> {
        Ok(self.source(ArtifactState::Object(self.object.clone())))
    }
}

impl TargetAccount for Account {
    async fn ssm_parameter_types(&self, names: &[String]) -> Result<BTreeMap<String, String>, CallError> {
        Ok(names.iter().filter_map(|name| Some((name.clone(), self.network?.to_owned()))).collect())
    }

    async fn model_package(&self, _: &str) -> Result<Option<PackageState>, CallError> {
        match self.approval {
            "denied" => Err(CallError::error_response("DescribeModelPackage", "AccessDeniedException", "not authorized")),
            status => Ok(Some(PackageState {
                status: ModelPackageStatus::Completed,
                approval_status: status.into(),
                description: self.description.clone(),
            })),
        }
    }

    async fn key_state(&self, _: &str) -> Result<Option<KeyState>, CallError> {
        Ok(Some(KeyState::Enabled))
    }

    async fn endpoints_like(&self, _: &str) -> Result<Vec<String>, CallError> {
        Ok(Vec::new())
    }

    async fn endpoints_of_stack(&self, _: &str) -> Result<Vec<String>, CallError> {
        Ok(Vec::new())
    }

    async fn stack_status(&self, _: &str) -> Result<Option<String>, CallError> {
        match self.stack {
            "denied" => Err(CallError::error_response("DescribeStackEvents", "AccessDenied", "not authorized")),
            status => Ok(Some(status.to_owned())),
        }
    }

    async fn instance_quota(&self, _: &str) -> Result<Option<u32>, CallError> {
        Ok(Some(self.quota))
    }

    async fn trust_policy(&self, _: &str) -> Result<Option<String>, CallError> {
        Ok(None)
    }
}

async fn checked(account: &Account, rollout: &PlannedRollout<'_>) -> Vec<Check> {
    checked_with(&Ok(account.clone()), rollout).await
}

async fn checked_with(account: &Result<Account, SessionError>, rollout: &PlannedRollout<'_>) -> Vec<Check> {
    let options = PreflightOptions { at_once: 2, attempts: 1, ..PreflightOptions::default() }.with_clock(FakeClock::default());
    let session = |_, _| async { account.clone() };
    preflight(&targets_to_check(rollout, None), session, &options, |_, _| {}).await
}

/// The codes, or otherwise the names, of the findings of a first release.
fn findings(account: &Account, release: &model_release::Release) -> Vec<&'static str> {
    let cloud = Cloud::default();
    let request = request(release);
    block_on(async {
        let observed = observe(&cloud, &request.release).await.unwrap();
        let plan = plan(&request.release, &observed);
        let rollout = PlannedRollout { release, request: &request, observed: &observed, plan: &plan, scope: Scope::Touched };
        let checks = checked(account, &rollout).await;
        assert_eq!(PreflightReport::of(&checks).findings.iter().map(|finding| finding.targets.len()).max().unwrap_or(2), 2);
        let bad = checks.iter().filter(|check| check.message.is_some());
        let names: std::collections::BTreeSet<_> = bad.map(|check| check.code.unwrap_or(check.name)).collect();
        names.into_iter().collect()
    })
}

#[test]
fn each_requirement_of_the_template_is_checked_in_every_target() {
    assert_eq!(findings(&Account::default(), &release(1)), [""; 0]);
    assert_eq!(findings(&Account { network: None, ..Account::default() }, &release(1)), ["ssm-parameter"]);
    assert_eq!(findings(&Account { network: Some("SecureString"), ..Account::default() }, &release(1)), ["ssm-parameter"]);
    assert_eq!(findings(&Account { approval: "Rejected", ..Account::default() }, &release(1)), ["model-package"]);
    assert_eq!(findings(&Account { approval: "denied", ..Account::default() }, &release(1)), ["package-not-shared"]);
    assert_eq!(findings(&Account { quota: 2, ..Account::default() }, &release_with(1, &[("InstanceCount", "3")])), ["instance-quota"]);
}

/// The checks of a first release.
pub(crate) fn checks(account: &Account, release: &model_release::Release) -> Vec<Check> {
    let (cloud, request) = (Cloud::default(), request(release));
    let observed = block_on(observe(&cloud, &request.release)).unwrap();
    let plan = plan(&request.release, &observed);
    let rollout = PlannedRollout { release, request: &request, observed: &observed, plan: &plan, scope: Scope::Touched };
    block_on(checked(account, &rollout))
}

#[test]
fn a_hint_for_an_image_or_artifact_is_about_who_names_it() {
    let image = |name: &str, region: &str| format!("111111111111.dkr.ecr.{region}.amazonaws.com/{name}:1");
    for (region, sources) in [(EAST, Presence::Missing), (WEST, Presence::Missing), (EAST, Presence::OtherRegion)] {
        let own = format!("PrimaryContainer: {{ Image: \"{}\", ModelDataUrl: s3://template/model,", image("template", region));
        let mut release = release_of(&TEMPLATE.replace("PrimaryContainer: {", &own), 1, &[]);
        release.manifest.model_package.images = vec![image("package", region)];
        release.manifest.model_package.model_data = vec!["s3://package/model".to_owned(), "package".to_owned()];
        let checks = checks(&Account { sources: sources.clone(), ..Account::default() }, &release);
        let failed: Vec<_> = checks.iter().filter(|check| matches!(check.name, "image" | "artifact")).collect();
        // Two images and three artifacts in each of two targets.
        assert_eq!(failed.len(), 10, "{checks:#?}");
        for check in failed {
            let hint = check.hint.as_deref().unwrap();
            assert_eq!(check.subject.contains("template"), hint.contains("in the template"), "{check:?}");
            assert_eq!(check.subject.contains("package"), hint.contains("model package"), "{check:?}");
        }
    }
}

#[test]
fn a_package_that_is_not_shared_in_another_region_than_the_sessions_is_marked() {
    let mut checks = checks(&Account { approval: "denied", ..Account::default() }, &release(1));
    let codes = |checks: &[Check]| checks.iter().filter_map(|check| check.code).collect::<Vec<_>>();
    mark_other_regions(&mut checks, &EAST.parse().unwrap());
    assert_eq!(codes(&checks), ["package-not-shared"; 2]);
    mark_other_regions(&mut checks, &WEST.parse().unwrap());
    assert_eq!(codes(&checks), ["package-not-shared-in-region"; 2]);
    let report = PreflightReport::of(&checks);
    assert_eq!(report.findings[0].diagnostic().subject, Some(package(1)));
}

/// A parameter that keeps its previous value is unknown; values that do not depend on it are known.
#[test]
fn an_unknown_parameter_affects_only_values_that_depend_on_it() {
    let template = TEMPLATE.replace("Resources:", "  Kept: { Type: String }\nResources:").replace("ml.m5.large", "!Ref Kept");
    let release = release_of(&template, 1, &[]);
    let request = request(&release);
    let cloud = Cloud::default();
    let observed = block_on(observe(&cloud, &request.release)).unwrap();
    let plan = plan(&request.release, &observed);
    let rollout = PlannedRollout { release: &release, request: &request, observed: &observed, plan: &plan, scope: Scope::Touched };
    let required = targets_to_check(&rollout, None).remove(0).requirements;
    assert_eq!((&required.endpoints[..], &required.model_packages[..]), (&["iris".to_owned()][..], &[package(1)][..]));
    assert!(required.instances.is_empty());
    let expectations = Expectations::read(&release, Stage::Staging).unwrap();
    let expected = expectations.of(&release, &A.parse().unwrap(), &EAST.parse().unwrap(), "iris").unwrap();
    assert_eq!((expected.model_package_arn.map(String::from), expected.variants.len()), (Some(package(1)), 1));
    assert_eq!(expected.variants[0].instance_type, None);
}

#[test]
fn a_deployment_whose_preflight_fails_changes_nothing() {
    let cloud = Cloud::default();
    let account = Account { network: None, ..Account::default() };
    let check = async |rollout: PlannedRollout<'_>| checked(&account, &rollout).await;
    let denied = Fleet::default().deploy(&cloud, &release(1), Some(check), |_| {});
    let Err(DeployError::Preflight(report)) = denied else { panic!("expected a failure: {denied:?}") };
    assert_eq!(report.summary(), "Preflight: 8 checks passed, 2 failed");
    assert_eq!((report.findings.len(), report.findings[0].targets.len()), (1, 2));
    assert!(cloud.calls_that_change().is_empty());
}

/// Both stop a deployment before any change, but only a refusal proves that something is wrong.
#[test]
fn a_target_without_a_session_is_failed_only_if_aws_refused_it() {
    for (error, kind, outcome) in [
        (SessionError::refused("AssumeRole: AccessDenied"), FailureKind::Failed, CheckOutcome::Failed),
        (SessionError::new("AssumeRole: ThrottlingException"), FailureKind::Unreachable, CheckOutcome::Unchecked),
    ] {
        let cloud = Cloud::default();
        let session = Err(error.with_hint_opt(Some("wait".to_owned())));
        let check = async |rollout: PlannedRollout<'_>| checked_with(&session, &rollout).await;
        let denied = Fleet::default().deploy(&cloud, &release(1), Some(check), |_| {});
        let Err(DeployError::Preflight(report)) = denied else { panic!("expected a failure: {denied:?}") };
        assert_eq!((report.failure(), report.findings[0].outcome), (Some(kind), outcome));
        assert_eq!(report.findings[0].detail, session.err().map(|error| error.message));
        assert!(cloud.calls_that_change().is_empty());
    }
}

#[test]
fn a_preflight_runs_only_if_there_are_changes() {
    let cloud = Cloud::default();
    let runs = AtomicUsize::new(0);
    let passed = AtomicUsize::new(0);
    for _ in 0..2 {
        let check = async |rollout: PlannedRollout<'_>| {
            runs.fetch_add(1, Ordering::Relaxed);
            checked(&Account::default(), &rollout).await
        };
        let on_event = |event| {
            if let DeployEvent::PreflightPassed(report) = event {
                passed.fetch_add(report.passed, Ordering::Relaxed);
            }
        };
        Fleet::default().deploy(&cloud, &release(1), Some(check), on_event).unwrap();
    }
    assert_eq!((runs.into_inner(), passed.into_inner()), (1, 10));
}

#[test]
fn the_stack_of_a_target_that_failed_is_checked_for_a_state_in_which_it_cannot_be_updated() {
    let cloud = Cloud::with_fate(target(B, EAST), Fate::Fails("no capacity"));
    deployed(&cloud, &release(1));
    let (release, request) = (release(2), request(&release(2)));
    let observed = block_on(observe(&cloud, &request.release)).unwrap();
    let plan = plan(&request.release, &observed);
    let rollout = PlannedRollout { release: &release, request: &request, observed: &observed, plan: &plan, scope: Scope::Touched };
    let of_stacks = |stack| {
        let checks = block_on(checked(&Account { stack, ..Account::default() }, &rollout));
        checks.into_iter().filter(|check| check.name == "stack").collect::<Vec<_>>()
    };
    let [recovered] = &of_stacks("UPDATE_ROLLBACK_COMPLETE")[..] else { panic!("only one target failed") };
    assert_eq!((&recovered.target, recovered.outcome), (&Some(target(B, EAST)), CheckOutcome::Passed));
    let [blocked] = &of_stacks("UPDATE_ROLLBACK_FAILED")[..] else { panic!("only one target failed") };
    assert_eq!((blocked.outcome, blocked.code), (CheckOutcome::Failed, Some("stack-blocked")));
    assert!(blocked.hint.as_ref().unwrap().contains("aws cloudformation continue-update-rollback"), "{blocked:?}");
    let [unread] = &of_stacks("denied")[..] else { panic!("only one target failed") };
    assert_eq!(unread.outcome, CheckOutcome::Unchecked);
    assert!(unread.hint.as_ref().unwrap().contains("cloudformation:DescribeStackEvents"), "{unread:?}");
}
