//! `release-manifest.json`: what a release is, and the checksum of each of its files.
//!
//! It is written last, and every later command checks the checksums first: a half-written or mixed set of files is refused.

use std::collections::BTreeMap;

use aws_names::{AccountId, ModelPackageArn, Region};
use serde::{Deserialize, Serialize};

use crate::Stage;

/// The manifest's file name in a release's folder.
pub const FILE_NAME: &str = "release-manifest.json";

/// The `action` of a release that is to be rolled out.
pub const DEPLOY: &str = "deploy";

/// What a release is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that built the release.
    pub tool: Tool,
    /// `deploy`: a release with a model package to roll out.
    pub action: String,
    /// The commit that it was built from.
    pub source: Source,
    /// The SageMaker project.
    pub project: ProjectIdentity,
    /// The model package that it deploys.
    pub model_package: ModelPackage,
    /// Why this model package.
    pub choice: Choice,
    /// Where each stage goes.
    pub stages: Stages,
    /// The file that is the template. Releases of older programs do not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// `sha256:…` of each other file, by its name.
    pub files: BTreeMap<String, String>,
}

/// The program that wrote a file.
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
    /// The commit; not known without git.
    pub commit: Option<String>,
    /// Whether tracked files had changes; not known without git.
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
    /// Its version; none for an unversioned package.
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
    /// The same model in other regions, by region: an endpoint's image and artifacts must be in its own. Left out when there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<String, RegionalModelPackage>"))]
    pub regions: BTreeMap<Region, RegionalModelPackage>,
}

/// The model package of a region other than the chosen one's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegionalModelPackage {
    /// Its ARN.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub arn: ModelPackageArn,
    /// The images of its containers.
    pub images: Vec<String>,
    /// The S3 URLs of its model data.
    pub model_data: Vec<String>,
}

/// Why this model package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Choice {
    /// What was wanted, such as `latest-approved`.
    pub selection: String,
    /// Why, in words.
    pub because: String,
    /// The newer packages that were not chosen.
    pub passed_over: Vec<PassedOver>,
    /// Nobody approved the package: `--allow-unapproved` let it through.
    #[serde(default)]
    pub without_approval: bool,
    /// The event that started the build, and the rule that it fell under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// What the package had to meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_policy: Option<ReleasePolicy>,
    /// The gates of the policy, and what was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<MetGate>,
}

/// A change in the registry that started a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// EventBridge's id of it.
    pub id: Option<String>,
    /// The package that changed.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub model_package: ModelPackageArn,
    /// The rule, by its name.
    pub rule: String,
    /// The rule, in words.
    pub because: String,
}

/// The release policy that a package was held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleasePolicy {
    /// The file, seen from the project's folder.
    pub file: String,
    /// `sha256:…` of the file.
    pub digest: String,
}

/// A gate that the package meets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetGate {
    /// The gate, such as `metric accuracy`.
    pub gate: String,
    /// What was found.
    pub found: String,
}

/// A model package that was not chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PassedOver {
    /// The model package's ARN.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub arn: ModelPackageArn,
    /// The kind of reason, such as `pending-approval` or `gate-not-met`.
    #[serde(default)]
    pub code: String,
    /// The reason, in words.
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

/// Where a stage goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageTargets {
    /// The type of the stage's environment.
    pub env_type: String,
    /// The file with the stage's parameters.
    pub config: String,
    /// The target accounts.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub accounts: Vec<AccountId>,
    /// The target regions, in the order in which they are deployed to.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub regions: Vec<Region>,
    /// The model execution role's name.
    pub execution_role_name: String,
    /// The names of the endpoints, the same in every target.
    pub endpoints: Vec<String>,
    /// The name of the stack set.
    pub stack_set: String,
    /// Parameters that are others in some accounts or regions. A later one wins over an earlier one. Left out when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameter_overrides: Vec<ParameterOverride>,
}

/// Parameters that take the place of the configuration's where the account and the region are these (a stack set's parameter overrides).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ParameterOverride {
    /// Only in this account; in every one when null.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub account: Option<AccountId>,
    /// Only in this region; in every one when null.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub region: Option<Region>,
    /// Values by the parameters' names.
    pub parameters: BTreeMap<String, String>,
}

impl Manifest {
    /// The one version of the format.
    pub const SCHEMA_VERSION: u32 = 1;

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

    /// The stage whose configuration has this name, with or without its ending.
    pub fn stage_of_config(&self, config: &str) -> Option<Stage> {
        let file = format!("{}.json", config.trim_end_matches(".json"));
        Stage::ALL.into_iter().find(|stage| self.stage(*stage).config == file)
    }

    /// The name of the file that is the template; `None` when no file is, or several could be.
    pub fn template(&self) -> Option<&str> {
        let is_yaml = |name: &&str| std::path::Path::new(name).extension().is_some_and(|extension| extension == "yaml");
        self.template.as_deref().or_else(|| {
            let mut files = self.files.keys().map(String::as_str).filter(is_yaml);
            files.next().filter(|_| files.next().is_none())
        })
    }
}

impl ModelPackage {
    /// The ARN of the model package that endpoints in this region serve.
    pub fn in_region(&self, region: &Region) -> &ModelPackageArn {
        self.regions.get(region).map_or(&self.arn, |package| &package.arn)
    }

    /// The images of the model package that endpoints in this region serve; empty where it is another region's.
    pub fn images_in(&self, region: &Region) -> &[String] {
        match self.regions.get(region) {
            Some(regional) => &regional.images,
            None => &self.images,
        }
    }
}

impl StageTargets {
    /// The role that the model runs as in this account and region, which can be overridden there.
    pub fn execution_role(&self, account: &AccountId, region: &Region) -> String {
        let overridden = ParameterOverride::of(&self.parameter_overrides, account, region).remove("ExecutionRoleName");
        overridden.unwrap_or_else(|| self.execution_role_name.clone())
    }
}

impl ParameterOverride {
    /// The parameters that are others in this account and region, of all these overrides.
    pub fn of(overrides: &[Self], account: &AccountId, region: &Region) -> BTreeMap<String, String> {
        overrides
            .iter()
            .filter(|known| known.account.as_ref().is_none_or(|known| known == account))
            .filter(|known| known.region.as_ref().is_none_or(|known| known == region))
            .flat_map(|known| known.parameters.clone())
            .collect()
    }
}
