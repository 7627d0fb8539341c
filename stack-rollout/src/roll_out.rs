//! The rollout itself: one step after the other, each an operation of CloudFormation that is waited for.

mod event;
mod explain;
mod outcome;
mod steps;

use std::future::Future;

pub use event::Event;

use crate::call_error::{CallError, CallErrorKind};
use crate::operation_loop::{Halt, OperationLoop, Options, Taken};
use crate::plan::{Observed, Plan, SetChange, observe, plan};
use crate::problem::{Place, Problem};
use crate::release::Release;
use crate::rollout::Rollout;
use crate::stack_sets::{InstancesOperation, SetUpdate, StackSet, StackSets};
use crate::stacks::{SessionError, Stacks};
use crate::status::OperationAction;
use crate::{AccountId, Clock, Error, OperationId, Problems, Region, Targets};
use steps::{Step, StepKind};

/// Brings a stack set and its instances to what `release` says, waits until that is done, and says what happened in every target.
///
/// Creates the set or updates it when it differs, updates the instances among the targets, creates those that are missing, and
/// deletes nothing. When all is as it should be, no operation is started ([`Rollout::nothing_to_do`]). Operations run one after
/// the other; when one ends with more failures than the failure tolerance, the later ones are not started.
///
/// `sessions` gives access to the stacks of a target, and is asked only where a stack has failed, to read why from its events.
///
/// # Errors
///
/// Only when no operation was started: the release is wrong ([`Error::Release`]), another operation works on the set
/// ([`Error::OperationInProgress`]), or AWS refused ([`Error::Call`]). From the first operation on, what goes wrong is in the record.
pub async fn roll_out<S, F, Fut, T, C>(
    stack_sets: &S,
    sessions: F,
    release: &Release,
    options: &Options,
    clock: &C,
    mut on_event: impl FnMut(Event) + Send,
) -> Result<Rollout, Error>
where
    S: StackSets,
    F: Fn(AccountId, Region) -> Fut + Sync,
    Fut: Future<Output = Result<T, SessionError>> + Send,
    T: Stacks + Send,
    C: Clock,
{
    let wrong = |problems| Error::Release { stack_set: release.stack_set.clone(), problems: Problems(problems) };
    let problems = release.problems();
    if !problems.is_empty() {
        return Err(wrong(problems));
    }
    let conductor = OperationLoop::new(stack_sets, &release.stack_set, options, clock, &mut on_event);
    let mut run = Run { conductor, release, options };
    let mut change = None;
    let mut rounds = 0;
    let (plan, observed, steps, begun) = loop {
        let exists = run.exists().await?;
        if exists {
            run.conductor.enter().await?;
        }
        let observed = if exists { run.observe().await? } else { Observed::default() };
        let plan = plan(release, &observed);
        if !plan.problems.is_empty() {
            return Err(wrong(plan.problems));
        }
        // What the record tells as the change is what this run met first.
        change.get_or_insert_with(|| plan.stack_set.clone());
        (run.conductor.on_event)(Event::Planned(plan.clone()));
        if plan.stack_set == SetChange::Create {
            run.create_stack_set().await?;
        }
        let steps = steps::steps(&plan);
        match run.take(&steps, observed.stack_set.as_ref()).await? {
            Some(begun) => break (plan, observed, steps, begun),
            // Another run of this release is at work beside this one: what it has left to do is found out anew, after a moment.
            None => {
                rounds += 1;
                if !run.conductor.patience.pause(rounds).await {
                    run.conductor.halt = Some(Halt::Deadline);
                    break (plan, observed, steps, 0);
                }
            }
        }
    };
    let instances = if steps.is_empty() { observed.instances } else { run.instances_afterwards().await };
    let OperationLoop { operations, results, halt, problems, on_event, .. } = &mut run.conductor;
    let mut targets = outcome::records(&plan, operations, &steps[begun..], results, halt.as_ref(), &instances);
    explain::explain(&mut targets, operations, &sessions, options.explain_at_most, problems, *on_event).await;
    let (operations, problems) = run.conductor.into_record();
    let plan = Plan { stack_set: change.unwrap_or(SetChange::Untouched), ..plan };
    Ok(Rollout::new(release.stack_set.clone(), plan, operations, targets, problems))
}

