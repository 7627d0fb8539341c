//! `release-manifest.json`: what a release is, and the checksum of each of its files.
//!
//! It is written last, and every later command checks the checksums first: a half-written or mixed set of files is refused.

use std::collections::BTreeMap;

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
    pub schema_version: u32,
    pub tool: Tool,
    /// `deploy`: a release with a model package to roll out.
    pub action: String,
    pub source: Source,
    pub project: ProjectIdentity,
    pub model_package: ModelPackage,
    pub choice: Choice,
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
    pub name: String,
    pub version: String,
}

/// The commit that a release was built from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    pub commit: Option<String>,
    /// Whether tracked files had changes; not known without git.
    pub dirty: Option<bool>,
}

/// The SageMaker project and its environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectIdentity {
    pub name: String,
    pub id: String,
    pub environment: String,
}

/// The model package that a release deploys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelPackage {
    pub arn: String,
    pub group: String,
    pub version: Option<u32>,
    pub approval_status: String,
    pub status: String,
    pub created: String,
    pub images: Vec<String>,
    pub model_data: Vec<String>,
    /// The same model in other regions, by region: an endpoint's image and artifacts must be in its own. Left out when there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<String, RegionalModelPackage>,
}

/// The model package of a region other than the chosen one's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegionalModelPackage {
    pub arn: String,
    pub images: Vec<String>,
    pub model_data: Vec<String>,
}

/// Why this model package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Choice {
    pub selection: String,
    pub because: String,
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
    pub model_package: String,
    /// The rule, by its name.
    pub rule: String,
    /// The rule, in words.
    pub because: String,
}

/// The release policy that a package was held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleasePolicy {
    pub file: String,
    /// `sha256:…` of the file.
    pub digest: String,
}

/// A gate that the package meets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetGate {
    pub gate: String,
    pub found: String,
}

/// A model package that was not chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PassedOver {
    pub arn: String,
    /// The kind of reason, such as `pending-approval` or `gate-not-met`.
    #[serde(default)]
    pub code: String,
    pub reason: String,
}

/// The two stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stages {
    pub staging: StageTargets,
    pub prod: StageTargets,
}

/// Where a stage goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageTargets {
    pub env_type: String,
    pub config: String,
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
    pub execution_role_name: String,
    pub endpoints: Vec<String>,
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
    pub account: Option<String>,
    /// Only in this region; in every one when null.
    #[serde(default)]
    pub region: Option<String>,
    pub parameters: BTreeMap<String, String>,
}

impl Manifest {
    /// The one version of the format.
    pub const SCHEMA_VERSION: u32 = 1;

    /// The file's text.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data always serialises");
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
    pub fn in_region(&self, region: &str) -> &str {
        self.regions.get(region).map_or(&self.arn, |package| &package.arn)
    }
}

impl StageTargets {
    /// The role that the model runs as in this account and region, which can be overridden there.
    pub fn execution_role(&self, account: &str, region: &str) -> String {
        let overridden = ParameterOverride::of(&self.parameter_overrides, account, region).remove("ExecutionRoleName");
        overridden.unwrap_or_else(|| self.execution_role_name.clone())
    }
}

impl ParameterOverride {
    /// The parameters that are others in this account and region, of all these overrides.
    pub fn of(overrides: &[Self], account: &str, region: &str) -> BTreeMap<String, String> {
        let here = |value: &Option<String>, here: &str| value.as_deref().is_none_or(|value| value == here);
        overrides
            .iter()
            .filter(|known| here(&known.account, account) && here(&known.region, region))
            .flat_map(|known| known.parameters.clone())
            .collect()
    }
}
