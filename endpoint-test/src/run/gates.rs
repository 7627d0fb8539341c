//! Judges how a target compares with another one over the same rows: metrics and latencies.

use std::collections::BTreeMap;

use super::champion::ChampionResults;
use crate::expect::latency::Percentile;
use crate::expect::metrics::{self, Flip, Gain, MetricsExpectation, ScoredRow};
use crate::format::excerpt;
use crate::report::{
    BoundReport, CheckReport, ClassFlip, ComparisonReport, FlipsReport, IntervalReport, LatencyComparison, MetricComparison, MetricReport,
    Outcome, RowFlip, TargetInfo, confidence_text, level_tail, short,
};
use crate::statistics::{Interval, holm, quantile, rounded};
use crate::suite::{CompareSettings, LatencyGate, MetricGate};

/// The maximum number of rows, and of pairs of classes, that are listed.
const MAX_FLIPS: usize = 50;

/// The rows of one case that were sent to both endpoints.
pub(super) struct CaseRows {
    pub(super) case: String,
    pub(super) metrics: Option<MetricsExpectation>,
    /// All predictions of the tested endpoint, for a comparison with stored results.
    pub(super) own: Vec<ScoredRow>,
    /// The number of rows that could not be tested.
    pub(super) errored: usize,
    /// Each endpoint's predictions of the rows that both responded to, in the same order.
    pub(super) this: Vec<ScoredRow>,
    pub(super) other: Vec<ScoredRow>,
    /// The latencies of the rows to which both responded, the tested target's first.
    pub(super) latencies: Vec<(f64, f64)>,
    /// The number of all rows.
    pub(super) total: usize,
}

/// The names of the checks.
pub(super) fn names(settings: &CompareSettings) -> impl Iterator<Item = String> {
    let metrics = settings.metrics.iter().map(|gate| name_of(gate.metric.name()));
    metrics.chain(settings.latency.iter().map(|gate| name_of(&format!("latency {}", gate.percentile.key))))
}

fn name_of(what: &str) -> String {
    format!("comparison of {what}")
}

/// A gate with what the rows show.
struct Judged<'a> {
    name: String,
    evidence: Evidence<'a>,
    tail: f64,
    observe: bool,
    /// Why it could not be judged.
    error: Option<String>,
    outcome: Outcome,
}

enum Evidence<'a> {
    Metric { gate: &'a MetricGate, gain: Gain, report: usize },
    Latency { gate: &'a LatencyGate, ratio: Ratio, report: usize },
}

impl Judged<'_> {
    fn passes(&self) -> bool {
        match &self.evidence {
            Evidence::Metric { gate, gain, .. } => gain.is_no_worse(gate.margin, self.tail),
            Evidence::Latency { gate, ratio, .. } => ratio.bounds(self.tail).1.is_some_and(|high| high <= gate.times),
        }
    }

    fn fails(&self, tail: f64) -> bool {
        match &self.evidence {
            _ if self.error.is_some() => false,
            Evidence::Metric { gate, gain, .. } => gain.is_worse(gate.margin, tail),
            Evidence::Latency { gate, ratio, .. } => ratio.bounds(tail).0.is_some_and(|low| low > gate.times),
        }
    }
}

