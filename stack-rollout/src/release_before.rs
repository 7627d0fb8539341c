//! The release that a stack set had before a rollout in waves.

use aws_names::{AccountId, Region};
use serde::{Deserialize, Serialize};

use crate::identifiers::{OperationId, StackSetName, Target};
use crate::release::{ParameterOverride, Parameters, Release, Targets, Template};
use crate::stack_sets::{Instance, StackSet};
use crate::status::Capability;

const SCHEMA_VERSION: u32 = 1;

/// The release that a stack set had before a rollout in waves, for a roll-back.
///
/// CloudFormation does not keep it once the stack set is updated. A rollout emits it before its first
/// operation ([`Event::ReleaseBefore`](crate::Event::ReleaseBefore)). The caller stores it and passes
/// it to the next run ([`Waves::release_before`](crate::Waves::release_before)), which needs it if
/// this one is killed. It has parameter values: store it like the files of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseBefore {
    schema_version: u32,
    stack_set: String,
    /// The release that was rolled out.
    release_id: String,
    /// The newest operation of another release, CodePipeline or a person at that time.
    latest_other: Option<String>,
    /// The number of the failed wave that is rolled back.
    rolling_back: Option<usize>,
    description: Option<String>,
    template: String,
    parameters: Vec<(String, String)>,
    capabilities: Option<Vec<String>>,
    tags: Vec<(String, String)>,
    managed_execution: Option<bool>,
    /// The instances of the waves that have begun.
    instances: Vec<InstanceBefore>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct InstanceBefore {
    account_id: AccountId,
    region: Region,
    overrides: Parameters,
}

impl InstanceBefore {
    fn target(&self) -> Target {
        Target::new(self.account_id.clone(), self.region.clone())
    }
}

impl ReleaseBefore {
    pub(crate) fn new(name: &StackSetName, release: &OperationId, latest_other: Option<&OperationId>, set: &StackSet) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            stack_set: name.to_string(),
            release_id: release.to_string(),
            latest_other: latest_other.map(ToString::to_string),
            rolling_back: None,
            description: set.description.clone(),
            template: set.template_body.clone(),
            parameters: set.parameters.clone(),
            capabilities: set.capabilities.as_ref().map(|all| all.iter().map(|one| one.as_str().to_owned()).collect()),
            tags: set.tags.clone(),
            managed_execution: set.managed_execution,
            instances: Vec::new(),
        }
    }

    /// Whether it is that of this release, and no other release has been rolled out since.
    pub(crate) fn is_of(&self, name: &StackSetName, release: &OperationId, latest_other: Option<&OperationId>) -> bool {
        self.schema_version == SCHEMA_VERSION
            && self.stack_set == name.as_str()
            && self.release_id == release.to_string()
            && self.latest_other == latest_other.map(ToString::to_string)
    }

    /// Adds instances of a wave that begins. Those that are known have been changed since.
    pub(crate) fn add<'i>(&mut self, instances: impl Iterator<Item = &'i Instance>) {
        for instance in instances {
            if self.instances.iter().all(|known| known.target() != instance.target) {
                let Target { account: account_id, region, .. } = instance.target.clone();
                self.instances.push(InstanceBefore { account_id, region, overrides: instance.overrides.clone().unwrap_or_default() });
            }
        }
    }

    /// The number of the failed wave whose roll-back has begun and is not known to have ended.
    pub fn rolling_back(&self) -> Option<usize> {
        self.rolling_back
    }

    pub(crate) fn set_rolling_back(&mut self, wave: Option<usize>) {
        self.rolling_back = wave;
    }

    /// The value of a parameter in a target; `None` if it has none, or if the target is not known.
    pub fn parameter(&self, target: &Target, name: &str) -> Option<&str> {
        let instance = self.instances.iter().find(|instance| instance.target() == *target)?;
        let of_set = || self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        instance.overrides.get(name).map(String::as_str).or_else(of_set)
    }

    /// A parameter whose value CloudFormation hides.
    pub(crate) fn hidden_parameter(&self) -> Option<&str> {
        self.parameters.iter().find(|(_, value)| value == "****").map(|(name, _)| name.as_str())
    }

    /// The targets of these that had the release before.
    pub(crate) fn targets_in(&self, targets: &Targets) -> Vec<Target> {
        self.instances.iter().map(InstanceBefore::target).filter(|target| targets.contains(target)).collect()
    }

    /// The release before, for these targets. `release` has what CloudFormation does not report.
    pub(crate) fn release(&self, there: &[Target], release: &Release) -> Release {
        let targets = Targets::new(there.iter().map(|target| target.account.clone()), there.iter().map(|target| target.region.clone()));
        let overrides = self.instances.iter().filter(|instance| !instance.overrides.is_empty()).map(|instance| ParameterOverride {
            account: Some(instance.account_id.clone()),
            region: Some(instance.region.clone()),
            parameters: instance.overrides.clone(),
        });
        let capabilities = self.capabilities.as_ref().map(|all| all.iter().map(|one| Capability::from(one.as_str())).collect());
        Release {
            description: self.description.clone(),
            parameters: self.parameters.clone(),
            capabilities: capabilities.unwrap_or_else(|| release.capabilities.clone()),
            tags: self.tags.clone(),
            template: Template::inline(self.template.clone()),
            overrides: overrides.collect(),
            managed_execution: self.managed_execution,
            reapply: None,
            targets,
            ..release.clone()
        }
    }
}
