//! What the suite's rows can prove, before anything is sent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::case::{Case, Input, WholeExpectation};
use super::{LatencyGate, MetricGate, Suite};
use crate::expect::limit::Limit;
use crate::expect::metrics::{Gain, Metric, MetricsExpectation, ScoredRow, best_case, class};
use crate::report::{confidence_text, short};
use crate::rows::{Row, Table};
use crate::statistics::power::{self, POWER, Pairs};
use crate::statistics::{bootstrap, number, quantile, rounded};

/// The most rows for which a macro average is planned, as a multiple of the suite's: a power of two.
const MAX_PLANNED: usize = 100_000;
const MAX_FACTOR: u32 = 8;

/// What the rows of a suite can prove, by gate: a limit with a confidence.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Outlook {
    /// The gates of all cases, then those of the comparison.
    pub gates: Vec<GateOutlook>,
    /// What the load costs each target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadOutlook>,
}

/// What a load costs each target.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct LoadOutlook {
    /// The number of requests with a rate, including the warm-up; those of users depend on the
    /// responses.
    pub requests: u64,
    /// How long it lasts, without the last responses.
    pub seconds: f64,
    /// Whether both are the most that a search for a rate can take.
    pub at_most: bool,
}

/// What the rows can prove for one gate.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct GateOutlook {
    /// The case; absent for a gate over all cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The gate, such as `accuracy at least 0.9 with 95% confidence`.
    pub gate: String,
    /// The number of rows that it is judged by.
    pub rows: usize,
    /// Whether it can pass with so many rows.
    pub can_pass: bool,
    /// The value that is expected for the chance to pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<f64>,
    /// The chance that it passes then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// The number of rows with which that chance is 80%; absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_needed: Option<usize>,
    /// The smallest loss that these rows prove with a chance of 80%.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_loss: Option<f64>,
    /// The outlook in sentences.
    pub notes: Vec<String>,
    /// Whether the gate is only observed.
    pub observed: bool,
}

impl Outlook {
    /// Whether every gate that decides can pass.
    #[must_use]
    pub fn can_pass(&self) -> bool {
        self.gates.iter().all(|gate| gate.can_pass || gate.observed)
    }
}

impl Suite {
    /// What the rows of the suite can prove: for each limit with a confidence, whether they can pass
    /// it, the chance that they do, and how many are needed. Nothing is sent.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        let mut gates: Vec<GateOutlook> = self.cases.iter().flat_map(of_case).collect();
        let requests: usize = self.cases.iter().map(Case::count).sum();
        let compare = self.compare();
        gates.extend(compare.at_most.and_then(|limit| {
            let tail = limit.tail()?;
            // None of so many different: 1 - tail^(1/n) is the bound.
            let needed = at_most_needed(limit.value, tail);
            let gate = format!("at most {} different responses with {} confidence", limit.value, confidence_text(1.0 - tail));
            let outlook = GateOutlook { gate, rows: requests, observed: compare.observe, ..GateOutlook::default() };
            Some(of_bound(outlook, needed, "if no response differs"))
        }));
        for gate in &compare.metrics {
            let measured = self.cases.iter().filter(|case| case.whole.metrics.as_ref().is_some_and(|all| all.measures(gate.metric)));
            gates.extend(measured.map(|case| of_metric_gate(case, gate)));
        }
        let rows: usize = self.cases.iter().filter(|case| matches!(case.input, Input::Rows(_))).map(Case::count).sum();
        gates.extend(compare.latency.iter().map(|gate| of_latency_gate(gate, rows)));
        gates.extend(self.replay().and_then(|replay| {
            let limit = replay.at_most?;
            let tail = limit.tail()?;
            let gate = format!("replay: at most {} different responses with {} confidence", limit.value, confidence_text(1.0 - tail));
            let requests = usize::try_from(replay.requests).unwrap_or(usize::MAX);
            let outlook = GateOutlook { gate, rows: requests, observed: replay.observe, ..GateOutlook::default() };
            Some(of_bound(outlook, at_most_needed(limit.value, tail), "if as many requests are captured, and no response differs"))
        }));
        #[cfg(feature = "load")]
        let load = self.load_plan().map(|plan| LoadOutlook {
            requests: plan.planned_arrivals(),
            seconds: plan.duration().as_secs_f64(),
            at_most: plan.searches_rate(),
        });
        #[cfg(not(feature = "load"))]
        let load = None;
        Outlook { gates, load }
    }
}

