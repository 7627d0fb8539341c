//! Computes what a rollout would change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::bounded;
use crate::call_error::CallError;
use crate::error::Error;
use crate::identifiers::{StackSetName, Target};
use crate::problem::{Place, Problem};
use crate::release::{Parameters, PermissionModel, Release};
use crate::stack_sets::{Instance, StackSet, StackSets, keys};
use crate::status::{DetailedStatus, DriftStatus, InstanceStatus, NO_REASON};

/// The current state: a stack set, if it exists, and its instances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// The stack set, or `None` if it does not exist.
    pub stack_set: Option<StackSet>,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// Reads a release's stack set, its instances, and the overrides of target instances.
///
/// CloudFormation's lists have no parameter overrides, and other users can change them. Each target
/// instance needs one request, at most ten concurrently.
pub async fn observe<S: StackSets>(stack_sets: &S, release: &Release) -> Result<Observed, Error> {
    let mut observed = observe_without_overrides(stack_sets, &release.stack_set).await?;
    let read = read_overrides(stack_sets, release, &mut observed).await;
    read.map_err(|source| Error::Call { stack_set: release.stack_set.clone(), source })?;
    Ok(observed)
}

/// Reads a stack set and the list of its instances. Changes nothing.
///
/// A plan from this state does not show overrides that others have set.
pub async fn observe_without_overrides<S: StackSets>(stack_sets: &S, name: &StackSetName) -> Result<Observed, Error> {
    let call = |source| Error::Call { stack_set: name.clone(), source };
    let Some(stack_set) = stack_sets.describe_stack_set(name).await.map_err(call)? else { return Ok(Observed::default()) };
    let instances = stack_sets.list_stack_instances(name).await.map_err(call)?;
    Ok(Observed { stack_set: Some(stack_set), instances })
}

/// Reads the missing overrides of target instances. A failure stops it and keeps what was read.
pub(crate) async fn read_overrides<S: StackSets>(stack_sets: &S, release: &Release, observed: &mut Observed) -> Result<(), CallError> {
    let has_failed = &AtomicBool::new(false);
    let unread = observed.instances.iter_mut().filter(|instance| is_unread(release, instance)).map(|instance| async move {
        if !has_failed.load(Ordering::Relaxed) {
            let read = stack_sets.instance_overrides(&release.stack_set, &instance.target).await;
            instance.overrides = Some(read.inspect_err(|_| has_failed.store(true, Ordering::Relaxed))?);
        }
        Ok(())
    });
    bounded::join_all(OVERRIDES_AT_ONCE, unread.map(bounded::boxed).collect()).await.into_iter().collect()
}

fn is_unread(release: &Release, instance: &Instance) -> bool {
    instance.overrides.is_none() && release.targets.contains(&instance.target)
}

impl Observed {
    /// The number of target instances whose overrides have not been read.
    pub(crate) fn unread(&self, release: &Release) -> usize {
        self.instances.iter().filter(|instance| is_unread(release, instance)).count()
    }
}

/// The maximum concurrency: CloudFormation accepts only a few requests a second for an account.
const OVERRIDES_AT_ONCE: usize = 10;

/// What a rollout of a release would change. Made by [`plan`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// Problems that block the rollout.
    pub problems: Vec<Problem>,
    /// What happens to the stack set.
    pub stack_set: SetChange,
    /// What happens to each target and other instance, in order of account and region.
    pub instances: Vec<PlannedInstance>,
}

/// What happens to the stack set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum SetChange {
    /// The stack set does not exist and is created.
    Create,
    /// The stack set differs from the release and is updated.
    Update {
        /// All differences.
        because: Vec<Difference>,
    },
    /// The stack set already has the release.
    Untouched,
}