/// Adds the comparison of metrics, latencies and classes to the report, and returns a check for each
/// gate. A failure is corrected for the number of gates; a gate passes on its own, because all of
/// them must. With `stored` results, metrics are compared with those, unpaired.
pub(super) fn judge(
    settings: &CompareSettings,
    cases: &[CaseRows],
    stored: Option<(&ChampionResults, &TargetInfo)>,
    report: &mut ComparisonReport,
) -> Vec<CheckReport> {
    let mut gates = Vec::new();
    for case in cases {
        for limit in case.metrics.iter().flat_map(|metrics| &metrics.limits) {
            let gate = settings.metrics.iter().find(|gate| gate.metric == limit.metric);
            let (metric, found) = match stored {
                Some((stored, info)) => {
                    compared_with_stored(case, limit.metric, gate, stored.metric(info, &case.case, limit.metric.name()))
                }
                None => compared(case, limit.metric, gate),
            };
            if let Some(gate) = gate {
                let error = unknown(case, &found, report);
                let name = match cases.iter().filter(|case| case.metrics.as_ref().is_some_and(|all| all.measures(gate.metric))).count() {
                    1 => name_of(gate.metric.name()),
                    _ => format!("{} in \"{}\"", name_of(gate.metric.name()), case.case),
                };
                let evidence = Evidence::Metric { gate, gain: found, report: report.metrics.len() };
                let tail = 1.0 - gate.confidence;
                gates.push(Judged { name, evidence, tail, observe: gate.observe, error, outcome: Outcome::NotProven });
            }
            report.metrics.push(metric);
        }
    }
    let ratios: Vec<(f64, f64)> = cases.iter().flat_map(|case| case.latencies.iter().copied()).collect();
    let mut gates_of_time = Vec::new();
    // A partial run may have no rows at all.
    for gate in settings.latency.iter().filter(|_| !cases.is_empty()) {
        let ratio = Ratio::of(&ratios, gate.percentile);
        let name = name_of(&format!("latency {}", gate.percentile.key));
        if stored.is_some() {
            gates_of_time.push(unpaired_latency(name, gate));
            continue;
        }
        let error = ratios.is_empty().then(|| report.message.clone().unwrap_or_else(|| "no row got a response of both".to_owned()));
        let (latency, tail) = (ratio.report(gate), 1.0 - gate.confidence);
        let evidence = Evidence::Latency { gate, ratio, report: report.latency.len() };
        gates.push(Judged { name, evidence, tail, observe: gate.observe, error, outcome: Outcome::NotProven });
        report.latency.push(latency);
    }
    report.flips = flips(cases);
    decide(&mut gates);
    report.gates = Some(gates.iter().filter(|gate| !gate.observe).count()).filter(|gates| *gates > 0);
    gates.into_iter().map(|gate| check(gate, report)).chain(gates_of_time).collect()
}

/// A latency of another run proves nothing: it was measured at another time, perhaps from elsewhere.
fn unpaired_latency(name: String, gate: &LatencyGate) -> CheckReport {
    let why = "the comparison is unpaired, and the latency of another run was measured at another time under other load";
    let hint = "make the other endpoint reachable, or set `observe: true` beside `at_most_times`";
    // Without the code of what more rows would prove.
    CheckReport { code: None, ..CheckReport::not_proven(name, why) }.with_hint(hint).observed(gate.observe)
}

/// Sets the outcomes. The gates that decide are one family; one that is observed is on its own.
fn decide(gates: &mut [Judged<'_>]) {
    let family: Vec<usize> = (0..gates.len()).filter(|index| !gates[*index].observe).collect();
    // A level of one is each gate's own.
    let rejected = holm::step_down(family.len(), 1.0, |test, share| {
        let gate = &gates[family[test]];
        gate.fails(gate.tail * share)
    });
    let failed: Vec<usize> = family.iter().zip(rejected).filter(|(_, rejected)| *rejected).map(|(index, _)| *index).collect();
    for (index, gate) in gates.iter_mut().enumerate() {
        gate.outcome = if gate.error.is_some() {
            Outcome::Errored
        } else if failed.contains(&index) || (gate.observe && gate.fails(gate.tail)) {
            Outcome::Failed
        } else if gate.passes() {
            Outcome::Passed
        } else {
            Outcome::NotProven
        };
    }
}

/// Why a metric cannot be compared, if it cannot.
fn unknown(case: &CaseRows, gain: &Gain, report: &ComparisonReport) -> Option<String> {
    if report.unpaired.is_some() {
        let untested = (case.errored > 0).then(|| format!("{} of {} rows could not be tested", case.errored, case.total));
        return untested.or_else(|| if let Gain::Unknown(why) = gain { Some(why.clone()) } else { None });
    }
    if case.this.len() < case.total {
        let why = report.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        return Some(format!("{} of {} rows got no response of both{why}", case.total - case.this.len(), case.total));
    }
    if let Gain::Unknown(why) = gain { Some(why.clone()) } else { None }
}

fn compared(case: &CaseRows, metric: metrics::Metric, gate: Option<&MetricGate>) -> (MetricComparison, Gain) {
    let positive = case.metrics.as_ref().and_then(|metrics| metrics.positive.as_deref());
    let gain = Gain::of(metric, &case.this, &case.other, positive);
    let value = |rows: &[ScoredRow]| metrics::value(metric, rows, positive).ok();
    let values = (value(&case.this), value(&case.other));
    (metric_comparison(&case.case, metric, gate, &gain, values, case.this.len()), gain)
}

fn compared_with_stored(
    case: &CaseRows,
    metric: metrics::Metric,
    gate: Option<&MetricGate>,
    stored: Result<&MetricReport, String>,
) -> (MetricComparison, Gain) {
    let positive = case.metrics.as_ref().and_then(|metrics| metrics.positive.as_deref());
    let other = stored.as_ref().ok().and_then(|stored| stored.value).filter(|value| value.is_finite());
    let gain = stored.map_or_else(Gain::Unknown, |stored| Gain::unpaired(metric, &case.own, positive, stored));
    let values = (metrics::value(metric, &case.own, positive).ok(), other);
    (metric_comparison(&case.case, metric, gate, &gain, values, case.own.len()), gain)
}

/// The report of a comparison, without its outcome.
fn metric_comparison(
    case: &str,
    metric: metrics::Metric,
    gate: Option<&MetricGate>,
    gain: &Gain,
    (this, other): (Option<f64>, Option<f64>),
    rows: usize,
) -> MetricComparison {
    let bound = |gate: &MetricGate| {
        let bound = gain.interval(1.0 - gate.confidence).ok().map(|(interval, _)| interval.low);
        BoundReport::new(bound, gate.confidence)
    };
    let named = |method: &'static str| match gain {
        Gain::Unpaired(found) => format!("{method}; {} stored rows", found.stored_rows),
        _ => method.to_owned(),
    };
    MetricComparison {
        case: case.to_owned(),
        name: metric.name().to_owned(),
        this,
        other,
        gain: gain
            .interval(level_tail())
            .ok()
            .filter(|_| rows > 0)
            .map(|(interval, method)| IntervalReport::new(interval, &named(method), gain.rows(rows))),
        no_worse_than: gate.map(|gate| gate.margin),
        lower_bound: gate.map(bound),
        p_value: gain.p_value().map(rounded),
        outcome: Outcome::Skipped,
        would_be: None,
    }
}

