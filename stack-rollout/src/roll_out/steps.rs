//! The operations that a plan needs, in their order.

use std::collections::BTreeMap;

use crate::identifiers::Target;
use crate::plan::{InstanceAction, Plan, PlannedInstance, SetChange};
use crate::release::{Parameters, Targets};
use crate::stack_sets::rectangles;
use crate::status::OperationAction;

/// One operation on the stack set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: StepKind,
    /// Empty only for the update of a set without instances.
    pub(super) targets: Targets,
    /// The parameters that the instances are to have in place of the set's; `None` leaves those that they have.
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

    /// The word for this kind in an operation's id.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::UpdateSet | Self::UpdateInstances => "update",
            Self::CreateInstances => "create",
        }
    }
}

/// The operations that a plan needs, in their order.
///
/// The set is updated first, because new instances are created with what the set has. An update of the set names the instances it
/// is for: without a list CloudFormation would update all of them, orphans too. When the set has orphans only, there is no
/// instance to name, so the new ones are created first and then updated with the set. An update of the set keeps what instances have
/// for parameters of their own: those whose own parameters change follow in operations of their own, one for each set of parameters.
pub(super) fn steps(plan: &Plan) -> Vec<Step> {
    let existing: Vec<&PlannedInstance> =
        plan.instances.iter().filter(|planned| matches!(planned.action, InstanceAction::Update | InstanceAction::Outdated)).collect();
    let (with_own, others): (Vec<_>, Vec<_>) = existing.into_iter().partition(|planned| planned.overrides.is_some());
    let new: Vec<_> = plan.instances.iter().filter(|planned| planned.action == InstanceAction::New).collect();
    let keeping: Vec<_> = others.into_iter().map(|planned| &planned.target).collect();
    let own = by_overrides(StepKind::UpdateInstances, &with_own);
    let create = by_overrides(StepKind::CreateInstances, &new);
    if !matches!(plan.stack_set, SetChange::Update { .. }) {
        return update(StepKind::UpdateInstances, rectangles(keeping)).into_iter().chain(own).chain(create).collect();
    }
    let only_orphans = keeping.is_empty() && with_own.is_empty() && plan.targets(InstanceAction::Orphan).next().is_some();
    let updated = if only_orphans {
        rectangles(new.iter().map(|planned| &planned.target))
    } else if keeping.is_empty() {
        // The set must be updated through some instance; it gets its own parameters right after.
        rectangles(with_own.first().map(|planned| &planned.target))
    } else {
        rectangles(keeping)
    };
    let mut set = update(StepKind::UpdateSet, updated);
    if set.is_empty() {
        set.push(Step { kind: StepKind::UpdateSet, targets: Targets::default(), overrides: None });
    }
    if only_orphans { create.into_iter().chain(set).collect() } else { set.into_iter().chain(own).chain(create).collect() }
}

/// Updates of instances that keep what they have for parameters of their own; the first may be that of the set.
fn update(first: StepKind, rectangles: Vec<Targets>) -> Vec<Step> {
    let kind = |index| if index == 0 { first } else { StepKind::UpdateInstances };
    rectangles.into_iter().enumerate().map(|(index, targets)| Step { kind: kind(index), targets, overrides: None }).collect()
}

/// One operation takes one list of parameters for all its instances.
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
