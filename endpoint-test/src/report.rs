//! What a run found, as data; and four ways to show it, each a pure function of that data.

mod assemble;
mod html;
mod json;
mod junit;
mod load;
mod svg;
mod table;
mod untrusted;
mod verdict;

use serde::{Deserialize, Serialize};

pub use self::html::html;
pub use self::json::json;
#[cfg(feature = "schema")]
pub use self::json::json_schema;
pub use self::junit::junit;
pub use self::load::{Latencies, LoadError, LoadFigures, LoadReport, Pace, Percentile, PhaseReport, Series, SeriesStep, ThresholdReport};
pub use self::table::table;
pub use self::verdict::{Counts, Outcome, Verdict};
use crate::target::Variant;

/// The version of the format of a [`Report`]. Fields may be added within a version.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that one run of a suite found, over all its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The version of this format: [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The program that ran the suite.
    pub tool: Tool,
    /// The stage that was tested, such as `staging`.
    pub stage: String,
    /// What was tested: the SHA-256 of the release's manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The commit that the release was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The ARN of the model package that the release carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_package: Option<String>,
    /// What it comes to.
    pub verdict: Verdict,
    /// How many targets came to which verdict.
    pub counts: Counts,
    /// One report for each target.
    pub targets: Vec<TargetReport>,
}

/// The program that wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tool {
    /// The program's name.
    pub name: String,
    /// The program's version.
    pub version: String,
}

/// Where a target is and which part of which project it belongs to: what its report is headed with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetInfo {
    /// The AWS account's twelve digits; for a container any word that tells where it runs, such as `local`.
    pub account_id: String,
    /// The AWS region.
    pub region: String,
    /// The endpoint's name, or the container's URL.
    pub endpoint: String,
    /// The role under which it was tested; `None` for the caller's own credentials.
    pub role: Option<String>,
    /// The environment's name.
    pub environment_name: Option<String>,
    /// The environment's type, such as `staging`.
    pub environment_type: Option<String>,
    /// The SageMaker project's name.
    pub project_name: Option<String>,
    /// The SageMaker project's id.
    pub project_id: Option<String>,
}

/// What was found at one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TargetReport {
    /// The AWS account.
    pub account_id: String,
    /// The AWS region.
    pub region: String,
    /// The endpoint's name, or the container's URL.
    pub endpoint: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// The role under which it was tested; absent for the caller's own credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The environment's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_name: Option<String>,
    /// The environment's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_type: Option<String>,
    /// The SageMaker project's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The SageMaker project's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// The last status seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The endpoint's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_arn: Option<String>,
    /// The endpoint configuration in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_config: Option<String>,
    /// Whether requests and replies are captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_capture: Option<bool>,
    /// The production variants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// How long the target was tested, waiting included, in milliseconds.
    #[serde(default)]
    pub duration_ms: f64,
    /// Checks of the target as a whole: `status`, `identity`, `variants`, `data_capture`.
    pub checks: Vec<CheckReport>,
    /// The suite's cases, in its order.
    pub cases: Vec<CaseReport>,
    /// What was found under load; absent when the suite asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Box<LoadReport>>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// What was looked at: `status`, `identity`, `json`, `latency` and so on.
    pub name: String,
    /// What was found.
    pub outcome: Outcome,
    /// Where in the reply: a JSON Pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What should have been found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found instead, cut when long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The finding in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What became of one case at one target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseReport {
    /// The case's name.
    pub name: String,
    /// What was found.
    pub outcome: Outcome,
    /// From sending the request to having the whole reply, in milliseconds, as the client saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// The reply's status; for a model's own error the container's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// AWS's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The production variant that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The reply's media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Why the case did not run or could not be finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The model's own error message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_error: Option<String>,
    /// The ARN of the log stream in which the container tells more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_stream_arn: Option<String>,
    /// A shell command that sends the same request, for cases that did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
    /// The beginning of the reply, for cases that did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// What was looked at in the reply.
    pub checks: Vec<CheckReport>,
}