/// The gates of a case.
fn of_case(case: &Case) -> Vec<GateOutlook> {
    let Input::Rows(rows) = &case.input else { return Vec::new() };
    let Some(table) = &rows.table else { return Vec::new() };
    let gates = of_rows(&case.whole, table);
    gates.into_iter().map(|gate| GateOutlook { case: Some(case.name.clone()), ..gate }).collect()
}

/// The gates of a case with these rows.
pub(super) fn of_rows(whole: &WholeExpectation, table: &std::sync::Arc<Table>) -> Vec<GateOutlook> {
    let total = table.len();
    let mut gates = Vec::new();
    if let Some(tail) = whole.at_least.tail() {
        let outlook =
            GateOutlook { gate: named("rows that pass", whole.at_least, true), observed: whole.observe, ..GateOutlook::default() };
        gates.push(of_share(outlook, total, whole.at_least, tail, "right"));
    }
    let has_gate =
        |metrics: &&MetricsExpectation| metrics.limits.iter().any(|limit| limit.all.needs_proof() || limit.each_segment.needs_proof());
    for metrics in whole.metrics.iter().filter(has_gate) {
        let scored: Vec<ScoredRow> = (0..total).map(|index| perfect(metrics, &Row::new(table, index))).collect();
        let mut segments: BTreeMap<&str, Vec<ScoredRow>> = BTreeMap::new();
        for row in &scored {
            segments.entry(row.segment.as_deref().unwrap_or_default()).or_default().push(row.clone());
        }
        let min_rows = metrics.segment.as_ref().map_or(0, |segment| segment.min_rows);
        for limit in &metrics.limits {
            gates.extend(of_bounds(metrics, limit.metric, limit.all, None, &scored));
            for (segment, rows) in segments.iter().filter(|(_, rows)| metrics.segment.is_some() && rows.len() >= min_rows) {
                gates.extend(of_bounds(metrics, limit.metric, limit.each_segment, Some(segment), rows));
            }
        }
    }
    for limit in &whole.latency {
        let Some(confidence) = limit.confidence else { continue };
        let gate = format!("latency {} with {} confidence", limit.percentile.key, confidence_text(confidence));
        let outlook = GateOutlook { gate, rows: total, observed: limit.observe, ..GateOutlook::default() };
        let needed = quantile::least_rows(limit.percentile.quantile(), 1.0 - confidence);
        gates.push(of_bound(outlook, needed, "if every response is fast enough"));
    }
    gates
}

/// The row with a prediction that is its label.
fn perfect(metrics: &MetricsExpectation, row: &Row) -> ScoredRow {
    let truth = row.column(&metrics.label).unwrap_or_default().to_owned();
    let segment = metrics.segment.as_ref().map(|segment| row.column(&segment.column).unwrap_or_default().trim().to_owned());
    ScoredRow { number: row.number(), line: row.line(), segment, prediction: Some(truth.clone()), score: None, truth }
}

fn named(name: &str, limit: Limit, is_lower: bool) -> String {
    let side = if is_lower { "at least" } else { "at most" };
    let confidence = limit.confidence.map(|confidence| format!(" with {} confidence", confidence_text(confidence)));
    format!("{name} {side} {}{}", limit.value, confidence.unwrap_or_default())
}

