//! How each target ended, from what the operations say and what the instances are.

use std::collections::BTreeMap;

use super::steps::Step;
use crate::identifiers::Target;
use crate::operation_loop::{Halt, TrackedOperation};
use crate::plan::{InstanceAction, Plan};
use crate::rollout::{Outcome, TargetRecord};
use crate::stack_sets::{Instance, Operation, OperationResult};
use crate::status::{DetailedStatus, InstanceStatus, OperationStatus};

/// How a run came to its end.
pub(super) struct Ending<'a> {
    /// The steps of the plan that were not begun.
    pub(super) left: &'a [Step],
    pub(super) halt: Option<&'a Halt>,
    /// Why what was done may be no longer there.
    pub(super) doubt: Option<&'a str>,
}

/// The record of every target of the plan, in order.
pub(super) fn records(
    plan: &Plan,
    operations: &[TrackedOperation],
    results: &BTreeMap<Target, OperationResult>,
    ending: &Ending<'_>,
    instances: &[Instance],
) -> Vec<TargetRecord> {
    let Ending { left, halt, doubt } = *ending;
    let instances: BTreeMap<_, _> = instances.iter().map(|instance| (&instance.target, instance)).collect();
    plan.instances
        .iter()
        .filter(|planned| planned.action != InstanceAction::Orphan)
        .map(|planned| {
            let target = &planned.target;
            let instance = instances.get(target).copied().or(planned.observed.as_ref());
            let result = results.get(target);
            let (outcome, reason) = match last_operation(target, operations) {
                // An operation that was found and waited for may have been here, before the plan was made.
                _ if planned.action == InstanceAction::Unchanged && result.is_none() => match at_work(target, operations) {
                    Some(operation) => tried(None, None, operation, doubt.is_some()),
                    None => (Outcome::Unchanged, None),
                },
                None if planned.action == InstanceAction::Unchanged => (Outcome::Unchanged, None),
                None => not_tried(halt),
                Some(operation) => match tried(result, instances.get(target).copied(), operation, doubt.is_some()) {
                    // It has what the set had, and the step that would have brought it up to date never began.
                    (Outcome::Succeeded, _) if left.iter().any(|step| step.targets.contains(target)) => not_tried(halt),
                    ended => ended,
                },
            };
            let (outcome, reason) = match doubt {
                Some(doubt) if matches!(outcome, Outcome::Succeeded | Outcome::Unchanged) => (Outcome::Unfinished, Some(doubt.to_owned())),
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

/// The last operation that was started for the target.
pub(super) fn last_operation<'a>(target: &Target, operations: &'a [TrackedOperation]) -> Option<&'a Operation> {
    operations.iter().rev().find(|tracked| tracked.targets.contains(target)).map(|tracked| &tracked.operation)
}

/// An operation that was found, was still running when it was last seen, and may be at work in the target: where it works is not known
/// when its results could not be read. What was observed meanwhile is what it began with or what it ends with.
fn at_work<'a>(target: &Target, operations: &'a [TrackedOperation]) -> Option<&'a Operation> {
    let found = operations.iter().find(|tracked| {
        !tracked.operation.status.has_ended() && (tracked.targets.contains(target) || tracked.resumed && tracked.targets.is_empty())
    });
    found.map(|tracked| &tracked.operation)
}

fn not_tried(halt: Option<&Halt>) -> (Outcome, Option<String>) {
    match halt {
        Some(Halt::OperationFailed(operation)) => {
            let reason = format!("not started, because operation `{}` ended as {}", operation.id, operation.status);
            (Outcome::Skipped, Some(reason))
        }
        Some(Halt::Superseded(operation)) => {
            let reason =
                format!("not started: operation `{}` ({} {}) has superseded this run", operation.id, operation.action, operation.status);
            (Outcome::Unfinished, Some(reason))
        }
        Some(Halt::Error(error)) => (Outcome::Unfinished, Some(format!("not started: {error}"))),
        Some(Halt::Deadline) | None => (Outcome::Unfinished, Some("not started before the deadline".to_owned())),
    }
}

/// How the target ended by its last operation. With `in_doubt` another run may have changed the instance since, so what the instance says
/// is no evidence against this operation.
fn tried(
    result: Option<&OperationResult>,
    instance: Option<&Instance>,
    operation: &Operation,
    in_doubt: bool,
) -> (Outcome, Option<String>) {
    let evidence = instance.filter(|_| !in_doubt);
    let reason = || {
        let reason = result.and_then(|result| result.status_reason.clone());
        reason.or_else(|| evidence.and_then(|instance| instance.status_reason.clone()))
    };
    let or_say = |otherwise: &str| Some(reason().unwrap_or_else(|| otherwise.to_owned()));
    // What an instance says of itself may be about an earlier operation, so it counts only once this one has ended.
    let of_itself = evidence.filter(|_| operation.status.has_ended()).and_then(|instance| instance.detailed_status.as_ref());
    match result.map(|result| &result.status).or(of_itself) {
        Some(DetailedStatus::Failed | DetailedStatus::FailedImport | DetailedStatus::Inoperable) => {
            (Outcome::Failed, or_say("CloudFormation gave no reason"))
        }
        Some(DetailedStatus::Cancelled) => (Outcome::Cancelled, or_say("the operation was stopped, or failed elsewhere too often")),
        Some(DetailedStatus::SkippedSuspendedAccount) => (Outcome::Skipped, or_say("the account is suspended")),
        // The operation's word is not enough: what counts is that the instance has what the set has.
        Some(DetailedStatus::Succeeded) => arrived(instance, in_doubt, reason()),
        _ if operation.status == OperationStatus::Succeeded => arrived(instance, in_doubt, reason()),
        _ if operation.status.has_ended() => {
            (Outcome::Cancelled, or_say(&format!("operation `{}` ended as {} before it came here", operation.id, operation.status)))
        }
        _ => (Outcome::Unfinished, Some(format!("operation `{}` was {} when it was last seen", operation.id, operation.status))),
    }
}

fn arrived(instance: Option<&Instance>, in_doubt: bool, reason: Option<String>) -> (Outcome, Option<String>) {
    match instance {
        Some(instance) if in_doubt || instance.status == InstanceStatus::Current => (Outcome::Succeeded, None),
        Some(instance) => {
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            (Outcome::Failed, Some(format!("the operation ended, yet the stack instance is {}{why}", instance.status)))
        }
        None => (Outcome::Unfinished, Some("the stack instance was not seen after the operation".to_owned())),
    }
}
