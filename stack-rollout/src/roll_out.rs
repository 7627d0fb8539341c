//! Executes a rollout: one operation of CloudFormation after the other.

mod explain;
mod outcome;
mod roll_back;
mod staged;
mod steps;
mod waves;

use std::borrow::Cow;
use std::future::Future;

use aws_names::{AccountId, Region};

use crate::call_error::{CallError, CallErrorKind};
use crate::error::Error;
use crate::event::Event;
use crate::identifiers::{OperationId, Target};
use crate::operation_loop::{Failures, Halt, OperationLoop, StepStart};
use crate::options::Options;
use crate::plan::{HiddenValues, Observed, Plan, SetChange, observe_without_overrides, plan, plan_with, read_overrides};
use crate::problem::{Place, Problem, Problems};
use crate::release::{Reapply, Release, Targets};
use crate::release_before::ReleaseBefore;
use crate::rollout::Rollout;
use crate::stack_sets::{Instance, InstancesOperation, Operation, SetUpdate, StackSet, StackSets};
use crate::stacks::{SessionError, Stacks};
use crate::status::OperationAction;
use crate::waves::Wave;
use clock::Clock;
use staged::StagedRollout;
use steps::{Step, StepKind};

pub use waves::{OnFailure, RolledOutWave, WaveCheck, Waves, roll_out_waves};

/// Deploys a release, waits for the operations, and reports the result of every target.
///
/// Creates or updates the set, updates the target instances, and creates missing ones. It deletes
/// nothing. If the set already has the release, it starts no operation
/// ([`Rollout::nothing_to_do`]). If an operation exceeds the failure tolerance, later operations
/// are not started. They are also not started if another release, a pipeline or a person has
/// started an operation after this run's first one: the run is then superseded, as described in the
/// [crate documentation](crate#concurrent-runs-on-one-stack-set).
///
/// `sessions` opens a session in a target. It is called only for failed stacks, to read the cause.
///
/// # Errors
///
/// Returns an error only if no operation was started: the release is invalid ([`Error::Release`]),
/// another operation is running on the set ([`Error::OperationInProgress`]), or a call failed
/// ([`Error::Call`]). After the first operation, failures are in the record.
pub async fn roll_out<S, F, Fut, T, C>(
    stack_sets: &S,
    sessions: F,
    release: &Release,
    options: &Options<C>,
    mut on_event: impl FnMut(Event) + Send,
) -> Result<Rollout, Error>
where
    S: StackSets,
    F: Fn(AccountId, Region) -> Fut + Sync,
    Fut: Future<Output = Result<T, SessionError>> + Send,
    T: Stacks + Send,
    C: Clock,
{
    let mut rollout = StagedRollout::new(stack_sets, release, options, &mut on_event)?;
    rollout.roll_out(&Wave::only(&release.targets), &sessions).await?;
    Ok(rollout.finish())
}

/// An operation that a rollout of a plan would start.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedOperation {
    /// The action.
    pub action: OperationAction,
    /// The targets.
    pub targets: Targets,
    /// Whether it updates the stack set itself.
    pub updates_stack_set: bool,
}

/// The operations that a rollout of a plan would start, in order, if nothing else changes.
pub fn planned_operations(plan: &Plan) -> Vec<PlannedOperation> {
    let planned = |step: Step| PlannedOperation {
        action: step.kind.action(),
        targets: step.targets,
        updates_stack_set: step.kind == StepKind::UpdateSet,
    };
    steps::steps(plan).into_iter().map(planned).collect()
}

struct Run<'a, S, C> {
    operations: OperationLoop<'a, S, C>,
    /// The release, limited to the current wave.
    release: Cow<'a, Release>,
    /// Whether an earlier wave already has the release, so that the stack set must have it, too.
    is_later_wave: bool,
    options: &'a Options<C>,
    /// The change for the record: that of the first plan.
    change: Option<SetChange>,
    plan: Plan,
    steps: Vec<Step>,
    started: usize,
    /// The instances as last read; empty if they could not be read.
    instances: Vec<Instance>,
    /// Why the instances may have changed since.
    outdated_because: Option<String>,
    /// The state before the first step of the current wave.
    before: Option<Observed>,
    /// The release before the first step of all; `None` if it is not known, or if there was none.
    release_before: Option<ReleaseBefore>,
    /// Whether the release before is kept: in a rollout in waves, until it is rolled out again.
    keeps_release_before: bool,
}

impl<'a, S: StackSets, C: Clock> Run<'a, S, C> {
    fn new(operations: OperationLoop<'a, S, C>, release: &'a Release, options: &'a Options<C>) -> Self {
        let plan = plan(release, &Observed::default());
        Self {
            operations,
            release: Cow::Borrowed(release),
            is_later_wave: false,
            options,
            change: None,
            plan,
            steps: Vec::new(),
            started: 0,
            instances: Vec::new(),
            outdated_because: None,
            before: None,
            release_before: None,
            keeps_release_before: false,
        }
    }

