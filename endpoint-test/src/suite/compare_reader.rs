//! Reads `compare`: how responses are compared with another endpoint's, and what must hold.

use super::case::Case;
use super::document::Node;
use super::limits_reader::{confidence, observe, share};
use super::reader::{Fields, Reader, addresses};
use super::{CompareSettings, LatencyGate, MetricGate};
use crate::expect::latency::Percentile;
use crate::expect::metrics::Metric;
use crate::expect::number::Tolerance;

pub(super) const COMPARE_KEYS: &[&str] = &["abs", "rel", "ignore", "at_most", "observe", "metrics", "latency"];
pub(super) const METRIC_GATES_KEYS: &[&str] =
    &["accuracy", "precision", "recall", "f1", "macro_precision", "macro_recall", "macro_f1", "mae", "rmse", "auc"];
pub(super) const METRIC_GATE_KEYS: &[&str] = &["no_worse_than", "confidence", "expected_flips", "observe"];
pub(super) const LATENCY_GATES_KEYS: &[&str] = &["p50", "p90", "p95", "p99"];
pub(super) const LATENCY_GATE_KEYS: &[&str] = &["at_most_times", "confidence", "observe"];

/// The confidence of a comparison without one: it is never a comparison of two measured values.
const CONFIDENCE: f64 = 0.95;
/// The share of rows on which exactly one of two models is right, for planning.
const FLIPS: f64 = 0.05;

pub(super) fn read(reader: &mut Reader, node: &Node) -> Option<CompareSettings> {
    let fields = reader.fields(node, "`compare`", COMPARE_KEYS)?;
    let usual = CompareSettings::default();
    let abs = fields.tolerance(reader, "abs").unwrap_or(usual.tolerance.abs);
    let rel = fields.tolerance(reader, "rel").unwrap_or(usual.tolerance.rel);
    let ignore = addresses(reader, &fields, "ignore");
    let at_most = share(reader, &fields, "at_most");
    let observe = observe(reader, &fields);
    if observe && at_most.is_none() {
        reader.problem(fields.key_place("observe"), "`observe` beside `at_most` is for it, and there is none").hint =
            Some("write `observe: true` under the metric or the percentile".to_owned());
    }
    let metrics = metrics(reader, &fields).unwrap_or_default();
    let latency = latency(reader, &fields).unwrap_or_default();
    Some(CompareSettings { tolerance: Tolerance { abs, rel }, ignore, at_most, observe, metrics, latency })
}

fn metrics(reader: &mut Reader, fields: &Fields<'_>) -> Option<Vec<MetricGate>> {
    let node = fields.get("metrics")?;
    let fields = reader.fields(node, "`metrics` of `compare`", METRIC_GATES_KEYS)?;
    if fields.lacks_all(METRIC_GATES_KEYS) {
        reader.problem(node.place, "`metrics` compares no metric").hint = Some("such as `accuracy: { no_worse_than: 0.01 }`".to_owned());
    }
    let mut gates = Vec::new();
    for (name, metric) in Metric::ALL {
        let Some(node) = fields.get(name) else { continue };
        let Some(gate) = reader.fields(node, "a compared metric", METRIC_GATE_KEYS) else { continue };
        gate.require(reader, "no_worse_than");
        let margin = gate.tolerance(reader, "no_worse_than");
        let confidence = if gate.get("confidence").is_some() { confidence(reader, &gate) } else { Some(CONFIDENCE) };
        let flips = if gate.get("expected_flips").is_some() { gate.share(reader, "expected_flips") } else { Some(FLIPS) };
        let observe = observe(reader, &gate);
        if let (Some(margin), Some(confidence), Some(flips)) = (margin, confidence, flips) {
            gates.push(MetricGate { metric, margin, confidence, flips, observe, place: fields.key_place(name) });
        }
    }
    Some(gates)
}

fn latency(reader: &mut Reader, fields: &Fields<'_>) -> Option<Vec<LatencyGate>> {
    let node = fields.get("latency")?;
    let fields = reader.fields(node, "`latency` of `compare`", LATENCY_GATES_KEYS)?;
    if fields.lacks_all(LATENCY_GATES_KEYS) {
        reader.problem(node.place, "`latency` compares no percentile").hint = Some("such as `p95: { at_most_times: 1.1 }`".to_owned());
    }
    let mut gates = Vec::new();
    for percentile in Percentile::ALL {
        let Some(node) = fields.get(percentile.key) else { continue };
        let Some(gate) = reader.fields(node, "a compared percentile", LATENCY_GATE_KEYS) else { continue };
        gate.require(reader, "at_most_times");
        let times = gate.number(reader, "at_most_times").map(|times| times.value());
        if times.is_some_and(|times| times <= 0.0) {
            reader.problem(gate.place("at_most_times"), "`at_most_times` must be a number above zero").hint =
                Some("1.1 allows the percentile to be 10% higher than the other endpoint's".to_owned());
        }
        let confidence = if gate.get("confidence").is_some() { confidence(reader, &gate) } else { Some(CONFIDENCE) };
        let observe = observe(reader, &gate);
        if let (Some(times), Some(confidence)) = (times, confidence) {
            gates.push(LatencyGate { percentile, times, confidence, observe, place: fields.key_place(percentile.key) });
        }
    }
    Some(gates)
}

/// Reports gates of metrics that no case measures, and of latencies of no rows.
pub(super) fn check(reader: &mut Reader, compare: &CompareSettings, cases: &[Case]) {
    let measured = |metric| cases.iter().filter_map(|case| case.whole.metrics.as_ref()).any(|metrics| metrics.measures(metric));
    for gate in compare.metrics.iter().filter(|gate| !measured(gate.metric)) {
        let name = gate.metric.name();
        reader.problem(gate.place, format!("`compare` needs `{name}`, and no case with rows measures it")).hint =
            Some(format!("add `{name}: {{ observe: true }}` to the `metrics` of a case with rows"));
    }
    let has_rows = cases.iter().any(|case| matches!(case.input, super::case::Input::Rows(_)));
    if let Some(gate) = compare.latency.first().filter(|_| !has_rows) {
        reader.problem(gate.place, "`compare` needs a latency over rows, and no case has rows").hint =
            Some("add a case with `payload: { rows: … }`".to_owned());
    }
}
