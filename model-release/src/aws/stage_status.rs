//! Reads the current status of a stage: the stack set here, and each endpoint in its target.

use std::sync::Arc;

use endpoint_test::aws::SageMakerTarget;
use endpoint_test::{Target as _, TargetErrorKind};
use stack_rollout::{Observed, Target, observe};

use super::{Session, TargetSessions};
use crate::deploy::{operations, refused};
use crate::diagnostic::Failure;
use crate::endpoint_state::{EndpointState, TargetEndpoints};
use crate::manifest::Tool;
use crate::stage_status::{StageStatus, deployed_package};
use crate::{Release, RolloutRequest, Stage, read_targets};

/// Reads the status of a stage. An endpoint that cannot be read is part of the status.
pub async fn stage_status(
    session: &Session,
    sessions: TargetSessions,
    release: &Release,
    stage: Stage,
    request: &RolloutRequest,
    tool: Tool,
) -> Result<StageStatus, Failure> {
    let stack_sets = session.stack_sets(request.call_as);
    let observed = observe(&stack_sets, &request.release).await.map_err(|error| refused(&error, request.call_as))?;
    let operations = operations(&stack_sets, request, &observed).await?;
    let deployed = deployed_endpoints(&Arc::new(sessions), &release.manifest.stage(stage).endpoints, request, &observed).await;
    Ok(StageStatus::new(release, stage, request, &observed, &operations, deployed, tool))
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
    let config = match sessions.config(&target.account, &target.region).await {
        Ok(config) => config,
        Err(error) => return names.iter().map(|name| EndpointState::unread(name, error.to_string(), error.hint.clone())).collect(),
    };
    let mut states = Vec::with_capacity(names.len());
    for name in names {
        states.push(match SageMakerTarget::from_config(&config, name).describe().await {
            Ok(description) => EndpointState::described(name, &description, deployed),
            Err(error) if error.kind == TargetErrorKind::NotFound => EndpointState::missing(name),
            Err(error) => EndpointState::unread(name, error.to_string(), error.hint),
        });
    }
    states
}
