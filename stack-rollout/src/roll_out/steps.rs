//! Orders the operations that a plan needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::identifiers::Target;
use crate::plan::{InstanceAction, Plan, PlannedInstance, SetChange};
use crate::problem::{Place, Problem};
use crate::release::{Parameters, Release, Targets};
use crate::stack_sets::rectangles;
use crate::status::{OperationAction, RegionConcurrency};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: StepKind,
    /// Empty only for the update of a set without instances.
    pub(super) targets: Targets,
    /// The new parameter overrides of the instances; `None` keeps their overrides.
    pub(super) overrides: Option<Parameters>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    UpdateSet,
    UpdateInstances,
    CreateInstances,
}

impl StepKind {
    pub(super) fn action(self) -> OperationAction {
        match self {
            Self::UpdateSet | Self::UpdateInstances => OperationAction::Update,
            Self::CreateInstances => OperationAction::Create,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UpdateSet | Self::UpdateInstances => "update",
            Self::CreateInstances => "create",
        }
    }
}

/// Orders the operations that a plan needs.
///
/// The set is updated first, because new instances are created from it. An update of the set must
/// list the instances to update: without a list CloudFormation would update all of them, including
/// orphans. If the set has only orphans, there is no instance to list, so new instances are created
/// first and then updated with the set. An update of the set keeps parameter overrides. Instances
/// whose overrides change are updated in separate operations, one for each set of overrides.
pub(super) fn steps(plan: &Plan) -> Vec<Step> {
    let existing: Vec<&PlannedInstance> = plan.instances.iter().filter(|planned| planned.action.is_update()).collect();
    let (overridden, others): (Vec<_>, Vec<_>) = existing.into_iter().partition(|planned| planned.overrides.is_some());
    let new: Vec<_> = plan.instances.iter().filter(|planned| planned.action == InstanceAction::New).collect();
    let keeping: Vec<_> = others.into_iter().map(|planned| &planned.target).collect();
    let own = by_overrides(StepKind::UpdateInstances, &overridden);
    let create = by_overrides(StepKind::CreateInstances, &new);
    if !matches!(plan.stack_set, SetChange::Update { .. }) {
        return update(StepKind::UpdateInstances, rectangles(keeping)).into_iter().chain(own).chain(create).collect();
    }
    let only_orphans = keeping.is_empty() && overridden.is_empty() && plan.targets(InstanceAction::Orphan).next().is_some();
    let updated = if only_orphans {
        rectangles(new.iter().map(|planned| &planned.target))
    } else if keeping.is_empty() {
        // The update must list at least one instance; its overrides are updated right after.
        rectangles(overridden.first().map(|planned| &planned.target))
    } else {
        rectangles(keeping)
    };
    let mut set = update(StepKind::UpdateSet, updated);
    if set.is_empty() {
        set.push(Step { kind: StepKind::UpdateSet, targets: Targets::default(), overrides: None });
    }
    if only_orphans { create.into_iter().chain(set).collect() } else { set.into_iter().chain(own).chain(create).collect() }
}

/// A problem if the regions were to be deployed in parallel but are in different operations.
pub(super) fn not_parallel(release: &Release, steps: &[Step]) -> Option<Problem> {
    let regions: BTreeSet<_> = steps.iter().flat_map(|step| &step.targets.regions).collect();
    let is_split = steps.iter().any(|step| !step.targets.is_empty() && step.targets.regions.len() < regions.len());
    let is_requested = release.preferences.region_concurrency == Some(RegionConcurrency::Parallel);
    (is_requested && is_split).then(|| {
        let message =
            format!("the regions are not deployed in parallel: the rollout needs {} operations, one after the other", steps.len());
        let hint =
            "an operation has one list of accounts, regions and parameter overrides; a region with another model package needs its own";
        Problem::new("regions-not-parallel", Place::Preference("RegionConcurrencyType"), message).with_hint(hint)
    })
}

/// Updates of instances that keep their overrides; the first may be the update of the set.
fn update(first: StepKind, rectangles: Vec<Targets>) -> Vec<Step> {
    let kind = |index| if index == 0 { first } else { StepKind::UpdateInstances };
    rectangles.into_iter().enumerate().map(|(index, targets)| Step { kind: kind(index), targets, overrides: None }).collect()
}

/// An operation has one list of overrides for all its instances.
fn by_overrides(kind: StepKind, planned: &[&PlannedInstance]) -> Vec<Step> {
    let mut groups: BTreeMap<Option<&Parameters>, Vec<&Target>> = BTreeMap::new();
    for planned in planned {
        groups.entry(planned.overrides.as_ref()).or_default().push(&planned.target);
    }
    let steps = groups.into_iter().flat_map(|(overrides, targets)| {
        let step = move |targets| Step { kind, targets, overrides: overrides.cloned() };
        rectangles(targets).into_iter().map(step)
    });
    steps.collect()
}