fn of_bounds(
    metrics: &MetricsExpectation,
    metric: Metric,
    bounds: crate::expect::limit::Bounds,
    segment: Option<&str>,
    rows: &[ScoredRow],
) -> Vec<GateOutlook> {
    let name = match segment {
        Some(segment) => format!("{} of {}", metric.name(), crate::format::excerpt(segment)),
        None => metric.name().to_owned(),
    };
    let sides = [(bounds.at_least, true), (bounds.at_most, false)];
    let gates = sides.into_iter().filter_map(|(limit, is_lower)| {
        let limit = limit?;
        let tail = limit.tail()?;
        let outlook = GateOutlook { gate: named(&name, limit, is_lower), observed: bounds.observe, ..GateOutlook::default() };
        Some(if is_lower {
            of_metric(outlook, metrics, metric, limit, tail, rows)
        } else {
            of_upper(outlook, metrics, metric, limit, tail, rows)
        })
    });
    gates.collect()
}

fn of_metric(
    outlook: GateOutlook,
    metrics: &MetricsExpectation,
    metric: Metric,
    limit: Limit,
    tail: f64,
    rows: &[ScoredRow],
) -> GateOutlook {
    let positive = metrics.positive.as_deref().map(class).unwrap_or_default();
    let positives = rows.iter().filter(|row| class(&row.truth) == positive).count();
    match metric {
        Metric::Accuracy => of_share(outlook, rows.len(), limit, tail, "right"),
        Metric::Recall => of_share(outlook, positives, limit, tail, "right positive"),
        // As many rows are predicted as positive as are positive, if the model is good.
        Metric::Precision => of_share(outlook, positives, limit, tail, "right of those predicted as positive"),
        Metric::F1 => {
            // F1 is a function of a share, which grows with it.
            let share = |f1: f64| f1 / (2.0 - f1);
            let of_share_limit = Limit { value: share(limit.value), expected: limit.expected.map(share), ..limit };
            let found = of_share(outlook, positives, of_share_limit, tail, "right of those positive by label or prediction");
            GateOutlook { expected: found.expected.map(|share| rounded(2.0 * share / (1.0 + share))), ..found }
        }
        Metric::MacroPrecision | Metric::MacroRecall | Metric::MacroF1 => {
            let best = best_case(metric, rows, tail).unwrap_or_default();
            let mut notes = vec![format!("if all {} rows are right, the bound is {}", rows.len(), short(best))];
            let needed = if best >= limit.value { None } else { rows_for_macro(metric, rows, limit.value, tail) };
            match needed {
                Some(needed) => notes.push(format!("if all are right, about {needed} rows like these suffice")),
                None => notes.push("the chance depends on the classes that a model confuses: run it with `observe: true` first".to_owned()),
            }
            GateOutlook { rows: rows.len(), can_pass: best >= limit.value, rows_needed: needed, notes, ..outlook }
        }
        Metric::Auc => {
            let expected = limit.expected.unwrap_or_else(|| f64::midpoint(limit.value, 1.0));
            let negatives = rows.len() - positives;
            let chance = power::of_area(positives, negatives, limit.value, expected, tail);
            let needed = power::rows_for_area(number(positives) / number(rows.len().max(1)), limit.value, expected, tail);
            let best = power::best_area(positives, negatives, tail);
            let notes = vec![
                format!("with {positives} positive and {negatives} negative rows; the bound of a perfect ranking is {}", short(best)),
                expectation(expected, chance, needed),
            ];
            GateOutlook {
                rows: rows.len(),
                can_pass: best >= limit.value,
                expected: Some(expected),
                chance: Some(rounded(chance)),
                rows_needed: needed,
                notes,
                ..outlook
            }
        }
        Metric::Mae | Metric::Rmse => without_plan(outlook, metric, rows.len()),
    }
}

/// About how many rows like these have a bound of at least `limit` if all are right.
fn rows_for_macro(metric: Metric, rows: &[ScoredRow], limit: f64, tail: f64) -> Option<usize> {
    let times = |factor: usize| std::iter::repeat_n(rows, factor).flatten().cloned().collect::<Vec<_>>();
    let factors = (1..=MAX_FACTOR).map(|power| 1_usize << power).filter(|factor| factor * rows.len() <= MAX_PLANNED && !rows.is_empty());
    factors.map(times).find(|rows| best_case(metric, rows, tail).is_some_and(|best| best >= limit)).map(|rows| rows.len())
}

