//! The JSON Schema of `compare`.

use schemars::JsonSchema;

use super::OneOrMore;
use super::expectation::Share;

/// How responses are compared with those of another endpoint.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Compare {
    /// How far numbers may be off.
    #[schemars(range(min = 0.0))]
    abs: Option<f64>,
    /// How far numbers may be off, as a part of the other endpoint's number.
    #[schemars(range(min = 0.0))]
    rel: Option<f64>,
    /// Locations that may differ: JSON Pointers or JSONPaths.
    ignore: Option<OneOrMore>,
    /// The part of the requests whose responses may differ; more is a failure.
    at_most: Option<Share>,
    /// Whether `at_most` is reported and decides nothing.
    observe: Option<bool>,
    /// How much worse metrics over labelled rows may be.
    metrics: Option<MetricGates>,
    /// How much higher percentiles of the latency over rows may be.
    latency: Option<LatencyGates>,
}

/// How much worse metrics over labelled rows may be than the other endpoint's.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct MetricGates {
    /// The part of the rows with the right prediction.
    accuracy: Option<MetricGate>,
    /// The part of the rows predicted as positive that are positive.
    precision: Option<MetricGate>,
    /// The part of the positive rows that are predicted as positive.
    recall: Option<MetricGate>,
    /// The harmonic mean of precision and recall.
    f1: Option<MetricGate>,
    /// The mean precision of all classes.
    macro_precision: Option<MetricGate>,
    /// The mean recall of all classes.
    macro_recall: Option<MetricGate>,
    /// The mean F1 of all classes.
    macro_f1: Option<MetricGate>,
    /// The mean absolute error.
    mae: Option<MetricGate>,
    /// The root of the mean squared error.
    rmse: Option<MetricGate>,
    /// The area under the ROC curve.
    auc: Option<MetricGate>,
}

/// How much worse a metric may be than the other endpoint's.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MetricGate {
    /// The largest loss that passes, in the metric's unit.
    #[schemars(range(min = 0.0))]
    no_worse_than: f64,
    /// How sure it must be that the loss is not larger; 0.95 by default.
    #[schemars(range(min = 0.5, max = 0.9999))]
    confidence: Option<f64>,
    /// The expected part of the rows on which exactly one of the two is right, for planning; 0.05
    /// by default.
    #[schemars(range(min = 0.0, max = 1.0))]
    expected_flips: Option<f64>,
    /// Whether the gate is reported and decides nothing.
    observe: Option<bool>,
}

/// How much higher percentiles of the latency over rows may be than the other endpoint's.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct LatencyGates {
    /// The median.
    p50: Option<LatencyGate>,
    /// The time within which 90% of the responses came.
    p90: Option<LatencyGate>,
    /// The time within which 95% of the responses came.
    p95: Option<LatencyGate>,
    /// The time within which 99% of the responses came.
    p99: Option<LatencyGate>,
}

/// How many times the other endpoint's a percentile may be.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct LatencyGate {
    /// The largest ratio that passes: 1.1 allows 10% more.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    at_most_times: f64,
    /// How sure it must be that the ratio is not larger; 0.95 by default.
    #[schemars(range(min = 0.5, max = 0.9999))]
    confidence: Option<f64>,
    /// Whether the gate is reported and decides nothing.
    observe: Option<bool>,
}
