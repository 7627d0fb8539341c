//! Reads the current status of a stage: the stack set here, and each endpoint in its target.

use std::sync::Arc;

use endpoint_test::TargetErrorKind;
use endpoint_test::aws::EndpointReader;
use stack_rollout::aws::CloudFormationStacks;
use stack_rollout::status::DetailedStatus;
use stack_rollout::{Observed, SessionError, Target, observe};
use tokio::task::JoinSet;

use super::{Session, TargetSessions};
use crate::deploy::{operations, refused};
use crate::diagnostic::{Diagnostic, Failure};
use crate::endpoint_state::{EndpointState, TargetEndpoints};
use crate::manifest::Tool;
use crate::stage_status::{FailedStack, StageStatus, deployed_package};
use crate::{Release, RolloutRequest, Stage, read_targets};

/// The maximum number of failed stacks whose status is read.
const MOST_FAILED_STACKS: usize = 50;

/// Reads the status of a stage, and what to do about stacks that CloudFormation refuses to update. An
/// endpoint that cannot be read is part of the status.
pub async fn stage_status(
    session: &Session,
    sessions: TargetSessions,
    release: &Release,
    stage: Stage,
    request: &RolloutRequest,
    tool: Tool,
) -> Result<(StageStatus, Vec<Diagnostic>), Failure> {
    let stack_sets = session.stack_sets(request.call_as);
    let observed = observe(&stack_sets, &request.release).await.map_err(|error| refused(&error, request))?;
    let operations = operations(&stack_sets, request, &observed).await?;
    let sessions = Arc::new(sessions);
    let deployed = deployed_endpoints(&sessions, &release.manifest.stage(stage).endpoints, request, &observed).await;
    let mut status = StageStatus::new(release, stage, request, &observed, &operations, deployed, tool);
    let findings = status.add_stacks(failed_stacks(&sessions, request, &observed).await);
    Ok((status, findings))
}

/// The stacks of the targets in which the last operation failed.
async fn failed_stacks(sessions: &Arc<TargetSessions>, request: &RolloutRequest, observed: &Observed) -> Vec<FailedStack> {
    let failed = observed.instances.iter().filter(|instance| {
        request.release.targets.contains(&instance.target) && instance.detailed_status.as_ref().is_some_and(DetailedStatus::is_failure)
    });
    let mut reads = JoinSet::new();
    for (target, stack_id) in
        failed.filter_map(|instance| Some((instance.target.clone(), instance.stack_id.clone()?))).take(MOST_FAILED_STACKS)
    {
        let sessions = Arc::clone(sessions);
        reads.spawn(async move {
            let status = match sessions.config(&target.account, &target.region).await {
                Ok(config) => {
                    CloudFormationStacks::from_config(&config).status(&stack_id).await.map_err(|error| SessionError::from(&error))
                }
                Err(error) => Err(error),
            };
            FailedStack { target, stack_id, status }
        });
    }
    let mut stacks = reads.join_all().await;
    stacks.sort_by(|a, b| a.target.cmp(&b.target));
    stacks
}

/// What the endpoints of every target serve, compared with what the stack set deploys there. A
/// target without a stack has no endpoints.
pub async fn deployed_endpoints(
    sessions: &Arc<TargetSessions>,
    names: &[String],
    request: &RolloutRequest,
    observed: &Observed,
) -> Vec<TargetEndpoints> {
    let has_stack = |target: &Target| observed.instances.iter().any(|instance| instance.target == *target);
    let (there, missing): (Vec<Target>, Vec<Target>) = request.release.targets.iter().partition(has_stack);
    let there = there.into_iter().map(|target| (deployed_package(observed, &target).map(str::to_owned), target));
    let there = there.map(|(deployed, target)| (target, deployed)).collect();
    let mut all = read_endpoints(sessions, names, there, std::future::pending()).await;
    all.extend(missing.into_iter().map(|target| TargetEndpoints::new(target, Vec::new())));
    all.sort_by_key(TargetEndpoints::target);
    all
}

/// Reads the endpoints with these names in every target, each with the model package that they
/// must serve. A target that cannot be read, or is not when `interrupted` completes, is part of the
/// result.
pub async fn read_endpoints(
    sessions: &Arc<TargetSessions>,
    names: &[String],
    targets: Vec<(Target, Option<String>)>,
    interrupted: impl Future<Output = ()>,
) -> Vec<TargetEndpoints> {
    let read = |target: Target, deployed: Option<String>| {
        let (sessions, names) = (Arc::clone(sessions), names.to_vec());
        async move { endpoints(&sessions, &target, &names, deployed.as_deref()).await }
    };
    read_targets(names, targets, read, interrupted).await
}

async fn endpoints(sessions: &TargetSessions, target: &Target, names: &[String], deployed: Option<&str>) -> Vec<EndpointState> {
    let config = sessions.config(&target.account, &target.region).await;
    endpoints_with(config.map(|config| EndpointReader::from_config(&config)), names, deployed).await
}

/// The endpoints with these names that a session can read.
pub(super) async fn endpoints_with(
    reader: Result<EndpointReader, SessionError>,
    names: &[String],
    deployed: Option<&str>,
) -> Vec<EndpointState> {
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => return names.iter().map(|name| EndpointState::unread(name, error.to_string(), error.hint.clone())).collect(),
    };
    let mut states = Vec::with_capacity(names.len());
    for name in names {
        states.push(match reader.describe(name).await {
            Ok(description) => EndpointState::described(name, &description, deployed),
            Err(error) if error.kind == TargetErrorKind::NotFound => EndpointState::missing(name),
            Err(error) => EndpointState::unread(name, error.to_string(), error.hint),
        });
    }
    states
}
