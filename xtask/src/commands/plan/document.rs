//! A plan as programs read it (`plan --format json`), and as the other forms are made from.

use serde::Serialize;
use serde_json::Value as Json;

use crate::manifest::Tool;
use crate::preflight::PreflightReport;

/// What a rollout would change, version 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PlanDocument {
    pub(crate) schema_version: u32,
    pub(crate) tool: Tool,
    pub(crate) stage: String,
    /// `sha256:…` of the release's manifest.
    pub(crate) release: String,
    pub(crate) stack_set: String,
    /// `create`, `update` or `untouched`.
    pub(crate) change: String,
    /// Why the stack set is updated.
    pub(crate) because: Vec<String>,
    /// Whether a rollout would change nothing.
    pub(crate) nothing_to_do: bool,
    /// The model package that the release deploys.
    pub(crate) model_package: String,
    pub(crate) parameters: Vec<ParameterChange>,
    /// What changes in the stacks, for each set of targets in which it is the same.
    pub(crate) groups: Vec<Group>,
    /// What a rollout would start, in order.
    pub(crate) operations: Vec<Operation>,
    pub(crate) counts: Counts,
    /// Every target of the release and every other instance of the set, in order of account and region.
    pub(crate) targets: Vec<Target>,
    /// What stands in the way.
    pub(crate) problems: Vec<Problem>,
    /// What the targets said to whether a rollout could succeed there; null when they were not asked.
    pub(crate) preflight: Option<PreflightReport>,
}

/// A parameter that changes. Values of `NoEcho` parameters are four asterisks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ParameterChange {
    pub(crate) name: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
}

/// Targets whose stacks change in the same way.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Group {
    pub(crate) region: String,
    /// `new` or `changed`.
    pub(crate) action: String,
    /// How many targets these are.
    pub(crate) targets: usize,
    /// One of their accounts: values that depend on the account are this one's.
    pub(crate) account_id: String,
    /// The model package that the set gives them now; null when it is not known.
    pub(crate) model_package_from: Option<String>,
    pub(crate) model_package_to: Option<String>,
    pub(crate) resources: Vec<Resource>,
    /// Why the resources' changes could not be worked out.
    pub(crate) not_known: Option<String>,
}

/// A resource that changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Resource {
    pub(crate) logical_id: String,
    #[serde(rename = "resource_type")]
    pub(crate) kind: String,
    /// `create`, `update`, `update-or-replace` (not known which), `replace` or `delete`.
    pub(crate) effect: String,
    pub(crate) name: Option<String>,
    /// An endpoint that is replaced or deleted: who asks it under this name gets no answer any more.
    pub(crate) interrupts_endpoint: bool,
    /// CloudFormation will refuse: it has to be replaced, and keeps the name that its template gives it.
    pub(crate) blocked_by_its_name: bool,
    pub(crate) properties: Vec<Property>,
}

/// A property that changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Property {
    /// A JSON pointer into the resource's properties.
    pub(crate) path: String,
    pub(crate) from: Option<Json>,
    pub(crate) to: Option<Json>,
    /// `in-place`, `replacement` or `unknown`.
    pub(crate) behaviour: String,
    /// The resource that is replaced, to which the value refers.
    pub(crate) follows: Option<String>,
}

/// An operation on the stack set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Operation {
    /// `CREATE` or `UPDATE`.
    pub(crate) action: String,
    pub(crate) accounts: usize,
    pub(crate) regions: Vec<String>,
}

/// How many targets are what. A target is counted once in the first six, and again where it drifted or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Counts {
    pub(crate) new: usize,
    pub(crate) changed: usize,
    pub(crate) outdated: usize,
    pub(crate) unchanged: usize,
    pub(crate) inoperable: usize,
    pub(crate) orphaned: usize,
    pub(crate) drifted: usize,
    pub(crate) failed_last_time: usize,
}

/// One account and region.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Target {
    pub(crate) account_id: String,
    pub(crate) region: String,
    /// `new`, `changed`, `outdated`, `unchanged`, `inoperable` or `orphaned`.
    pub(crate) action: String,
    /// `DRIFTED`, `IN_SYNC`, `NOT_CHECKED` or `UNKNOWN`, as CloudFormation last found.
    pub(crate) drift: Option<String>,
    /// Why the last operation did not succeed here; null when it did.
    pub(crate) last_failure: Option<String>,
    /// Parameters of its own that change: `from` and `to` are null where the stack set's value holds.
    pub(crate) overrides: Vec<ParameterChange>,
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) place: Option<String>,
}

impl PlanDocument {
    /// The endpoints that would be interrupted, by name, each with its region and how many targets it is in.
    pub(crate) fn interrupted(&self) -> impl Iterator<Item = (&Group, &Resource)> {
        self.groups
            .iter()
            .flat_map(|group| group.resources.iter().filter(|resource| resource.interrupts_endpoint).map(move |resource| (group, resource)))
    }
}
