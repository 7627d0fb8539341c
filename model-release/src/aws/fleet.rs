//! Reads the status of a fleet: stack sets here, endpoints in their targets, and the registry.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use model_registry::ModelPackageGroup;
use stack_rollout::aws::CloudFormationStackSets;
use stack_rollout::{CallAs, Instance, Observed, Parameters, StackSet, StackSetName, StackSets as _, Target, observe_without_overrides};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::stage_status::endpoints_with;
use super::{AssumedRoles, Session, TargetRole};
use crate::deploy::located;
use crate::diagnostic::{Diagnostic, Failure};
use crate::endpoint_state::{EndpointState, Health};
use crate::fleet::{FleetReading, FleetSelection, FleetStatus, GroupReading, StackNames, StageIdentity, StageReading, TargetReading};
use crate::manifest::Tool;
use crate::registry_errors;

/// The maximum number of concurrent calls for stack sets: CloudFormation accepts only a few requests
/// a second for an account.
const STACK_SETS_AT_ONCE: usize = 10;
/// The maximum number of targets that are read concurrently.
const TARGETS_AT_ONCE: usize = 32;
/// The maximum number of groups that are listed concurrently.
const GROUPS_AT_ONCE: usize = 4;
/// The newest packages of a group that can wait: one page.
const PACKAGES: usize = 100;
/// The parameter with the model execution role's name.
const EXECUTION_ROLE: &str = "ExecutionRoleName";

/// Reads the status of the selected projects. What cannot be read is part of the status; an error
/// means that the stack sets cannot be listed.
pub async fn fleet_status(
    session: &Session,
    selection: &FleetSelection,
    role: &TargetRole,
    call_as: CallAs,
    tool: Tool,
) -> Result<FleetStatus, Failure> {
    let caller = session.caller().await?;
    let stack_sets = session.stack_sets(call_as);
    let listed = stack_sets.list_stack_sets().await.map_err(|error| {
        let diagnostic = Diagnostic::error(format!("the stack sets could not be listed: {error}")).with_hint_opt(error.hint());
        Failure::unreachable(diagnostic.in_aws(None::<&str>, error.region.as_ref()))
    })?;
    let names: Vec<_> = listed.into_iter().filter(|name| selection.can_include(name)).collect();
    let reads = names.into_iter().map(|name| {
        let stack_sets = stack_sets.clone();
        async move {
            let observed = observe_without_overrides(&stack_sets, &name).await;
            (name, observed.map_err(|error| Failure::unreachable(located(&error).with_hint_opt(error.hint()))))
        }
    });
    let (mut sets, mut failures) = (Vec::new(), Vec::new());
    for (name, read) in concurrently(STACK_SETS_AT_ONCE, reads).await {
        match read {
            Ok(Observed { stack_set: Some(set), instances }) => {
                let identity = StageIdentity::of(&name, &set).filter(|identity| selection.includes(identity, &set));
                sets.extend(identity.map(|identity| (identity, name, set, instances)));
            }
            // It was deleted after it was listed.
            Ok(Observed { stack_set: None, .. }) => {}
            Err(failure) => failures.push((format!("stack set {name}"), session.located(failure).await)),
        }
    }
    let missing = if failures.is_empty() { selection.missing(sets.iter().map(|(identity, ..)| identity)) } else { Vec::new() };
    let missing = missing.into_iter().map(str::to_owned).collect();
    let reader = Arc::new(TargetReader {
        stack_sets,
        slots: Semaphore::new(STACK_SETS_AT_ONCE),
        role: role.name.clone(),
        roles: AssumedRoles::new(session, role, "xtask-fleet-status".to_owned()),
    });
    let stages = read_targets(&reader, sets).await;
    let groups = read_groups(session, &stages, &mut failures).await;
    let reading = FleetReading { account: caller.account, region: session.region().clone(), stages, groups, failures, missing };
    Ok(FleetStatus::new(reading, tool))
}

/// The newest packages of the groups that the stages deploy. Of a group that cannot be listed, what
/// the stages deploy is still known.
async fn read_groups(session: &Session, stages: &[StageReading], failures: &mut Vec<(String, Failure)>) -> Vec<GroupReading> {
    // SageMaker writes a group's name as it is or in lower case.
    let named = stages.iter().filter_map(StageReading::group).map(|group| (group.request_value().to_ascii_lowercase(), group));
    let reads = named.collect::<BTreeMap<_, _>>().into_values().map(|group: ModelPackageGroup| {
        let registry = session.registry(group.region());
        async move {
            let listing = model_registry::list(&registry, &group, Some(PACKAGES)).await;
            (group, listing.map_err(|error| registry_errors::of_registry(&error)))
        }
    });
    let mut groups = Vec::new();
    for (group, listing) in concurrently(GROUPS_AT_ONCE, reads).await {
        let packages = match listing {
            Ok(listing) => listing.packages,
            Err(failure) => {
                failures.push((format!("model package group {group}"), session.located(failure).await));
                Vec::new()
            }
        };
        groups.push(GroupReading { group, packages });
    }
    groups
}

