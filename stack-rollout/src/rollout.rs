//! What a rollout did: the record that becomes `rollout.json`.

use std::fmt;

use aws_names::{AccountId, Region};
use serde::Serialize;

use crate::identifiers::{OperationId, StackSetName, Target};
use crate::plan::{InstanceAction, Plan, SetChange};
use crate::problem::Problem;
use crate::stacks::FailedResource;
use crate::status::{DetailedStatus, InstanceStatus, OperationAction, OperationStatus};

/// What a rollout did, target by target. Serialises as `rollout.json`, version 1.
///
/// Holds no time of day, so that the same course of events gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rollout {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The stack set.
    pub stack_set: StackSetName,
    /// How it ended as a whole.
    pub verdict: Verdict,
    /// Whether everything was as the release says before, so that no operation was started.
    pub nothing_to_do: bool,
    /// What became of the stack set.
    pub change: SetChange,
    /// The operations that were started, in order.
    pub operations: Vec<OperationRecord>,
    /// How many targets ended how.
    pub counts: Counts,
    /// Every target, in order of account and region.
    pub targets: Vec<TargetRecord>,
    /// Instances of the set that are not among the targets. Nothing was done to them.
    pub orphans: Vec<Target>,
    /// What kept the rollout from being finished or fully explained.
    pub problems: Vec<Problem>,
}

/// How a rollout ended as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// Every target has what the release says.
    Succeeded,
    /// At least one target has not.
    Failed,
    /// It is not known, because the deadline passed, AWS could not be asked or another release has superseded the run, and no target is
    /// known to have failed.
    Unfinished,
}

/// An operation that the rollout started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OperationRecord {
    /// Its id, for the console and the AWS CLI.
    pub operation_id: OperationId,
    /// What it did.
    pub action: OperationAction,
    /// The last state that was seen.
    pub status: OperationStatus,
    /// An earlier run of the release had started it, or one beside this: it was found and waited for.
    pub resumed: bool,
    /// Why it has that state, where AWS said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TargetRecord {
    /// The account.
    pub account_id: AccountId,
    /// The region.
    pub region: Region,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the instance is up to date with its set, in AWS's word. `None` when there is no instance or it could not be asked.
    pub status: Option<InstanceStatus>,
    /// What the operation did here, in AWS's word.
    pub detailed_status: Option<DetailedStatus>,
    /// Why it ended so. Given for every outcome but `succeeded` and `unchanged`.
    pub reason: Option<String>,
    /// The stack's ARN, once there is one.
    pub stack_id: Option<String>,
    /// The resources that failed first, from the stack's own events.
    pub events: Vec<FailedResource>,
}

/// How a rollout ended in one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The stack was created or updated.
    Succeeded,
    /// It had what the release says before.
    Unchanged,
    /// The stack could not be created or updated.
    Failed,
    /// CloudFormation gave it up, since the operation was stopped or had failed elsewhere too often.
    Cancelled,
    /// It was not tried: an earlier step failed, or the account is suspended.
    Skipped,
    /// It had not ended when the rollout stopped waiting.
    Unfinished,
}

/// How many targets ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// All of them.
    pub targets: usize,
    /// [`Outcome::Succeeded`].
    pub succeeded: usize,
    /// [`Outcome::Unchanged`].
    pub unchanged: usize,
    /// [`Outcome::Failed`].
    pub failed: usize,
    /// [`Outcome::Cancelled`].
    pub cancelled: usize,
    /// [`Outcome::Skipped`].
    pub skipped: usize,
    /// [`Outcome::Unfinished`].
    pub unfinished: usize,
}

impl Rollout {
    pub(crate) fn new(
        stack_set: StackSetName,
        plan: Plan,
        nothing_to_do: bool,
        operations: Vec<OperationRecord>,
        targets: Vec<TargetRecord>,
        problems: Vec<Problem>,
    ) -> Self {
        let counts = Counts::of(targets.iter().map(|target| target.outcome));
        Self {
            schema_version: 1,
            stack_set,
            verdict: Verdict::of(&counts),
            nothing_to_do,
            orphans: plan.targets(InstanceAction::Orphan).cloned().collect(),
            change: plan.stack_set,
            operations,
            counts,
            targets,
            problems,
        }
    }

    /// How it ended as a whole.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl TargetRecord {
    /// Where.
    pub fn target(&self) -> Target {
        Target::new(self.account_id.clone(), self.region.clone())
    }
}

impl Counts {
    /// Counts outcomes.
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            counts.targets += 1;
            *match outcome {
                Outcome::Succeeded => &mut counts.succeeded,
                Outcome::Unchanged => &mut counts.unchanged,
                Outcome::Failed => &mut counts.failed,
                Outcome::Cancelled => &mut counts.cancelled,
                Outcome::Skipped => &mut counts.skipped,
                Outcome::Unfinished => &mut counts.unfinished,
            } += 1;
        }
        counts
    }
}

impl Verdict {
    /// A proven failure outranks what is not known, and only targets that all have the release are a success.
    pub(crate) fn of(counts: &Counts) -> Self {
        if counts.failed + counts.cancelled + counts.skipped > 0 {
            Self::Failed
        } else if counts.unfinished > 0 {
            Self::Unfinished
        } else {
            Self::Succeeded
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unfinished => "unfinished",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Succeeded => "succeeded",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Unfinished => "unfinished",
        })
    }
}
