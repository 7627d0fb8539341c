//! The result of a rollout, which becomes `rollout.json`.

use std::fmt;

use aws_names::{AccountId, Region};
use serde::Serialize;

use crate::identifiers::{OperationId, StackSetName, Target};
use crate::plan::{InstanceAction, Plan, PlannedInstance, SetChange};
use crate::problem::Problem;
use crate::release::Targets;
use crate::stacks::FailedResource;
use crate::status::{DetailedStatus, InstanceStatus, OperationAction, OperationStatus};
use crate::waves::Wave;

/// The result of a rollout, for each target. Serializes as `rollout.json`, version 1.
///
/// Contains no timestamps, so that the same events result in the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rollout {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The stack set.
    pub stack_set: StackSetName,
    /// The overall result.
    pub verdict: Verdict,
    /// Whether the stack set already had the release, so that no operation was started.
    pub nothing_to_do: bool,
    /// What happened to the stack set.
    pub change: SetChange,
    /// The operations that were started, in order.
    pub operations: Vec<OperationRecord>,
    /// The number of targets by outcome.
    pub counts: Counts,
    /// All targets, in order of account and region.
    pub targets: Vec<TargetRecord>,
    /// Instances of the set that are not targets. They were not changed.
    pub orphans: Vec<Orphan>,
    /// Problems that prevented completion or an explanation of failures.
    pub problems: Vec<Problem>,
    /// The waves, in order; none for a rollout without waves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<WaveRecord>,
    /// What was rolled back after a wave failed; `None` if nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<RollBackRecord>,
}

/// The result of one wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WaveRecord {
    /// Its number, from 1.
    pub number: usize,
    /// Its size, such as `10%`.
    pub size: String,
    /// Its accounts.
    pub accounts: Vec<AccountId>,
    /// Its regions.
    pub regions: Vec<Region>,
    /// The outcome.
    pub outcome: WaveOutcome,
    /// The reason. Set for every outcome except `passed`.
    pub reason: Option<String>,
}

/// The outcome of a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WaveOutcome {
    /// Every target has the release, and the checks passed.
    Passed,
    /// A target does not have the release, or a check failed.
    Failed,
    /// Whether it has passed is not known.
    Unfinished,
    /// Not started: an earlier wave failed, or no later one was allowed to start.
    Skipped,
}

/// The rollout of the release before to the instances of a failed wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RollBackRecord {
    /// The number of the wave.
    pub wave: usize,
    /// The overall result: `succeeded` if every instance has the release before.
    pub verdict: Verdict,
    /// The instances that existed before the wave. `succeeded`: rolled back.
    pub targets: Vec<TargetRecord>,
}

/// An instance of the stack set that is not a target of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Orphan {
    /// The account.
    pub account_id: AccountId,
    /// The region.
    pub region: Region,
    /// The instance's status, such as `INOPERABLE`.
    pub status: InstanceStatus,
    /// Why it is not up to date, if CloudFormation reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
}

/// The overall result of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// Every target has the release.
    Succeeded,
    /// At least one target does not have the release.
    Failed,
    /// No target is known to have failed, but the result is unknown: the deadline passed, a call to
    /// AWS failed, or another release superseded the run.
    Unfinished,
}

/// An operation that the rollout started or resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OperationRecord {
    /// Its id, for the console and the AWS CLI.
    pub operation_id: OperationId,
    /// Its action.
    pub action: OperationAction,
    /// The last known status.
    pub status: OperationStatus,
    /// Whether another run of the release had started it, and this run waited for it.
    pub resumed: bool,
    /// The status reason from AWS, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The result of one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TargetRecord {
    /// The account.
    pub account_id: AccountId,
    /// The region.
    pub region: Region,
    /// The outcome.
    pub outcome: Outcome,
    /// The instance's status, as AWS spells it. `None` without an instance or if unknown.
    pub status: Option<InstanceStatus>,
    /// The detailed status of the operation in this target, as AWS spells it.
    pub detailed_status: Option<DetailedStatus>,
    /// The reason. Set for every outcome except `succeeded` and `unchanged`.
    pub reason: Option<String>,
    /// The stack's ARN, if it exists.
    pub stack_id: Option<String>,
    /// The resources that failed first, from the stack's events.
    pub events: Vec<FailedResource>,
}

