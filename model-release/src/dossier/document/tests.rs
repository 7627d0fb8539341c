//! The result of a run of tests.

use serde::{Deserialize, Serialize};

use super::super::claim::Claim;

/// The result of a run of tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tests {
    /// `passed`, `failed`, `errored`, `empty` or `skipped`.
    pub verdict: String,
    /// What passed, in a line.
    pub summary: String,
    /// When the first test began (RFC 3339).
    pub started_at: Option<String>,
    /// When the last test ended.
    pub ended_at: Option<String>,
    /// The suite's file.
    pub suite: Option<String>,
    /// The digest of the suite's file.
    pub suite_digest: Option<String>,
    /// Latencies under load, each the largest of all targets.
    pub latency: Claim<Latency>,
    /// The metrics of the cases, each the worst of all targets.
    pub metrics: Vec<TestMetric>,
    /// The targets, those that did not pass first.
    pub targets: Vec<TestedTarget>,
}

/// A metric of a case over all targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestMetric {
    /// The case.
    pub case: String,
    /// The metric, with its segment.
    pub name: String,
    /// The worst value; null if it could not be computed.
    pub value: Option<f64>,
    /// The limit, such as `at least 0.9`; empty without one.
    pub limit: String,
    /// `passed`, `failed`, `errored` or `skipped`.
    pub outcome: String,
}

/// Latencies under load, in milliseconds, from the scheduled time of each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latency {
    /// The median.
    pub p50_ms: Option<f64>,
    /// The 95th percentile; null if there were too few requests.
    pub p95_ms: Option<f64>,
    /// The 99th percentile; null if there were too few requests.
    pub p99_ms: Option<f64>,
    /// The requests sent.
    pub requests: u64,
    /// The requests that failed.
    pub errors: u64,
    /// Right responses per second.
    pub throughput_per_second: f64,
}

/// A tested endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestedTarget {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// The endpoint.
    pub endpoint: String,
    /// The verdict.
    pub verdict: String,
    /// The cases that passed.
    pub passed: usize,
    /// The cases that ran.
    pub cases: usize,
    /// The latency of the slowest case, in milliseconds.
    pub slowest_ms: Option<f64>,
    /// Latencies under load; null without a load.
    pub latency: Option<Latency>,
    /// Between which rates the thresholds of the load break, if that was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_search: Option<String>,
    /// What did not pass.
    pub findings: Vec<String>,
}
