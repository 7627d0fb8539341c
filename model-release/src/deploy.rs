//! Deploys a stage with its stack set, then verifies that its endpoints serve the release.
//!
//! CodePipeline's CloudFormationStackSet action uses the same stack set and files, so each of them
//! can continue where the other stopped. An operation that is already running is an error.

mod deployment;
mod reset_overrides;
pub(crate) mod waves;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use endpoint_test::{LoadMode, TargetReport};
use stack_rollout::preflight::Check;
use stack_rollout::{
    AccountId, CallAs, Clock, Event, Observed, Operation, Plan, Region, ReleaseBefore, RolledOutWave, SessionError, StackSets, Stacks,
    SystemClock, Target, TargetRecord, Verdict, Waves, observe, plan, roll_out, roll_out_waves,
};

use crate::capacity::{CapacityChange, RequestedCounts};
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::endpoint_state::TargetEndpoints;
use crate::preflight::{PlannedRollout, PreflightReport, Scope};
use crate::{Expectations, MODEL_PACKAGE, Release, RolloutRequest, Stage, StageTests};

pub use deployment::{Deployment, DuringFreeze};
pub use reset_overrides::reset_overrides;
pub use waves::{AlarmStates, DeployWaves, NoWaves, UnreadAlarms, WaveChecks};

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
    /// The waves; `None` rolls out to all targets at once.
    pub waves: Option<DeployWaves>,
    /// Why the release is rolled out even while production is frozen.
    pub during_freeze: Option<String>,
}

/// A progress event of a deployment.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeployEvent {
    /// A finding that stops nothing, such as a deployment during a freeze with a reason.
    Warning(Diagnostic),
    /// The preflight passed.
    PreflightPassed(PreflightReport),
    /// The rollout starts.
    RollingOut,
    /// A progress event of the rollout.
    Rollout(stack_rollout::Event),
    /// The rollout has ended.
    RolledOut,
    /// The tests of the endpoints of this wave start.
    CheckingWave(usize),
    /// The alarms of a wave are watched before the next one starts.
    Baking {
        /// The number of the wave.
        wave: usize,
        /// How long. Zero: they are read once.
        time: Duration,
    },
    /// The identity checks start.
    CheckingIdentity,
    /// The rollout failed: reads what every endpoint serves.
    ReadingEndpoints,
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

