//! The status of a fleet as a document.

use std::collections::{BTreeMap, BTreeSet};

use aws_names::{AccountId, Region};
use model_registry::{ModelPackageArn, ModelPackageGroup};
use serde::Serialize;
use stack_rollout::{Observed, Parameters, StackSetName, Target};

use super::unread::Collected;
use super::waiting::group_of;
use super::{GroupReading, StageIdentity, Unread, Waiting};
use crate::diagnostic::Failure;
use crate::endpoint_state::{EndpointState, Health};
use crate::manifest::Tool;
use crate::stage_status::{TargetStatus, target_status};
use crate::{FailureKind, MODEL_PACKAGE};

const SCHEMA_VERSION: u32 = 1;

/// What was read of a stack set and its targets.
#[derive(Debug)]
pub struct StageReading {
    /// Its project and stage.
    pub identity: StageIdentity,
    /// Its name.
    pub stack_set: StackSetName,
    /// The stack set and its instances, without their overrides.
    pub observed: Observed,
    /// Each target.
    pub targets: Vec<(Target, TargetReading)>,
}

/// What was read of a target.
#[derive(Debug, Default)]
pub struct TargetReading {
    /// The overrides of its parameters, if they were read.
    pub overrides: Option<Parameters>,
    /// Its endpoints.
    pub endpoints: Vec<EndpointState>,
    /// Why the overrides or the names of the endpoints are not known.
    pub failure: Option<Failure>,
}

/// What was read of a fleet.
#[derive(Debug)]
pub struct FleetReading {
    /// The account of the stack sets.
    pub account: AccountId,
    /// Their region.
    pub region: Region,
    /// The selected stack sets.
    pub stages: Vec<StageReading>,
    /// The groups of their model packages.
    pub groups: Vec<GroupReading>,
    /// What else could not be read, such as `stack set …`, and why.
    pub failures: Vec<(String, Failure)>,
    /// The selected projects without a stack set.
    pub missing: Vec<String>,
}

/// The status of a fleet.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FleetStatus {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that wrote it.
    pub tool: Tool,
    /// The account of the stack sets.
    pub account_id: String,
    /// Their region.
    pub region: String,
    /// The worst health of all projects, and `unknown` if anything could not be read.
    pub health: Health,
    /// What it consists of.
    pub counts: FleetCounts,
    /// The projects, by name and id.
    pub projects: Vec<ProjectStatus>,
    /// What could not be read, by account.
    pub unread: Vec<Unread>,
}

/// The number of things in a fleet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FleetCounts {
    /// Projects.
    pub projects: usize,
    /// Stack sets.
    pub stack_sets: usize,
    /// Stack instances.
    pub targets: usize,
    /// Endpoints.
    pub endpoints: usize,
    /// Targets by health: serving what the newest operation deploys there.
    pub ok: usize,
    /// Targets that could not be read.
    pub unknown: usize,
    /// Targets that serve something else, or are being updated.
    pub differs: usize,
    /// Targets that failed.
    pub failed: usize,
    /// Projects in which a model package waits.
    pub waiting: usize,
}

/// A project.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectStatus {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The worst health of its stages.
    pub health: Health,
    /// Its stages, by environment type.
    pub stages: Vec<FleetStage>,
    /// Its model packages that wait.
    pub waiting: Vec<Waiting>,
}

/// A stage of a project.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FleetStage {
    /// Its environment type.
    pub env_type: String,
    /// Its stack set.
    pub stack_set: String,
    /// The worst health of its targets.
    pub health: Health,
    /// The model package of the stack set; a target can override it.
    pub model_package: Option<String>,
    /// The current approval status of that model package; none if it could not be read, or is not
    /// among the newest of its group.
    pub approval_status: Option<String>,
    /// Its targets, by account and region.
    pub targets: Vec<TargetStatus>,
}

impl StageReading {
    /// The model package of the stack set.
    pub fn model_package(&self) -> Option<ModelPackageArn> {
        let set = self.observed.stack_set.as_ref()?;
        set.parameters.iter().find(|(name, _)| name == MODEL_PACKAGE)?.1.parse().ok()
    }

    /// The group of that model package.
    pub fn group(&self) -> Option<ModelPackageGroup> {
        group_of(&self.model_package()?)
    }

