//! Deploys a stage with its stack set, then verifies that its endpoints serve the release.
//!
//! CodePipeline's CloudFormationStackSet action uses the same stack set and files, so each of them
//! can continue where the other stopped. An operation that is already running is an error.

use endpoint_test::{LoadMode, Outcome, TargetReport};
use serde_json::{Value as Json, json};
use stack_rollout::preflight::Check;
use stack_rollout::{
    AccountId, CallAs, CallError, Clock, Region, Rollout, SessionError, StackSets, Stacks, SystemClock, Targets, Verdict, observe, plan,
    roll_out,
};

use crate::diagnostic::{Diagnostic, Failure, FailureKind, Level};
use crate::manifest::Tool;
use crate::plural::plural;
use crate::preflight::{PlannedRollout, PreflightReport, Scope};
use crate::{Expectations, Release, RolloutRequest, Stage, StageTests};

/// The maximum number of endpoints that are described concurrently.
const JOBS: usize = 32;

/// A request to deploy a stage.
#[derive(Debug, Clone)]
pub struct DeployRequest<'a, C = SystemClock> {
    /// The release.
    pub release: &'a Release,
    /// The stage.
    pub stage: Stage,
    /// The stage's rollout.
    pub rollout: &'a RolloutRequest,
    /// The rollout options. The deadline also limits the wait for endpoints to be in service.
    pub options: stack_rollout::Options<C>,
}

/// A progress event of a deployment.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeployEvent {
    /// The preflight passed.
    PreflightPassed(PreflightReport),
    /// The rollout starts.
    RollingOut,
    /// A progress event of the rollout.
    Rollout(stack_rollout::Event),
    /// The rollout has ended.
    RolledOut,
    /// The identity checks start.
    CheckingIdentity,
}

/// The result of a deployment.
#[derive(Debug)]
pub struct Deployment {
    /// The rollout.
    pub rollout: Rollout,
    /// The identity checks of the endpoints; empty if the rollout did not succeed.
    pub identity: Vec<TargetReport>,
}

/// Why nothing was deployed.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeployError {
    /// The preflight failed. Nothing was changed.
    Preflight(PreflightReport),
    /// Any other failure.
    Failure(Failure),
}

