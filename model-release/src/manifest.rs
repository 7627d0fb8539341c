//! `release-manifest.json`: the description of a release, with the checksum of each file.
//!
//! It is written last and verified first, so an incomplete or mixed set of files is rejected.

mod containers;
mod rollout_limits;

use std::borrow::Cow;
use std::collections::BTreeMap;

use aws_names::{AccountId, ModelPackageArn, Region};
use model_registry::release_policy::UnknownBytes;
use serde::{Deserialize, Serialize};

use crate::Stage;

pub use containers::{ApprovedArtifact, ApprovedContainer, ApprovedImage, DigestSource};
pub use rollout_limits::{Freeze, RolloutLimits};

/// The manifest's file name in a release folder.
pub const FILE_NAME: &str = "release-manifest.json";

/// The `action` of a release that can be deployed.
pub const DEPLOY: &str = "deploy";

/// The manifest of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// The version of this format: 2. Releases of version 1 have no containers.
    pub schema_version: u32,
    /// The program that built the release.
    pub tool: Tool,
    /// `deploy`: the release has a model package to deploy.
    pub action: String,
    /// The commit that the release was built from.
    pub source: Source,
    /// The SageMaker project.
    pub project: ProjectIdentity,
    /// The model package that it deploys.
    pub model_package: ModelPackage,
    /// How and why the model package was chosen.
    pub choice: Choice,
    /// The targets of each stage.
    pub stages: Stages,
    /// The template's file name. Missing in releases of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The digest `sha256:…` of each other file, by file name.
    pub files: BTreeMap<String, String>,
}

/// The program that wrote the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The commit that a release was built from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// The commit; null if git is not available.
    pub commit: Option<String>,
    /// Whether tracked files had changes; null if git is not available.
    pub dirty: Option<bool>,
}

/// The SageMaker project and its environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectIdentity {
    /// The project's name.
    pub name: String,
    /// The project's id, such as `p-abc123xyz`.
    pub id: String,
    /// The data science environment's name.
    pub environment: String,
}

/// The model package that a release deploys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelPackage {
    /// Its ARN.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub arn: ModelPackageArn,
    /// The model package group.
    pub group: String,
    /// The version; null for an unversioned package.
    pub version: Option<u32>,
    /// The approval status when the release was built.
    pub approval_status: String,
    /// The status, such as `Completed`.
    pub status: String,
    /// When it was registered (RFC 3339).
    pub created: String,
    /// The images of its containers.
    pub images: Vec<String>,
    /// The S3 URLs of its model data.
    pub model_data: Vec<String>,
    /// The bytes of its containers: what is deployed must be the same. Missing in releases of older
    /// versions, whose bytes are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<ApprovedContainer>>,
    /// The model packages of the same model in other regions: an endpoint's image and artifacts
    /// must be in its region. Missing if there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, RegionalModelPackage>"))]
    pub regions: BTreeMap<Region, RegionalModelPackage>,
}

/// The model package of another region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegionalModelPackage {
    /// Its ARN.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub arn: ModelPackageArn,
    /// Its approval status when the release was built. Missing in releases of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_status: Option<String>,
    /// The images of its containers.
    pub images: Vec<String>,
    /// The S3 URLs of its model data.
    pub model_data: Vec<String>,
    /// The bytes of its containers. Missing in releases of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<ApprovedContainer>>,
}

/// How and why the model package was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Choice {
    /// The selection, such as `latest-approved`.
    pub selection: String,
    /// The reason, as text.
    pub because: String,
    /// The newer packages that were skipped.
    pub passed_over: Vec<PassedOver>,
    /// Whether the package is not approved and `--allow-unapproved` permitted it.
    #[serde(default)]
    pub without_approval: bool,
    /// The event that started the build, and the rule that applies to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// The release policy that the package was checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_policy: Option<ReleasePolicy>,
    /// The gates of the policy that the package passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<MetGate>,
}

/// A change in the registry that started a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// The EventBridge event id.
    pub id: Option<String>,
    /// The package that changed.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub model_package: ModelPackageArn,
    /// The name of the rule.
    pub rule: String,
    /// The rule, as text.
    pub because: String,
}

/// The release policy that the package was checked against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleasePolicy {
    /// The file, relative to the project folder.
    pub file: String,
    /// The digest `sha256:…` of the file.
    pub digest: String,
    /// `block` if the release is refused when it is not known whether an image or artifact is still
    /// the approved one; otherwise `allow`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub unknown_bytes: UnknownBytes,
    /// The approval that a deployment to production needs. Missing if the policy requires none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<RequiredApproval>,
    /// The limits of rollouts to production. Missing if the policy has none.
    #[serde(default, skip_serializing_if = "RolloutLimits::is_empty")]
    pub rollout: RolloutLimits,
}

/// The approval that a deployment to production needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RequiredApproval {
    /// Whether the approver must be another person than the one who registered the model package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_person: Option<OtherPerson>,
    /// The maximum age of the approval and of the staging tests, in days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<u32>,
}

/// When the identity of the approver blocks a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OtherPerson {
    /// Unless the records of AWS show two different persons.
    Required,
    /// Only if the records of AWS show the same person.
    IfKnown,
}

impl From<model_registry::release_policy::RequiredApproval> for RequiredApproval {
    fn from(required: model_registry::release_policy::RequiredApproval) -> Self {
        use model_registry::release_policy::OtherPerson as Policy;
        let other_person = required.other_person.map(|policy| match policy {
            Policy::Required => OtherPerson::Required,
            Policy::IfKnown => OtherPerson::IfKnown,
        });
        Self { other_person, max_age_days: required.max_age_days }
    }
}

