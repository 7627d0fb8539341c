//! The current status of a stage: the newest operation on its stack set, and the stack and endpoints
//! of every target.

use std::collections::BTreeSet;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde::{Deserialize, Serialize};
use stack_rollout::status::{DetailedStatus, InstanceStatus, NO_REASON, OperationAction, OperationStatus};
use stack_rollout::{BlockedStack, Instance, Observed, Operation, SessionError, Target};

use crate::endpoint_state::{EndpointState, Health, TargetEndpoints, version};
use crate::manifest::Tool;
use crate::{Diagnostic, FailureKind, MODEL_PACKAGE, Release, RolloutRequest, Stage};

const SCHEMA_VERSION: u32 = 1;

/// The current status of a stage.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageStatus {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// The stage.
    pub stage: String,
    /// The stage's stack set.
    pub stack_set: String,
    /// The digest of the release with the targets and endpoint names.
    pub release: String,
    /// The newest operation that created or updated stacks, if CloudFormation lists one.
    pub last_operation: Option<LastOperation>,
    /// The worst health of all targets, and of the last operation while it is running or if a target
    /// is not `ok`. The targets of a failed operation can be updated or removed later.
    pub health: Health,
    /// Every target of the release.
    pub targets: Vec<TargetStatus>,
    /// The stack instances that are not targets of the release, as ACCOUNT/REGION.
    pub orphans: Vec<String>,
    /// The orphans as the text shows them, with their state.
    #[serde(skip)]
    shown_orphans: Vec<String>,
}

/// An operation on the stack set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LastOperation {
    /// Its id.
    pub id: String,
    /// `CREATE` or `UPDATE`.
    pub action: String,
    /// Its status, such as `SUCCEEDED`.
    pub status: String,
    /// CloudFormation's reason for that status, if any.
    pub reason: Option<String>,
    /// The time of its creation, in seconds since 1970.
    pub created_at: Option<i64>,
    /// Whether it rolled out this release, by its id. The id of a CodePipeline operation has no release.
    pub is_of_release: bool,
}

/// One account and region.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TargetStatus {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// The worst health of the stack instance and of the endpoints.
    pub health: Health,
    /// The status of the stack instance, such as `CURRENT`; none without an instance.
    pub instance: Option<String>,
    /// The result of the last operation here, such as `SUCCEEDED`.
    pub last_result: Option<String>,
    /// The status of the stack itself, such as `UPDATE_ROLLBACK_FAILED`; read only if the last
    /// operation failed here.
    pub stack_status: Option<String>,
    /// The reason if the stack instance is not `ok`.
    pub reason: Option<String>,
    /// The model package that the newest operation deploys here; none if nothing was ever deployed.
    pub model_package: Option<String>,
    /// The endpoints; none if there is no stack.
    pub endpoints: Vec<EndpointState>,
}

/// The stack of a target in which the last operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedStack {
    /// The target.
    pub target: Target,
    /// The stack's name or ARN.
    pub stack_id: String,
    /// Its status if it is known, or why it could not be read.
    pub status: Result<Option<String>, SessionError>,
}

impl LastOperation {
    pub(crate) fn of(operation: &Operation, request: &RolloutRequest) -> Self {
        Self {
            id: operation.id.to_string(),
            action: operation.action.to_string(),
            status: operation.status.to_string(),
            reason: operation.status_reason.clone(),
            created_at: operation.created_at,
            is_of_release: operation.id.is_step_of(&request.release_id),
        }
    }
}