/// One operation that a rollout of a plan would start.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedOperation {
    /// What it does.
    pub action: OperationAction,
    /// Where.
    pub targets: Targets,
    /// Whether it changes the stack set itself.
    pub updates_the_set: bool,
}

/// The operations that a rollout of a plan would start, in their order, if nothing changes before.
pub fn planned_operations(plan: &Plan) -> Vec<PlannedOperation> {
    let planned = |step: Step| PlannedOperation {
        action: step.kind.action(),
        targets: step.targets,
        updates_the_set: step.kind == StepKind::UpdateSet,
    };
    steps::steps(plan).into_iter().map(planned).collect()
}

struct Run<'a, S, C> {
    conductor: OperationLoop<'a, S, C>,
    release: &'a Release,
    options: &'a Options,
}

impl<S: StackSets, C: Clock> Run<'_, S, C> {
    async fn exists(&mut self) -> Result<bool, Error> {
        let (stack_sets, name) = (self.conductor.stack_sets, self.conductor.name);
        let described = self.conductor.patience.call(self.conductor.on_event, || stack_sets.describe_stack_set(name)).await;
        described.map(|set| set.is_some()).map_err(|source| self.conductor.call_error(source))
    }

    async fn observe(&mut self) -> Result<Observed, Error> {
        let (stack_sets, release) = (self.conductor.stack_sets, self.release);
        let call = |error| match error {
            Error::Call { source, .. } => source,
            other => CallError::unusable("DescribeStackSet", other.to_string()),
        };
        let observed =
            self.conductor.patience.call(self.conductor.on_event, || async { observe(stack_sets, release).await.map_err(call) }).await;
        observed.map_err(|source| self.conductor.call_error(source))
    }

    async fn create_stack_set(&mut self) -> Result<(), Error> {
        let (stack_sets, release) = (self.conductor.stack_sets, self.release);
        // Not the same in every run: a set that was deleted since would not be created again for a token that CloudFormation has seen.
        let token = self.options.release_id.step(fastrand::u32(..), "set", 0);
        let mut attempts = 0;
        let created = self.conductor.patience.call(self.conductor.on_event, || {
            attempts += 1;
            stack_sets.create_stack_set(release, &token)
        });
        match created.await {
            // An earlier attempt was not answered, yet it may have arrived, or another run of this release was faster: then the set
            // is what it should be.
            Err(error) if error.kind() == CallErrorKind::NameAlreadyExists => {
                let observed = self.observe().await?;
                if observed.stack_set.is_none() || plan(release, &observed).stack_set != SetChange::Untouched {
                    return Err(self.conductor.call_error(error));
                }
            }
            Err(error) => return Err(self.conductor.call_error(error)),
            Ok(()) => {}
        }
        (self.conductor.on_event)(Event::StackSetCreated { stack_set: release.stack_set.clone() });
        Ok(())
    }

    /// Takes the steps, and tells how many were begun; `None` when the rest must be planned anew.
    async fn take(&mut self, steps: &[Step], observed: Option<&StackSet>) -> Result<Option<usize>, Error> {
        let (stack_sets, release) = (self.conductor.stack_sets, self.release);
        for (index, step) in steps.iter().enumerate() {
            if self.conductor.halt.is_some() {
                return Ok(Some(index));
            }
            let call = |id: OperationId| async move { start(stack_sets, release, step, observed, &id).await };
            let taken = self.conductor.take(step.kind.action(), (step.kind.word(), index + 1), &step.targets, call).await?;
            match taken {
                Taken::Started => {}
                Taken::Overtaken if self.conductor.halt.is_none() => return Ok(None),
                Taken::Overtaken | Taken::Refused => return Ok(Some(index)),
            }
        }
        Ok(Some(steps.len()))
    }

    /// The instances as the rollout leaves them; none when they cannot be read, which is then a problem in the record.
    async fn instances_afterwards(&mut self) -> Vec<crate::Instance> {
        let (stack_sets, name) = (self.conductor.stack_sets, self.conductor.name);
        match self.conductor.patience.call(self.conductor.on_event, || stack_sets.list_stack_instances(name)).await {
            Ok(instances) => instances,
            Err(error) => {
                let message = format!("the instances could not be listed after the rollout: {error}");
                let mut problem = Problem::new("instances-unread", Place::StackSet, message);
                problem.hint = error.hint();
                self.conductor.problems.push(problem);
                Vec::new()
            }
        }
    }
}

/// Sends a step's request.
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
