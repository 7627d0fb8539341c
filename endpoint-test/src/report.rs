//! The results of a run as data, and four renderings of it, each a pure function: JSON, and with
//! the feature `render` HTML, JUnit XML and a table.

mod assemble;
mod comparison;
#[cfg_attr(not(feature = "render"), allow(dead_code, reason = "only renderings need all of the words"))]
mod gains;
#[cfg(feature = "render")]
mod html;
mod interval;
mod json;
#[cfg(feature = "render")]
mod junit;
#[cfg(feature = "render")]
mod listing;
mod load;
mod metrics;
#[cfg(feature = "render")]
pub mod page;
mod rate_search;
mod replay;
#[cfg(feature = "render")]
mod svg;
#[cfg(feature = "render")]
mod table;
mod untrusted;
mod verdict;

use aws_names::ModelPackageArn;
use serde::{Deserialize, Serialize};

pub(crate) use self::assemble::limited;
pub use self::comparison::{
    CaseComparison, ClassFlip, ComparisonReport, DifferenceReport, FlipsReport, LatencyComparison, MetricComparison, RowFlip,
    UnpairedReport,
};
#[cfg(feature = "render")]
pub use self::html::html;
pub use self::interval::{BoundReport, IntervalReport};
pub(crate) use self::interval::{LEVEL, confidence_text, level_tail, short};
pub use self::json::json;
#[cfg(feature = "schema")]
pub use self::json::json_schema;
#[cfg(feature = "render")]
pub use self::junit::junit;
#[cfg(feature = "render")]
pub use self::listing::{case_list, outlook};
pub use self::load::{Latencies, LoadError, LoadFigures, LoadReport, Pace, Percentile, PhaseReport, Series, SeriesStep, ThresholdReport};
pub use self::metrics::RunMetric;
pub use self::rate_search::{RateSearchReport, RateStep};
pub use self::replay::{DriftReport, ReplayDifference, ReplayLatency, ReplayReport, UnusableRecord};
#[cfg(feature = "render")]
pub use self::table::table;
pub use self::untrusted::is_steering;
pub use self::verdict::{Counts, Outcome, Verdict};
use crate::target::Variant;

/// The version of the format of a [`Report`]. Fields may be added within a version.
pub const SCHEMA_VERSION: u32 = 1;
/// The name of the check of the model package that a target serves.
pub(crate) const IDENTITY: &str = "identity";

/// The results of one run of a suite over all its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The version of this format: [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The program that ran the suite.
    pub tool: ToolInfo,
    /// The stage that was tested, such as `staging`.
    pub stage: String,
    /// The SHA-256 of the manifest of the tested release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The commit that the release was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The ARN of the model package in the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub model_package: Option<ModelPackageArn>,
    /// The suite that was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<SuiteInfo>,
    /// The cases of a partial run; absent if all cases of the suite ran. A partial run is no evidence
    /// that the release passes its tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<PartialRun>,
    /// When the first target's test began: RFC 3339, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When the last target's test ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// The verdict of the run.
    pub verdict: Verdict,
    /// The number of targets with each verdict.
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
    /// The file's path, as given.
    pub file: String,
    /// The suite's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file's SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// The cases that a partial run was limited to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartialRun {
    /// The names of the selected cases.
    pub cases: Vec<String>,
    /// The number of cases of the suite.
    pub of: usize,
}

impl std::fmt::Display for PartialRun {
    /// `1 of 5 cases`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} of {} cases", self.cases.len(), self.of)
    }
}

/// Where a target is and which project it belongs to: the head of its report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetInfo {
    /// The AWS account's twelve digits; for a container any text for its host, such as `local`.
    pub account_id: String,
    /// The AWS region.
    pub region: String,
    /// The endpoint's name, or the container's URL.
    pub endpoint: String,
    /// The role that was assumed to test it; `None` for the caller's own credentials.
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

