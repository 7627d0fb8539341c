//! Determines the outcome of each target from the operation results and the instances.

use std::collections::BTreeMap;

use super::steps::Step;
use crate::identifiers::Target;
use crate::operation_loop::{Halt, TrackedOperation};
use crate::plan::{InstanceAction, Plan};
use crate::rollout::{Outcome, TargetRecord};
use crate::stack_sets::{Instance, Operation, OperationResult};
use crate::status::{DetailedStatus, InstanceStatus, NO_REASON, OperationStatus};

pub(super) struct Ending<'a> {
    /// The steps of the plan that were not started.
    pub(super) pending: &'a [Step],
    pub(super) halt: Option<&'a Halt>,
    /// Why the results may have been overwritten.
    pub(super) outdated_because: Option<&'a str>,
}

/// The record of every target of the plan, in order.
pub(super) fn records(
    plan: &Plan,
    operations: &[TrackedOperation],
    results: &BTreeMap<Target, OperationResult>,
    ending: &Ending<'_>,
    instances: &[Instance],
) -> Vec<TargetRecord> {
    let Ending { pending, halt, outdated_because } = *ending;
    let instances: BTreeMap<_, _> = instances.iter().map(|instance| (&instance.target, instance)).collect();
    plan.instances
        .iter()
        .filter(|planned| planned.action != InstanceAction::Orphan)
        .map(|planned| {
            let target = &planned.target;
            let instance = instances.get(target).copied().or(planned.observed.as_ref());
            let result = results.get(target);
            let (outcome, reason) = match last_operation(target, operations) {
                // A resumed operation may have changed the instance before the plan was made.
                _ if planned.action == InstanceAction::Unchanged && result.is_none() => match running_operation(target, operations) {
                    Some(operation) => attempted(None, None, operation, outdated_because.is_some()),
                    None => (Outcome::Unchanged, None),
                },
                None if planned.action == InstanceAction::Unchanged => (Outcome::Unchanged, None),
                None => not_started(halt),
                Some(operation) => match attempted(result, instances.get(target).copied(), operation, outdated_because.is_some()) {
                    // It has the old set: the step that updates it to the new one was not started.
                    (Outcome::Succeeded, _) if pending.iter().any(|step| step.targets.contains(target)) => not_started(halt),
                    ended => ended,
                },
            };
            let (outcome, reason) = match outdated_because {
                Some(outdated_because) if matches!(outcome, Outcome::Succeeded | Outcome::Unchanged) => {
                    (Outcome::Unfinished, Some(outdated_because.to_owned()))
                }
                _ => (outcome, reason),
            };
            TargetRecord {
                account_id: target.account.clone(),
                region: target.region.clone(),
                outcome,
                status: instance.map(|instance| instance.status.clone()),
                detailed_status: result.map(|result| result.status.clone()).or_else(|| instance.and_then(|i| i.detailed_status.clone())),
                reason,
                stack_id: instance.and_then(|instance| instance.stack_id.clone()),
                events: Vec::new(),
            }
        })
        .collect()
}

pub(super) fn last_operation<'a>(target: &Target, operations: &'a [TrackedOperation]) -> Option<&'a Operation> {
    operations.iter().rev().find(|tracked| tracked.targets.contains(target)).map(|tracked| &tracked.operation)
}

/// A resumed operation that was running when last seen and may be changing the target. Its targets
/// are unknown if its results could not be read. The observed state may be from before or after it.
fn running_operation<'a>(target: &Target, operations: &'a [TrackedOperation]) -> Option<&'a Operation> {
    let found = operations.iter().find(|tracked| {
        !tracked.operation.status.has_ended() && (tracked.targets.contains(target) || tracked.resumed && tracked.targets.is_empty())
    });
    found.map(|tracked| &tracked.operation)
}

fn not_started(halt: Option<&Halt>) -> (Outcome, Option<String>) {
    match halt {
        Some(Halt::OperationFailed(operation)) => {
            let reason = format!("not started: operation `{}` ended as {}", operation.id, operation.status);
            (Outcome::Skipped, Some(reason))
        }
        Some(Halt::Superseded(operation)) => {
            let reason =
                format!("not started: operation `{}` ({} {}) superseded this run", operation.id, operation.action, operation.status);
            (Outcome::Unfinished, Some(reason))
        }
        Some(Halt::Error(error)) => (Outcome::Unfinished, Some(format!("not started: {error}"))),
        Some(Halt::Deadline) | None => (Outcome::Unfinished, Some("not started before the deadline".to_owned())),
    }
}

/// The outcome of a target after its last operation. If `may_be_outdated`, another run may have
/// changed the instance since, so its status is ignored.
fn attempted(
    result: Option<&OperationResult>,
    instance: Option<&Instance>,
    operation: &Operation,
    may_be_outdated: bool,
) -> (Outcome, Option<String>) {
    let evidence = instance.filter(|_| !may_be_outdated);
    let reason = || {
        let reason = result.and_then(|result| result.status_reason.clone());
        reason.or_else(|| evidence.and_then(|instance| instance.status_reason.clone()))
    };
    let reason_or = |otherwise: &str| Some(reason().unwrap_or_else(|| otherwise.to_owned()));
    // Its status may be from an earlier operation, so it counts only after this one has ended.
    let own_status = evidence.filter(|_| operation.status.has_ended()).and_then(|instance| instance.detailed_status.as_ref());
    match result.map(|result| &result.status).or(own_status) {
        Some(status) if status.is_failure() => (Outcome::Failed, reason_or(NO_REASON)),
        Some(status @ DetailedStatus::Cancelled) => (Outcome::Cancelled, status.reason_not_reached().and_then(reason_or)),
        Some(status @ DetailedStatus::SkippedSuspendedAccount) => (Outcome::Skipped, status.reason_not_reached().and_then(reason_or)),
        // The operation result is not sufficient: the instance must be up to date with the set.
        Some(DetailedStatus::Succeeded) => verified(instance, may_be_outdated, reason()),
        _ if operation.status == OperationStatus::Succeeded => verified(instance, may_be_outdated, reason()),
        _ if operation.status.has_ended() => (
            Outcome::Cancelled,
            reason_or(&format!("operation `{}` ended as {} before it reached this target", operation.id, operation.status)),
        ),
        _ => {
            (Outcome::Unfinished, Some(format!("operation `{}` was still {} when the run stopped waiting", operation.id, operation.status)))
        }
    }
}

fn verified(instance: Option<&Instance>, may_be_outdated: bool, reason: Option<String>) -> (Outcome, Option<String>) {
    match instance {
        Some(instance) if may_be_outdated || instance.status == InstanceStatus::Current => (Outcome::Succeeded, None),
        Some(instance) => {
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            (Outcome::Failed, Some(format!("the operation ended, but the stack instance is {}{why}", instance.status)))
        }
        None => (Outcome::Unfinished, Some("the stack instance was not listed after the operation".to_owned())),
    }
}
