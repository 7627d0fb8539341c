//! The one loop that starts operations on a stack set, waits for them, and finds those again that an earlier run of the same release
//! has left behind.

mod retry_policy;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use crate::call_error::{CallError, CallErrorKind};
use crate::clock::Clock;
use crate::error::Error;
use crate::event::Event;
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::options::Options;
use crate::problem::{Place, Problem};
use crate::release::Targets;
use crate::rollout::OperationRecord;
use crate::stack_sets::{Operation, OperationResult, StackSets};
use crate::status::{OperationAction, OperationStatus};

pub(crate) use retry_policy::RetryPolicy;

/// Why no further step is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// An operation ended badly.
    OperationFailed(Operation),
    /// Another release, the pipeline or a person has begun to create or update instances since this run began to.
    Superseded(Operation),
    /// Time is up.
    Deadline,
    /// AWS could not be asked any more, or refused the next operation.
    Error(Error),
}

/// An operation that was started or found, and the last that was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrackedOperation {
    pub(crate) operation: Operation,
    /// Where it works. Of an operation that was found, what its results name.
    pub(crate) targets: Targets,
    /// It was started by an earlier run, or by another one that goes on beside this.
    pub(crate) resumed: bool,
}

/// How a step began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepStart {
    /// It was started, and waited for.
    Started,
    /// It could not be started, after others of this run: the halt says why.
    Refused,
    /// What the step was planned from is out of date: it must be observed again, unless the halt says otherwise.
    Overtaken,
}

/// What became of a step's request.
enum Start {
    /// The operation is this run's.
    Accepted(OperationId),
    /// No response was received, and there is an operation of this id: this run's in all likelihood. Another run of this release may
    /// have taken the id, so that what there is must be observed again.
    Presumed,
    /// Nothing was started.
    Overtaken,
}

/// Conducts the operations of one run.
pub(crate) struct OperationLoop<'a, S, C> {
    pub(crate) stack_sets: &'a S,
    pub(crate) name: &'a StackSetName,
    pub(crate) retry: RetryPolicy<'a, C>,
    pub(crate) on_event: &'a mut (dyn FnMut(Event) + Send),
    pub(crate) operations: Vec<TrackedOperation>,
    pub(crate) results: BTreeMap<Target, OperationResult>,
    pub(crate) halt: Option<Halt>,
    pub(crate) problems: Vec<Problem>,
    options: &'a Options<C>,
    /// The operations that had ended before this run observed what there is.
    known: BTreeSet<OperationId>,
    /// The operations that this run has asked for.
    sent: BTreeSet<OperationId>,
    /// The number of this run among those of the release.
    run: u32,
    /// How often a request came too late.
    overtaken: u32,
}

impl<'a, S: StackSets, C: Clock> OperationLoop<'a, S, C> {
    pub(crate) fn new(
        stack_sets: &'a S,
        name: &'a StackSetName,
        options: &'a Options<C>,
        on_event: &'a mut (dyn FnMut(Event) + Send),
    ) -> Self {
        Self {
            stack_sets,
            name,
            retry: RetryPolicy::new(options),
            on_event,
            operations: Vec::new(),
            results: BTreeMap::new(),
            halt: None,
            problems: Vec::new(),
            options,
            known: BTreeSet::new(),
            sent: BTreeSet::new(),
            run: 1,
            overtaken: 0,
        }
    }

    pub(crate) fn call_error(&self, source: CallError) -> Error {
        Error::Call { stack_set: self.name.clone(), source }
    }

    /// Whether this run has started an operation itself.
    pub(crate) fn has_started(&self) -> bool {
        self.operations.iter().any(|tracked| !tracked.resumed)
    }

    /// An error ends a run that has not started anything. From its first operation on, it is the reason why no further step is taken.
    pub(crate) fn fail(&mut self, error: Error) -> Result<(), Error> {
        if !self.has_started() {
            return Err(error);
        }
        self.halt = Some(Halt::Error(error));
        Ok(())
    }

