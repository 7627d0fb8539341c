//! What a load found, as data.

use serde::{Deserialize, Serialize};

use super::{FindingCode, Outcome};

/// What was found under load at one target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadReport {
    /// What kind of finding it is, for those that a program may want to recognise.
    #[serde(skip)]
    pub code: Option<FindingCode>,
    /// What the thresholds and the pace come to.
    pub outcome: Outcome,
    /// Why the load did not run, or why it ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The cases whose requests were sent, in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
    /// How requests arrived in open phases: `even` or `poisson`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<String>,
    /// What random arrivals were made from: the same seed gives the same moments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The most requests under way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<usize>,
    /// How long it took, the warm-up and the last answers included, in milliseconds.
    #[serde(default)]
    pub duration_ms: f64,
    /// The conditions that were set, with what was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<ThresholdReport>,
    /// All counted phases together; absent when nothing ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<LoadFigures>,
    /// Each phase in its order, the warm-up first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseReport>,
    /// The failed requests of the counted phases by what went wrong, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<LoadError>,
    /// Whether the load generator itself kept pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// The load over time, for a chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
}

/// One condition, and what was found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThresholdReport {
    /// The condition, such as `p95 < 250ms`.
    pub threshold: String,
    /// The phase that is meant; absent for all counted phases together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// What was found.
    pub outcome: Outcome,
    /// The figure, in the unit of the condition; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The figure as a number: milliseconds, a count, a part from 0 to 1, or a rate a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual_value: Option<f64>,
    /// The limit in the unit of `actual_value`.
    #[serde(default)]
    pub limit_value: f64,
    /// Which percentile of the response time is meant, from 0 to 100; absent for other conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f64>,
    /// The finding in words, when it did not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One phase, and what was found in it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PhaseReport {
    /// The phase's name.
    pub name: String,
    /// Its traffic in words: `5/s`, `5/s..25/s` or `4 users`.
    pub traffic: String,
    /// Whether its requests are in the figures; those of a warm-up are not.
    pub counted: bool,
    /// When it began, from the start of the load, in milliseconds.
    pub start_ms: f64,
    /// How long it lasted, the last answers aside, in milliseconds.
    pub duration_ms: f64,
    /// How many requests were planned; absent for users, and the mean for random arrivals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<u64>,
    /// What was found in it.
    pub figures: LoadFigures,
}

/// The figures of one phase, or of several.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadFigures {
    /// Requests that were sent.
    pub sent: u64,
    /// Right answers.
    pub passed: u64,
    /// Requests that failed, for whatever reason.
    pub errors: u64,
    /// Arrivals that were not sent, since too many requests were under way.
    pub dropped: u64,
    /// Requests that were under way when the load was cut off.
    #[serde(default)]
    pub unfinished: u64,
    /// Right answers a second.
    pub throughput_per_second: f64,
    /// From the moment at which a request was to be sent: what a caller waits.
    pub response_time: Latencies,
    /// From the moment at which it was sent.
    pub service_time: Latencies,
}

/// A distribution of latencies, in milliseconds. Answers and requests that waited in vain are in it; refusals, which may
/// be quick, are not.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latencies {
    /// How many there are.
    pub count: u64,
    /// The least.
    pub min_ms: f64,
    /// The mean.
    pub mean_ms: f64,
    /// The most.
    pub max_ms: f64,
    /// The usual percentiles, those that have ten samples beyond them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub percentiles: Vec<Percentile>,
    /// Finer steps, each half as far from 100 as a few before, for a chart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spectrum: Vec<Percentile>,
    /// The whole distribution in microseconds: an HdrHistogram in its V2 format, deflated, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hdr: Option<String>,
}

/// One percentile of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Percentile {
    /// From 0 to 100.
    pub percentile: f64,
    /// So many milliseconds or fewer.
    pub ms: f64,
}

/// Failed requests of one kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadError {
    /// `wrong answer`, `model error`, `timeout`, `throttled`, `network` and so on.
    pub kind: String,
    /// AWS's error code, or the model's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How many there were.
    pub count: u64,
    /// What the first one said.
    pub example: String,
    /// The case of the first one.
    pub case: String,
    /// AWS's id of the first one's request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// How late the load generator itself was with sending, in milliseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pace {
    /// Whether it kept pace. When it did not, limits that were missed say nothing about the model.
    pub outcome: Outcome,
    /// Half of the requests were at most so late.
    pub p50_ms: f64,
    /// 95 of 100 requests were at most so late.
    pub p95_ms: f64,
    /// 99 of 100 requests were at most so late.
    pub p99_ms: f64,
    /// The latest one.
    pub max_ms: f64,
    /// How late 95 of 100 may be.
    pub limit_ms: f64,
}

/// A load over time, in steps of one length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Series {
    /// The length of a step, in milliseconds.
    pub step_ms: f64,
    /// The steps from the start of the load, warm-up included, by when requests were to be sent.
    pub steps: Vec<SeriesStep>,
}

/// One step of a load.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeriesStep {
    /// Requests that were sent.
    pub sent: u64,
    /// Of these, those that failed.
    pub errors: u64,
    /// Arrivals that were dropped.
    pub dropped: u64,
    /// The median of the response times, in milliseconds; absent without an answer, as are the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// The 95th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// The slowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<f64>,
}

#[cfg(feature = "load")]
impl LoadReport {
    /// A load that was not run, and why.
    pub(crate) fn skipped(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }

    /// A load that could not be run, why, and what to do about it.
    pub(crate) fn errored(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { outcome: Outcome::Errored, message: Some(message.into()), hint: Some(hint.into()), ..Self::default() }
    }
}
