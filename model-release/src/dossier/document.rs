//! The dossier as a document, from which the page, the Markdown and the summary are made.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::claim::Claim;
use crate::manifest::Tool;
use crate::plan_report::{ParameterChange, Resource};

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

/// The overall result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// At least one metric is better, and none is worse.
    Better,
    /// At least one metric is worse, and none is better.
    Worse,
    /// Some metrics are better, and some are worse.
    Mixed,
    /// All metrics are the same.
    Same,
}

/// How a metric changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The value is better.
    Better,
    /// The value is worse.
    Worse,
    /// The values are equal.
    Same,
    /// The value is higher; whether that is better is not known.
    Higher,
    /// The value is lower; whether that is better is not known.
    Lower,
}

/// What a rollout to production changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changes {
    /// The number of targets by state, and whether endpoints are interrupted.
    pub summary: String,
    /// Whether only the model package changes.
    pub only_the_model: bool,
    /// Whether the rollout would change nothing.
    pub nothing_to_do: bool,
    /// Why the stack set is updated.
    pub because: Vec<String>,
    /// The parameters that change.
    pub parameters: Vec<ParameterChange>,
    /// Parameter overrides of single targets that change.
    pub overrides: Vec<OverrideChange>,
    /// The changes in the stacks: targets with the same changes are one group.
    pub groups: Vec<ChangeGroup>,
    /// The targets that do not change.
    pub unchanged: usize,
    /// Targets that need attention: failed last time, drifted, orphaned, inoperable.
    pub notable: Vec<String>,
    /// Endpoints that are replaced or deleted.
    pub interrupted: Vec<String>,
    /// Problems that block the rollout.
    pub problems: Vec<String>,
    /// The result of the checks in the targets.
    pub preflight: Claim<String>,
}

/// A parameter override that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OverrideChange {
    /// The parameter.
    pub name: String,
    /// The change, such as `1 → 2`.
    pub change: String,
    /// The targets.
    pub targets: String,
}

/// Targets with the same changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeGroup {
    /// `new` or `changed`.
    pub action: String,
    /// The number of targets.
    pub targets: usize,
    /// Their regions.
    pub regions: Vec<String>,
    /// The change of the model package, such as `…/12 → 13`, of each region.
    pub model_packages: Vec<String>,
    /// The resources that change.
    pub resources: Vec<Resource>,
    /// Why the changes are not known.
    pub not_known: Option<String>,
}

/// The result of a run of tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tests {
    /// `passed`, `failed`, `errored`, `empty` or `skipped`.
    pub verdict: String,
    /// What passed, in a line.
    pub summary: String,
    /// When the first test began (RFC 3339).
    pub started_at: Option<String>,
    /// When the last test ended.
    pub ended_at: Option<String>,
    /// The suite's file.
    pub suite: Option<String>,
    /// The digest of the suite's file.
    pub suite_digest: Option<String>,
    /// Latencies under load, each the largest of all targets.
    pub latency: Claim<Latency>,
    /// The metrics of the cases, each the worst of all targets.
    pub metrics: Vec<TestMetric>,
    /// The targets, those that did not pass first.
    pub targets: Vec<TestedTarget>,
}

/// A metric of a case over all targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestMetric {
    /// The case.
    pub case: String,
    /// The metric, with its segment.
    pub name: String,
    /// The worst value; null if it could not be computed.
    pub value: Option<f64>,
    /// The limit, such as `at least 0.9`; empty without one.
    pub limit: String,
    /// `passed`, `failed`, `errored` or `skipped`.
    pub outcome: String,
}

/// Latencies under load, in milliseconds, from the scheduled time of each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latency {
    /// The median.
    pub p50_ms: Option<f64>,
    /// The 95th percentile; null if there were too few requests.
    pub p95_ms: Option<f64>,
    /// The 99th percentile; null if there were too few requests.
    pub p99_ms: Option<f64>,
    /// The requests sent.
    pub requests: u64,
    /// The requests that failed.
    pub errors: u64,
    /// Right responses per second.
    pub throughput_per_second: f64,
}

/// A tested endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestedTarget {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// The endpoint.
    pub endpoint: String,
    /// The verdict.
    pub verdict: String,
    /// The cases that passed.
    pub passed: usize,
    /// The cases that ran.
    pub cases: usize,
    /// The latency of the slowest case, in milliseconds.
    pub slowest_ms: Option<f64>,
    /// Latencies under load; null without a load.
    pub latency: Option<Latency>,
    /// What did not pass.
    pub findings: Vec<String>,
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

impl Judgement {
    /// The words on a page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Better => "better than production",
            Self::Worse => "worse than production",
            Self::Mixed => "better in some metrics, worse in others",
            Self::Same => "the same as production",
        }
    }

    /// The judgement of these changes; `None` if none of them has a direction.
    pub fn of(changes: impl Iterator<Item = Change>) -> Option<Self> {
        let (mut better, mut worse, mut same) = (false, false, false);
        for change in changes {
            match change {
                Change::Better => better = true,
                Change::Worse => worse = true,
                Change::Same => same = true,
                Change::Higher | Change::Lower => {}
            }
        }
        match (better, worse, same) {
            (true, true, _) => Some(Self::Mixed),
            (true, false, _) => Some(Self::Better),
            (false, true, _) => Some(Self::Worse),
            (false, false, true) => Some(Self::Same),
            (false, false, false) => None,
        }
    }
}

impl Change {
    /// The word on a page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "same",
            Self::Higher => "higher",
            Self::Lower => "lower",
        }
    }

    /// The change of the metric `name` by `difference`.
    pub fn of(name: &str, difference: f64) -> Self {
        const HIGHER: [&str; 15] = [
            "accuracy",
            "precision",
            "recall",
            "f0_5",
            "f1",
            "f2",
            "auc",
            "au_prc",
            "auprc",
            "auroc",
            "r2",
            "true_positive_rate",
            "true_negative_rate",
            "specificity",
            "sensitivity",
        ];
        const LOWER: [&str; 10] =
            ["mae", "mse", "rmse", "mape", "log_loss", "logloss", "loss", "error", "false_positive_rate", "false_negative_rate"];
        // `weighted_f1`, `macro F1` and `accuracy of north` are all known by one of their names.
        let name = name.to_lowercase().replace([' ', '-'], "_");
        let is = |known: &&str| name == **known || name.starts_with(&format!("{known}_")) || name.ends_with(&format!("_{known}"));
        // `error_rate` is known by its first word, and so is `false_positive_rate` before `positive`.
        let direction = if LOWER.iter().any(|known| is(&known)) {
            -1.0
        } else if HIGHER.iter().any(|known| is(&known)) {
            1.0
        } else {
            0.0
        };
        let is_better = difference * direction;
        match (difference.total_cmp(&0.0), is_better.total_cmp(&0.0)) {
            (Ordering::Equal, _) => Self::Same,
            (_, Ordering::Greater) => Self::Better,
            (Ordering::Greater, _) if direction == 0.0 => Self::Higher,
            (Ordering::Less, _) if direction == 0.0 => Self::Lower,
            _ => Self::Worse,
        }
    }
}
