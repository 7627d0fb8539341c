//! The rollout itself: one step after the other, each an operation of CloudFormation that is waited for.

mod event;
mod explain;
mod outcome;
mod patience;
mod steps;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

pub use event::Event;

use crate::call_error::{CallError, CallErrorKind};
use crate::plan::{Observed, Plan, SetChange, plan};
use crate::problem::{Place, Problem};
use crate::release::Release;
use crate::rollout::{OperationRecord, Rollout};
use crate::stack_sets::{InstancesOperation, Operation, OperationResult, SetUpdate, StackSet, StackSets};
use crate::stacks::{SessionError, Stacks};
use crate::{AccountId, Clock, Error, OperationId, Problems, Region, Target};
use patience::Patience;
use steps::{Step, StepKind};

/// How a rollout goes about its work.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the ids of this run's operations begin with. Every run needs one of its own: CloudFormation does nothing for an id
    /// that it has seen.
    pub run_id: OperationId,
    /// How long the rollout waits in all. What runs on AWS then goes on there, and the record says so.
    pub deadline: Duration,
    /// How often it looks.
    pub poll: Poll,
    /// In how many failed targets the stack's events are read. Each costs a session there and at least one request.
    pub explain_at_most: usize,
}

/// How often a rollout looks at a running operation.
///
/// The pause grows by half from `first` to `longest`, and each is shortened by up to a fifth at random, so that pipelines that
/// started together do not ask together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    /// The pause after the first look.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How many failures in a row are taken as passing, when AWS is limiting requests or cannot be reached.
    pub tolerated_failures: u32,
}

impl Default for Poll {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(15), tolerated_failures: 8 }
    }
}

impl Options {
    /// The usual way: an hour at most, and fifty failures explained.
    pub fn new(run_id: OperationId) -> Self {
        Self { run_id, deadline: Duration::from_hours(1), poll: Poll::default(), explain_at_most: 50 }
    }
}

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
    let problems = release.problems();
    if !problems.is_empty() {
        return Err(Error::Release { stack_set: release.stack_set.clone(), problems: Problems(problems) });
    }
    let mut run = Run {
        stack_sets,
        release,
        options,
        patience: Patience::new(clock, options),
        on_event: &mut on_event,
        operations: Vec::new(),
        results: BTreeMap::new(),
        halt: None,
        problems: Vec::new(),
    };
    let observed = run.observe().await?;
    let plan = plan(release, &observed);
    if !plan.problems.is_empty() {
        return Err(Error::Release { stack_set: release.stack_set.clone(), problems: Problems(plan.problems) });
    }
    (run.on_event)(Event::Planned(plan.clone()));
    if plan.stack_set == SetChange::Create {
        run.create_stack_set().await?;
    }
    let steps = steps::steps(&plan);
    for (index, step) in steps.iter().enumerate() {
        run.take(index, step, observed.stack_set.as_ref()).await?;
        if run.halt.is_some() {
            break;
        }
    }
    let instances = if steps.is_empty() { observed.instances } else { run.instances_afterwards().await };
    let mut targets = outcome::records(&plan, &steps, &run.operations, &run.results, run.halt.as_ref(), &instances);
    explain::explain(&mut targets, &steps, &run.operations, &sessions, options.explain_at_most, &mut run.problems, run.on_event).await;
    Ok(run.into_rollout(plan, targets))
}

/// Why no further step is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Halt {
    /// An operation ended badly.
    OperationFailed(Operation),
    /// Time is up.
    Deadline,
    /// AWS could not be asked any more, or refused the next operation.
    Error(Error),
}

/// An operation that was started, and the last that was seen of it. Its place in [`Run::operations`] is its step's number.
type Started = Operation;

struct Run<'a, S, C> {
    stack_sets: &'a S,
    release: &'a Release,
    options: &'a Options,
    patience: Patience<'a, C>,
    on_event: &'a mut (dyn FnMut(Event) + Send),
    operations: Vec<Started>,
    results: BTreeMap<Target, OperationResult>,
    halt: Option<Halt>,
    problems: Vec<Problem>,
}