impl From<Failure> for DeployError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Deploys a stage. `preflight`, if set, makes the checks of a planned rollout. `identity` runs the
/// tests that check which model package each endpoint serves.
pub async fn deploy<S, K, Opened, C>(
    request: &DeployRequest<'_, C>,
    stack_sets: &S,
    stacks: impl Fn(AccountId, Region) -> Opened + Sync,
    preflight: Option<impl AsyncFnOnce(PlannedRollout<'_>) -> Vec<Check>>,
    identity: impl AsyncFnOnce(StageTests) -> Result<Vec<TargetReport>, Failure>,
    mut on_event: impl FnMut(DeployEvent) + Send,
) -> Result<Deployment, DeployError>
where
    S: StackSets,
    K: Stacks + Send,
    Opened: Future<Output = Result<K, SessionError>> + Send,
    C: Clock,
{
    if let Some(preflight) = preflight
        && let Some(report) = run_preflight(request, stack_sets, preflight).await?
    {
        if report.failure().is_some() {
            return Err(DeployError::Preflight(report));
        }
        on_event(DeployEvent::PreflightPassed(report));
    }
    on_event(DeployEvent::RollingOut);
    let rollout =
        roll_out(stack_sets, stacks, &request.rollout.release, &request.options, |event| on_event(DeployEvent::Rollout(event))).await;
    on_event(DeployEvent::RolledOut);
    let rollout = rollout.map_err(|error| refused(&error, request.rollout.call_as))?;
    let identity = if rollout.verdict() == Verdict::Succeeded {
        on_event(DeployEvent::CheckingIdentity);
        identity(identity_tests(request)?).await?
    } else {
        Vec::new()
    };
    Ok(Deployment { rollout, identity })
}

/// Checks whether the rollout can succeed; `None` if there is nothing to check.
async fn run_preflight<S: StackSets, C: Clock>(
    request: &DeployRequest<'_, C>,
    stack_sets: &S,
    preflight: impl AsyncFnOnce(PlannedRollout<'_>) -> Vec<Check>,
) -> Result<Option<PreflightReport>, Failure> {
    let release = &request.rollout.release;
    let observed = observe(stack_sets, release).await.map_err(|error| refused(&error, request.rollout.call_as))?;
    if observed.stack_set.is_some() {
        let call = |source| refused(&stack_rollout::Error::Call { stack_set: release.stack_set.clone(), source }, request.rollout.call_as);
        let operations = stack_sets.list_operations(&release.stack_set).await.map_err(call)?;
        // The result of a running operation is unknown; the rollout waits for it or fails.
        if operations.iter().any(|operation| !operation.status.has_ended()) {
            return Ok(None);
        }
    }
    let plan = plan(release, &observed);
    if plan.is_nothing_to_do() || !plan.problems.is_empty() {
        return Ok(None);
    }
    let rollout =
        PlannedRollout { release: request.release, request: request.rollout, observed: &observed, plan: &plan, scope: Scope::Touched };
    Ok(Some(PreflightReport::of(&preflight(rollout).await)))
}

/// The tests that compare each endpoint's model package with the release: a stack set can report
/// SUCCEEDED while an endpoint serves another model.
fn identity_tests<C>(request: &DeployRequest<'_, C>) -> Result<StageTests, Failure> {
    let suite = StageTests::no_cases()?;
    Ok(StageTests {
        expectations: Some(Expectations::read(request.release, request.stage)?),
        release: Some(request.release.clone()),
        wait: request.options.deadline,
        jobs: JOBS,
        load: LoadMode::Never("deploy runs no load phase"),
        ..StageTests::of(request.stage, suite)
    })
}

impl Deployment {
    /// The kind of failure: `None` if every target has the release and every endpoint serves it.
    pub fn failure(&self) -> Option<FailureKind> {
        let rolled_out = match self.rollout.verdict() {
            Verdict::Succeeded => None,
            Verdict::Failed => Some(FailureKind::Failed),
            _ => Some(FailureKind::Unreachable),
        };
        let serving = self.identity.iter().filter_map(|report| match outcome(report) {
            Outcome::Failed => Some(FailureKind::Failed),
            Outcome::Errored => Some(FailureKind::Unreachable),
            _ => None,
        });
        // A failure has precedence over an unknown result.
        serving.chain(rolled_out).min_by_key(|kind| *kind != FailureKind::Failed)
    }

    /// `rollout.json`.
    pub fn record(&self, release: &Release, stage: Stage, tool: &Tool) -> Result<Json, Failure> {
        let mut record = serde_json::to_value(&self.rollout).map_err(|error| Failure::from(Diagnostic::error(error.to_string())))?;
        record["tool"] = json!(tool);
        record["stage"] = json!(stage.name());
        record["release"] = json!(release.digest);
        record["model_package"] = json!(release.manifest.model_package.arn);
        record["identity"] = self
            .identity
            .iter()
            .map(|report| {
                json!({
                    "account_id": report.account_id,
                    "region": report.region,
                    "endpoint": report.endpoint,
                    "outcome": outcome(report).as_str(),
                    "checks": report.checks,
                })
            })
            .collect();
        Ok(record)
    }

    /// All failures and orphans. `all_targets` are the targets of the whole release: an instance in
    /// a region that this rollout skipped is not an orphan.
    pub fn findings(&self, all_targets: &Targets) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        let stack_set = &self.rollout.stack_set;
        for target in &self.rollout.targets {
            if matches!(target.outcome, stack_rollout::Outcome::Succeeded | stack_rollout::Outcome::Unchanged) {
                continue;
            }
            let mut finding =
                Diagnostic::error(format!("`{stack_set}` was not rolled out: {}", target.outcome)).named(target.target().to_string());
            finding.details.extend(target.reason.clone());
            finding
                .details
                .extend(target.events.iter().map(|event| format!("{} ({}): {}", event.logical_id, event.resource_type, event.reason)));
            finding.details.extend(
                target.events.iter().filter_map(|event| Some(format!("{} reports: {}", event.logical_id, event.failure_reason.as_ref()?))),
            );
            findings.push(finding);
        }
        for report in &self.identity {
            for check in report.checks.iter().filter(|check| !matches!(check.outcome, Outcome::Passed | Outcome::Skipped)) {
                let message = check.message.clone().unwrap_or_else(|| format!("the check `{}` {}", check.name, check.outcome.as_str()));
                let mut finding = Diagnostic::error(message).named(report.title()).with_hint_opt(check.hint.clone());
                finding.details.extend(check.expected.as_ref().map(|text| format!("expected {text}")));
                finding.details.extend(check.actual.as_ref().map(|text| format!("actual   {text}")));
                findings.push(finding);
            }
        }
        let problems = self.rollout.problems.iter();
        findings.extend(problems.map(|problem| {
            let level = if problem.code == "superseded" { Level::Error } else { Level::Warning };
            Diagnostic::new(level, problem.to_string()).with_hint_opt(problem.hint.clone())
        }));
        for orphan in self.rollout.orphans.iter().filter(|orphan| !all_targets.contains(orphan)) {
            let message = format!("`{stack_set}` has a stack that is not a target of the release; it is not deleted");
            findings.push(Diagnostic::warning(message).code("orphan").about(orphan.to_string()).named(orphan.to_string()));
        }
        findings
    }

    /// The deployment in one line.
    pub fn summary(&self) -> String {
        let counts = &self.rollout.counts;
        let serving = self.identity.iter().filter(|report| outcome(report) == Outcome::Passed).count();
        let mut parts = vec![plural(counts.targets, "target")];
        for (count, word) in [
            (counts.succeeded, "rolled out"),
            (counts.unchanged, "unchanged"),
            (counts.failed, "failed"),
            (counts.cancelled, "cancelled"),
            (counts.skipped, "skipped"),
            (counts.unfinished, "unfinished"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        format!("{}: {}; {serving} of {} endpoints serve the release", self.rollout.stack_set, parts.join(", "), self.identity.len())
    }
}

/// The overall outcome of an endpoint's checks; the suite has no cases.
fn outcome(report: &TargetReport) -> Outcome {
    Outcome::of_all(report.checks.iter().map(|check| check.outcome))
}

/// Converts an error of stack-rollout. `call_as` is used in the command of the hint.
pub fn refused(error: &stack_rollout::Error, call_as: CallAs) -> Failure {
    let kind = match error {
        stack_rollout::Error::Release { .. } => FailureKind::BadInput,
        _ => FailureKind::Unreachable,
    };
    let diagnostic = Diagnostic::error(error.to_string());
    let diagnostic = match error {
        stack_rollout::Error::Call { source: CallError { region: Some(region), .. }, .. } => diagnostic.named(format!("region {region}")),
        _ => diagnostic,
    };
    let diagnostic = match error.stop_command(call_as) {
        Some(stop) => diagnostic.code("operation-in-progress").about(stop),
        None => diagnostic.with_hint_opt(error.hint()),
    };
    Failure::new(kind, vec![diagnostic])
}