impl StageStatus {
    /// The status of a stage. `endpoints` has those of each target, in the order of the release's targets.
    pub fn new(
        release: &Release,
        stage: Stage,
        request: &RolloutRequest,
        observed: &Observed,
        operations: &[Operation],
        endpoints: Vec<TargetEndpoints>,
        tool: Tool,
    ) -> Self {
        let rolls_out = |operation: &&Operation| matches!(operation.action, OperationAction::Create | OperationAction::Update);
        let last_operation = operations.iter().find(rolls_out);
        let targets: Vec<_> = endpoints.into_iter().map(|read| target_status(observed, &read.target(), read.endpoints)).collect();
        let of_targets = Health::worst(targets.iter().map(|target| target.health));
        let of_operation = last_operation.map_or(Health::Ok, |operation| match operation.status {
            OperationStatus::Failed | OperationStatus::Stopped if of_targets != Health::Ok => Health::Failed,
            _ if operation.status.has_ended() => Health::Ok,
            _ => Health::Differs,
        });
        let outside = || observed.instances.iter().filter(|instance| !request.all_targets.contains(&instance.target));
        Self {
            schema_version: SCHEMA_VERSION,
            tool,
            stage: stage.name().to_owned(),
            stack_set: request.release.stack_set.to_string(),
            release: release.digest.clone(),
            last_operation: last_operation.map(|operation| LastOperation::of(operation, request)),
            health: Health::worst([of_targets, of_operation]),
            targets,
            orphans: outside().map(|instance| instance.target.to_string()).collect(),
            shown_orphans: outside().map(|instance| with_state(&instance.target, &instance.status)).collect(),
        }
    }

    /// Adds the statuses of the stacks in which the last operation failed. Returns what to do about
    /// those that CloudFormation refuses to update.
    pub fn add_stacks(&mut self, stacks: Vec<FailedStack>) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for FailedStack { target, stack_id, status } in stacks {
            match status {
                Ok(status) => {
                    let blocked = status.as_deref().and_then(|status| BlockedStack::of(&target, &stack_id, status));
                    findings.extend(blocked.map(|blocked| {
                        Diagnostic::warning(blocked.message()).code("stack-blocked").named(target.to_string()).with_hint(blocked.hint())
                    }));
                    let is_same =
                        |shown: &&mut TargetStatus| target.account == *shown.account_id.as_str() && target.region == *shown.region.as_str();
                    if let Some(shown) = self.targets.iter_mut().find(is_same) {
                        shown.stack_status = status;
                    }
                }
                Err(error) => {
                    let warning = Diagnostic::warning(format!("the status of the stack could not be read: {error}"));
                    findings.push(warning.in_aws(Some(&target.account), Some(&target.region)).with_hint_opt(error.hint));
                }
            }
        }
        findings
    }

    /// The failure of the status; `None` if all targets are `ok`.
    pub fn failure(&self) -> Option<FailureKind> {
        match self.health {
            Health::Ok => None,
            Health::Unknown => Some(FailureKind::Unreachable),
            Health::Differs | Health::Failed => Some(FailureKind::Failed),
        }
    }

    /// The status as a table, with one line per endpoint.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("{}: {}", self.stack_set, self.health.as_str())];
        lines.push(match &self.last_operation {
            None => "no operation has created or updated stacks".to_owned(),
            Some(last) => {
                let reason = last.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let whose = if last.is_of_release { "of this release" } else { "of another release, of CodePipeline or of a person" };
                format!("last operation: {} {}{reason} ({whose}; {})", last.action, last.status, last.id)
            }
        });
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(TargetStatus::COLUMNS);
        for row in self.targets.iter().flat_map(TargetStatus::rows) {
            table.add_row(row);
        }
        lines.push(table.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n"));
        for target in &self.targets {
            lines.extend(target.reasons(|_| true));
            let hints: BTreeSet<_> = target.endpoints.iter().filter_map(|endpoint| endpoint.hint.as_ref()).collect();
            lines.extend(hints.into_iter().map(|hint| format!("  hint: {hint}")));
        }
        if !self.shown_orphans.is_empty() {
            lines.push(format!("not targets of the release: {}", self.shown_orphans.join(", ")));
        }
        lines.join("\n")
    }
}

impl TargetStatus {
    /// The names of the columns of [`TargetStatus::rows`].
    pub(crate) const COLUMNS: [&str; 7] = ["TARGET", "HEALTH", "DEPLOYED", "STACK", "ENDPOINT", "STATUS", "SERVES"];

