//! What a rollout to production changes.

use serde::{Deserialize, Serialize};

use super::super::claim::Claim;
use crate::plan_report::{ParameterChange, Resource};

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
