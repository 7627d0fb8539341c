//! How responses compare with a baseline's, as data.

use serde::{Deserialize, Serialize};

/// How a target's answers compare with another endpoint's, over all cases.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComparisonReport {
    /// The other one: `account/region/endpoint`, or a container's URL.
    pub with: String,
    /// Requests that were put to both.
    pub compared: usize,
    /// Requests whose answers differ.
    pub different: usize,
    /// Requests that the other one could not be asked.
    pub errored: usize,
    /// The part of the requests whose answers may differ, where there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Why nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How the answers of one case compare with another endpoint's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaseComparison {
    /// Requests that were put to both.
    pub compared: usize,
    /// Requests whose answers differ.
    pub different: usize,
    /// Requests that the other one could not be asked.
    pub errored: usize,
    /// The first differences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceReport>,
    /// The first reason for which the other one could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How long the other one took, in milliseconds; of a case with rows, for its slowest row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
}

/// One difference between two endpoints' answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DifferenceReport {
    /// The row's number, for a case with rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// Where: a JSON Pointer, a line of a text, or `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What the tested endpoint answers.
    pub this: String,
    /// What the other one answers.
    pub other: String,
}
