//! Stops the operations that are running on a stack set.

use serde::Serialize;

use crate::call_error::{CallError, CallErrorKind};
use crate::error::Error;
use crate::event::Event;
use crate::identifiers::StackSetName;
use crate::operation_loop::{Halt, OperationLoop};
use crate::options::Options;
use crate::problem::{Place, Problem};
use crate::rollout::OperationRecord;
use crate::stack_sets::{Operation, StackSets};
use crate::status::OperationStatus;
use clock::Clock;

/// Which running operations to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopScope {
    /// All of them, including those of other releases, pipelines and people.
    Every,
    /// Those that a run of the release of [`Options::release_id`] started.
    OfRelease,
}

/// The operations that were running, and how they ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StopReport {
    /// The stack set.
    pub stack_set: StackSetName,
    /// The operations that were running, as last seen; none if nothing was running.
    pub operations: Vec<OperationRecord>,
    /// Why an operation was not stopped, or has not ended.
    pub problems: Vec<Problem>,
}

impl StopReport {
    /// Whether every operation that was running has ended.
    pub fn has_ended(&self) -> bool {
        self.problems.is_empty() && self.operations.iter().all(|operation| operation.status.has_ended())
    }
}

/// Stops the running operations of a stack set and waits until they have ended.
///
/// CloudFormation cancels the instances that an operation has not started. It finishes those that
/// are being changed, so stopping takes as long as they need. An operation that ends by itself in
/// the meantime is reported with its status. Queued operations are stopped, too.
///
/// # Errors
///
/// The operations cannot be listed, or none of the running ones can be stopped. If only some
/// cannot, the reason is in the report.
pub async fn stop<S: StackSets, C: Clock>(
    stack_sets: &S,
    name: &StackSetName,
    scope: StopScope,
    options: &Options<C>,
    mut on_event: impl FnMut(Event) + Send,
) -> Result<StopReport, Error> {
    let mut run = OperationLoop::new(stack_sets, name, options, &mut on_event);
    let listed = match run.retry.call(run.on_event, || stack_sets.list_operations(name)).await {
        // Without a stack set, nothing is running.
        Err(error) if error.kind() == CallErrorKind::StackSetNotFound => Vec::new(),
        listed => listed.map_err(|source| run.call_error(source))?,
    };
    let is_in_scope = |operation: &Operation| scope == StopScope::Every || operation.id.is_step_of(&options.release_id);
    // Newest first: a queued operation must not start when the running one ends.
    let mut stopping = Vec::new();
    let mut refused = Vec::new();
    for operation in listed.into_iter().filter(|operation| !operation.status.has_ended() && is_in_scope(operation)) {
        match request_stop(&mut run, &operation).await {
            Ok(()) => stopping.push(operation),
            Err(error) => refused.push((operation, error)),
        }
    }
    if stopping.is_empty()
        && let Some((_, error)) = refused.first()
    {
        return Err(run.call_error(error.clone()));
    }
    for operation in stopping {
        run.follow(operation).await;
    }
    // A stopped operation is the purpose here, not a failure.
    if matches!(run.halt, Some(Halt::OperationFailed(_))) {
        run.halt = None;
    }
    for (operation, error) in refused {
        let message = format!("operation `{}` ({} {}) was not stopped: {error}", operation.id, operation.action, operation.status);
        run.problems.push(Problem::new("not-stopped", Place::StackSet, message).with_hint_opt(error.hint()));
    }
    let (operations, problems) = run.into_record();
    Ok(StopReport { stack_set: name.clone(), operations, problems })
}

/// Requests the stop of one operation. An operation that has ended in the meantime is no error.
async fn request_stop<S: StackSets, C: Clock>(run: &mut OperationLoop<'_, S, C>, operation: &Operation) -> Result<(), CallError> {
    let (stack_sets, name) = (run.stack_sets, run.name);
    if operation.status == OperationStatus::Stopping {
        return Ok(());
    }
    (run.on_event)(Event::Stopping { operation: operation.clone() });
    let Err(error) = run.retry.call(run.on_event, || stack_sets.stop_operation(name, &operation.id)).await else { return Ok(()) };
    if !matches!(error.kind(), CallErrorKind::InvalidOperation | CallErrorKind::OperationNotFound) {
        return Err(error);
    }
    // CloudFormation rejects the stop of an operation that has ended.
    match run.retry.call(run.on_event, || stack_sets.describe_operation(name, &operation.id)).await {
        Ok(described) if described.status.has_ended() || described.status == OperationStatus::Stopping => Ok(()),
        _ => Err(error),
    }
}