/// A gate that the package passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetGate {
    /// The gate, such as `metric accuracy`.
    pub gate: String,
    /// The value that was found.
    pub found: String,
}

/// A model package that was skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PassedOver {
    /// The model package's ARN.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub arn: ModelPackageArn,
    /// A stable code for the reason, such as `pending-approval` or `gate-not-met`.
    #[serde(default)]
    pub code: String,
    /// The reason, as text.
    pub reason: String,
}

/// The two stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stages {
    /// The staging accounts.
    pub staging: StageTargets,
    /// The production accounts.
    pub prod: StageTargets,
}

/// The targets of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageTargets {
    /// The environment type.
    pub env_type: String,
    /// The file with the stage's parameters.
    pub config: String,
    /// The target accounts.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub accounts: Vec<AccountId>,
    /// The target regions, in deployment order.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub regions: Vec<Region>,
    /// The model execution role's name.
    pub execution_role_name: String,
    /// The endpoint names, which are the same in every target.
    pub endpoints: Vec<String>,
    /// The name of the stack set.
    pub stack_set: String,
    /// Parameter overrides for accounts and regions. A later one wins. Missing if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameter_overrides: Vec<ParameterOverride>,
    /// The waves of the rollout, such as `1,10%,rest`. Missing if the stage has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waves: Option<String>,
    /// How many minutes `deploy` watches the alarms between two waves. Missing if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake_minutes: Option<u32>,
}

/// A stack set's parameter overrides, for matching accounts and regions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ParameterOverride {
    /// The account; null matches every account.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub account: Option<AccountId>,
    /// The region; null matches every region.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub region: Option<Region>,
    /// The values by parameter name.
    pub parameters: BTreeMap<String, String>,
}

impl Manifest {
    /// The version of the format.
    pub const SCHEMA_VERSION: u32 = 2;

    /// The versions that can be read.
    pub const READABLE: std::ops::RangeInclusive<u32> = 1..=Self::SCHEMA_VERSION;

    /// The file's text.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The targets of a stage.
    pub fn stage(&self, stage: Stage) -> &StageTargets {
        match stage {
            Stage::Staging => &self.stages.staging,
            Stage::Prod => &self.stages.prod,
        }
    }

    /// Whether the release is refused when it is not known whether something is what was approved.
    pub fn blocks_unknown_bytes(&self) -> bool {
        self.choice.release_policy.as_ref().is_some_and(|policy| policy.unknown_bytes == UnknownBytes::Block)
    }

    /// The stage with this configuration name, with or without `.json`.
    pub fn stage_of_config(&self, config: &str) -> Option<Stage> {
        let file = format!("{}.json", config.trim_end_matches(".json"));
        Stage::ALL.into_iter().find(|stage| self.stage(*stage).config == file)
    }

    /// The template's file name; `None` if it cannot be determined.
    pub fn template(&self) -> Option<&str> {
        let is_yaml = |name: &&str| std::path::Path::new(name).extension().is_some_and(|extension| extension == "yaml");
        self.template.as_deref().or_else(|| {
            let mut files = self.files.keys().map(String::as_str).filter(is_yaml);
            files.next().filter(|_| files.next().is_none())
        })
    }
}

impl ModelPackage {
    /// The ARN of the model package for endpoints in this region.
    pub fn in_region(&self, region: &Region) -> &ModelPackageArn {
        self.regions.get(region).map_or(&self.arn, |package| &package.arn)
    }

    /// The images of the model package for endpoints in this region, with their digests if known.
    pub fn images_in(&self, region: &Region) -> Cow<'_, [String]> {
        if let Some(containers) = self.containers_in(region) {
            return containers.iter().filter_map(|container| Some(container.image.as_ref()?.pinned())).collect();
        }
        Cow::Borrowed(self.regions.get(region).map_or(&self.images, |regional| &regional.images))
    }

    /// The containers of each region's model package.
    pub fn regional_containers(&self) -> impl Iterator<Item = (&Region, Option<&[ApprovedContainer]>)> {
        let home = (self.arn.region(), self.containers.as_deref());
        std::iter::once(home).chain(self.regions.iter().map(|(region, package)| (region, package.containers.as_deref())))
    }

    /// The containers of the model package for endpoints in this region; `None` if the release does
    /// not record them.
    pub fn containers_in(&self, region: &Region) -> Option<&[ApprovedContainer]> {
        let containers = self.regions.get(region).map_or(&self.containers, |regional| &regional.containers);
        containers.as_deref()
    }
}

impl StageTargets {
    /// The model execution role in this account and region, which can be overridden.
    pub fn execution_role(&self, account: &AccountId, region: &Region) -> String {
        let overridden = ParameterOverride::of(&self.parameter_overrides, account, region).remove("ExecutionRoleName");
        overridden.unwrap_or_else(|| self.execution_role_name.clone())
    }
}

impl ParameterOverride {
    /// The merged overrides for this account and region.
    pub fn of(overrides: &[Self], account: &AccountId, region: &Region) -> BTreeMap<String, String> {
        overrides
            .iter()
            .filter(|known| known.account.as_ref().is_none_or(|known| known == account))
            .filter(|known| known.region.as_ref().is_none_or(|known| known == region))
            .flat_map(|known| known.parameters.clone())
            .collect()
    }
}
