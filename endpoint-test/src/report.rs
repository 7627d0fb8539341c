//! What a run found, as data; and four ways to show it, each a pure function of that data: JSON, and with the feature `render` HTML, JUnit XML and a table.

mod assemble;
mod comparison;
#[cfg(feature = "render")]
mod html;
mod json;
#[cfg(feature = "render")]
mod junit;
mod load;
#[cfg(feature = "render")]
mod svg;
#[cfg(feature = "render")]
mod table;
mod untrusted;
mod verdict;

use serde::{Deserialize, Serialize};

pub use self::comparison::{CaseComparison, ComparisonReport, DifferenceReport};
#[cfg(feature = "render")]
pub use self::html::html;
pub use self::json::json;
#[cfg(feature = "schema")]
pub use self::json::json_schema;
#[cfg(feature = "render")]
pub use self::junit::junit;
pub use self::load::{Latencies, LoadError, LoadFigures, LoadReport, Pace, Percentile, PhaseReport, Series, SeriesStep, ThresholdReport};
#[cfg(feature = "render")]
pub use self::table::table;
pub use self::untrusted::is_steering;
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
    pub tool: ToolInfo,
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
    /// The suite that was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<SuiteInfo>,
    /// What it comes to.
    pub verdict: Verdict,
    /// How many targets came to which verdict.
    pub counts: Counts,
    /// One report for each target.
    pub targets: Vec<TargetReport>,
}

/// The program that wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Tool"))]
pub struct ToolInfo {
    /// The program's name.
    pub name: String,
    /// The program's version.
    pub version: String,
}

/// The suite that was run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuiteInfo {
    /// The file, as it was named.
    pub file: String,
    /// What the suite says that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file's SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
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
    /// Whether the endpoint is asynchronous: then latencies last until the answer is in S3, the time in the queue included.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asynchronous: bool,
    /// The production variants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// How long the target was tested, waiting included, in milliseconds.
    #[serde(default)]
    pub duration_ms: f64,
    /// How the target's answers compare with another endpoint's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<ComparisonReport>,
    /// Checks of the target as a whole: `status`, `identity`, `variants`, `data_capture` and, where the release says how
    /// it must be, `image`, `encryption` and `network`; `comparison` when a difference is a failure.
    pub checks: Vec<CheckReport>,
    /// The suite's cases, in its order.
    pub cases: Vec<CaseReport>,
    /// What was found under load; absent when the suite asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Box<LoadReport>>,
}

/// What a program may want to recognise in a finding, to say more about it. It is in no written report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingCode {
    /// The case's golden file does not exist.
    GoldenFileMissing,
    /// The reply differs from the case's golden file.
    GoldenFileDiffers,
    /// The load generator did not keep pace.
    GeneratorLate,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// What kind of finding it is, for those that a program may want to recognise.
    #[serde(skip)]
    pub code: Option<FindingCode>,
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
    /// From sending the request to having the whole reply, in milliseconds, as the client saw it; of a case with rows, the
    /// slowest row's.
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
    /// What became of the rows, for a case with rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowsReport>,
    /// How the answers compare with another endpoint's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<CaseComparison>,
    /// What was looked at in the reply; for a case with rows, what was looked at over all of them.
    pub checks: Vec<CheckReport>,
    /// What the case's golden file is to hold, when it is to be written.
    #[serde(skip)]
    pub golden_update: Option<GoldenUpdate>,
}

/// What became of a case's rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowsReport {
    /// All rows.
    pub total: usize,
    /// Rows whose reply was as expected.
    pub passed: usize,
    /// Rows whose reply was not.
    pub failed: usize,
    /// Rows that could not be asked, those included that were not tried after many of them.
    pub errored: usize,
    /// The part of the rows that had to hold.
    pub at_least: f64,
    /// What was measured over all rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricReport>,
    /// The middle one of all latencies, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_latency_ms: Option<f64>,
    /// The first rows that did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_passed: Vec<RowReport>,
}

/// What was measured over all rows of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetricReport {
    /// Such as `accuracy` or `macro_f1`.
    pub name: String,
    /// Its value; absent when it could not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The least value that is good enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The largest value that is good enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// What it comes to.
    pub outcome: Outcome,
}

/// One row that did not pass.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowReport {
    /// The row's number, from one.
    pub row: usize,
    /// The line of the file in which it begins.
    pub line: u64,
    /// What was found.
    pub outcome: Outcome,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What should have been found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found instead, cut when long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// In milliseconds, as the client saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// AWS's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// A shell command that sends the same request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
}

/// What a golden file is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldenUpdate {
    /// The file, relative to the suite's folder.
    pub file: String,
    /// Its new content.
    pub content: Vec<u8>,
}