impl<S: StackSets, C: Clock> Run<'_, S, C> {
    fn call_error(&self, source: CallError) -> Error {
        Error::Call { stack_set: self.release.stack_set.clone(), source }
    }

    /// What there is; refuses while another operation runs, since what it will leave behind cannot be known.
    async fn observe(&mut self) -> Result<Observed, Error> {
        let (stack_sets, name) = (self.stack_sets, &self.release.stack_set);
        let described = self.patience.call(self.on_event, || stack_sets.describe_stack_set(name)).await;
        let Some(stack_set) = described.map_err(|source| self.call_error(source))? else { return Ok(Observed::default()) };
        let running = self.patience.call(self.on_event, || stack_sets.list_running_operations(name)).await;
        if let Some(operation) = running.map_err(|source| self.call_error(source))?.into_iter().next() {
            return Err(Error::OperationInProgress { stack_set: name.clone(), operation: Box::new(operation) });
        }
        let instances = self.patience.call(self.on_event, || stack_sets.list_stack_instances(name)).await;
        let instances = instances.map_err(|source| self.call_error(source))?;
        Ok(Observed { stack_set: Some(stack_set), instances })
    }

    async fn create_stack_set(&mut self) -> Result<(), Error> {
        let (stack_sets, release) = (self.stack_sets, self.release);
        let token = self.options.run_id.step("set", 0);
        let mut attempts = 0;
        let created = self.patience.call(self.on_event, || {
            attempts += 1;
            stack_sets.create_stack_set(release, &token)
        });
        match created.await {
            // An earlier attempt was not answered, yet it may have arrived: then the set is what it should be.
            Err(error) if error.kind() == CallErrorKind::NameAlreadyExists && attempts > 1 => {
                let observed = self.observe().await?;
                if plan(release, &observed).stack_set != SetChange::Untouched {
                    return Err(self.call_error(error));
                }
            }
            Err(error) => return Err(self.call_error(error)),
            Ok(()) => {}
        }
        (self.on_event)(Event::StackSetCreated { stack_set: release.stack_set.clone() });
        Ok(())
    }

    /// Starts a step's operation and waits for its end. What goes wrong is an error only before the first operation.
    async fn take(&mut self, index: usize, step: &Step, observed: Option<&StackSet>) -> Result<(), Error> {
        let id = match self.start(index, step, observed).await {
            Ok(id) => id,
            Err(error) if self.operations.is_empty() => return Err(error),
            Err(error) => {
                self.halt = Some(Halt::Error(error));
                return Ok(());
            }
        };
        let action = step.kind.action();
        (self.on_event)(Event::OperationStarted { operation_id: id.clone(), action: action.clone(), targets: step.targets.len() });
        self.operations.push(Operation { id, action, status: "RUNNING".into(), status_reason: None, created_at: None });
        self.halt = self.wait().await;
        Ok(())
    }

    /// Starts a step's operation. An operation of this run that has just ended may hold the set for a moment longer, so
    /// `OperationInProgressException` counts only when an operation is seen to run, or when patience is at its end.
    async fn start(&mut self, index: usize, step: &Step, observed: Option<&StackSet>) -> Result<OperationId, Error> {
        let id = self.options.run_id.step(step.kind.word(), index + 1);
        let (stack_sets, release, targets) = (self.stack_sets, self.release, &step.targets);
        let instances = InstancesOperation { release, targets, operation_id: &id };
        let mut refusals = 0;
        loop {
            let started = match (step.kind, observed) {
                (StepKind::UpdateSet, Some(observed)) => {
                    let update = SetUpdate { release, observed, targets, operation_id: &id };
                    self.patience.call(self.on_event, || stack_sets.update_stack_set(update)).await
                }
                (StepKind::CreateInstances, _) => self.patience.call(self.on_event, || stack_sets.create_stack_instances(instances)).await,
                (StepKind::UpdateSet | StepKind::UpdateInstances, _) => {
                    self.patience.call(self.on_event, || stack_sets.update_stack_instances(instances)).await
                }
            };
            let error = match started {
                Ok(id) => return Ok(id),
                Err(error) => error,
            };
            match error.kind() {
                // The answer to an earlier attempt was lost: the operation is ours.
                CallErrorKind::OperationIdAlreadyExists if self.patience.has_repeated() => return Ok(id),
                CallErrorKind::OperationInProgress => {
                    let running = self.patience.call(self.on_event, || stack_sets.list_running_operations(&release.stack_set)).await;
                    let foreign = running.map_err(|source| self.call_error(source))?.into_iter().find(|operation| !self.is_ours(operation));
                    if let Some(operation) = foreign {
                        return Err(Error::OperationInProgress { stack_set: release.stack_set.clone(), operation: Box::new(operation) });
                    }
                    refusals += 1;
                    if refusals > self.options.poll.tolerated_failures || !self.patience.pause(refusals).await {
                        return Err(self.call_error(error));
                    }
                    (self.on_event)(Event::Tolerated { error, attempt: refusals });
                }
                _ => return Err(self.call_error(error)),
            }
        }
    }

    fn is_ours(&self, operation: &Operation) -> bool {
        self.operations.iter().any(|ours| ours.id == operation.id)
    }

    /// The one poll loop: looks at the last operation until it has ended or time is up. `None` means that the next step can begin.
    async fn wait(&mut self) -> Option<Halt> {
        let (stack_sets, name) = (self.stack_sets, &self.release.stack_set);
        let mut current = self.operations.pop()?;
        let mut shows_progress = true;
        let mut looks = 0;
        let halt = loop {
            looks += 1;
            let described = self.patience.call(self.on_event, || stack_sets.describe_operation(name, &current.id)).await;
            match described {
                Ok(seen) => {
                    if seen.status != current.status || looks == 1 {
                        (self.on_event)(Event::OperationStatus { operation_id: seen.id.clone(), status: seen.status.clone() });
                    }
                    current = Operation { id: current.id, ..seen };
                }
                // Lists of AWS may lag behind the change that was just made.
                Err(error) if error.kind() == CallErrorKind::OperationNotFound && looks <= self.options.poll.tolerated_failures => {
                    (self.on_event)(Event::Tolerated { error, attempt: looks });
                }
                Err(error) => break Some(Halt::Error(self.call_error(error))),
            }
            let has_ended = current.status.has_ended();
            if shows_progress || has_ended {
                match self.patience.call(self.on_event, || stack_sets.list_operation_results(name, &current.id)).await {
                    Ok(results) => self.note(results),
                    Err(error) if has_ended => {
                        let message = format!("the results of operation `{}` could not be read: {error}", current.id);
                        self.problems.push(Problem::new("results-unread", Place::StackSet, message));
                    }
                    Err(_) => shows_progress = false,
                }
            }
            if has_ended {
                let succeeded = current.status == crate::status::OperationStatus::Succeeded;
                break (!succeeded).then(|| Halt::OperationFailed(current.clone()));
            }
            if !self.patience.pause(looks).await {
                break Some(Halt::Deadline);
            }
        };
        self.operations.push(current);
        halt
    }

    /// Takes in what an operation has done so far, and tells what is new in it.
    fn note(&mut self, results: Vec<OperationResult>) {
        for result in results {
            let before = self.results.insert(result.target.clone(), result.clone());
            if before.is_none_or(|before| before.status != result.status) {
                (self.on_event)(Event::InstanceStatus { target: result.target, status: result.status, reason: result.status_reason });
            }
        }
    }

    /// The instances as the rollout leaves them; none when they cannot be read, which is then a problem in the record.
    async fn instances_afterwards(&mut self) -> Vec<crate::Instance> {
        let (stack_sets, name) = (self.stack_sets, &self.release.stack_set);
        match self.patience.call(self.on_event, || stack_sets.list_stack_instances(name)).await {
            Ok(instances) => instances,
            Err(error) => {
                let message = format!("the instances could not be listed after the rollout: {error}");
                let mut problem = Problem::new("instances-unread", Place::StackSet, message);
                problem.hint = error.hint();
                self.problems.push(problem);
                Vec::new()
            }
        }
    }

    fn into_rollout(mut self, plan: Plan, targets: Vec<crate::TargetRecord>) -> Rollout {
        match &self.halt {
            Some(Halt::Deadline) => {
                let message = format!("the deadline of {} seconds passed", self.options.deadline.as_secs());
                let hint = "the operation goes on in CloudFormation: run again when it has ended, and what is done will be found unchanged";
                self.problems.push(Problem::new("deadline", Place::StackSet, message).hint(hint));
            }
            Some(Halt::Error(error)) => {
                let mut problem = Problem::new("not-finished", Place::StackSet, error.to_string());
                problem.hint = error.hint();
                self.problems.push(problem);
            }
            Some(Halt::OperationFailed(_)) | None => {}
        }
        let operations = self
            .operations
            .into_iter()
            .map(|Operation { id, action, status, status_reason, .. }| OperationRecord {
                operation_id: id,
                action,
                status,
                reason: status_reason,
            })
            .collect();
        Rollout::new(self.release.stack_set.clone(), plan, operations, targets, self.problems)
    }
}
