//! The plan document (`plan --format json`), from which the text and Markdown forms are made.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::exact::ExactTarget;
use crate::diagnostic::{Diagnostic, Place};
use crate::endpoint_state::{EndpointState, TargetEndpoints};
use crate::manifest::{RolloutLimits, Tool};
use crate::preflight::PreflightReport;
use crate::recreate::next_steps;
use crate::stage_status::LastOperation;
use crate::{RolloutRequest, Stage};

/// The changes that a rollout would make, version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanDocument {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that made the plan.
    pub tool: Tool,
    /// The stage.
    pub stage: String,
    /// The digest `sha256:…` of the release's manifest.
    pub release: String,
    /// The stack set.
    pub stack_set: String,
    /// `create`, `update` or `untouched`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub change: SetAction,
    /// Why the stack set is updated.
    pub because: Vec<String>,
    /// Whether a rollout would change nothing.
    pub nothing_to_do: bool,
    /// An operation that is running on the stack set; the plan is not reliable until it has ended.
    pub running_operation: Option<LastOperation>,
    /// The model package that the release deploys.
    pub model_package: String,
    /// The parameters of the stack set that change.
    pub parameters: Vec<ParameterChange>,
    /// The changes in the stacks, for each group of targets with the same changes.
    pub groups: Vec<Group>,
    /// The operations that a rollout would start, in order.
    pub operations: Vec<Operation>,
    /// The waves of the rollout, in order; empty without waves. Each target has the number of its
    /// wave.
    #[serde(default)]
    pub waves: Vec<PlannedWave>,
    /// The limits that the release policy sets for rollouts to production; null if there are none.
    #[serde(default)]
    pub limits: Option<RolloutLimits>,
    /// The change sets of the stacks that are updated; null if none were created.
    #[serde(default)]
    pub exact: Option<Vec<ExactTarget>>,
    /// The number of targets by state.
    pub counts: Counts,
    /// All targets and all other instances of the set, in order of account and region.
    pub targets: Vec<Target>,
    /// Problems that block the rollout.
    pub problems: Vec<Problem>,
    /// The result of the preflight; null if it was not run.
    pub preflight: Option<PreflightReport>,
}

/// What happens to the stack set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SetAction {
    /// The stack set is created.
    Create,
    /// The stack set is updated.
    Update,
    /// The stack set does not change.
    Untouched,
}

/// What happens to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetAction {
    /// A stack is created.
    New,
    /// The stack changes.
    Changed,
    /// The stack is outdated: an earlier operation did not update it.
    Outdated,
    /// The stack does not change.
    Unchanged,
    /// The instance is inoperable: a deletion failed.
    Inoperable,
    /// The instance is not a target of the release.
    Orphaned,
}

impl TargetAction {
    /// The value in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Outdated => "outdated",
            Self::Unchanged => "unchanged",
            Self::Inoperable => "inoperable",
            Self::Orphaned => "orphaned",
        }
    }
}

/// A parameter that changes. Values of `NoEcho` parameters are `****`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ParameterChange {
    /// The parameter.
    pub name: String,
    /// The value now; null if it has none.
    pub from: Option<String>,
    /// The new value; null if it is removed.
    pub to: Option<String>,
}

/// Targets with the same changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group {
    pub region: String,
    /// `new` or `changed`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub action: TargetAction,
    /// The number of targets.
    pub targets: usize,
    /// One of the accounts, which account-dependent values are from.
    pub account_id: String,
    /// The current model package; null if it is not known.
    pub model_package_from: Option<String>,
    pub model_package_to: Option<String>,
    pub resources: Vec<Resource>,
    /// Why the changes of the resources are not known.
    pub not_known: Option<String>,
}

/// A resource that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type, such as `AWS::SageMaker::Endpoint`.
    #[serde(rename = "resource_type")]
    pub kind: String,
    /// `create`, `update`, `update-or-replace` (not known which), `replace` or `delete`.
    pub effect: String,
    /// Its custom name.
    pub name: Option<String>,
    /// Whether an endpoint is replaced or deleted, so that invocations with its current name fail.
    pub interrupts_endpoint: bool,
    /// CloudFormation will reject it: it must be replaced and keeps its custom name.
    pub blocked_by_its_name: bool,
    /// The properties that change.
    pub properties: Vec<Property>,
}

/// A property that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Property {
    /// The JSON pointer within the resource's properties.
    pub path: String,
    /// The value now.
    pub from: Option<Json>,
    /// The new value.
    pub to: Option<Json>,
    /// `in-place`, `replacement` or `unknown`.
    pub behaviour: String,
    /// The replaced resource that the value refers to.
    pub follows: Option<String>,
}