    /// Prepares the rollout of a release to the targets of a wave. Until it is observed, nothing is
    /// known about them.
    fn begin(&mut self, release: Cow<'a, Release>) {
        self.plan = plan(&release, &Observed::default());
        (self.release, self.steps, self.started) = (release, Vec::new(), 0);
        (self.before, self.outdated_because) = (None, None);
    }

    /// Rolls the release out to the targets of the current wave.
    async fn complete(&mut self) -> Result<(), Error> {
        let mut rounds = 0;
        loop {
            let is_over = match self.run_round().await {
                Ok(is_over) => is_over,
                Err(error) => {
                    self.operations.fail(error)?;
                    true
                }
            };
            if is_over && self.verify().await? {
                return Ok(());
            }
            // Another run is active at the same time: plan again after a pause.
            rounds += 1;
            if !self.operations.retry.pause(rounds).await {
                self.operations.halt = Some(Halt::Deadline);
                self.verify().await?;
                return Ok(());
            }
        }
    }

    /// Observes, plans and runs the steps. Returns `false` if the rest must be planned again.
    async fn run_round(&mut self) -> Result<bool, Error> {
        let exists = self.exists().await?;
        if exists {
            self.operations.await_idle().await?;
            self.keep_resumed();
        }
        let observed = if exists { self.observe().await? } else { Observed::default() };
        let hidden = if self.is_later_wave { HiddenValues::AreTheRelease } else { HiddenValues::MayDiffer };
        let plan = plan_with(&self.release, &observed, hidden);
        if !plan.problems.is_empty() {
            return Err(Error::Release { stack_set: self.release.stack_set.clone(), problems: Problems(plan.problems) });
        }
        if self.before.is_none() {
            self.before = Some(observed.clone());
            self.keep_release_before(&plan, &observed);
        }
        (self.operations.on_event)(Event::Planned(plan.clone()));
        let steps = steps::steps(&plan);
        if self.change.is_none() {
            self.operations.problems.extend(steps::not_parallel(&self.release, &steps));
        }
        self.change.get_or_insert_with(|| plan.stack_set.clone());
        (self.plan, self.steps, self.started, self.instances) = (plan, steps.clone(), 0, observed.instances);
        if self.is_later_wave && self.plan.stack_set != SetChange::Untouched {
            self.operations.halt = Some(Halt::Error(Error::ChangedBetweenWaves { stack_set: self.release.stack_set.clone() }));
            return Ok(true);
        }
        if self.plan.stack_set == SetChange::Create {
            self.create_stack_set().await?;
        }
        self.run_steps(&steps, observed.stack_set.as_ref()).await
    }

    /// Keeps the release before, and emits it before the first step of a wave.
    fn keep_release_before(&mut self, plan: &Plan, observed: &Observed) {
        if !self.keeps_release_before {
            return;
        }
        let (name, release_id, other) = (self.operations.name, &self.options.release_id, self.operations.latest_other.as_ref());
        if !self.is_later_wave {
            let is_first = matches!(plan.stack_set, SetChange::Update { .. }) || !self.operations.is_resumed();
            self.release_before = match self.release_before.take() {
                _ if is_first => observed.stack_set.as_ref().map(|set| ReleaseBefore::new(name, release_id, other, set)),
                // An earlier run has changed the stack set and kept this.
                kept => kept.filter(|before| before.is_of(name, release_id, other)),
            };
        }
        let Some(before) = &mut self.release_before else { return };
        before.set_rolling_back(None);
        before.add(observed.instances.iter().filter(|instance| self.release.targets.contains(&instance.target)));
        if !plan.is_nothing_to_do() {
            (self.operations.on_event)(Event::ReleaseBefore(Some(Box::new(before.clone()))));
        }
    }

    /// Does not update instances again that an operation of an earlier run has just updated.
    fn keep_resumed(&mut self) {
        let resumed =
            |target: &Target| self.operations.operations.iter().any(|tracked| tracked.resumed && tracked.targets.contains(target));
        if self.release.reapply.as_ref().is_some_and(|reapply| reapply.targets.iter().any(resumed)) {
            let kept = |reapply: &Reapply| reapply.targets.iter().filter(|target| !resumed(target)).cloned().collect();
            let reapply = self.release.reapply.as_ref().map(|reapply| Reapply { targets: kept(reapply), ..reapply.clone() });
            self.release = Cow::Owned(Release::clone(&self.release).reapply(reapply));
        }
    }

    /// Reads the instances and checks for changes by other runs. `false`: plan the rest again.
    async fn verify(&mut self) -> Result<bool, Error> {
        if !self.steps.is_empty() {
            self.instances = self.instances_afterwards().await;
        }
        let was_halted = self.operations.halt.is_some();
        match self.operations.changed_by().await {
            Ok(None) => Ok(true),
            Ok(Some(operation)) => {
                let Operation { id, action, status, .. } = operation;
                self.outdated_because = Some(format!("operation `{id}` ({action} {status}) of another run has started since"));
                Ok(self.operations.halt.is_some())
            }
            Err(error) => {
                self.outdated_because = Some(format!("another operation may have started since: {error}"));
                if !was_halted {
                    self.operations.fail(error)?;
                }
                Ok(true)
            }
        }
    }

