//! A plan as programs read it (`plan --format json`), and as the other forms are made from.

use serde::Serialize;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Place};
use crate::manifest::Tool;
use crate::preflight::PreflightReport;

/// What a rollout would change, version 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanDocument {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that made the plan.
    pub tool: Tool,
    /// The stage.
    pub stage: String,
    /// `sha256:…` of the release's manifest.
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
    /// The model package that the release deploys.
    pub model_package: String,
    /// The parameters of the stack set that change.
    pub parameters: Vec<ParameterChange>,
    /// What changes in the stacks, for each set of targets in which it is the same.
    pub groups: Vec<Group>,
    /// What a rollout would start, in order.
    pub operations: Vec<Operation>,
    /// How many targets are in which state.
    pub counts: Counts,
    /// Every target of the release and every other instance of the set, in order of account and region.
    pub targets: Vec<Target>,
    /// What stands in the way.
    pub problems: Vec<Problem>,
    /// What the targets said to whether a rollout could succeed there; null when they were not asked.
    pub preflight: Option<PreflightReport>,
}

/// What becomes of the stack set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SetAction {
    /// It is created.
    Create,
    /// It is updated.
    Update,
    /// It stays as it is.
    Untouched,
}

/// What becomes of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetAction {
    /// It gets a stack.
    New,
    /// Its stack changes.
    Changed,
    /// An earlier operation did not reach it.
    Outdated,
    /// Its stack stays as it is.
    Unchanged,
    /// A deletion failed there.
    Inoperable,
    /// The release has no target there.
    Orphaned,
}

impl TargetAction {
    /// The word, as the document has it.
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

/// A parameter that changes. Values of `NoEcho` parameters are four asterisks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ParameterChange {
    pub name: String,
    pub from: Option<String>,
    pub to: Option<String>,
}

/// Targets whose stacks change in the same way.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group {
    pub region: String,
    /// `new` or `changed`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub action: TargetAction,
    /// How many targets these are.
    pub targets: usize,
    /// One of their accounts: values that depend on the account are this one's.
    pub account_id: String,
    /// The model package that the set gives them now; null when it is not known.
    pub model_package_from: Option<String>,
    pub model_package_to: Option<String>,
    pub resources: Vec<Resource>,
    /// Why the resources' changes could not be worked out.
    pub not_known: Option<String>,
}

/// A resource that changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resource {
    pub logical_id: String,
    #[serde(rename = "resource_type")]
    pub kind: String,
    /// `create`, `update`, `update-or-replace` (not known which), `replace` or `delete`.
    pub effect: String,
    pub name: Option<String>,
    /// An endpoint that is replaced or deleted: who asks it under this name gets no answer any more.
    pub interrupts_endpoint: bool,
    /// CloudFormation will refuse: it has to be replaced, and keeps the name that its template gives it.
    pub blocked_by_its_name: bool,
    pub properties: Vec<Property>,
}

/// A property that changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Property {
    /// A JSON pointer into the resource's properties.
    pub path: String,
    pub from: Option<Json>,
    pub to: Option<Json>,
    /// `in-place`, `replacement` or `unknown`.
    pub behaviour: String,
    /// The resource that is replaced, to which the value refers.
    pub follows: Option<String>,
}

/// An operation on the stack set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Operation {
    /// `CREATE` or `UPDATE`.
    pub action: String,
    pub accounts: usize,
    pub regions: Vec<String>,
}

/// How many targets are what. A target is counted once in the first six, and again where it drifted or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
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
}

/// One account and region.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Target {
    pub account_id: String,
    pub region: String,
    /// `new`, `changed`, `outdated`, `unchanged`, `inoperable` or `orphaned`.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub action: TargetAction,
    /// `DRIFTED`, `IN_SYNC`, `NOT_CHECKED` or `UNKNOWN`, as CloudFormation last found.
    pub drift: Option<String>,
    /// Why the last operation did not succeed here; null when it did.
    pub last_failure: Option<String>,
    /// Parameters of its own that change: `from` and `to` are null where the stack set's value holds.
    pub overrides: Vec<ParameterChange>,
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
    pub place: Option<String>,
}

impl Problem {
    /// The problem as a finding, about its place.
    pub fn diagnostic(&self) -> Diagnostic {
        let subject = self.place.clone();
        let diagnostic = Diagnostic::error(&self.message).code(self.code).with_hint_opt(self.hint.clone());
        Diagnostic { place: subject.clone().map(Place::Named), subject, ..diagnostic }
    }
}

impl From<&stack_rollout::Problem> for Problem {
    fn from(problem: &stack_rollout::Problem) -> Self {
        Self {
            code: problem.code,
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            place: problem.place.as_ref().map(ToString::to_string),
        }
    }
}

impl PlanDocument {
    /// The endpoints that would be interrupted, by name, each with its region and how many targets it is in.
    pub fn interrupted(&self) -> impl Iterator<Item = (&Group, &Resource)> {
        self.groups
            .iter()
            .flat_map(|group| group.resources.iter().filter(|resource| resource.interrupts_endpoint).map(move |resource| (group, resource)))
    }
}
