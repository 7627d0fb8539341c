//! The dossier as a document, from which the page, the Markdown and the summary are made.

mod changes;
mod tests;

use serde::{Deserialize, Serialize};

use super::claim::Claim;
use super::judgement::{Change, Judgement};
use crate::manifest::Tool;

pub use changes::{ChangeGroup, Changes, OverrideChange};
pub use tests::{Latency, TestMetric, TestedTarget, Tests};

/// Everything that a person needs to approve a release for production, version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dossier {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// Whether the release can be approved.
    pub verdict: Verdict,
    /// What will be deployed.
    pub release: ReleaseFacts,
    /// The release beside the model in production.
    pub comparison: Comparison,
    /// What a rollout to production changes.
    pub changes: Claim<Changes>,
    /// The tests of this release in staging.
    pub staging: Claim<Tests>,
    /// The last tests of production.
    pub production: Claim<Tests>,
    /// The gates of the release policy.
    pub gates: Claim<Vec<Gate>>,
    /// The limits that the policy sets for rollouts to production, such as a freeze.
    #[serde(default)]
    pub limits: Vec<String>,
    /// What was skipped on purpose.
    pub skipped: Vec<Skipped>,
    /// Who registered and approved the model package.
    pub people: People,
    /// Commands that verify the release.
    pub verify: Vec<Command>,
    /// Commands that go back to what production has now. Empty if they are not known.
    pub roll_back: Vec<Command>,
}

/// Whether the release can be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// `can-be-approved`, `cannot-be-approved` or `not-known`.
    pub decision: Decision,
    /// What the decision is based on.
    pub conditions: Vec<Condition>,
}

/// Whether the release can be approved: no condition failed, and all are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// All conditions are met.
    CanBeApproved,
    /// A condition is not met.
    CannotBeApproved,
    /// No condition failed, but at least one is not known.
    NotKnown,
}

/// The state of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ConditionState {
    /// It is met.
    Passed,
    /// It is not met.
    Failed,
    /// It is not known whether it is met.
    NotKnown,
}

/// A condition for the approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Condition {
    /// What must be so, such as `staging tests`.
    pub name: String,
    /// `passed`, `failed` or `not-known`.
    pub state: ConditionState,
    /// What was found.
    pub found: Claim<String>,
}

/// What will be deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleaseFacts {
    /// The digest `sha256:…` of the manifest, which identifies the release.
    pub digest: Claim<String>,
    /// The SageMaker project's name and id.
    pub project: String,
    /// The model package group.
    pub group: String,
    /// The version in the group; null for an unversioned package.
    pub version: Option<u32>,
    /// The ARN of the model package.
    pub model_package: Claim<String>,
    /// The description of the model package.
    pub description: Claim<String>,
    /// Why this model package was chosen.
    pub because: Claim<String>,
    /// The images, as the manifest has them.
    pub images: Claim<Vec<String>>,
    /// The model data, as the manifest has it.
    pub model_data: Claim<Vec<String>>,
    /// The commit that the release was built from.
    pub commit: Claim<String>,
    /// Whether tracked files differed from the commit.
    pub dirty: Claim<bool>,
    /// The execution of the pipeline.
    pub pipeline_execution: Claim<String>,
}

/// The release beside the model in production.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The ARN of the model package in production.
    pub production: Claim<String>,
    /// Its version.
    pub production_version: Option<u32>,
    /// `better`, `worse`, `mixed` or `same`, over all metrics with a known direction.
    pub judgement: Claim<Judgement>,
    /// The metrics, those with a value for production first.
    pub metrics: Vec<MetricComparison>,
}

/// A metric of this release beside the one of production.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetricComparison {
    /// The metric's name.
    pub name: String,
    /// What it was measured on: the case of the tests, or the document that the package refers to.
    pub on: String,
    /// The value of this release.
    pub this: Claim<f64>,
    /// The value of the model in production.
    pub production: Claim<f64>,
    /// The value of this release minus the other.
    pub difference: Option<f64>,
    /// `better`, `worse`, `same`, `higher` or `lower`: the last two for a metric whose direction is
    /// not known.
    pub change: Option<Change>,
}

/// A gate of the release policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gate {
    /// The gate.
    pub gate: String,
    /// What was found.
    pub found: String,
}

/// Something that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Skipped {
    /// What was skipped.
    pub what: String,
    /// Why.
    pub why: Claim<String>,
}

/// Who registered and approved the model package, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct People {
    /// The approval status now.
    pub approval_status: Claim<String>,
    /// Who registered it.
    pub registered_by: Claim<String>,
    /// When it was registered.
    pub registered_at: Claim<String>,
    /// Who changed it last: AWS keeps no other record of the approver.
    pub approved_by: Claim<String>,
    /// When it was changed last.
    pub approved_at: Claim<String>,
    /// The approver's comment.
    pub comment: Claim<String>,
    /// The status of the model card.
    pub model_card: Claim<String>,
}

/// A command to copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Command {
    /// What it does.
    pub purpose: String,
    /// The command, for a POSIX shell.
    pub command: String,
}

impl Decision {
    /// The words on a page.
    pub fn words(self) -> &'static str {
        match self {
            Self::CanBeApproved => "can be approved",
            Self::CannotBeApproved => "cannot be approved",
            Self::NotKnown => "not known whether it can be approved",
        }
    }

    /// The decision of these conditions: a failed one outranks an unknown one.
    pub fn of(conditions: &[Condition]) -> Self {
        let has = |state: ConditionState| conditions.iter().any(|condition| condition.state == state);
        if has(ConditionState::Failed) {
            Self::CannotBeApproved
        } else if conditions.is_empty() || has(ConditionState::NotKnown) {
            Self::NotKnown
        } else {
            Self::CanBeApproved
        }
    }
}

impl People {
    /// The claims with their names, in the order of a page.
    pub fn rows(&self) -> [(&'static str, &Claim<String>); 7] {
        [
            ("Approval", &self.approval_status),
            ("Last change by", &self.approved_by),
            ("Last change at", &self.approved_at),
            ("Comment", &self.comment),
            ("Registered by", &self.registered_by),
            ("Registered at", &self.registered_at),
            ("Model card", &self.model_card),
        ]
    }
}

impl ConditionState {
    /// The word on a page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotKnown => "not known",
        }
    }
}