    /// Makes sure that no operation is running: waits for one that an earlier run of this release has started, and refuses or waits,
    /// as the options say, while one of another release or of a person is running, since what it will leave behind cannot be known.
    ///
    /// What is observed afterwards holds until [`changed_by`](Self::changed_by) says otherwise.
    pub(crate) async fn enter(&mut self) -> Result<(), Error> {
        let mut looks = 0;
        loop {
            let listed = self.list_operations().await?;
            let release = &self.options.release_id;
            let last = listed.iter().filter_map(|operation| release.run_of(&operation.id)).max();
            self.run = self.run.max(last.map_or(1, |last| last.saturating_add(1)));
            if let Some(newer) = self.newer(&listed) {
                self.halt = Some(Halt::Superseded(newer.clone()));
                return Ok(());
            }
            let Some(operation) = self.open(&listed).cloned() else {
                self.known.extend(listed.into_iter().map(|operation| operation.id));
                return Ok(());
            };
            if release.run_of(&operation.id).is_some() {
                self.resume(operation).await;
                if self.halt.is_some() {
                    return Ok(());
                }
                continue;
            }
            let refused = Error::OperationInProgress { stack_set: self.name.clone(), operation: Box::new(operation.clone()) };
            if !self.options.wait_for_others {
                return Err(refused);
            }
            if looks == 0 {
                (self.on_event)(Event::WaitingForOther { operation });
            }
            looks += 1;
            if !self.retry.pause(looks).await {
                return Err(refused);
            }
        }
    }

    async fn list_operations(&mut self) -> Result<Vec<Operation>, Error> {
        let (stack_sets, name) = (self.stack_sets, self.name);
        let listed = self.retry.call(self.on_event, || stack_sets.list_operations(name)).await;
        listed.map_err(|source| self.call_error(source))
    }