/// An operation on the stack set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Operation {
    /// `CREATE` or `UPDATE`.
    pub action: String,
    pub accounts: usize,
    pub regions: Vec<String>,
}

/// The number of targets by state. Drifted and failed targets are also in one of the first six.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    pub new: usize,
    pub changed: usize,
    pub outdated: usize,
    pub unchanged: usize,
    pub inoperable: usize,
    pub orphaned: usize,
    pub drifted: usize,
    pub failed_last_time: usize,
    /// The targets that the last operation did not reach.
    pub not_reached_last_time: usize,
}

/// One account and region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Target {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// `new`, `changed`, `outdated`, `unchanged`, `inoperable` or `orphaned`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub action: TargetAction,
    /// The result of the last drift detection: `DRIFTED`, `IN_SYNC`, `NOT_CHECKED` or `UNKNOWN`.
    pub drift: Option<String>,
    /// Whether the instance is up to date with the stack set, such as `CURRENT`; null for a new one.
    pub status: Option<String>,
    /// Why the last operation failed here; null if it did not.
    pub last_failure: Option<String>,
    /// Why the last operation did not reach this target: it was cancelled, or the account is
    /// suspended; null if it did.
    pub not_reached: Option<String>,
    /// What the endpoints serve now; empty if that was not read, or if there is no stack.
    pub endpoints: Vec<EndpointState>,
    /// The number of its wave; null without waves, and for an orphaned instance.
    #[serde(default)]
    pub wave: Option<usize>,
    /// Parameter overrides that change: `from` and `to` are null if the stack set's value applies.
    pub overrides: Vec<ParameterChange>,
}

/// A wave of the rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlannedWave {
    /// Its number, from 1.
    pub number: usize,
    /// Its size, such as `10%`.
    pub size: String,
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
    /// How many of its targets change, are created or are brought up to date.
    pub changing: usize,
}

/// Problems that block the rollout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub code: Cow<'static, str>,
    pub message: String,
    pub hint: Option<String>,
    pub place: Option<String>,
}

impl Problem {
    /// The problem as a diagnostic.
    pub fn diagnostic(&self) -> Diagnostic {
        let subject = self.place.clone();
        let diagnostic = Diagnostic::error(&self.message).with_hint_opt(self.hint.clone());
        // Of a plan that was read from a file, nothing completes the findings any more.
        let code = if let Cow::Borrowed(code) = self.code { Some(code) } else { None };
        Diagnostic { place: subject.clone().map(Place::Named), subject, code, ..diagnostic }
    }
}

impl From<Diagnostic> for Problem {
    fn from(diagnostic: Diagnostic) -> Self {
        let code = diagnostic.code.unwrap_or("release-policy").into();
        Self { code, message: diagnostic.message, hint: diagnostic.hint, place: diagnostic.subject }
    }
}

impl From<&stack_rollout::Problem> for Problem {
    fn from(problem: &stack_rollout::Problem) -> Self {
        Self {
            code: problem.code.into(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            place: problem.place.as_ref().map(ToString::to_string),
        }
    }
}

impl PlanDocument {
    /// Adds the operation that is running, if one is. `operations` are those of the stack set.
    pub fn add_operations(&mut self, operations: &[stack_rollout::Operation], request: &RolloutRequest) {
        let running = operations.iter().find(|operation| !operation.status.has_ended());
        self.running_operation = running.map(|operation| LastOperation::of(operation, request));
    }

    /// Adds what the endpoints of the targets serve. Returns findings with the next steps if
    /// a rollout would not make endpoints serve the release.
    pub fn add_endpoints(&mut self, stage: Stage, serving: Vec<TargetEndpoints>) -> Vec<Diagnostic> {
        let is_unchanged = |target: &stack_rollout::Target| {
            let place = |known: &Target| known.account_id == target.account.as_str() && known.region == target.region.as_str();
            self.targets.iter().any(|known| place(known) && known.action == TargetAction::Unchanged)
        };
        let findings = next_steps(stage, &serving, is_unchanged);
        for read in serving {
            let place = |known: &&mut Target| known.account_id == read.account_id.as_str() && known.region == read.region.as_str();
            if let Some(target) = self.targets.iter_mut().find(place) {
                target.endpoints = read.endpoints;
            }
        }
        findings
    }

    /// The endpoints that would be interrupted, with their groups of targets.
    pub fn interrupted(&self) -> impl Iterator<Item = (&Group, &Resource)> {
        self.groups
            .iter()
            .flat_map(|group| group.resources.iter().filter(|resource| resource.interrupts_endpoint).map(move |resource| (group, resource)))
    }
}
