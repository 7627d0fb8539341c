//! `release-manifest.json`: what a release is, and the checksum of each of its files.
//!
//! It is written last, and every later command checks the checksums first: a half-written or mixed set of files is refused.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cli::{ReleaseOptions, Stage, given};
use crate::diagnostic::{Diagnostic, Failure};
use crate::exit::Exit;
use crate::files;

/// The manifest's file name in a release's folder.
pub(crate) const FILE_NAME: &str = "release-manifest.json";

/// Where the approved digest comes from, for messages.
const RELEASE_SHA256: &str = "--release-sha256, RELEASE_MANIFEST_SHA256";

/// The one version of the format.
const SCHEMA_VERSION: u32 = 1;

/// What a release is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Manifest {
    pub(crate) schema_version: u32,
    pub(crate) tool: Tool,
    /// `deploy`: a release with a model package to roll out.
    pub(crate) action: String,
    pub(crate) source: Source,
    pub(crate) project: ProjectIdentity,
    pub(crate) model_package: ModelPackage,
    pub(crate) choice: Choice,
    pub(crate) stages: Stages,
    /// `sha256:…` of each other file, by its name.
    pub(crate) files: BTreeMap<String, String>,
}

/// The program that wrote a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// The commit that a release was built from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Source {
    pub(crate) commit: Option<String>,
    /// Whether tracked files had changes; not known without git.
    pub(crate) dirty: Option<bool>,
}

/// The SageMaker project and its environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProjectIdentity {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) environment: String,
}

/// The model package that a release deploys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ModelPackage {
    pub(crate) arn: String,
    pub(crate) group: String,
    pub(crate) version: Option<u32>,
    pub(crate) approval_status: String,
    pub(crate) status: String,
    pub(crate) created: String,
    pub(crate) images: Vec<String>,
    pub(crate) model_data: Vec<String>,
    /// The same model in other regions, by region: an endpoint's image and artifacts must be in its own. Left out when there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) regions: BTreeMap<String, RegionalModelPackage>,
}

/// The model package of a region other than the chosen one's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RegionalModelPackage {
    pub(crate) arn: String,
    pub(crate) images: Vec<String>,
    pub(crate) model_data: Vec<String>,
}

/// Why this model package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Choice {
    pub(crate) selection: String,
    pub(crate) because: String,
    pub(crate) passed_over: Vec<PassedOver>,
    /// Nobody approved the package: `--allow-unapproved` let it through.
    #[serde(default)]
    pub(crate) without_approval: bool,
    /// The event that started the build, and the rule that it fell under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<Event>,
    /// What the package had to meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) release_policy: Option<ReleasePolicy>,
    /// The gates of the policy, and what was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) gates: Vec<MetGate>,
}

/// A change in the registry that started a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Event {
    /// EventBridge's id of it.
    pub(crate) id: Option<String>,
    /// The package that changed.
    pub(crate) model_package: String,
    /// The rule, by its name.
    pub(crate) rule: String,
    /// The rule, in words.
    pub(crate) because: String,
}

/// The release policy that a package was held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ReleasePolicy {
    pub(crate) file: String,
    /// `sha256:…` of the file.
    pub(crate) digest: String,
}

/// A gate that the package meets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MetGate {
    pub(crate) gate: String,
    pub(crate) found: String,
}

/// A model package that was not chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PassedOver {
    pub(crate) arn: String,
    /// The kind of reason, such as `pending-approval` or `gate-not-met`.
    #[serde(default)]
    pub(crate) code: String,
    pub(crate) reason: String,
}

/// The two stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Stages {
    pub(crate) staging: StageTargets,
    pub(crate) prod: StageTargets,
}

/// Where a stage goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct StageTargets {
    pub(crate) env_type: String,
    pub(crate) config: String,
    pub(crate) accounts: Vec<String>,
    pub(crate) regions: Vec<String>,
    pub(crate) execution_role_name: String,
    pub(crate) endpoints: Vec<String>,
    pub(crate) stack_set: String,
    /// Parameters that are others in some accounts or regions. A later one wins over an earlier one. Left out when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parameter_overrides: Vec<ParameterOverride>,
}

/// Parameters that take the place of the configuration's where the account and the region are these (a stack set's parameter overrides).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ParameterOverride {
    /// Only in this account; in every one when null.
    #[serde(default)]
    pub(crate) account: Option<String>,
    /// Only in this region; in every one when null.
    #[serde(default)]
    pub(crate) region: Option<String>,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// A release that was read from its folder, its files checked.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) manifest: Manifest,
    /// `sha256:…` of the manifest itself: the release's name.
    pub(crate) digest: String,
}

impl Tool {
    pub(crate) fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

impl Manifest {
    pub(crate) const SCHEMA_VERSION: u32 = SCHEMA_VERSION;

    pub(crate) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data always serialises");
        text.push('\n');
        text
    }

    pub(crate) fn stage(&self, stage: Stage) -> &StageTargets {
        match stage {
            Stage::Staging => &self.stages.staging,
            Stage::Prod => &self.stages.prod,
        }
    }
}