type FoundSet = (StageIdentity, StackSetName, StackSet, Vec<Instance>);

async fn read_targets(reader: &Arc<TargetReader>, sets: Vec<FoundSet>) -> Vec<StageReading> {
    let mut stages = Vec::new();
    let mut reads = Vec::new();
    for (index, (identity, stack_set, set, instances)) in sets.into_iter().enumerate() {
        let names = StackNames::new(&stack_set, &set);
        let parameters: Parameters = set.parameters.iter().cloned().collect();
        let deployed =
            Arc::new(DeployedSet { identity: identity.clone(), name: stack_set.clone(), parameters, names: names.map(Mutex::new) });
        for instance in &instances {
            let (reader, deployed, target) = (Arc::clone(reader), Arc::clone(&deployed), instance.target.clone());
            reads.push(async move { (index, target.clone(), reader.read(&deployed, &target).await) });
        }
        let observed = Observed { stack_set: Some(set), instances };
        stages.push(StageReading { identity, stack_set, observed, targets: Vec::new() });
    }
    for (index, target, read) in concurrently(TARGETS_AT_ONCE, reads).await {
        if let Some(stage) = stages.get_mut(index) {
            stage.targets.push((target, read));
        }
    }
    stages
}

/// What a stack set deploys.
struct DeployedSet {
    identity: StageIdentity,
    name: StackSetName,
    parameters: Parameters,
    names: Result<Mutex<StackNames>, Failure>,
}

/// Reads targets, each in its account.
struct TargetReader {
    stack_sets: CloudFormationStackSets,
    slots: Semaphore,
    role: Option<String>,
    roles: AssumedRoles,
}

impl TargetReader {
    /// Reads the endpoints of a target. Its overrides are read, with a request of their own, only if
    /// they can matter: if the endpoints do not serve what the stack set deploys, or are in another
    /// region than the model package. A stack that was not updated to its overrides is `OUTDATED`.
    async fn read(&self, set: &DeployedSet, target: &Target) -> TargetReading {
        let package = set.parameters.get(crate::MODEL_PACKAGE);
        let is_home = package.and_then(|package| package.split(':').nth(3)).is_some_and(|region| region == target.region.as_str());
        if is_home {
            let read = self.endpoints(set, target, &Parameters::new()).await;
            if let Ok(endpoints) = read
                && endpoints.iter().all(|endpoint| endpoint.health == Health::Ok)
            {
                return TargetReading { endpoints, ..TargetReading::default() };
            }
        }
        let overrides = {
            let _slot = self.slots.acquire().await;
            self.stack_sets.instance_overrides(&set.name, target).await
        };
        let (overrides, unread) = match overrides {
            Ok(overrides) => (Some(overrides), None),
            Err(error) => {
                let diagnostic = Diagnostic::error(format!("the overrides of its parameters could not be read: {error}"));
                (None, Some(Failure::unreachable(diagnostic.with_hint_opt(error.hint()))))
            }
        };
        match self.endpoints(set, target, overrides.as_ref().unwrap_or(&Parameters::new())).await {
            Ok(endpoints) => TargetReading { overrides, endpoints, failure: unread },
            Err(failure) => TargetReading { overrides, endpoints: Vec::new(), failure: Some(unread.unwrap_or(failure)) },
        }
    }

    async fn endpoints(&self, set: &DeployedSet, target: &Target, overrides: &Parameters) -> Result<Vec<EndpointState>, Failure> {
        let names = match &set.names {
            Ok(names) => names.lock().unwrap_or_else(PoisonError::into_inner).of(target, overrides)?,
            Err(failure) => return Err(failure.clone()),
        };
        let value = |name: &str| overrides.get(name).or_else(|| set.parameters.get(name)).map(String::as_str);
        let role = match &self.role {
            Some(pattern) => set.identity.fill_in(pattern),
            None => value(EXECUTION_ROLE).map(str::to_owned).ok_or_else(|| {
                Diagnostic::error(format!("the stack set has no parameter `{EXECUTION_ROLE}`, and no role is named")).code("no-fleet-role")
            })?,
        };
        let reader = self.roles.endpoints(&target.account, &target.region, &role).await;
        Ok(endpoints_with(reader, &names, value(crate::MODEL_PACKAGE)).await)
    }
}

/// Runs all futures as tasks, at most `limit` at once. Results are in the order of the futures.
async fn concurrently<T, F>(limit: usize, futures: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limit));
    let mut tasks = JoinSet::new();
    for (index, future) in futures.into_iter().enumerate() {
        let slots = Arc::clone(&slots);
        tasks.spawn(async move {
            let _slot = slots.acquire().await;
            (index, future.await)
        });
    }
    // A panic in a task is one here: nothing that should be read is missing silently.
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