/// Deploys a stage. `preflight`, if set, makes the checks of a planned rollout. `read` reads the
/// endpoints of targets, each with the model package that it must serve. `identity` runs the tests
/// that check which model package each endpoint serves, and those of each wave. `checks` reads what
/// else must pass between waves.
#[expect(clippy::too_many_arguments, reason = "each is a port with types of its own")]
pub async fn deploy<S, K, Opened, C>(
    request: &DeployRequest<'_, C>,
    stack_sets: &S,
    stacks: impl Fn(AccountId, Region) -> Opened + Sync,
    preflight: Option<impl AsyncFnOnce(PlannedRollout<'_>) -> Vec<Check>>,
    read: impl AsyncFn(Vec<(Target, Option<String>)>) -> Vec<TargetEndpoints>,
    identity: impl AsyncFn(StageTests) -> Result<Vec<TargetReport>, Failure>,
    checks: &impl WaveChecks,
    on_event: impl FnMut(DeployEvent) + Send,
) -> Result<Deployment, DeployError>
where
    S: StackSets,
    K: Stacks + Send,
    Opened: Future<Output = Result<K, SessionError>> + Send,
    C: Clock,
{
    // The rollout and the checks between its waves report to the same listener.
    let listener = Mutex::new(on_event);
    let on_event = |event| (*listener.lock().unwrap_or_else(PoisonError::into_inner))(event);
    let started_at = request.options.clock.date();
    check_limits(request, &on_event)?;
    let before = Before::read(request, stack_sets).await?;
    if let (Some(preflight), Some(before)) = (preflight, &before) {
        let report = PreflightReport::of(&preflight(before.planned(request)).await);
        if report.failure().is_some() {
            return Err(DeployError::Preflight(report));
        }
        on_event(DeployEvent::PreflightPassed(report));
    }
    let changing = before.as_ref().map(Before::changing).unwrap_or_default();
    let earlier = if changing.is_empty() { Vec::new() } else { read(changing).await };
    on_event(DeployEvent::RollingOut);
    let release = &request.rollout.release;
    let release_before = Mutex::new(request.waves.as_ref().and_then(|waves| waves.release_before.clone()));
    let on_rollout = |event| {
        if let Event::ReleaseBefore(Some(before)) = &event {
            *release_before.lock().unwrap_or_else(PoisonError::into_inner) = Some(ReleaseBefore::clone(before));
        }
        on_event(DeployEvent::Rollout(event));
    };
    let checked = Mutex::new(waves::Checked::default());
    let rollout = match &request.waves {
        None => roll_out(stack_sets, stacks, release, &request.options, on_rollout).await,
        Some(waves) => {
            let check = async |wave: RolledOutWave<'_>| waves::check(request, waves, wave, &identity, checks, &checked, &on_event).await;
            let plan = Waves { waves: &waves.waves, on_failure: waves.on_failure, release_before: waves.release_before.as_ref() };
            roll_out_waves(stack_sets, stacks, release, plan, &request.options, check, on_rollout).await
        }
    };
    let waves::Checked { reports: tested, not_allowed } = checked.into_inner().unwrap_or_else(PoisonError::into_inner);
    on_event(DeployEvent::RolledOut);
    let rollout = rollout.map_err(|error| refused(&error, request.rollout))?;
    let identity = if request.waves.is_some() {
        tested
    } else if rollout.verdict() == Verdict::Succeeded {
        on_event(DeployEvent::CheckingIdentity);
        identity(identity_tests(request)?).await?
    } else {
        Vec::new()
    };
    let serving = if identity.is_empty() || rollout.verdict() != Verdict::Succeeded {
        on_event(DeployEvent::ReadingEndpoints);
        let rolled_back: BTreeSet<_> = rollout.rolled_back.iter().flat_map(|back| &back.targets).map(TargetRecord::target).collect();
        let release_before = release_before.into_inner().unwrap_or_else(PoisonError::into_inner);
        let package_before = |target: &Target| Some(release_before.as_ref()?.parameter(target, MODEL_PACKAGE)?.to_owned());
        let wanted = |target: Target| {
            let package = if rolled_back.contains(&target) { package_before(&target) } else { request.rollout.model_package(&target) };
            (target, package)
        };
        read(release.targets.iter().map(wanted).collect()).await
    } else {
        TargetEndpoints::of_reports(&identity)
    };
    let capacity = before.map(|before| before.capacity(request, &earlier, &serving)).unwrap_or_default();
    let ended_at = request.options.clock.date();
    let during_freeze = request.during_freeze.clone().and_then(|reason| {
        let freezes = request.release.freezes(request.stage, started_at, ended_at).into_iter().cloned().collect();
        Some(DuringFreeze { reason, freezes }).filter(|during| !during.freezes.is_empty())
    });
    Ok(Deployment { rollout, identity, serving, capacity, not_allowed, during_freeze, stage: request.stage, started_at, ended_at })
}

/// Checks the release policy's limits of rollouts to production.
fn check_limits<C: Clock>(request: &DeployRequest<'_, C>, on_event: &impl Fn(DeployEvent)) -> Result<(), Failure> {
    let release = &request.rollout.release;
    let waves = request.waves.iter().flat_map(|waves| &waves.waves).map(|wave| &wave.targets);
    let targets: Vec<_> = if request.waves.is_some() { waves.collect() } else { vec![&release.targets] };
    request.release.check_parallel_accounts(request.stage, &release.preferences, targets)?;
    let now = request.options.clock.date();
    let warning = request.release.check_freeze(request.stage, now, request.during_freeze.as_deref())?;
    if let Some(warning) = warning {
        on_event(DeployEvent::Warning(warning));
    }
    Ok(())
}

/// The state before a rollout that changes something.
struct Before {
    observed: Observed,
    plan: Plan,
}

impl Before {
    /// `None` if nothing would change, or if it is not known because an operation is running.
    async fn read<S: StackSets, C: Clock>(request: &DeployRequest<'_, C>, stack_sets: &S) -> Result<Option<Self>, Failure> {
        let release = &request.rollout.release;
        let observed = observe(stack_sets, release).await.map_err(|error| refused(&error, request.rollout))?;
        let operations = operations(stack_sets, request.rollout, &observed).await?;
        // The rollout waits for a running operation, or fails.
        if operations.iter().any(|operation| !operation.status.has_ended()) {
            return Ok(None);
        }
        let plan = plan(release, &observed);
        Ok((!plan.is_nothing_to_do() && plan.problems.is_empty()).then_some(Self { observed, plan }))
    }

    fn planned<'a, C>(&'a self, request: &DeployRequest<'a, C>) -> PlannedRollout<'a> {
        PlannedRollout {
            release: request.release,
            request: request.rollout,
            observed: &self.observed,
            plan: &self.plan,
            scope: Scope::Touched,
        }
    }

    /// The targets whose stacks are updated.
    fn changing(&self) -> Vec<(Target, Option<String>)> {
        let updated = self.plan.instances.iter().filter(|planned| planned.action.is_update());
        updated.map(|planned| (planned.target.clone(), None)).collect()
    }

    fn capacity<C>(&self, request: &DeployRequest<'_, C>, earlier: &[TargetEndpoints], now: &[TargetEndpoints]) -> Vec<CapacityChange> {
        let counts = RequestedCounts::new(&request.rollout.release, &self.observed);
        CapacityChange::unrequested(earlier, now, &counts)
    }
}

/// The operations on an observed stack set, newest first; none if it does not exist.
pub async fn operations(stack_sets: &impl StackSets, request: &RolloutRequest, observed: &Observed) -> Result<Vec<Operation>, Failure> {
    if observed.stack_set.is_none() {
        return Ok(Vec::new());
    }
    let stack_set = &request.release.stack_set;
    let call = |source| refused(&stack_rollout::Error::Call { stack_set: stack_set.clone(), source }, request);
    stack_sets.list_operations(stack_set).await.map_err(call)
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
        only: Some(request.rollout.release.targets.clone()),
        load: LoadMode::Never("deploy runs no load phase"),
        ..StageTests::of(request.stage, suite)
    })
}

/// An error of stack-rollout with its region; the account is that of the session.
pub(crate) fn located(error: &stack_rollout::Error) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.to_string());
    match error {
        stack_rollout::Error::Call { source, .. } => diagnostic.in_aws(None::<&str>, source.region.as_ref()),
        _ => diagnostic.in_aws(None::<&str>, None::<&str>),
    }
}

/// Converts an error of stack-rollout.
pub fn refused(error: &stack_rollout::Error, request: &RolloutRequest) -> Failure {
    if let stack_rollout::Error::Release { problems, .. } = error {
        return Failure::new(FailureKind::BadInput, problems.0.iter().map(Diagnostic::from).collect());
    }
    let diagnostic = located(error);
    let diagnostic = match error {
        stack_rollout::Error::OperationInProgress { .. } => {
            let caller = if request.call_as == CallAs::DelegatedAdmin { " delegated-admin" } else { "" };
            let hint = "run again when it has finished, or stop it";
            diagnostic.code("operation-in-progress").about(format!("{}{caller}", request.stage)).with_hint(hint)
        }
        _ => diagnostic.with_hint_opt(error.hint()),
    };
    Failure::new(FailureKind::Unreachable, vec![diagnostic])
}