    /// The newest operation by which another release, the pipeline or a person has changed instances after this run's first
    /// operation, whether that was started or found.
    ///
    /// The order of the list decides, since times are told in whole seconds. The list may lag behind: as long as the first operation is
    /// not in it, times decide, and a tie counts as newer.
    fn newer<'l>(&self, listed: &'l [Operation]) -> Option<&'l Operation> {
        let first = &self.operations.first()?.operation;
        let place = listed.iter().position(|operation| operation.id == first.id);
        let began_later = |index: usize, operation: &Operation| match place {
            Some(place) => index < place,
            None => first.created_at.zip(operation.created_at).is_none_or(|(first, theirs)| theirs >= first),
        };
        let found = listed.iter().enumerate().find(|(index, operation)| {
            !matches!(operation.action, OperationAction::Delete | OperationAction::DetectDrift)
                && self.options.release_id.run_of(&operation.id).is_none()
                && !self.known.contains(&operation.id)
                && began_later(*index, operation)
        });
        found.map(|(_, operation)| operation)
    }

    /// An operation that this run neither started nor waited for nor found ended before it observed what there is: what it observed may
    /// be out of date. A search for drift changes nothing, and only holds the set while it is running.
    fn unaccounted<'l>(&self, listed: &'l [Operation]) -> Option<&'l Operation> {
        listed.iter().find(|operation| {
            let is_harmless = operation.action == OperationAction::DetectDrift && operation.status.has_ended();
            !is_harmless && !self.known.contains(&operation.id) && !self.tracks(operation)
        })
    }

    /// The newest operation that has not ended, or that this run has asked for without knowing that it was accepted.
    fn open<'l>(&self, listed: &'l [Operation]) -> Option<&'l Operation> {
        let is_lost = |operation: &Operation| self.sent.contains(&operation.id) && !self.tracks(operation);
        listed.iter().find(|operation| !operation.status.has_ended() || is_lost(operation))
    }

    fn tracks(&self, operation: &Operation) -> bool {
        self.operations.iter().any(|tracked| tracked.operation.id == operation.id)
    }

    /// An operation by which what this run has observed, or what it has done, may have changed since. When that is one of another
    /// release, and newer than this run's first, the run is halted as superseded.
    pub(crate) async fn changed_by(&mut self) -> Result<Option<Operation>, Error> {
        let listed = self.list_operations().await?;
        Ok(self.judge(&listed).cloned())
    }

    fn judge<'l>(&mut self, listed: &'l [Operation]) -> Option<&'l Operation> {
        let newer = self.newer(listed);
        if let Some(newer) = newer {
            self.halt = Some(Halt::Superseded(newer.clone()));
        }
        newer.or_else(|| self.unaccounted(listed))
    }

    /// Waits for an operation that this run has not started.
    async fn resume(&mut self, operation: Operation) {
        (self.on_event)(Event::Resumed { operation: operation.clone() });
        self.operations.push(TrackedOperation { operation, targets: Targets::default(), resumed: true });
        self.halt = self.wait().await;
    }

    /// Starts a step's operation and waits for its end. What goes wrong is an error only before the first operation of this run.
    pub(crate) async fn run_step<Fut>(
        &mut self,
        action: OperationAction,
        (word, number): (&'static str, usize),
        targets: &Targets,
        call: impl Fn(OperationId) -> Fut + Send + Sync,
    ) -> Result<StepStart, Error>
    where
        Fut: Future<Output = Result<OperationId, CallError>> + Send,
    {
        let id = self.options.release_id.step(self.run, word, number);
        let (id, is_ours) = match self.start(&id, call).await {
            Ok(Start::Accepted(id)) => (id, true),
            Ok(Start::Presumed) => (id, false),
            Ok(Start::Overtaken) => return Ok(StepStart::Overtaken),
            Err(error) => return self.fail(error).map(|()| StepStart::Refused),
        };
        (self.on_event)(Event::OperationStarted { operation_id: id.clone(), action: action.clone(), targets: targets.len() });
        let operation = Operation { id, action, status: OperationStatus::Running, status_reason: None, created_at: None };
        self.operations.push(TrackedOperation { operation, targets: targets.clone(), resumed: false });
        self.halt = self.wait().await;
        Ok(if is_ours { StepStart::Started } else { StepStart::Overtaken })
    }

    /// Sends a step's request until it is accepted, as long as what the step was planned from holds.
    ///
    /// The operations are listed right before each attempt, and not only before the first: pauses between attempts are long enough for
    /// another release. An operation of this run that has just ended may hold the set for a moment longer, so
    /// `OperationInProgressException` alone is no refusal.
    async fn start<Fut>(&mut self, id: &OperationId, call: impl Fn(OperationId) -> Fut + Send + Sync) -> Result<Start, Error>
    where
        Fut: Future<Output = Result<OperationId, CallError>> + Send,
    {
        let (mut is_unanswered, mut may_be_ours) = (false, false);
        let mut failures = 0;
        loop {
            let listed = self.list_operations().await?;
            if may_be_ours && listed.iter().any(|operation| operation.id == *id) {
                return Ok(Start::Presumed);
            }
            if self.judge(&listed).is_some() {
                return Ok(Start::Overtaken);
            }
            self.sent.insert(id.clone());
            let error = match call(id.clone()).await {
                Ok(id) => return Ok(Start::Accepted(id)),
                Err(error) => error,
            };
            match error.kind() {
                CallErrorKind::OperationIdAlreadyExists if is_unanswered => return Ok(Start::Presumed),
                CallErrorKind::Throttled | CallErrorKind::Unreachable => (is_unanswered, may_be_ours) = (true, true),
                // The client may itself have sent the request twice. The list tells whether there is such an operation.
                CallErrorKind::OperationIdAlreadyExists => may_be_ours = true,
                CallErrorKind::OperationInProgress => {}
                // Another run has changed the instances since this one looked, and the list does not show it yet: it looks again.
                CallErrorKind::Stale if self.overtaken < self.options.poll.tolerated_failures => {
                    self.overtaken += 1;
                    (self.on_event)(Event::Tolerated { error, attempt: self.overtaken });
                    return Ok(Start::Overtaken);
                }
                _ => return Err(self.call_error(error)),
            }
            failures += 1;
            if failures > self.options.poll.tolerated_failures || !self.retry.pause(failures).await {
                return Err(self.call_error(error));
            }
            (self.on_event)(Event::Tolerated { error, attempt: failures });
        }
    }

    /// The one poll loop: looks at the last operation until it has ended or time is up. `None` means that the next step can begin.
    async fn wait(&mut self) -> Option<Halt> {
        let (stack_sets, name) = (self.stack_sets, self.name);
        let mut current = self.operations.pop()?;
        let mut shows_progress = true;
        let mut looks = 0;
        let halt = loop {
            looks += 1;
            let described = self.retry.call(self.on_event, || stack_sets.describe_operation(name, &current.operation.id)).await;
            match described {
                Ok(seen) => {
                    if seen.status != current.operation.status || looks == 1 {
                        (self.on_event)(Event::OperationStatus { operation_id: seen.id.clone(), status: seen.status.clone() });
                    }
                    current.operation = Operation { id: current.operation.id, ..seen };
                }
                // Lists of AWS may lag behind the change that was just made.
                Err(error) if error.kind() == CallErrorKind::OperationNotFound && looks <= self.options.poll.tolerated_failures => {
                    (self.on_event)(Event::Tolerated { error, attempt: looks });
                }
                Err(error) => break Some(Halt::Error(self.call_error(error))),
            }
            let has_ended = current.operation.status.has_ended();
            if shows_progress || has_ended {
                match self.retry.call(self.on_event, || stack_sets.list_operation_results(name, &current.operation.id)).await {
                    Ok(results) => self.note(results, &mut current),
                    Err(error) if has_ended => {
                        let message = format!("the results of operation `{}` could not be read: {error}", current.operation.id);
                        self.problems.push(Problem::new("results-unread", Place::StackSet, message));
                    }
                    Err(_) => shows_progress = false,
                }
            }
            if has_ended {
                let succeeded = current.operation.status == OperationStatus::Succeeded;
                break (!succeeded).then(|| Halt::OperationFailed(current.operation.clone()));
            }
            if !self.retry.pause(looks).await {
                break Some(Halt::Deadline);
            }
        };
        self.operations.push(current);
        halt
    }

    /// Takes in what an operation has done so far, and tells what is new in it.
    fn note(&mut self, results: Vec<OperationResult>, current: &mut TrackedOperation) {
        for result in results {
            if current.resumed && !current.targets.contains(&result.target) {
                current.targets.accounts.insert(result.target.account.clone());
                current.targets.regions.insert(result.target.region.clone());
            }
            let before = self.results.insert(result.target.clone(), result.clone());
            if before.is_none_or(|before| before.status != result.status) {
                (self.on_event)(Event::InstanceStatus { target: result.target, status: result.status, reason: result.status_reason });
            }
        }
    }

    /// The operations and the problems as a record tells them; what ended the run early is one of the problems.
    pub(crate) fn into_record(mut self) -> (Vec<OperationRecord>, Vec<Problem>) {
        match &self.halt {
            Some(Halt::Deadline) => {
                let message = format!("the deadline of {} seconds passed", self.options.deadline.as_secs());
                let hint = "the operation goes on in CloudFormation: run again, and it is found and waited for";
                self.problems.push(Problem::new("deadline", Place::StackSet, message).with_hint(hint));
            }
            Some(Halt::Error(error)) => {
                self.problems.push(Problem::new("not-finished", Place::StackSet, error.to_string()).with_hint_opt(error.hint()));
            }
            Some(Halt::Superseded(operation)) => {
                let message = format!(
                    "superseded: operation `{}` ({} {}), which is not of this release, began after this run's first one",
                    operation.id, operation.action, operation.status
                );
                let hint = "nothing more was started; to continue despite the newer operation, run the command again";
                self.problems.push(Problem::new("superseded", Place::StackSet, message).with_hint(hint));
            }
            Some(Halt::OperationFailed(_)) | None => {}
        }
        let record = |TrackedOperation { operation, resumed, .. }| OperationRecord {
            operation_id: operation.id,
            action: operation.action,
            status: operation.status,
            resumed,
            reason: operation.status_reason,
        };
        (self.operations.into_iter().map(record).collect(), self.problems)
    }
}