/// An upper limit. A share of at most so much is the rest's share of at least the rest.
fn of_upper(
    outlook: GateOutlook,
    metrics: &MetricsExpectation,
    metric: Metric,
    limit: Limit,
    tail: f64,
    rows: &[ScoredRow],
) -> GateOutlook {
    let positive = metrics.positive.as_deref().map(class).unwrap_or_default();
    let positives = rows.iter().filter(|row| class(&row.truth) == positive).count();
    let rest = Limit { value: 1.0 - limit.value, expected: limit.expected.map(|expected| 1.0 - expected), ..limit };
    let found = match metric {
        Metric::Accuracy => of_share(outlook, rows.len(), rest, tail, "wrong"),
        Metric::Recall => of_share(outlook, positives, rest, tail, "wrong positive"),
        Metric::Precision => of_share(outlook, positives, rest, tail, "wrong of those predicted as positive"),
        _ => return without_plan(outlook, metric, rows.len()),
    };
    GateOutlook { expected: found.expected.map(|expected| rounded(1.0 - expected)), ..found }
}

/// A gate whose chance no count of rows tells, with the reason.
fn without_plan(outlook: GateOutlook, metric: Metric, rows: usize) -> GateOutlook {
    let least = bootstrap::MIN_ROWS;
    let (can_pass, note) = if metric.is_error() {
        let varies = "no plan: its bound depends on how far off the rows are, which only a run shows";
        (
            rows >= least,
            format!("{varies}; at least {least} rows. Run it with `observe: true` first: four times the rows halve the interval"),
        )
    } else {
        (true, format!("no plan: an upper limit of the {} depends on how the model errs, which only a run shows", metric.display_name()))
    };
    GateOutlook { rows, can_pass, notes: vec![note], ..outlook }
}

fn of_share(outlook: GateOutlook, rows: usize, limit: Limit, tail: f64, what: &str) -> GateOutlook {
    let expected = limit.expected.unwrap_or_else(|| f64::midpoint(limit.value, 1.0));
    let least = power::least_right(rows, limit.value, tail);
    let chance = power::of_share(rows, limit.value, expected, tail);
    let needed = power::rows_for_share(limit.value, expected, tail);
    let passes = match least {
        Some(least) => format!("passes with {least} of {rows} {what}"),
        None => format!("cannot pass: if all {rows} are {what}, the bound is {}", short(power::best_case(rows, tail))),
    };
    GateOutlook {
        rows,
        can_pass: least.is_some(),
        expected: Some(rounded(expected)),
        chance: Some(rounded(chance)),
        rows_needed: needed,
        notes: vec![passes, expectation(expected, chance, needed)],
        ..outlook
    }
}

/// A gate that passes with enough rows if nothing is wrong with any of them.
fn of_bound(outlook: GateOutlook, needed: usize, condition: &str) -> GateOutlook {
    let can_pass = outlook.rows >= needed;
    let note = format!("{} {needed} rows {condition}", if can_pass { "needs" } else { "cannot pass: needs" });
    GateOutlook { can_pass, rows_needed: Some(needed), notes: vec![note], ..outlook }
}