/// One difference between a stack set and a release.
///
/// Parameters are reported by key only: their values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "what", content = "key", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Difference {
    /// The template.
    Template,
    /// The set does not have this parameter yet.
    ParameterAdded(String),
    /// The parameter's value differs.
    ParameterChanged(String),
    /// CloudFormation hides the parameter's value (`NoEcho`), so it may differ.
    ParameterHidden(String),
    /// The release does not set this parameter of the set: it returns to the template's default.
    ParameterRemoved(String),
    /// The description.
    Description,
    /// The release acknowledges a capability that the set does not.
    Capabilities,
    /// The tags.
    Tags,
    /// The administration role.
    AdministrationRole,
    /// The execution role.
    ExecutionRole,
    /// Managed execution.
    ManagedExecution,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template => f.write_str("the template differs"),
            Self::ParameterAdded(key) => write!(f, "parameter `{key}` is new"),
            Self::ParameterChanged(key) => write!(f, "parameter `{key}` differs"),
            Self::ParameterHidden(key) => write!(f, "parameter `{key}` is hidden (NoEcho) and may differ"),
            Self::ParameterRemoved(key) => write!(f, "parameter `{key}` returns to its default"),
            Self::Description => f.write_str("the description differs"),
            Self::Capabilities => f.write_str("a capability is acknowledged that the stack set did not have"),
            Self::Tags => f.write_str("the tags differ"),
            Self::AdministrationRole => f.write_str("the administration role differs"),
            Self::ExecutionRole => f.write_str("the execution role differs"),
            Self::ManagedExecution => f.write_str("managed execution differs"),
        }
    }
}

/// What happens in one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlannedInstance {
    /// The target.
    pub target: Target,
    /// The action.
    pub action: InstanceAction,
    /// The current instance, or `None` if it does not exist.
    pub observed: Option<Instance>,
    /// The new overrides; `None` if unchanged. Only keys are serialized: values may be secrets.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "keys")]
    pub overrides: Option<Parameters>,
}

impl PlannedInstance {
    /// The parameter overrides that are added, removed or changed.
    pub fn override_changes(&self) -> Vec<OverrideChange<'_>> {
        let Some(wanted) = &self.overrides else { return Vec::new() };
        let present = self.observed.as_ref().and_then(|instance| instance.overrides.as_ref());
        let keys: BTreeSet<&str> = present.into_iter().flat_map(Parameters::keys).chain(wanted.keys()).map(String::as_str).collect();
        let change = |key| OverrideChange { key, from: present.and_then(|present| present.get(key)), to: wanted.get(key) };
        keys.into_iter().map(change).filter(|change| change.from != change.to).collect()
    }

    /// Whether the last drift detection found that the stack differs from its template.
    pub fn has_drifted(&self) -> bool {
        self.observed.as_ref().is_some_and(|instance| instance.drift == Some(DriftStatus::Drifted))
    }

    /// Why the last operation failed here; `None` if it succeeded, or did not reach this instance.
    pub fn last_failure(&self) -> Option<&str> {
        let instance = self.observed.as_ref()?;
        let failed = instance.detailed_status.as_ref().is_some_and(DetailedStatus::is_failure);
        // A later operation that changed nothing here, such as drift detection, keeps the reason.
        let was_left = instance.status == InstanceStatus::Outdated && instance.status_reason.is_some();
        let is_known = failed || (was_left && self.not_reached().is_none());
        is_known.then(|| instance.status_reason.as_deref().unwrap_or(NO_REASON))
    }

    /// Why the last operation did not reach this instance; `None` if it did.
    pub fn not_reached(&self) -> Option<&str> {
        let instance = self.observed.as_ref()?;
        let usual = instance.detailed_status.as_ref()?.reason_not_reached()?;
        Some(instance.status_reason.as_deref().unwrap_or(usual))
    }
}

/// A change of one parameter override.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverrideChange<'a> {
    /// The parameter's key.
    pub key: &'a str,
    /// The current override; `None` if the stack set's value applies.
    pub from: Option<&'a String>,
    /// The new override; `None` if the stack set's value applies.
    pub to: Option<&'a String>,
}

/// What a rollout does with one stack instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum InstanceAction {
    /// The instance does not exist and is created.
    New,
    /// The instance is updated, because the stack set or its parameter overrides change.
    Update,
    /// The stack set does not change, but the instance is not up to date and is updated.
    Outdated,
    /// The instance has the release and is updated again: [`Reapply`](crate::Reapply).
    Reapply,
    /// The instance has the release. Nothing is done.
    Unchanged,
    /// CloudFormation skips the instance in every update until it is fixed. This is a problem.
    Inoperable,
    /// The instance is not a target of the release. It is not updated and not deleted.
    Orphan,
}

