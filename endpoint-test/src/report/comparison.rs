//! The comparison of responses with a baseline's, as data.

use serde::{Deserialize, Serialize};

use super::{BoundReport, IntervalReport, Outcome};

/// The comparison of a target's responses with another endpoint's, over all cases.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComparisonReport {
    /// The other endpoint: `account/region/endpoint`, or a container's URL.
    pub with: String,
    /// Requests sent to both.
    pub compared: usize,
    /// Requests whose responses differ.
    pub different: usize,
    /// Requests that could not be sent to the other endpoint.
    pub errored: usize,
    /// The part of the requests whose responses may differ, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Why nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The stored results that the metrics are compared with, because the other endpoint could not
    /// be invoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpaired: Option<UnpairedReport>,
    /// Metrics over the same rows; over other ones if the comparison is unpaired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<MetricComparison>,
    /// Percentiles of the latency over the same rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latency: Vec<LatencyComparison>,
    /// Rows whose predicted class differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flips: Option<FlipsReport>,
    /// The number of gates that decide; a failure of one is corrected for it (Holm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates: Option<usize>,
}

/// The stored results of an unpaired comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnpairedReport {
    /// Why the other endpoint was not invoked.
    pub why: String,
    /// Where the stored results are from, such as the path of their file.
    pub results: String,
    /// The SHA-256 of the manifest of the release that they are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The model package of that release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_package: Option<String>,
    /// When those tests ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested_at: Option<String>,
    /// The SHA-256 of their suite, whose rows may be others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
}

/// A metric over the same rows of both endpoints.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetricComparison {
    /// The case's name.
    pub case: String,
    /// The metric's name.
    pub name: String,
    /// The tested endpoint's value; absent if it could not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub this: Option<f64>,
    /// The other endpoint's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<f64>,
    /// How much better the tested endpoint is, two-sided; negative if it is worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<IntervalReport>,
    /// The largest loss that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_worse_than: Option<f64>,
    /// The lower bound of the gain, which is compared with that loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<BoundReport>,
    /// McNemar's p-value, for shares of the same rows; it decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// The outcome; skipped without a gate.
    pub outcome: Outcome,
    /// The outcome that an observed gate would have if it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_be: Option<Outcome>,
}

/// A percentile of the latency over the same rows of both endpoints.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LatencyComparison {
    /// The percentile, such as `p95`.
    pub name: String,
    /// The tested endpoint's, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub this_ms: Option<f64>,
    /// The other endpoint's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_ms: Option<f64>,
    /// How many times the other endpoint's it is, two-sided; absent with too few rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<IntervalReport>,
    /// The largest ratio that passes.
    pub at_most_times: f64,
    /// The upper bound of the ratio, which is compared with it.
    pub upper_bound: BoundReport,
    /// The number of rows that both endpoints responded to.
    pub rows: usize,
    /// The outcome.
    pub outcome: Outcome,
    /// The outcome that an observed gate would have if it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_be: Option<Outcome>,
}

/// Rows whose predicted class differs between the endpoints.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlipsReport {
    /// The rows that both endpoints classified.
    pub compared: usize,
    /// Those with another class.
    pub changed: usize,
    /// Those of them that only the tested endpoint has right.
    pub better: usize,
    /// Those of them that only the other endpoint has right.
    pub worse: usize,
    /// How often which class became which, the most frequent first.
    pub classes: Vec<ClassFlip>,
    /// The first rows with another class, those that became wrong first.
    pub rows: Vec<RowFlip>,
}

/// Rows with one label that changed from one class to another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClassFlip {
    /// The label.
    pub label: String,
    /// The other endpoint's class.
    pub other: String,
    /// The tested endpoint's class.
    pub this: String,
    /// The number of rows.
    pub rows: usize,
}

/// A row whose predicted class differs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowFlip {
    /// The case's name.
    pub case: String,
    /// The row's number, from one.
    pub row: usize,
    /// The line of the file where it begins.
    pub line: u64,
    /// The label.
    pub label: String,
    /// The other endpoint's class.
    pub other: String,
    /// The tested endpoint's class.
    pub this: String,
}

/// The comparison of one case's responses with another endpoint's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseComparison {
    /// Requests sent to both.
    pub compared: usize,
    /// Requests whose responses differ.
    pub different: usize,
    /// Requests that could not be sent to the other endpoint.
    pub errored: usize,
    /// The first differences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceReport>,
    /// The first reason why the other endpoint could not be invoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The other endpoint's latency in milliseconds; for a case with rows, of its slowest row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
}

/// One difference between two endpoints' responses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DifferenceReport {
    /// The row's number, for a case with rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The location: a JSON Pointer, a line of a text, or `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The tested endpoint's value.
    pub this: String,
    /// The other endpoint's value.
    pub other: String,
}
