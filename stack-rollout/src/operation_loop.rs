//! Starts operations on a stack set, waits for them, and resumes those of earlier runs.

mod retry_policy;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use crate::call_error::{CallError, CallErrorKind};
use crate::error::Error;
use crate::event::Event;
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::options::Options;
use crate::problem::{Place, Problem};
use crate::release::Targets;
use crate::rollout::OperationRecord;
use crate::stack_sets::{Operation, OperationResult, StackSets};
use crate::status::{OperationAction, OperationStatus};
use clock::Clock;

pub(crate) use retry_policy::{Failures, RetryPolicy};

/// Why the run starts no further step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    /// An operation did not succeed.
    OperationFailed(Operation),
    /// Another release or person started to change instances after this run's first operation.
    Superseded(Operation),
    /// The deadline passed.
    Deadline,
    /// A call to AWS failed, or AWS rejected the next operation.
    Error(Error),
}

/// An operation that this run started or resumed, as last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrackedOperation {
    pub(crate) operation: Operation,
    /// Its targets. For a resumed operation, the targets in its results.
    pub(crate) targets: Targets,
    /// An earlier or concurrent run of the release started it.
    pub(crate) resumed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepStart {
    /// The operation was started, and the run waited for it.
    Started,
    /// The operation could not be started, after others of this run; `halt` has the reason.
    Refused,
    /// The observed state is outdated. Observe again, unless `halt` is set.
    Overtaken,
}

