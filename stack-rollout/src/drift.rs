//! Looking for drift: stacks that were changed by hand after they were rolled out.

use crate::clock::Clock;
use crate::error::Error;
use crate::event::Event;
use crate::identifiers::StackSetName;
use crate::operation_loop::{Halt, OperationLoop, StepStart};
use crate::options::Options;
use crate::release::{Preferences, Targets};
use crate::rollout::OperationRecord;
use crate::stack_sets::StackSets;
use crate::status::OperationAction;

/// Has CloudFormation look for drift in every instance of a stack set, and waits until it has (`DetectStackSetDrift`).
///
/// It is an operation on the set: while it goes on, no other can begin. It changes no stack; what it found is told by the instances
/// that are listed afterwards ([`Instance::drift`](crate::Instance::drift)).
///
/// # Errors
///
/// Another operation works on the set, AWS refused, or the deadline passed first. An operation that ended as `FAILED`, because some
/// stacks could not be looked at, is none: the record says so.
pub async fn detect_drift<S: StackSets, C: Clock>(
    stack_sets: &S,
    name: &StackSetName,
    preferences: &Preferences,
    options: &Options<C>,
    mut on_event: impl FnMut(Event) + Send,
) -> Result<Vec<OperationRecord>, Error> {
    let mut run = OperationLoop::new(stack_sets, name, options, &mut on_event);
    loop {
        run.enter().await?;
        if run.halt.is_some() {
            break;
        }
        let call = |id| async move { stack_sets.detect_drift(name, preferences, &id).await };
        if run.run_step(OperationAction::DetectDrift, ("drift", 1), &Targets::default(), call).await? != StepStart::Overtaken {
            break;
        }
    }
    if let Some(Halt::Error(error)) = &run.halt {
        return Err(error.clone());
    }
    if let (Some(Halt::Deadline), Some(last)) = (&run.halt, run.operations.last()) {
        return Err(Error::OperationInProgress { stack_set: name.clone(), operation: Box::new(last.operation.clone()) });
    }
    Ok(run.into_record().0)
}