/// The outcome of a rollout in one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The stack was created or updated.
    Succeeded,
    /// The target already had the release.
    Unchanged,
    /// The stack could not be created or updated.
    Failed,
    /// Cancelled, because the operation was stopped or exceeded its failure tolerance.
    Cancelled,
    /// The target had the release, and has the one before again, because its wave failed.
    #[serde(rename = "rolled-back")]
    RolledBack,
    /// Not started: an earlier step failed, or the account is suspended.
    Skipped,
    /// It had not finished when the rollout stopped waiting.
    Unfinished,
}

/// The number of targets by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// All targets.
    pub targets: usize,
    /// [`Outcome::Succeeded`].
    pub succeeded: usize,
    /// [`Outcome::Unchanged`].
    pub unchanged: usize,
    /// [`Outcome::Failed`].
    pub failed: usize,
    /// [`Outcome::Cancelled`].
    pub cancelled: usize,
    /// [`Outcome::RolledBack`]. Not serialized if zero.
    #[serde(skip_serializing_if = "is_zero")]
    pub rolled_back: usize,
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
            orphans: plan.instances.iter().filter_map(Orphan::of).collect(),
            change: plan.stack_set,
            operations,
            counts,
            targets,
            problems,
            waves: Vec::new(),
            rolled_back: None,
        }
    }

    /// The record with its waves, whose failures are failures of the rollout.
    pub(crate) fn with_waves(self, waves: Vec<WaveRecord>, rolled_back: Option<RollBackRecord>) -> Self {
        let has = |outcome| waves.iter().any(|wave| wave.outcome == outcome);
        let verdict = match self.verdict {
            _ if has(WaveOutcome::Failed) => Verdict::Failed,
            Verdict::Succeeded if has(WaveOutcome::Unfinished) => Verdict::Unfinished,
            verdict => verdict,
        };
        Self { verdict, waves, rolled_back, ..self }
    }

    /// The overall result.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }
}

impl Orphan {
    fn of(planned: &PlannedInstance) -> Option<Self> {
        let instance = planned.observed.as_ref().filter(|_| planned.action == InstanceAction::Orphan)?;
        Some(Self {
            account_id: planned.target.account.clone(),
            region: planned.target.region.clone(),
            status: instance.status.clone(),
            status_reason: instance.status_reason.clone(),
        })
    }

    /// The target.
    pub fn target(&self) -> Target {
        Target::new(self.account_id.clone(), self.region.clone())
    }
}

impl WaveRecord {
    pub(crate) fn new(wave: &Wave, outcome: WaveOutcome, reason: Option<String>) -> Self {
        let Targets { accounts, regions } = &wave.targets;
        let (accounts, regions) = (accounts.iter().cloned().collect(), regions.iter().cloned().collect());
        Self { number: wave.number, size: wave.size.clone(), accounts, regions, outcome, reason }
    }
}

impl TargetRecord {
    /// The target.
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
                Outcome::RolledBack => &mut counts.rolled_back,
                Outcome::Skipped => &mut counts.skipped,
                Outcome::Unfinished => &mut counts.unfinished,
            } += 1;
        }
        counts
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Verdict {
    /// A failure has precedence over an unknown result.
    pub(crate) fn of(counts: &Counts) -> Self {
        if counts.failed + counts.cancelled + counts.rolled_back + counts.skipped > 0 {
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
            Self::RolledBack => "rolled back",
            Self::Skipped => "skipped",
            Self::Unfinished => "unfinished",
        })
    }
}