enum Start {
    /// This run started the operation.
    Accepted(OperationId),
    /// No response was received, but an operation with this id exists. Another run of this release
    /// may have used the id, so the state must be observed again.
    Presumed,
    /// No operation was started.
    Overtaken,
}

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
    /// The newest operation of another release, a pipeline or a person that had changed instances.
    pub(crate) latest_other: Option<OperationId>,
    /// The operations that had ended before this run observed the state.
    known: BTreeSet<OperationId>,
    sent: BTreeSet<OperationId>,
    run: u32,
    /// The number of requests that were rejected as stale.
    overtaken: u32,
    /// Whether an earlier wave has a result, so that a failure must not be the only one.
    pub(crate) has_result: bool,
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
            latest_other: None,
            known: BTreeSet::new(),
            sent: BTreeSet::new(),
            run: 1,
            overtaken: 0,
            has_result: false,
        }
    }

    pub(crate) fn call_error(&self, source: CallError) -> Error {
        Error::Call { stack_set: self.name.clone(), source }
    }

    /// Whether this run has started an operation (not only resumed one).
    pub(crate) fn has_started(&self) -> bool {
        self.operations.iter().any(|tracked| !tracked.resumed)
    }

    /// Returns the error before the first operation of this run and before the result of a wave;
    /// later it is the reason to halt.
    pub(crate) fn fail(&mut self, error: Error) -> Result<(), Error> {
        if !self.has_started() && !self.has_result {
            return Err(error);
        }
        self.halt = Some(Halt::Error(error));
        Ok(())
    }

    /// Waits until no operation is running. An operation that an earlier run of this release
    /// started is resumed. For an operation of another release or of a person, the options decide
    /// whether to wait or to return an error, because its result cannot be predicted.
    ///
    /// Observed state is then valid until [`changed_by`](Self::changed_by) says otherwise.
    pub(crate) async fn await_idle(&mut self) -> Result<(), Error> {
        let mut polls = 0;
        loop {
            let listed = self.list_operations().await?;
            let release = &self.options.release_id;
            // The list may not show this run's own operations yet.
            let own = self.operations.iter().map(|tracked| &tracked.operation);
            let last = listed.iter().chain(own).filter_map(|operation| release.run_of(&operation.id)).max();
            self.run = self.run.max(last.map_or(1, |last| last.saturating_add(1)));
            if let Some(newer) = self.newer(&listed) {
                self.halt = Some(Halt::Superseded(newer.clone()));
                return Ok(());
            }
            let Some(operation) = self.open(&listed).cloned() else {
                let is_other = |operation: &&Operation| changes_instances(operation) && release.run_of(&operation.id).is_none();
                self.latest_other = listed.iter().find(is_other).map(|operation| operation.id.clone());
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
            let id = operation.id.clone();
            let in_progress = Error::OperationInProgress { stack_set: self.name.clone(), operation: Box::new(operation.clone()) };
            if !self.options.wait_for_others {
                return Err(in_progress);
            }
            if polls == 0 {
                (self.on_event)(Event::WaitingForOther { operation });
            }
            polls += 1;
            if !self.pause(&id, polls).await {
                return Err(in_progress);
            }
        }
    }

    async fn list_operations(&mut self) -> Result<Vec<Operation>, Error> {
        let (stack_sets, name) = (self.stack_sets, self.name);
        let listed = self.retry.call(self.on_event, || stack_sets.list_operations(name)).await;
        listed.map_err(|source| self.call_error(source))
    }

    /// The newest operation of another release, the pipeline or a person that changed instances
    /// after this run's first operation, started or resumed.
    ///
    /// The order of the list decides, because times are in whole seconds. While the eventually
    /// consistent list lacks the first operation, times decide, and a tie counts as newer.
    fn newer<'l>(&self, listed: &'l [Operation]) -> Option<&'l Operation> {
        let first = &self.operations.first()?.operation;
        let position = listed.iter().position(|operation| operation.id == first.id);
        let began_later = |index: usize, operation: &Operation| match position {
            Some(position) => index < position,
            None => first.created_at.zip(operation.created_at).is_none_or(|(first, theirs)| theirs >= first),
        };
        let found = listed.iter().enumerate().find(|(index, operation)| {
            changes_instances(operation)
                && self.options.release_id.run_of(&operation.id).is_none()
                && !self.known.contains(&operation.id)
                && began_later(*index, operation)
        });
        found.map(|(_, operation)| operation)
    }

    /// Halts as superseded if another release, the pipeline or a person has changed instances since
    /// this run last observed the set, even if this run has started no operation.
    pub(crate) async fn check_untouched(&mut self) -> Result<(), Error> {
        let listed = self.list_operations().await?;
        let theirs = |operation: &&Operation| {
            changes_instances(operation)
                && self.options.release_id.run_of(&operation.id).is_none()
                && !self.known.contains(&operation.id)
                && !self.tracks(operation)
        };
        if let Some(operation) = self.newer(&listed).or_else(|| listed.iter().find(theirs)) {
            self.halt = Some(Halt::Superseded(operation.clone()));
        }
        Ok(())
    }

    /// Whether an earlier run of this release has started operations.
    pub(crate) fn is_resumed(&self) -> bool {
        self.run > 1
    }

    /// An operation that this run did not start, did not wait for, and did not see as ended before
    /// it observed the state. The observed state may be outdated. A drift detection changes
    /// nothing; it only blocks the set while it is running.
    fn unaccounted<'l>(&self, listed: &'l [Operation]) -> Option<&'l Operation> {
        listed.iter().find(|operation| {
            let is_harmless = operation.action == OperationAction::DetectDrift && operation.status.has_ended();
            !is_harmless && !self.known.contains(&operation.id) && !self.tracks(operation)
        })
    }

    /// The newest operation that has not ended, or that was requested but not confirmed.
    fn open<'l>(&self, listed: &'l [Operation]) -> Option<&'l Operation> {
        let is_lost = |operation: &Operation| self.sent.contains(&operation.id) && !self.tracks(operation);
        listed.iter().find(|operation| !operation.status.has_ended() || is_lost(operation))
    }

    fn tracks(&self, operation: &Operation) -> bool {
        self.operations.iter().any(|tracked| tracked.operation.id == operation.id)
    }

    /// An operation that may have changed what this run observed or did. If it belongs to another
    /// release and is newer than this run's first operation, the run halts as superseded.
    pub(crate) async fn changed_by(&mut self) -> Result<Option<Operation>, Error> {
        let listed = self.list_operations().await?;
        Ok(self.check_operations(&listed).cloned())
    }

    fn check_operations<'l>(&mut self, listed: &'l [Operation]) -> Option<&'l Operation> {
        let newer = self.newer(listed);
        if let Some(newer) = newer {
            self.halt = Some(Halt::Superseded(newer.clone()));
        }
        newer.or_else(|| self.unaccounted(listed))
    }

    async fn resume(&mut self, operation: Operation) {
        (self.on_event)(Event::Resumed { operation: operation.clone() });
        self.follow(operation).await;
    }

    /// Waits for an operation that this run did not start.
    pub(crate) async fn follow(&mut self, operation: Operation) {
        self.operations.push(TrackedOperation { operation, targets: Targets::default(), resumed: true });
        self.halt = self.wait().await;
    }

    /// Starts a step's operation and waits for it. An error only before this run's first operation.
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
        (self.on_event)(Event::OperationStarted {
            operation_id: id.clone(),
            action: action.clone(),
            targets: (!targets.is_empty()).then_some(targets.len()),
        });
        let operation = Operation { id, action, status: OperationStatus::Running, status_reason: None, created_at: None };
        self.operations.push(TrackedOperation { operation, targets: targets.clone(), resumed: false });
        self.halt = self.wait().await;
        Ok(if is_ours { StepStart::Started } else { StepStart::Overtaken })
    }

    /// Sends a step's request until it is accepted, as long as the observed state is valid.
    ///
    /// The operations are listed before each attempt, because another release can start during the
    /// pauses. An operation of this run that has just ended may block the set for a moment longer,
    /// so `OperationInProgressException` alone is not fatal.
    async fn start<Fut>(&mut self, id: &OperationId, call: impl Fn(OperationId) -> Fut + Send + Sync) -> Result<Start, Error>
    where
        Fut: Future<Output = Result<OperationId, CallError>> + Send,
    {
        let (mut is_unanswered, mut may_be_ours) = (false, false);
        let mut failures = Failures::default();
        loop {
            let listed = self.list_operations().await?;
            if may_be_ours && listed.iter().any(|operation| operation.id == *id) {
                return Ok(Start::Presumed);
            }
            if self.check_operations(&listed).is_some() {
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
                // The SDK may have sent the request twice: check whether the operation exists.
                CallErrorKind::OperationIdAlreadyExists => may_be_ours = true,
                CallErrorKind::OperationInProgress => {}
                // Another run has changed the instances; the list may not show it yet.
                CallErrorKind::Stale if self.overtaken < self.options.poll.tolerated_failures => {
                    self.overtaken += 1;
                    (self.on_event)(Event::Tolerated { error, attempt: self.overtaken });
                    return Ok(Start::Overtaken);
                }
                _ => return Err(self.call_error(error)),
            }
            match self.retry.tolerated(&mut failures, &error).await {
                Some(attempt) => (self.on_event)(Event::Tolerated { error, attempt }),
                None => return Err(self.call_error(error)),
            }
        }
    }

    /// Polls the last operation until it ends or the deadline passes. `None`: the next step can
    /// start.
    async fn wait(&mut self) -> Option<Halt> {
        let (stack_sets, name) = (self.stack_sets, self.name);
        let mut current = self.operations.pop()?;
        let mut shows_progress = true;
        let mut polls = 0;
        let halt = loop {
            polls += 1;
            let described = self.retry.call(self.on_event, || stack_sets.describe_operation(name, &current.operation.id)).await;
            match described {
                Ok(seen) => {
                    if seen.status != current.operation.status || polls == 1 {
                        (self.on_event)(Event::OperationStatus { operation_id: seen.id.clone(), status: seen.status.clone() });
                    }
                    current.operation = Operation { id: current.operation.id, ..seen };
                }
                // Reads are eventually consistent: a new operation may not be visible yet.
                Err(error) if error.kind() == CallErrorKind::OperationNotFound && polls <= self.options.poll.tolerated_failures => {
                    (self.on_event)(Event::Tolerated { error, attempt: polls });
                }
                Err(error) => break Some(Halt::Error(self.call_error(error))),
            }
            let has_ended = current.operation.status.has_ended();
            if shows_progress || has_ended {
                match self.retry.call(self.on_event, || stack_sets.list_operation_results(name, &current.operation.id)).await {
                    Ok(results) => self.record_results(results, &mut current),
                    Err(error) if has_ended => {
                        let message = format!("the results of operation `{}` could not be listed: {error}", current.operation.id);
                        self.problems.push(Problem::new("results-unread", Place::Call, message).with_hint_opt(error.hint()));
                    }
                    Err(_) => shows_progress = false,
                }
            }
            if has_ended {
                let succeeded = current.operation.status == OperationStatus::Succeeded;
                break (!succeeded).then(|| Halt::OperationFailed(current.operation.clone()));
            }
            if !self.pause(&current.operation.id, polls).await {
                break Some(Halt::Deadline);
            }
        };
        self.operations.push(current);
        halt
    }

    /// Waits for the `nth` pause, and reports it. Returns `false` if the deadline has passed.
    async fn pause(&mut self, operation_id: &OperationId, nth: u32) -> bool {
        let (elapsed, remaining) = self.retry.times();
        (self.on_event)(Event::Waiting { operation_id: operation_id.clone(), elapsed, remaining });
        self.retry.pause(nth).await
    }

    /// Records the results of an operation so far and emits an event for each change.
    fn record_results(&mut self, results: Vec<OperationResult>, current: &mut TrackedOperation) {
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

    /// The operations and problems for the record. The reason for an early halt becomes a problem.
    pub(crate) fn into_record(mut self) -> (Vec<OperationRecord>, Vec<Problem>) {
        match &self.halt {
            Some(Halt::Deadline) => {
                let message = format!("the deadline of {} seconds has passed", self.options.deadline.as_secs());
                let hint = "the operation continues in CloudFormation: run the command again to wait for it";
                self.problems.push(Problem::new("deadline", Place::StackSet, message).with_hint(hint));
            }
            Some(Halt::Error(error)) => {
                self.problems.push(Problem::new("not-finished", Place::Call, error.to_string()).with_hint_opt(error.hint()));
            }
            Some(Halt::Superseded(operation)) => {
                let message = format!(
                    "superseded: operation `{}` ({} {}) does not belong to this release and started after this run's first operation",
                    operation.id, operation.action, operation.status
                );
                let hint = "no further operation was started; to continue despite the newer operation, run the command again";
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

fn changes_instances(operation: &Operation) -> bool {
    !matches!(operation.action, OperationAction::Delete | OperationAction::DetectDrift)
}
