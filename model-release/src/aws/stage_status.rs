//! Reads the current status of a stage: the stack set here, and each endpoint in its target.

use std::collections::BTreeSet;
use std::sync::Arc;

use endpoint_test::aws::SageMakerTarget;
use endpoint_test::{Description, EndpointStatus, Target as _, TargetErrorKind};
use stack_rollout::{StackSets as _, Target, observe};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Session, TargetSessions};
use crate::deploy::refused;
use crate::diagnostic::{Diagnostic, Failure};
use crate::manifest::Tool;
use crate::stage_status::{EndpointState, Health, StageStatus, deployed_package, version};
use crate::{Release, RolloutRequest, Stage};

/// The maximum of targets that are read concurrently.
const AT_ONCE: usize = 32;

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
    let operations = match &observed.stack_set {
        Some(_) => stack_sets.list_operations(&request.release.stack_set).await.map_err(|source| {
            refused(&stack_rollout::Error::Call { stack_set: request.release.stack_set.clone(), source }, request.call_as)
        })?,
        None => Vec::new(),
    };
    let names = &release.manifest.stage(stage).endpoints;
    let (sessions, slots) = (Arc::new(sessions), Arc::new(Semaphore::new(AT_ONCE)));
    let targets: Vec<Target> = request.release.targets.iter().collect();
    let mut tasks = JoinSet::new();
    for (index, target) in targets.iter().enumerate() {
        if !observed.instances.iter().any(|instance| instance.target == *target) {
            continue;
        }
        let (sessions, slots, target, names) = (Arc::clone(&sessions), Arc::clone(&slots), target.clone(), names.clone());
        let deployed = deployed_package(&observed, &target).map(str::to_owned);
        tasks.spawn(async move {
            let _slot = slots.acquire().await;
            (index, endpoints(&sessions, &target, &names, deployed.as_deref()).await)
        });
    }
    let mut read: Vec<_> = targets.into_iter().map(|target| (target, Vec::new())).collect();
    while let Some(ended) = tasks.join_next().await {
        let (index, states) =
            ended.map_err(|error| Failure::unreachable(Diagnostic::error(format!("reading a target was interrupted: {error}"))))?;
        read[index].1 = states;
    }
    Ok(StageStatus::new(release, stage, request, &observed, &operations, read, tool))
}

async fn endpoints(sessions: &TargetSessions, target: &Target, names: &[String], deployed: Option<&str>) -> Vec<EndpointState> {
    let config = match sessions.config(&target.account, &target.region).await {
        Ok(config) => config,
        Err(error) => return names.iter().map(|name| EndpointState::unread(name, error.to_string())).collect(),
    };
    let mut states = Vec::with_capacity(names.len());
    for name in names {
        states.push(match SageMakerTarget::from_config(&config, name).describe().await {
            Ok(description) => EndpointState::described(name, &description, deployed),
            Err(error) if error.kind == TargetErrorKind::NotFound => EndpointState::missing(name),
            Err(error) => EndpointState::unread(name, error.to_string()),
        });
    }
    states
}

impl EndpointState {
    /// An endpoint that could not be read.
    fn unread(endpoint: &str, reason: String) -> Self {
        Self { endpoint: endpoint.to_owned(), health: Health::Unknown, status: None, model_packages: Vec::new(), reason: Some(reason) }
    }

    /// An endpoint that does not exist.
    fn missing(endpoint: &str) -> Self {
        Self { health: Health::Differs, ..Self::unread(endpoint, "the endpoint does not exist".to_owned()) }
    }

    /// An endpoint with SageMaker's description; `deployed` is the model package of the newest operation.
    fn described(endpoint: &str, description: &Description, deployed: Option<&str>) -> Self {
        let packages: BTreeSet<&String> = description.variants.iter().flat_map(|variant| &variant.model_packages).collect();
        // The release may deploy its package as a shadow variant.
        let of_shadows = || description.shadow_variants.iter().flat_map(|variant| &variant.model_packages);
        let is_served = |deployed: &str| packages.iter().copied().chain(of_shadows()).any(|package| package.eq_ignore_ascii_case(deployed));
        let failure = |reason: &str| description.failure_reason.clone().or_else(|| Some(reason.to_owned()));
        let (health, reason) = match (&description.status, deployed) {
            (EndpointStatus::Failed | EndpointStatus::OutOfService | EndpointStatus::UpdateRollbackFailed, _) => {
                (Health::Failed, failure("SageMaker gave no reason"))
            }
            (status, _) if *status != EndpointStatus::InService => (Health::Differs, failure("an update is running")),
            (_, Some(deployed)) if !is_served(deployed) && packages.is_empty() => {
                (Health::Unknown, Some("its variants have no model package".to_owned()))
            }
            (_, Some(deployed)) if !is_served(deployed) => {
                let served: Vec<_> = packages.iter().map(|package| version(package)).collect();
                (Health::Differs, Some(format!("it serves {}, but the newest operation deploys {}", served.join(", "), version(deployed))))
            }
            _ => (Health::Ok, None),
        };
        Self {
            endpoint: endpoint.to_owned(),
            health,
            status: Some(description.status.as_str().to_owned()),
            model_packages: packages.into_iter().cloned().collect(),
            reason,
        }
    }
}