    /// The target as rows of a table, one for each endpoint.
    pub(crate) fn rows(&self) -> Vec<[String; 7]> {
        let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        let stack = [&self.instance, &self.last_result, &self.stack_status];
        let stack = or_dash(stack.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "));
        let deployed = or_dash(self.model_package.as_deref().map(version).unwrap_or_default());
        let row = |health: Health, [endpoint, status, serves]: [String; 3]| {
            [self.place(), health.as_str().to_owned(), deployed.clone(), stack.clone(), endpoint, status, serves]
        };
        if self.endpoints.is_empty() {
            return vec![row(self.health, ["-", "-", "-"].map(str::to_owned))];
        }
        let of_endpoint = |endpoint: &EndpointState| {
            let serves: Vec<_> = endpoint.model_packages.iter().map(|package| version(package)).collect();
            let health = Health::worst([self.health, endpoint.health]);
            row(health, [endpoint.endpoint.clone(), or_dash(endpoint.status.clone().unwrap_or_default()), or_dash(serves.join(", "))])
        };
        self.endpoints.iter().map(of_endpoint).collect()
    }

    /// Why the stack and the selected endpoints are not `ok`, a line each.
    pub(crate) fn reasons(&self, selected: fn(&EndpointState) -> bool) -> Vec<String> {
        let of_endpoints = self
            .endpoints
            .iter()
            .filter(|endpoint| selected(endpoint))
            .filter_map(|endpoint| Some((endpoint.endpoint.as_str(), endpoint.reason.as_ref()?)));
        let all = self.reason.iter().map(|reason| ("stack", reason)).chain(of_endpoints);
        all.map(|(what, reason)| format!("{} {what}: {reason}", self.place())).collect()
    }

    /// `ACCOUNT/REGION`.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.account_id, self.region)
    }
}

/// The model package that the newest operation deploys to a target: the instance's override, else that
/// of the stack set.
pub(crate) fn deployed_package<'a>(observed: &'a Observed, target: &Target) -> Option<&'a str> {
    let instance = observed.instances.iter().find(|instance| instance.target == *target)?;
    let own = instance.overrides.as_ref().and_then(|overrides| overrides.get(MODEL_PACKAGE));
    let of_set = || observed.stack_set.as_ref()?.parameters.iter().find(|(name, _)| name == MODEL_PACKAGE).map(|(_, value)| value);
    own.or_else(of_set).map(String::as_str)
}

pub(crate) fn target_status(observed: &Observed, target: &Target, endpoints: Vec<EndpointState>) -> TargetStatus {
    let instance = observed.instances.iter().find(|instance| instance.target == *target);
    let (own, reason) = match instance {
        None => (Health::Differs, Some("the stack does not exist yet".to_owned())),
        Some(instance) => stack(instance),
    };
    TargetStatus {
        account_id: target.account.to_string(),
        region: target.region.to_string(),
        health: Health::worst(endpoints.iter().map(|endpoint| endpoint.health).chain([own])),
        instance: instance.map(|instance| instance.status.to_string()),
        last_result: instance.and_then(|instance| instance.detailed_status.as_ref()).map(ToString::to_string),
        stack_status: None,
        reason,
        model_package: instance
            .filter(|instance| was_deployed(instance, &endpoints))
            .and(deployed_package(observed, target))
            .map(str::to_owned),
        endpoints,
    }
}

/// `ACCOUNT/REGION`, with the state of the stack instance unless it is up to date.
pub fn with_state(target: &Target, status: &InstanceStatus) -> String {
    if *status == InstanceStatus::Current { target.to_string() } else { format!("{target} ({status})") }
}

/// Whether the stack was ever deployed. A stack whose creation failed has an id, but no endpoint.
fn was_deployed(instance: &Instance, endpoints: &[EndpointState]) -> bool {
    let is_missing = |endpoint: &EndpointState| endpoint.status.is_none() && endpoint.health == Health::Differs;
    let has_no_endpoint = !endpoints.is_empty() && endpoints.iter().all(is_missing);
    instance.status == InstanceStatus::Current || (instance.stack_id.is_some() && !has_no_endpoint)
}

/// The health of a stack, with the reason if it is not `ok`.
fn stack(instance: &Instance) -> (Health, Option<String>) {
    let has_failed =
        instance.status == InstanceStatus::Inoperable || instance.detailed_status.as_ref().is_some_and(DetailedStatus::is_failure);
    let reason_or = |usual: &str| Some(instance.status_reason.clone().unwrap_or_else(|| usual.to_owned()));
    match (&instance.status, &instance.detailed_status) {
        _ if has_failed => (Health::Failed, reason_or(NO_REASON)),
        (InstanceStatus::Current, None | Some(DetailedStatus::Succeeded)) => (Health::Ok, None),
        _ => (Health::Differs, reason_or("the newest operation has not updated it")),
    }
}