fn of_metric_gate(case: &Case, gate: &MetricGate) -> GateOutlook {
    let MetricGate { metric, margin, confidence, flips, .. } = *gate;
    let tail = 1.0 - confidence;
    let rows = match (&case.input, &case.whole.metrics) {
        (Input::Rows(rows), Some(metrics)) => rows.table.as_ref().map_or(0, |table| {
            let positive = metrics.positive.as_deref().map(class).unwrap_or_default();
            let counts = |row: &Row| metric != Metric::Recall || row.column(&metrics.label).is_some_and(|truth| class(truth) == positive);
            (0..table.len()).filter(|index| counts(&Row::new(table, *index))).count()
        }),
        _ => 0,
    };
    let name = format!("{} no worse than {margin} with {} confidence, compared", metric.name(), confidence_text(confidence));
    let outlook = GateOutlook { case: Some(case.name.clone()), gate: name, rows, observed: gate.observe, ..GateOutlook::default() };
    if !matches!(metric, Metric::Accuracy | Metric::Recall) {
        return of_equal_responses(outlook, case, metric, margin, tail);
    }
    let equal = Pairs { flips, loss: 0.0 };
    let (chance, _) = power::of_pairs(rows, equal, margin, tail);
    let needed = power::rows_for_pairs(equal, margin, tail);
    let (best, _) = power::of_pairs(rows, Pairs { flips: 0.0, loss: 0.0 }, margin, tail);
    let loss = power::visible_loss(rows, flips, margin, tail).map(|loss| (loss * 1000.0).ceil() / 1000.0);
    let can_pass = best > 0.5;
    let mut notes = Vec::new();
    if !can_pass {
        notes.push(format!("cannot pass, even if {rows} rows have no difference"));
    }
    notes.push(format!(
        "if both are equally good and exactly one is right on {} of the rows: {}",
        share_text(flips),
        chances(chance, needed)
    ));
    notes.push(match loss {
        Some(loss) => format!("shows a loss of {loss} with a chance of {}", share_text(POWER)),
        None => "shows no loss, however large".to_owned(),
    });
    GateOutlook { can_pass, chance: Some(rounded(chance)), rows_needed: needed, visible_loss: loss, notes, ..outlook }
}

/// What the rows prove if both endpoints respond alike to each: more is not known before a run.
fn of_equal_responses(outlook: GateOutlook, case: &Case, metric: Metric, margin: f64, tail: f64) -> GateOutlook {
    let (Input::Rows(rows), Some(metrics)) = (&case.input, &case.whole.metrics) else { return outlook };
    let Some(table) = &rows.table else { return outlook };
    let positive = metrics.positive.as_deref();
    let is_positive = |row: &ScoredRow| positive.is_some_and(|positive| class(&row.truth) == class(positive));
    let perfect = (0..table.len()).map(|index| perfect(metrics, &Row::new(table, index)));
    let perfect: Vec<ScoredRow> =
        perfect.map(|row| ScoredRow { score: Some(if is_positive(&row) { "1" } else { "0" }.to_owned()), ..row }).collect();
    let gain = Gain::of(metric, &perfect, &perfect, positive);
    let can_pass = gain.is_no_worse(margin, tail);
    let varies = "more depends on how the responses vary, which only a run shows: run it with `observe: true` first".to_owned();
    let best = match gain.interval(tail) {
        Ok((found, _)) if can_pass => {
            format!("passes if both respond alike to every row: the bound of the gain is then {}", short(found.low))
        }
        Ok((found, _)) => {
            format!("cannot pass, even if both respond alike to every row: the bound of the gain is then {}", short(found.low))
        }
        Err(why) => format!("cannot pass: {why}"),
    };
    GateOutlook { rows: table.len(), can_pass, notes: vec![best, varies], ..outlook }
}

fn of_latency_gate(gate: &LatencyGate, rows: usize) -> GateOutlook {
    let (key, confidence) = (gate.percentile.key, confidence_text(gate.confidence));
    let name = format!("latency {key} at most {} times with {confidence} confidence, compared", gate.times);
    let needed = quantile::least_rows(gate.percentile.quantile(), 1.0 - gate.confidence);
    of_bound(GateOutlook { gate: name, rows, observed: gate.observe, ..GateOutlook::default() }, needed, "for any bound")
}

/// The fewest rows of which none is different that prove a share of at most `limit`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
fn at_most_needed(limit: f64, tail: f64) -> usize {
    if limit >= 1.0 { 0 } else { (tail.ln() / (-limit).ln_1p() - 1e-9).ceil().min(1e9) as usize }
}

fn expectation(expected: f64, chance: f64, needed: Option<usize>) -> String {
    format!("if the true value is {}: {}", short(expected), chances(chance, needed))
}

fn chances(chance: f64, needed: Option<usize>) -> String {
    let needed = match needed {
        Some(needed) => format!("{} needs {needed} rows", share_text(POWER)),
        None => format!("no number of rows gives {}", share_text(POWER)),
    };
    format!("passes with a chance of {}; {needed}", share_text(chance))
}

fn share_text(share: f64) -> String {
    format!("{}%", (share * 100.0).round())
}