/// The check of a gate, whose outcome is also added to the report.
fn check(gate: Judged<'_>, report: &mut ComparisonReport) -> CheckReport {
    let Judged { name, evidence, observe, error, outcome, .. } = gate;
    let with = if report.unpaired.is_some() { format!("{} (stored results, unpaired)", report.with) } else { report.with.clone() };
    let gates = report.gates.filter(|gates| *gates > 1 && !observe).map(|gates| format!("; Holm over {gates} gates"));
    let (expected, actual, found) = match &evidence {
        Evidence::Metric { gate, report: index, .. } => {
            let metric = &report.metrics[*index];
            let value = |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), short);
            let bound = metric.lower_bound.as_ref().and_then(|bound| bound.value).map_or_else(|| "unknown".to_owned(), short);
            let (method, rows) = metric.gain.as_ref().map_or(("", 0), |gain| (gain.method.as_str(), gain.rows));
            let confidence = confidence_text(gate.confidence);
            (
                format!("no worse than {} by {} with {confidence} confidence", value(metric.other), gate.margin),
                value(metric.this),
                format!(
                    "the {} is {}, and {} of `{with}`; the {confidence} bound of the gain is {bound} ({method}, {rows} rows)",
                    gate.metric.display_name(),
                    value(metric.this),
                    value(metric.other)
                ),
            )
        }
        Evidence::Latency { gate, report: index, .. } => {
            let latency = &report.latency[*index];
            let time =
                |time: Option<f64>| time.map_or_else(|| "unknown".to_owned(), |time| format!("{} ms", short((time * 1e3).round() / 1e3)));
            let (key, confidence) = (gate.percentile.key, confidence_text(gate.confidence));
            let bound = match latency.upper_bound.value {
                Some(bound) => format!("the {confidence} bound of the ratio is {}", short(bound)),
                None => {
                    let least = quantile::least_rows(gate.percentile.quantile(), 1.0 - gate.confidence);
                    format!("{} rows have no {confidence} bound of a {key}, which needs {least}", latency.rows)
                }
            };
            (
                format!("{key} at most {} times {} with {confidence} confidence", gate.times, time(latency.other_ms)),
                time(latency.this_ms),
                format!("the {key} of the latency is {}, and {} of `{with}`; {bound}", time(latency.this_ms), time(latency.other_ms)),
            )
        }
    };
    let check = match outcome {
        Outcome::Passed => CheckReport::passed(name),
        Outcome::Failed => CheckReport::failed(name, found + &gates.unwrap_or_default()),
        Outcome::NotProven => CheckReport::not_proven(name, found),
        _ => CheckReport::errored(name, format!("the comparison with `{with}` was not possible: {}", error.unwrap_or_default())),
    };
    let check = check.expected(expected).actual(actual).observed(observe);
    let (reported, would_be) = match &evidence {
        Evidence::Metric { report: index, .. } => {
            let metric = &mut report.metrics[*index];
            (&mut metric.outcome, &mut metric.would_be)
        }
        Evidence::Latency { report: index, .. } => {
            let latency = &mut report.latency[*index];
            (&mut latency.outcome, &mut latency.would_be)
        }
    };
    (*reported, *would_be) = (check.outcome, check.would_be);
    check
}