impl ModelPackage {
    /// The ARN of the model package that endpoints in this region serve.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "a region is a matter of AWS"))]
    pub(crate) fn in_region(&self, region: &str) -> &str {
        self.regions.get(region).map_or(&self.arn, |package| &package.arn)
    }
}

#[cfg(feature = "aws")]
impl StageTargets {
    /// The role that the model runs as in this account and region, which can be overridden there.
    pub(crate) fn execution_role(&self, account: &str, region: &str) -> String {
        let overridden = ParameterOverride::of(&self.parameter_overrides, account, region).remove("ExecutionRoleName");
        overridden.unwrap_or_else(|| self.execution_role_name.clone())
    }
}

impl ParameterOverride {
    /// The parameters that are others in this account and region, of all these overrides.
    pub(crate) fn of(overrides: &[Self], account: &str, region: &str) -> BTreeMap<String, String> {
        let here = |value: &Option<String>, here: &str| value.as_deref().is_none_or(|value| value == here);
        overrides
            .iter()
            .filter(|known| here(&known.account, account) && here(&known.region, region))
            .flat_map(|known| known.parameters.clone())
            .collect()
    }
}

impl ReleaseOptions {
    /// The digest of the manifest that was approved, as [`files::digest`] writes it, where one was given.
    pub(crate) fn approved(&self) -> Result<Option<String>, Failure> {
        let Some(text) = given(self.release_sha256.as_ref()) else { return Ok(None) };
        let digest = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
        if digest.len() == 64 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(Some(format!("sha256:{digest}")));
        }
        Err(Diagnostic::error(format!("`{text}` is not a SHA-256 checksum of 64 hexadecimal digits"))
            .named(RELEASE_SHA256)
            .hinting("`build` writes it to release.env as RELEASE_MANIFEST_SHA256")
            .into())
    }
}

impl Release {
    /// Reads a release's folder and checks every file against the manifest, and the manifest against `approved`, its digest, where there
    /// is one.
    pub(crate) fn read(folder: &Path, approved: Option<&str>) -> Result<Self, Failure> {
        let path = folder.join(FILE_NAME);
        let text = files::read_text(&path)
            .map_err(|diagnostic| Failure::bad_input(diagnostic.hinting("`build` writes a release; name its folder with --build-dir")))?;
        let digest = files::digest(text.as_bytes());
        if let Some(approved) = approved.filter(|approved| *approved != digest) {
            return Err(Diagnostic::error(format!("`{}` is not the manifest of the approved release", files::shown(&path)))
                .named(RELEASE_SHA256)
                .detail(format!("approved {approved}"))
                .detail(format!("found    {digest}"))
                .hinting("use the files of the approved release, or have this release approved")
                .into());
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(|error| {
            Failure::bad_input(
                Diagnostic::error(format!("`{}` is not a release manifest: {error}", files::shown(&path)))
                    .source(&files::shown(&path), error.line().max(1), error.column().max(1), &text)
                    .hinting("run `build` again"),
            )
        })?;
        if manifest.schema_version != SCHEMA_VERSION {
            return Err(Diagnostic::error(format!(
                "`{}` has version {}; this program knows version {SCHEMA_VERSION}",
                files::shown(&path),
                manifest.schema_version
            ))
            .hinting("use the program that built the release, or build it again")
            .into());
        }
        let diagnostics: Vec<_> = manifest.files.iter().filter_map(|(name, digest)| altered(folder, name, digest)).collect();
        if !diagnostics.is_empty() {
            return Err(Failure::new(Exit::BadInput, diagnostics));
        }
        Ok(Self { manifest, digest })
    }
}

/// What is wrong with a file of the release, if anything.
fn altered(folder: &Path, name: &str, digest: &str) -> Option<Diagnostic> {
    let again = "the files of a release belong together: build it again";
    if Path::new(name).components().count() != 1 || name.contains(['/', '\\']) || name == ".." {
        return Some(Diagnostic::error(format!("the release manifest names `{name}`, which is not a file beside it")));
    }
    let path = folder.join(name);
    match files::digest_file(&path) {
        Ok(found) if found == digest => None,
        Ok(found) => Some(
            Diagnostic::error(format!("`{}` is not the file of this release", files::shown(&path)))
                .detail(format!("manifest {digest}"))
                .detail(format!("file     {found}"))
                .hinting(again),
        ),
        Err(error) => Some(files::cannot("read", &path, &error).hinting(again)),
    }
}

#[cfg(test)]
mod tests {
    use super::ReleaseOptions;

    #[test]
    fn an_approved_checksum_is_read_as_release_env_and_as_reports_write_it() {
        let approved = |text: &str| ReleaseOptions { release_sha256: Some(text.to_owned()), ..ReleaseOptions::default() }.approved();
        let digits = "0123456789abcdef".repeat(4);
        let expected = Some(format!("sha256:{digits}"));
        for text in [digits.clone(), digits.to_ascii_uppercase(), format!("sha256:{digits}"), format!(" {digits} ")] {
            assert_eq!(approved(&text).unwrap(), expected, "{text}");
        }
        assert_eq!(approved("").unwrap(), None);
        for text in [&digits[1..], "sha256:", &digits.replace('0', "g"), &format!("sha512:{digits}")] {
            assert!(approved(text).is_err(), "{text}");
        }
    }
}
