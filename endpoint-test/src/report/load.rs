//! The results of a load, as data.

use serde::{Deserialize, Serialize};

use super::{FindingCode, Outcome, RateSearchReport};

/// The results under load at one target.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadReport {
    /// The kind of finding, for those that a program may want to recognise.
    #[serde(skip)]
    pub code: Option<FindingCode>,
    /// The outcome of the thresholds and the pace.
    pub outcome: Outcome,
    /// Why the load did not run or ended early, or what a search for a rate found.
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
    /// The seed of random arrivals: the same seed gives the same times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The most requests in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_in_flight: Option<usize>,
    /// How long it took, including the warm-up and the last responses, in milliseconds.
    #[serde(default)]
    pub duration_ms: f64,
    /// The thresholds, with their results.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<ThresholdReport>,
    /// Between which rates the thresholds break, if that was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_search: Option<RateSearchReport>,
    /// All counted phases together; absent if nothing ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<LoadFigures>,
    /// Each phase in its order, the warm-up first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseReport>,
    /// The failed requests of the counted phases by cause, the most frequent first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<LoadError>,
    /// Whether the load generator itself kept pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// The load over time, for a chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
}

/// One threshold and its result.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ThresholdReport {
    /// The threshold, such as `p95 < 250ms`.
    pub threshold: String,
    /// The phase; absent for all counted phases together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
    /// The outcome that an observed threshold would have if it decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_be: Option<Outcome>,
    /// The value, in the unit of the threshold; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// The value as a number: milliseconds, a count, a part from 0 to 1, or a rate per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual_value: Option<f64>,
    /// The limit, in the unit of `actual_value`.
    #[serde(default)]
    pub limit_value: f64,
    /// The percentile of the response time, from 0 to 100; absent for other metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f64>,
    /// The finding in words, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One phase and its results.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PhaseReport {
    /// The phase's name.
    pub name: String,
    /// Its traffic in words: `5/s`, `5/s..25/s` or `4 users`.
    pub traffic: String,
    /// Whether its requests are in the figures; those of a warm-up are not.
    pub counted: bool,
    /// The start, from the start of the load, in milliseconds.
    pub start_ms: f64,
    /// How long it lasted, without the last responses, in milliseconds.
    pub duration_ms: f64,
    /// How many requests were planned; the mean for random arrivals, absent for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<u64>,
    /// The figures.
    pub figures: LoadFigures,
}

/// The figures of one or several phases.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadFigures {
    /// Requests sent.
    pub sent: u64,
    /// Right responses.
    pub passed: u64,
    /// Failed requests, for any reason.
    pub errors: u64,
    /// Arrivals that were not sent because too many requests were in flight.
    pub dropped: u64,
    /// Requests in flight when the load was cut off.
    #[serde(default)]
    pub unfinished: u64,
    /// Right responses per second.
    pub throughput_per_second: f64,
    /// From the scheduled time of a request: what a caller waits.
    pub response_time: Latencies,
    /// From the time when it was sent.
    pub service_time: Latencies,
}

/// A distribution of latencies, in milliseconds. It includes responses and timeouts, but not
/// refusals, which may be fast.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Latencies {
    /// The number of samples.
    pub count: u64,
    /// The minimum.
    pub min_ms: f64,
    /// The mean.
    pub mean_ms: f64,
    /// The maximum.
    pub max_ms: f64,
    /// The usual percentiles that have at least ten samples beyond them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub percentiles: Vec<Percentile>,
    /// Finer steps for a chart, which approach 100%.
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
    /// The latency that this percentage does not exceed, in milliseconds.
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
    /// The number of errors.
    pub count: u64,
    /// The message of the first one.
    pub example: String,
    /// The case of the first one.
    pub case: String,
    /// AWS's request id of the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// How late the load generator itself sent requests, in milliseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pace {
    /// Whether it kept pace: at most 5 of 100 requests were sent later than the limit.
    pub outcome: Outcome,
    /// The median delay.
    pub p50_ms: f64,
    /// The 95th percentile of the delay.
    pub p95_ms: f64,
    /// The 99th percentile of the delay.
    pub p99_ms: f64,
    /// The largest delay.
    pub max_ms: f64,
    /// The delay above which a request was sent late.
    pub limit_ms: f64,
}

/// A load over time, in steps of equal length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Series {
    /// The length of a step, in milliseconds.
    pub step_ms: f64,
    /// The steps from the start of the load, including the warm-up, by scheduled time.
    pub steps: Vec<SeriesStep>,
}

/// One step of a load.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SeriesStep {
    /// Requests sent.
    pub sent: u64,
    /// The failed ones of these.
    pub errors: u64,
    /// Arrivals dropped.
    pub dropped: u64,
    /// The median response time, in milliseconds; absent without a response, like the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    /// The 95th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<f64>,
    /// The maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<f64>,
}

impl ThresholdReport {
    /// The same threshold, which decides nothing.
    #[cfg(feature = "load")]
    pub(crate) fn observed(self) -> Self {
        Self { would_be: Some(self.outcome), outcome: Outcome::Observed, ..self }
    }

    /// `passed`, or `observed (failed)`.
    #[cfg(feature = "render")]
    pub(crate) fn outcome_text(&self) -> String {
        match self.would_be {
            Some(would_be) => format!("{} ({would_be})", self.outcome),
            None => self.outcome.to_string(),
        }
    }
}

#[cfg(feature = "load")]
impl LoadReport {
    pub(crate) fn skipped(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }

    /// A load that could not be run, why, and what to do about it.
    pub(crate) fn errored(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { outcome: Outcome::Errored, message: Some(message.into()), hint: Some(hint.into()), ..Self::default() }
    }
}
