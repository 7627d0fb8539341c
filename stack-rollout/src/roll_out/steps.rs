//! The operations that a plan needs, in their order.

use crate::plan::{InstanceAction, Plan, SetChange};
use crate::stack_sets::rectangles;
use crate::status::OperationAction;
use crate::{Target, Targets};

/// One operation on the stack set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: StepKind,
    /// Empty only for the update of a set without instances.
    pub(super) targets: Targets,
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
/// instance to name, so the new ones are created first and then updated with the set.
pub(super) fn steps(plan: &Plan) -> Vec<Step> {
    let mut existing: Vec<&Target> = plan.targets(InstanceAction::Update).chain(plan.targets(InstanceAction::Outdated)).collect();
    existing.sort();
    let create =
        || rectangles(plan.targets(InstanceAction::New)).into_iter().map(|targets| Step { kind: StepKind::CreateInstances, targets });
    if !matches!(plan.stack_set, SetChange::Update { .. }) {
        let update = rectangles(existing).into_iter().map(|targets| Step { kind: StepKind::UpdateInstances, targets });
        return update.chain(create()).collect();
    }
    let only_orphans = existing.is_empty() && plan.targets(InstanceAction::Orphan).next().is_some();
    let updated = if only_orphans { rectangles(plan.targets(InstanceAction::New)) } else { rectangles(existing) };
    let mut update: Vec<_> = updated
        .into_iter()
        .enumerate()
        .map(|(index, targets)| Step { kind: if index == 0 { StepKind::UpdateSet } else { StepKind::UpdateInstances }, targets })
        .collect();
    if update.is_empty() {
        update.push(Step { kind: StepKind::UpdateSet, targets: Targets::default() });
    }
    if only_orphans { create().chain(update).collect() } else { update.into_iter().chain(create()).collect() }
}