impl InstanceAction {
    /// Whether an existing instance is updated.
    pub fn is_update(self) -> bool {
        matches!(self, Self::Update | Self::Outdated | Self::Reapply)
    }
}

impl fmt::Display for InstanceAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::New => "new",
            Self::Update => "update",
            Self::Outdated => "outdated",
            Self::Reapply => "reapply",
            Self::Unchanged => "unchanged",
            Self::Inoperable => "inoperable",
            Self::Orphan => "orphan",
        })
    }
}

impl Plan {
    /// Whether a rollout would change nothing.
    pub fn is_nothing_to_do(&self) -> bool {
        self.stack_set == SetChange::Untouched
            && self.instances.iter().all(|instance| matches!(instance.action, InstanceAction::Unchanged | InstanceAction::Orphan))
    }

    /// The targets with this action, in order.
    pub fn targets(&self, action: InstanceAction) -> impl Iterator<Item = &Target> {
        self.instances.iter().filter(move |instance| instance.action == action).map(|instance| &instance.target)
    }
}

/// Whether values that CloudFormation hides (`NoEcho`) may differ from the release's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HiddenValues {
    MayDiffer,
    /// The stack set was updated to the release just before.
    AreTheRelease,
}

/// Computes what a rollout of `release` would change in the observed state, without a call to AWS.
pub fn plan(release: &Release, observed: &Observed) -> Plan {
    plan_with(release, observed, HiddenValues::MayDiffer)
}

pub(crate) fn plan_with(release: &Release, observed: &Observed, hidden: HiddenValues) -> Plan {
    let mut problems = release.problems();
    let stack_set = match &observed.stack_set {
        None => SetChange::Create,
        Some(stack_set) => {
            problems.extend(permission_model_problem(release, stack_set));
            let mut because = differences(release, stack_set);
            because.retain(|difference| hidden == HiddenValues::MayDiffer || !matches!(difference, Difference::ParameterHidden(_)));
            match because {
                because if because.is_empty() => SetChange::Untouched,
                because => SetChange::Update { because },
            }
        }
    };
    let mut there: BTreeMap<&Target, &Instance> = observed.instances.iter().map(|instance| (&instance.target, instance)).collect();
    let mut instances = Vec::with_capacity(release.targets.len() + there.len());
    for target in release.targets.iter() {
        let instance = there.remove(&target);
        let overrides = overrides(release, &target, instance);
        let action = match instance.map(|instance| &instance.status) {
            None => InstanceAction::New,
            Some(InstanceStatus::Inoperable) => {
                problems.push(inoperable(&target, instance.and_then(|instance| instance.status_reason.as_deref())));
                InstanceAction::Inoperable
            }
            Some(_) if stack_set == SetChange::Untouched && overrides.is_some() && release.reapplies(&target) => InstanceAction::Reapply,
            Some(_) if stack_set != SetChange::Untouched || overrides.is_some() => InstanceAction::Update,
            Some(InstanceStatus::Current) => InstanceAction::Unchanged,
            Some(_) => InstanceAction::Outdated,
        };
        instances.push(PlannedInstance { target, action, observed: instance.cloned(), overrides });
    }
    instances.extend(there.into_values().map(|instance| PlannedInstance {
        target: instance.target.clone(),
        action: InstanceAction::Orphan,
        observed: Some(instance.clone()),
        overrides: None,
    }));
    instances.sort_by(|a, b| a.target.cmp(&b.target));
    Plan { problems, stack_set, instances }
}

