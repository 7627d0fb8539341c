//! The change sets of the stacks that a rollout updates.

use std::sync::Arc;

use stack_rollout::aws::CloudFormationStacks;
use stack_rollout::{ChangeSetError, InstanceAction, Observed, Plan, PlannedInstance, SystemClock, exact_changes};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::TargetSessions;
use crate::RolloutRequest;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::plan_report::{ExactFailure, ExactTarget, exact_target};

/// The maximum number of change sets that are created concurrently.
const JOBS: usize = 10;

/// Creates, reads and deletes a change set in each existing stack that the rollout updates. Returns
/// the results in the order of the targets, and warnings about change sets that were not deleted.
/// After `interruption`, the change sets are deleted, and the result is an error.
pub async fn exact_plan(
    sessions: &Arc<TargetSessions>,
    request: &RolloutRequest,
    observed: &Observed,
    plan: &Plan,
    interruption: impl Future<Output = ()>,
) -> Result<(Vec<ExactTarget>, Vec<Diagnostic>), Failure> {
    let is_update = |planned: &&PlannedInstance| matches!(planned.action, InstanceAction::Update | InstanceAction::Outdated);
    let updated: Vec<_> = plan.instances.iter().filter(is_update).cloned().collect();
    let (sender, interrupted) = watch::channel(false);
    let (release, limit) = (Arc::new(request.release.clone()), Arc::new(Semaphore::new(JOBS)));
    let mut running = JoinSet::new();
    for (index, planned) in updated.iter().cloned().enumerate() {
        let (sessions, release, limit, mut interrupted) =
            (Arc::clone(sessions), Arc::clone(&release), Arc::clone(&limit), interrupted.clone());
        running.spawn(async move {
            let _permit = limit.acquire_owned().await;
            let target = &planned.target;
            let stack = planned.observed.as_ref().and_then(|instance| instance.stack_id.clone());
            let found = match (stack, sessions.config(&target.account, &target.region).await) {
                (None, _) => (Err(ExactFailure { reason: "the stack is not known".to_owned(), ..ExactFailure::default() }), None),
                (_, Err(error)) => (Err(ExactFailure { reason: error.to_string(), missing_permission: None, hint: error.hint }), None),
                (Some(stack), Ok(config)) => {
                    let stacks = CloudFormationStacks::from_config(&config);
                    let parameters = release.parameters.iter().cloned().chain(release.overrides_of(target)).collect();
                    let interrupted = async { drop(interrupted.wait_for(|is| *is).await) };
                    let clock = SystemClock::new();
                    let (found, left) = exact_changes(&stacks, &stack, &release, &parameters, &clock, interrupted).await;
                    let left = left.map(|error| {
                        let warning =
                            Diagnostic::warning("the change set was not deleted").code("change-set-left").named(target.to_string());
                        let harmless = "it changes nothing, and the next exact plan deletes it";
                        match ExactFailure::of(&ChangeSetError::Call(error), &stack) {
                            ExactFailure { reason, hint: Some(hint), .. } => warning.detail(reason).detail(harmless).with_hint(hint),
                            ExactFailure { reason, .. } => warning.detail(reason).with_hint(harmless),
                        }
                    });
                    (found.map_err(|error| ExactFailure::of(&error, &stack)), left)
                }
            };
            (index, found)
        });
    }
    let mut found = Vec::new();
    let mut interruption = std::pin::pin!(interruption);
    let mut is_interrupted = false;
    loop {
        tokio::select! {
            () = &mut interruption, if !is_interrupted => {
                is_interrupted = true;
                sender.send_replace(true);
            }
            joined = running.join_next() => match joined {
                None => break,
                Some(joined) => found.extend(joined),
            }
        }
    }
    found.sort_by_key(|(index, _)| *index);
    let (mut targets, mut warnings) = (Vec::new(), Vec::new());
    for (index, (changes, left)) in found {
        targets.push(exact_target(&request.release, observed, &updated[index], changes));
        warnings.extend(left);
    }
    if is_interrupted {
        let interrupted = Diagnostic::error("interrupted: the change sets of this run were deleted, and nothing was changed");
        return Err(Failure::new(FailureKind::Unreachable, std::iter::once(interrupted).chain(warnings).collect()));
    }
    Ok((targets, warnings))
}
