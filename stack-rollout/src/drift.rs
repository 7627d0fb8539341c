//! Drift detection: finds stacks that were changed outside CloudFormation.

use crate::error::Error;
use crate::event::Event;
use crate::identifiers::StackSetName;
use crate::operation_loop::{Halt, OperationLoop, StepStart};
use crate::options::Options;
use crate::problem::Problem;
use crate::release::{Preferences, Targets};
use crate::rollout::OperationRecord;
use crate::stack_sets::StackSets;
use crate::status::OperationAction;
use clock::Clock;

/// Detects drift in every instance of a set and waits for it (`DetectStackSetDrift`).
///
/// Like any operation, it blocks the set while it runs. It changes no stack. The result is in the
/// instances ([`Instance::drift`](crate::Instance::drift)); what is returned are the operations, and
/// the calls that failed and were not needed.
///
/// # Errors
///
/// Another operation is running on the set, a call failed, or the deadline passed. An operation
/// that ended as `FAILED`, because some stacks could not be checked, is not an error.
pub async fn detect_drift<S: StackSets, C: Clock>(
    stack_sets: &S,
    name: &StackSetName,
    preferences: &Preferences,
    options: &Options<C>,
    mut on_event: impl FnMut(Event) + Send,
) -> Result<(Vec<OperationRecord>, Vec<Problem>), Error> {
    let mut run = OperationLoop::new(stack_sets, name, options, &mut on_event);
    loop {
        run.await_idle().await?;
        if run.halt.is_some() {
            break;
        }
        let known = run.operations.len();
        let call = |id| async move { stack_sets.detect_drift(name, preferences, &id).await };
        let start = run.run_step(OperationAction::DetectDrift, ("drift", 1), &Targets::default(), call).await?;
        // Without a response, the operation with this id is taken for ours, and it has ended.
        if start != StepStart::Overtaken || run.operations.len() > known {
            break;
        }
    }
    if let Some(Halt::Error(error)) = &run.halt {
        return Err(error.clone());
    }
    if let (Some(Halt::Deadline), Some(last)) = (&run.halt, run.operations.last()) {
        return Err(Error::OperationInProgress { stack_set: name.clone(), operation: Box::new(last.operation.clone()) });
    }
    Ok(run.into_record())
}