    async fn exists(&mut self) -> Result<bool, Error> {
        let (stack_sets, name) = (self.operations.stack_sets, self.operations.name);
        let described = self.operations.retry.call(self.operations.on_event, || stack_sets.describe_stack_set(name)).await;
        described.map(|set| set.is_some()).map_err(|source| self.operations.call_error(source))
    }

    /// Reads the stack set, its instances, and the parameter overrides of the target instances.
    async fn observe(&mut self) -> Result<Observed, Error> {
        let (stack_sets, release) = (self.operations.stack_sets, &*self.release);
        let call = |error| match error {
            Error::Call { source, .. } => source,
            other => CallError::unusable("DescribeStackSet", other.to_string()),
        };
        let mut failures = Failures::default();
        loop {
            let read = || async { observe_without_overrides(stack_sets, &release.stack_set).await.map_err(call) };
            let observed = self.operations.retry.call(self.operations.on_event, read).await;
            let mut observed = observed.map_err(|source| self.operations.call_error(source))?;
            loop {
                let unread = observed.unread(release);
                let Err(error) = read_overrides(stack_sets, release, &mut observed).await else { return Ok(observed) };
                // The instance was deleted after it was listed.
                let is_stale = error.kind() == CallErrorKind::Stale;
                // What was read is kept, so only attempts that read nothing count as consecutive.
                if !is_stale && observed.unread(release) < unread {
                    failures = Failures::default();
                }
                if !is_stale && !error.is_transient() {
                    return Err(self.operations.call_error(error));
                }
                match self.operations.retry.tolerated(&mut failures, &error).await {
                    Some(attempt) => (self.operations.on_event)(Event::Tolerated { error, attempt }),
                    None => return Err(self.operations.call_error(error)),
                }
                if is_stale {
                    break;
                }
            }
        }
    }

    async fn create_stack_set(&mut self) -> Result<(), Error> {
        let (stack_sets, release) = (self.operations.stack_sets, self.release.clone());
        // Random: CloudFormation ignores a known token, even if the set was deleted since.
        let token = self.options.release_id.step(fastrand::u32(..), "set", 0);
        let mut attempts = 0;
        let created = self.operations.retry.call(self.operations.on_event, || {
            attempts += 1;
            stack_sets.create_stack_set(&release, &token)
        });
        match created.await {
            // An earlier attempt without a response may have succeeded, or another run of this
            // release was faster. Then the set already has the release.
            Err(error) if error.kind() == CallErrorKind::NameAlreadyExists => {
                let observed = self.observe().await?;
                if observed.stack_set.is_none() || plan(&release, &observed).stack_set != SetChange::Untouched {
                    return Err(self.operations.call_error(error));
                }
            }
            Err(error) => return Err(self.operations.call_error(error)),
            Ok(()) => {}
        }
        (self.operations.on_event)(Event::StackSetCreated { stack_set: release.stack_set.clone() });
        Ok(())
    }

    /// Runs the steps. Returns `false` if the rest must be planned again.
    async fn run_steps(&mut self, steps: &[Step], observed: Option<&StackSet>) -> Result<bool, Error> {
        let (stack_sets, release) = (self.operations.stack_sets, &*self.release);
        for (index, step) in steps.iter().enumerate() {
            if self.operations.halt.is_some() {
                break;
            }
            let call = |id: OperationId| async move { start(stack_sets, release, step, observed, &id).await };
            match self.operations.run_step(step.kind.action(), (step.kind.name(), index + 1), &step.targets, call).await? {
                StepStart::Started => self.started = index + 1,
                StepStart::Overtaken if self.operations.halt.is_none() => return Ok(false),
                StepStart::Overtaken | StepStart::Refused => break,
            }
        }
        Ok(true)
    }

    /// The instances after the rollout; none, and a problem in the record, if they cannot be read.
    async fn instances_afterwards(&mut self) -> Vec<Instance> {
        let (stack_sets, name) = (self.operations.stack_sets, self.operations.name);
        match self.operations.retry.call(self.operations.on_event, || stack_sets.list_stack_instances(name)).await {
            Ok(instances) => instances,
            Err(error) => {
                let message = format!("the instances could not be listed after the rollout: {error}");
                self.operations.problems.push(Problem::new("instances-unread", Place::Call, message).with_hint_opt(error.hint()));
                Vec::new()
            }
        }
    }
}

async fn start<S: StackSets>(
    stack_sets: &S,
    release: &Release,
    step: &Step,
    observed: Option<&StackSet>,
    operation_id: &OperationId,
) -> Result<OperationId, CallError> {
    let targets = &step.targets;
    let instances = InstancesOperation { release, targets, overrides: step.overrides.as_ref(), operation_id };
    match (step.kind, observed) {
        (StepKind::UpdateSet, Some(observed)) => stack_sets.update_stack_set(SetUpdate { release, observed, targets, operation_id }).await,
        (StepKind::CreateInstances, _) => stack_sets.create_stack_instances(instances).await,
        (StepKind::UpdateSet | StepKind::UpdateInstances, _) => stack_sets.update_stack_instances(instances).await,
    }
}
