//! The comparison of responses with a baseline's, as data.

use serde::{Deserialize, Serialize};

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