    /// The status of the stage. What could not be read is added to `unread`.
    fn status(mut self, groups: &[GroupReading], home: &str, unread: &mut Collected) -> FleetStage {
        let package = self.model_package();
        let approval = package.as_ref().and_then(|package| groups.iter().find_map(|group| group.find(package)));
        let overrides: BTreeMap<&Target, &Parameters> =
            self.targets.iter().filter_map(|(target, read)| Some((target, read.overrides.as_ref()?))).collect();
        for instance in &mut self.observed.instances {
            instance.overrides = overrides.get(&instance.target).map(|overrides| (*overrides).clone());
        }
        let mut targets = Vec::with_capacity(self.targets.len());
        for (target, read) in self.targets {
            for endpoint in read.endpoints.iter().filter(|endpoint| endpoint.is_unread()) {
                let what = format!("endpoint {} in {}", endpoint.endpoint, target.region);
                let reason = endpoint.reason.as_deref().unwrap_or("no reason is known");
                unread.add(target.account.as_str(), what, reason, endpoint.hint.as_deref());
            }
            let mut status = target_status(&self.observed, &target, read.endpoints);
            if let Some(failure) = &read.failure {
                unread.add_failure(home, &format!("stack set {}, target {target}", self.stack_set), failure);
                status.health = Health::worst([status.health, Health::Unknown]);
                status.reason.get_or_insert_with(|| "its endpoints could not be determined".to_owned());
            }
            targets.push(status);
        }
        targets.sort_by(|one, other| (&one.account_id, &one.region).cmp(&(&other.account_id, &other.region)));
        FleetStage {
            env_type: self.identity.env_type,
            stack_set: self.stack_set.to_string(),
            health: Health::worst(targets.iter().map(|target| target.health)),
            model_package: package.map(|package| package.to_string()),
            approval_status: approval.map(|package| package.approval_status.to_string()),
            targets,
        }
    }
}

impl FleetStatus {
    /// The status of what was read.
    pub fn new(reading: FleetReading, tool: Tool) -> Self {
        let FleetReading { account, region, stages, groups, failures, missing } = reading;
        let home = account.as_str();
        let mut unread = Collected::default();
        for (what, failure) in &failures {
            unread.add_failure(home, what, failure);
        }
        for project in missing {
            let hint = "check the name, the account and the region; a project has a stack set after its first deployment";
            unread.add(home, format!("project {project}"), &format!("no stack set of the project is in {home}/{region}"), Some(hint));
        }
        let mut by_project: BTreeMap<(String, String), Vec<StageReading>> = BTreeMap::new();
        for stage in stages {
            let key = (stage.identity.project_name.clone(), stage.identity.project_id.clone());
            by_project.entry(key).or_default().push(stage);
        }
        let projects: Vec<_> = by_project
            .into_iter()
            .map(|((name, id), mut stages)| {
                stages.sort_by(|one, other| one.identity.cmp(&other.identity));
                let deployed: Vec<_> =
                    stages.iter().filter_map(|stage| Some((stage.identity.env_type.clone(), stage.model_package()?))).collect();
                let waiting = waiting(&deployed, &groups);
                let stages: Vec<_> = stages.into_iter().map(|stage| stage.status(&groups, home, &mut unread)).collect();
                ProjectStatus { name, id, health: Health::worst(stages.iter().map(|stage| stage.health)), stages, waiting }
            })
            .collect();
        let unread = unread.into_unread();
        let of_unread = if unread.is_empty() { Health::Ok } else { Health::Unknown };
        Self {
            schema_version: SCHEMA_VERSION,
            tool,
            account_id: account.to_string(),
            region: region.to_string(),
            health: Health::worst(projects.iter().map(|project| project.health).chain([of_unread])),
            counts: FleetCounts::of(&projects),
            projects,
            unread,
        }
    }

    /// The failure of the status; `None` if everything is `ok`. Nothing was found if there is no
    /// project and everything could be read. What waits is not a failure.
    pub fn failure(&self) -> Option<FailureKind> {
        match self.health {
            Health::Ok if self.projects.is_empty() => Some(FailureKind::Nothing),
            Health::Ok => None,
            Health::Unknown => Some(FailureKind::Unreachable),
            Health::Differs | Health::Failed => Some(FailureKind::Failed),
        }
    }
}

/// What waits in the groups of a project's packages.
fn waiting(deployed: &[(String, ModelPackageArn)], groups: &[GroupReading]) -> Vec<Waiting> {
    let names: BTreeSet<_> =
        deployed.iter().filter_map(|(_, package)| Some(group_of(package)?.request_value().to_ascii_lowercase())).collect();
    let of_project = groups.iter().filter(|group| names.contains(&group.group.request_value().to_ascii_lowercase()));
    of_project.flat_map(|group| group.waiting(deployed)).collect()
}

impl FleetCounts {
    fn of(projects: &[ProjectStatus]) -> Self {
        let stages = || projects.iter().flat_map(|project| &project.stages);
        let targets = || stages().flat_map(|stage| &stage.targets);
        let with = |health: Health| targets().filter(|target| target.health == health).count();
        Self {
            projects: projects.len(),
            stack_sets: stages().count(),
            targets: targets().count(),
            endpoints: targets().map(|target| target.endpoints.len()).sum(),
            ok: with(Health::Ok),
            unknown: with(Health::Unknown),
            differs: with(Health::Differs),
            failed: with(Health::Failed),
            waiting: projects.iter().filter(|project| !project.waiting.is_empty()).count(),
        }
    }
}