/// The parameter overrides of an instance, if they change.
fn overrides(release: &Release, target: &Target, instance: Option<&Instance>) -> Option<Parameters> {
    let mut wanted = release.overrides_of(target);
    // Without the parameter the stack set no longer declares it, and nothing can override it.
    let reapply = release.reapply.as_ref().filter(|reapply| release.has_parameter(&reapply.parameter));
    if let (Some(reapply), Some(instance)) = (reapply, instance) {
        let present = instance.overrides.as_ref().and_then(|present| present.get(&reapply.parameter));
        let attempt = if reapply.targets.contains(target) { Some(&reapply.attempt) } else { present };
        wanted.extend(attempt.map(|attempt| (reapply.parameter.clone(), attempt.clone())));
    }
    let same = match instance {
        None => wanted.is_empty(),
        Some(instance) => match &instance.overrides {
            // CloudFormation shows `****` instead of the value of a NoEcho parameter.
            Some(present) => {
                present.len() == wanted.len()
                    && wanted.iter().all(|(key, value)| present.get(key).is_some_and(|present| present == value || present == "****"))
            }
            None => wanted.is_empty(),
        },
    };
    (!same).then_some(wanted)
}

/// The instances of the stack set that are not targets of the release.
///
/// They are not updated, and only [`prune`](crate::prune) deletes them.
pub fn orphans<'a>(release: &Release, instances: &'a [Instance]) -> Vec<&'a Instance> {
    let mut orphans: Vec<_> = instances.iter().filter(|instance| !release.targets.contains(&instance.target)).collect();
    orphans.sort_by(|a, b| a.target.cmp(&b.target));
    orphans
}

fn differences(release: &Release, stack_set: &StackSet) -> Vec<Difference> {
    let mut differences = Vec::new();
    if !release.template.is(&stack_set.template_body) {
        differences.push(Difference::Template);
    }
    let wanted: BTreeMap<_, _> = release.parameters.iter().map(|(key, value)| (key, value)).collect();
    let present: BTreeMap<_, _> = stack_set.parameters.iter().map(|(key, value)| (key, value)).collect();
    for (key, value) in &wanted {
        match present.get(key) {
            None => differences.push(Difference::ParameterAdded((*key).clone())),
            // CloudFormation shows `****` instead of the value of a NoEcho parameter.
            Some(present) if present.as_str() == "****" => differences.push(Difference::ParameterHidden((*key).clone())),
            Some(present) if present != value => differences.push(Difference::ParameterChanged((*key).clone())),
            Some(_) => {}
        }
    }
    differences.extend(present.keys().filter(|key| !wanted.contains_key(*key)).map(|key| Difference::ParameterRemoved((*key).clone())));
    if release.description.is_some() && release.description != stack_set.description {
        differences.push(Difference::Description);
    }
    if release.managed_execution.is_some_and(|wanted| wanted != stack_set.managed_execution.unwrap_or(false)) {
        differences.push(Difference::ManagedExecution);
    }
    // A capability is an acknowledgement: a superfluous one changes no stack.
    if stack_set.capabilities.as_ref().is_some_and(|present| !release.capabilities.is_subset(present)) {
        differences.push(Difference::Capabilities);
    }
    if release.tags.iter().collect::<BTreeSet<_>>() != stack_set.tags.iter().collect::<BTreeSet<_>>() {
        differences.push(Difference::Tags);
    }
    if let PermissionModel::SelfManaged { administration_role_arn, execution_role_name } = &release.permission_model {
        if administration_role_arn.is_some() && *administration_role_arn != stack_set.administration_role_arn {
            differences.push(Difference::AdministrationRole);
        }
        if execution_role_name.is_some() && *execution_role_name != stack_set.execution_role_name {
            differences.push(Difference::ExecutionRole);
        }
    }
    differences
}

/// A set with instances cannot change its permission model, and a rollout never deletes them.
fn permission_model_problem(release: &Release, stack_set: &StackSet) -> Option<Problem> {
    let wanted = release.permission_model.as_str();
    let present = stack_set.permission_model.as_deref().filter(|present| *present != wanted)?;
    let message = format!("stack set `{}` has the permission model {present}; the release needs {wanted}", release.stack_set);
    let hint = "use the permission model of the stack set, or use another stack set name";
    Some(Problem::new("permission-model", Place::StackSet, message).with_hint(hint))
}

fn inoperable(target: &Target, reason: Option<&str>) -> Problem {
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let message = format!("the stack instance is INOPERABLE{reason}");
    let hint = "CloudFormation skips it in every update: remove it from the set and retain its stack, delete the stack by hand, then run the command again";
    Problem::new("inoperable-instance", Place::Target(target.clone()), message).with_hint(hint)
}
