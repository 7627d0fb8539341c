//! Removes instances from a stack set: only named ones that are not targets of the release.

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, Region};
use serde::Serialize;

use crate::call_error::CallError;
use crate::error::Error;
use crate::event::Event;
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::operation_loop::{Halt, OperationLoop, StepStart};
use crate::options::Options;
use crate::problem::{Place, Problem, Problems};
use crate::release::{PermissionModel, Preferences, Targets};
use crate::rollout::{OperationRecord, Verdict};
use crate::stack_sets::{InstancesDeletion, StackSets, rectangles};
use crate::status::{DetailedStatus, NO_REASON, OperationAction};
use clock::Clock;

/// A request to remove instances from a stack set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PruneRequest {
    /// The stack set.
    pub stack_set: StackSetName,
    /// The permission model of the stack set.
    pub permission_model: PermissionModel,
    /// The instances to remove.
    pub instances: BTreeSet<Target>,
    /// The targets of the release. An instance that is a target is not an orphan.
    pub release_targets: Targets,
    /// Whether targets of the release can be removed. If `false`, naming a target is an error.
    pub include_targets: bool,
    /// Whether to remove the instances from the set without deleting their stacks and endpoints.
    pub retain_stacks: bool,
    /// The operation preferences.
    pub preferences: Preferences,
}

/// The result of removing instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PruneReport {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The stack set.
    pub stack_set: StackSetName,
    /// The overall result.
    pub verdict: Verdict,
    /// Whether the stacks were retained.
    pub retained_stacks: bool,
    /// The operations, in order.
    pub operations: Vec<OperationRecord>,
    /// All instances of the request, in order.
    pub instances: Vec<PrunedInstance>,
    /// Problems that prevented completion.
    pub problems: Vec<Problem>,
}

/// The result of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PrunedInstance {
    /// The account.
    pub account_id: AccountId,
    /// The region.
    pub region: Region,
    /// Whether the instance was removed from the set.
    pub removed: bool,
    /// Why the instance is still in the set.
    pub reason: Option<String>,
}

/// Removes instances and waits for the operations. Deletes the stacks unless they are retained.
///
/// # Errors
///
/// Deletes nothing if an instance does not exist or is a target of the release
/// ([`Error::Release`]), if another operation is running, or if AWS rejects the first operation.
pub async fn prune<S: StackSets, C: Clock>(
    stack_sets: &S,
    request: &PruneRequest,
    options: &Options<C>,
    mut on_event: impl FnMut(Event) + Send,
) -> Result<PruneReport, Error> {
    let name = &request.stack_set;
    let mut run = OperationLoop::new(stack_sets, name, options, &mut on_event);
    let mut rounds = 0;
    loop {
        match remove(&mut run, request, rounds == 0).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                run.fail(error)?;
                break;
            }
        }
        rounds += 1;
        if !run.retry.pause(rounds).await {
            run.halt = Some(Halt::Deadline);
            break;
        }
    }
    let listed = run.retry.call(run.on_event, || stack_sets.list_stack_instances(name)).await;
    let after: Option<BTreeMap<_, _>> = match listed {
        Ok(instances) => Some(instances.into_iter().map(|instance| (instance.target, instance.status_reason)).collect()),
        Err(error) => {
            let problem =
                Problem::new("instances-unread", Place::StackSet, format!("the instances could not be listed after the deletion: {error}"));
            run.problems.push(problem);
            None
        }
    };
    let is_unfinished = matches!(run.halt, Some(Halt::Deadline | Halt::Superseded(_) | Halt::Error(_))) || after.is_none();
    let results = std::mem::take(&mut run.results);
    let instances: Vec<_> = request
        .instances
        .iter()
        .map(|target| {
            let result = results.get(target);
            let left = match &after {
                Some(after) => after.get(target).cloned(),
                None if result.is_some_and(|result| result.status == DetailedStatus::Succeeded) => None,
                None => Some(None),
            };
            let reported = result.and_then(|result| result.status_reason.clone());
            let reason = left
                .as_ref()
                .map(|reason| reported.or_else(|| reason.clone()).unwrap_or_else(|| format!("it is still in the set; {NO_REASON}")));
            PrunedInstance { account_id: target.account.clone(), region: target.region.clone(), removed: left.is_none(), reason }
        })
        .collect();
    let verdict = match instances.iter().all(|instance| instance.removed) {
        true => Verdict::Succeeded,
        false if is_unfinished => Verdict::Unfinished,
        false => Verdict::Failed,
    };
    let (operations, problems) = run.into_record();
    Ok(PruneReport {
        schema_version: 1,
        stack_set: name.clone(),
        verdict,
        retained_stacks: request.retain_stacks,
        operations,
        instances,
        problems,
    })
}

/// Deletes the instances that exist. Returns `true` if another run has changed the instances in the
/// meantime, so that the rest must be determined again.
async fn remove<S: StackSets, C: Clock>(run: &mut OperationLoop<'_, S, C>, request: &PruneRequest, is_first: bool) -> Result<bool, Error> {
    let (stack_sets, name) = (run.stack_sets, run.name);
    run.await_idle().await?;
    let listed = run.retry.call(run.on_event, || stack_sets.list_stack_instances(name)).await;
    let present: BTreeSet<_> = listed.map_err(|source| run.call_error(source))?.into_iter().map(|instance| instance.target).collect();
    let problems = problems(request, &present);
    if is_first && !problems.is_empty() {
        return Err(Error::Release { stack_set: name.clone(), problems: Problems(problems) });
    }
    for (index, targets) in rectangles(request.instances.intersection(&present)).into_iter().enumerate() {
        if run.halt.is_some() {
            return Ok(false);
        }
        let call = |id: OperationId| {
            let targets = &targets;
            async move { delete(stack_sets, request, targets, &id).await }
        };
        if run.run_step(OperationAction::Delete, ("delete", index + 1), &targets, call).await? == StepStart::Overtaken {
            return Ok(run.halt.is_none());
        }
    }
    Ok(false)
}

async fn delete<S: StackSets>(
    stack_sets: &S,
    request: &PruneRequest,
    targets: &Targets,
    id: &OperationId,
) -> Result<OperationId, CallError> {
    let preferences = request.preferences.within(&targets.regions);
    let deletion = InstancesDeletion {
        stack_set: &request.stack_set,
        permission_model: &request.permission_model,
        targets,
        retain_stacks: request.retain_stacks,
        preferences: &preferences,
        operation_id: id,
    };
    stack_sets.delete_stack_instances(deletion).await
}

fn problems(request: &PruneRequest, present: &BTreeSet<Target>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for target in &request.instances {
        if !present.contains(target) {
            let message = format!("stack set `{}` has no instance in this target", request.stack_set);
            problems.push(Problem::new("no-such-instance", Place::Target(target.clone()), message));
        } else if request.release_targets.contains(target) && !request.include_targets {
            let message = "the instance is a target of the release, not an orphan";
            let hint = "remove the account or region from the release first; pruning would delete its endpoint";
            problems.push(Problem::new("not-an-orphan", Place::Target(target.clone()), message).with_hint(hint));
        }
    }
    problems
}