/// A percentile of two latencies, and how many times the other one the first is.
struct Ratio {
    this: Vec<f64>,
    other: Vec<f64>,
    percentile: Percentile,
}

impl Ratio {
    fn of(pairs: &[(f64, f64)], percentile: Percentile) -> Self {
        // A clock that does not advance measures zero, which has no logarithm.
        let sorted = |of: fn(&(f64, f64)) -> f64| {
            let mut latencies: Vec<f64> = pairs.iter().map(|pair| of(pair).max(1e-6)).collect();
            latencies.sort_by(f64::total_cmp);
            latencies
        };
        Self { this: sorted(|pair| pair.0), other: sorted(|pair| pair.1), percentile }
    }

    /// The bounds of the ratio, by MOVER on the logarithms: those of each percentile are order
    /// statistics. That both were measured on the same rows only narrows the true ones.
    fn bounds(&self, tail: f64) -> (Option<f64>, Option<f64>) {
        let logarithm = |value: Option<f64>| value.map(f64::ln);
        let of = |sorted: &[f64]| {
            let (low, high) = quantile::bounds(sorted, self.percentile.quantile(), tail);
            Some((self.percentile.of(sorted)?.ln(), logarithm(low), logarithm(high)))
        };
        let (Some((this, this_low, this_high)), Some((other, other_low, other_high))) = (of(&self.this), of(&self.other)) else {
            return (None, None);
        };
        let distance = |one: f64, two: f64| (one * one + two * two).sqrt();
        let low = this_low.zip(other_high).map(|(low, high)| (this - other - distance(this - low, high - other)).exp());
        let high = this_high.zip(other_low).map(|(high, low)| (this - other + distance(high - this, other - low)).exp());
        (low, high)
    }

    fn report(&self, gate: &LatencyGate) -> LatencyComparison {
        let ratio = match self.bounds(level_tail()) {
            (Some(low), Some(high)) => Some(IntervalReport::new(Interval { low, high }, "order statistics, MOVER", self.this.len())),
            _ => None,
        };
        LatencyComparison {
            name: gate.percentile.key.to_owned(),
            this_ms: self.percentile.of(&self.this),
            other_ms: self.percentile.of(&self.other),
            ratio,
            at_most_times: gate.times,
            upper_bound: BoundReport::new(self.bounds(1.0 - gate.confidence).1, gate.confidence),
            rows: self.this.len(),
            outcome: Outcome::Skipped,
            would_be: None,
        }
    }
}

/// Rows with another class, of cases that predict classes.
fn flips(cases: &[CaseRows]) -> Option<FlipsReport> {
    let classifies = |case: &&CaseRows| case.metrics.as_ref().is_some_and(MetricsExpectation::classifies);
    let cases: Vec<&CaseRows> = cases.iter().filter(classifies).collect();
    let compared: usize = cases.iter().map(|case| case.this.len()).sum();
    let mut found: Vec<(&str, Flip)> = Vec::new();
    for case in &cases {
        found.extend(metrics::flips(&case.this, &case.other).into_iter().map(|flip| (case.case.as_str(), flip)));
    }
    let shown = |class: &Option<String>| class.as_deref().map_or_else(|| "nothing".to_owned(), excerpt);
    let mut classes: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (_, flip) in &found {
        *classes.entry((excerpt(&flip.label), shown(&flip.other), shown(&flip.this))).or_default() += 1;
    }
    let mut classes: Vec<ClassFlip> =
        classes.into_iter().map(|((label, other, this), rows)| ClassFlip { label, other, this, rows }).collect();
    classes.sort_by_key(|flip| std::cmp::Reverse(flip.rows));
    classes.truncate(MAX_FLIPS);
    let count = |of: fn(&Flip) -> bool| found.iter().filter(|(_, flip)| of(flip)).count();
    let (changed, better, worse) = (found.len(), count(|flip| flip.better), count(|flip| flip.worse));
    found.sort_by_key(|(_, flip)| !flip.worse);
    let rows = found.iter().take(MAX_FLIPS).map(|(case, flip)| RowFlip {
        case: (*case).to_owned(),
        row: flip.row,
        line: flip.line,
        label: excerpt(&flip.label),
        other: shown(&flip.other),
        this: shown(&flip.this),
    });
    (compared > 0).then(|| FlipsReport { compared, changed, better, worse, classes, rows: rows.collect() })
}