/// The results of one target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TargetReport {
    /// The AWS account.
    pub account_id: String,
    /// The AWS region.
    pub region: String,
    /// The endpoint's name, or the container's URL.
    pub endpoint: String,
    /// The target's verdict.
    pub verdict: Verdict,
    /// The role that was assumed to test it; absent for the caller's own credentials.
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
    /// The last status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The endpoint's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_arn: Option<String>,
    /// The current endpoint configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_config: Option<String>,
    /// Whether requests and responses are captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_capture: Option<bool>,
    /// Whether it is asynchronous: then latencies last until the response is in S3, queue included.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asynchronous: bool,
    /// The production variants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// When the test began, including the wait: RFC 3339, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When the test ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// How long the test took, including the wait, in milliseconds.
    #[serde(default)]
    pub duration_ms: f64,
    /// The comparison of the target's responses with another endpoint's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<ComparisonReport>,
    /// Checks of the target as a whole: `status`, `identity`, `variants`, `data_capture` and, if
    /// the release has an expectation, `image`, `encryption` and `network`; `comparison` if a
    /// difference is a failure.
    pub checks: Vec<CheckReport>,
    /// The suite's cases, in its order.
    pub cases: Vec<CaseReport>,
    /// The results of captured requests that were sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Box<ReplayReport>>,
    /// The results under load; absent if the suite has no load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Box<LoadReport>>,
}

/// The kinds of finding that a program may want to recognise. Not in any written report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingCode {
    /// The case's golden file does not exist.
    GoldenFileMissing,
    /// The response differs from the case's golden file.
    GoldenFileDiffers,
    /// The load generator did not keep pace.
    GeneratorLate,
    /// The endpoint does not exist.
    EndpointMissing,
    /// It is not known whether something is what was approved.
    NotKnown,
    /// The rows are too few to prove a limit.
    NotProven,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// The kind of finding, for those that a program may want to recognise.
    #[serde(skip)]
    pub code: Option<FindingCode>,
    /// The check's name: `status`, `identity`, `json`, `latency` and so on.
    pub name: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The outcome that an observed check would have if it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_be: Option<Outcome>,
    /// The location in the response: a JSON Pointer, a JSONPath, or the row and column of CSV.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The expected value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The actual value, cut if it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The finding in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The results of one case at one target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseReport {
    /// The case's name.
    pub name: String,
    /// The outcome.
    pub outcome: Outcome,
    /// When its first request was sent: RFC 3339, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// From sending the request to receiving the whole response, in milliseconds, measured by the
    /// client; for a case with rows, of the slowest row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// The response's status; for a model's own error the container's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// AWS's request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The production variant that responded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The response's media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Why the case did not run or was not finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The model's own error message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_error: Option<String>,
    /// The ARN of the log stream with the container's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_stream_arn: Option<String>,
    /// A shell command that sends the same request, for cases that did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
    /// The beginning of the response, for cases that did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// The results of the rows, for a case with rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowsReport>,
    /// The comparison of the responses with another endpoint's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<CaseComparison>,
    /// The checks of the response; for a case with rows, the checks over all of them.
    pub checks: Vec<CheckReport>,
    /// The new content of the case's golden file, if it is to be updated.
    #[serde(skip)]
    pub golden_update: Option<GoldenUpdate>,
}

/// The results of a case's rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowsReport {
    /// All rows.
    pub total: usize,
    /// Rows with the expected response.
    pub passed: usize,
    /// Rows with another response.
    pub failed: usize,
    /// Rows that could not be tested, including those skipped after many errors.
    pub errored: usize,
    /// The part of the rows that must pass.
    pub at_least: f64,
    /// The part of the rows that passed, with its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed_interval: Option<IntervalReport>,
    /// The metrics over all rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricReport>,
    /// The median latency of the rows that got a response, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_latency_ms: Option<f64>,
    /// The latency that 95% of these rows did not exceed, in milliseconds; of at least 20 rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_latency_ms: Option<f64>,
    /// The first rows that did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_passed: Vec<RowReport>,
}

/// A metric over all rows of a case, or over those of one segment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetricReport {
    /// The metric's name, such as `accuracy` or `macro_f1`.
    pub name: String,
    /// The segment, if it is over the rows of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The segment's number of rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// Its value; absent when it could not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Where the true value probably is, two-sided; absent if the rows do not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalReport>,
    /// The lower limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The upper limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// What the lower limit is compared with if it needs a confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<BoundReport>,
    /// What the upper limit is compared with if it needs a confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper_bound: Option<BoundReport>,
    /// The outcome.
    pub outcome: Outcome,
    /// The outcome that an observed metric would have if it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_be: Option<Outcome>,
}

/// One row that did not pass.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowReport {
    /// The row's number, from one.
    pub row: usize,
    /// The line of the file where it begins.
    pub line: u64,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The expected value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The actual value, cut if it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// In milliseconds, measured by the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// AWS's request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// A shell command that sends the same request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
}

/// The new content of a golden file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldenUpdate {
    /// The file, relative to the suite's folder.
    pub file: String,
    /// Its new content.
    pub content: Vec<u8>,
}
