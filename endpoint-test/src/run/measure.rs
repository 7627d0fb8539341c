//! Judges what is known from all rows: how many passed, and the metrics.

use crate::expect::limit::{Bounds, Judgement};
use crate::expect::metrics::{self, MetricLimit, MetricsExpectation, ScoredRow};
use crate::format::excerpt;
use crate::report::{BoundReport, CheckReport, IntervalReport, MetricReport, Outcome, confidence_text, level_tail, short};
use crate::statistics::{number, proportion};
use crate::suite::WholeExpectation;

/// How many rows passed. A failure is proven if the rest cannot make up for it; otherwise rows that
/// could not be tested are an error.
pub(super) fn rows(whole: &WholeExpectation, total: usize, failed: usize, passed: usize) -> (CheckReport, Option<IntervalReport>) {
    let part = |rows: usize| number(rows) / number(total.max(1));
    let percent = |part: f64| format!("{} %", (part * 1000.0).round() / 10.0);
    let errored = total - failed - passed;
    let bounds = Bounds { at_least: Some(whole.at_least), ..Bounds::default() };
    // The best and the worst that the rows without an outcome can make of it.
    let judge = |rows: usize| bounds.judge(part(rows), |tail| Ok(proportion::exact(rows, total, tail)));
    let judgement = judge(passed);
    let check = if judge(total - failed).outcome == Outcome::Failed {
        CheckReport::failed("rows", format!("{failed} of {total} rows are not as expected"))
    } else if errored > 0 {
        CheckReport::errored("rows", format!("{errored} of {total} rows could not be tested"))
    } else if judgement.outcome == Outcome::NotProven {
        let bound = bound_text(&judgement, bounds, total, "exact");
        CheckReport::not_proven("rows", format!("{passed} of {total} rows passed, which does not prove {}: {bound}", bounds.describe()))
    } else {
        CheckReport::passed("rows")
    };
    let limit = whole.at_least;
    let confidence = limit.confidence.map(|confidence| format!(" with {} confidence", confidence_text(confidence))).unwrap_or_default();
    let required = if limit.value < 1.0 {
        format!("at least {} of {total} rows{confidence}", percent(limit.value))
    } else {
        format!("all {total} rows")
    };
    let interval = (errored == 0 && total > 0 && limit.value < 1.0)
        .then(|| IntervalReport::new(proportion::exact(passed, total, level_tail()), "exact", total));
    (check.expected(required).actual(format!("{passed} rows ({})", percent(part(passed)))).observed(whole.observe), interval)
}

/// Each metric over all rows, and over those of each segment. If the values of some rows are
/// `unknown`, for this reason, no metric is known.
pub(super) fn metrics(
    expected: &MetricsExpectation,
    rows: &[ScoredRow],
    unknown: Option<&str>,
) -> Vec<(MetricReport, Option<CheckReport>)> {
    let segments = metrics::split(rows);
    let min_rows = expected.segment.as_ref().map_or(0, |segment| segment.min_rows);
    let measured = |limit: &MetricLimit| {
        let each = segments.iter().map(|(name, rows)| Measured { expected, limit, bounds: limit.each_segment, segment: Some(name), rows });
        let all = Measured { expected, limit, bounds: limit.all, segment: None, rows };
        std::iter::once(all).chain(each).map(|measured| measured.judge(unknown, min_rows)).collect::<Vec<_>>()
    };
    expected.limits.iter().flat_map(measured).collect()
}

/// A metric over these rows.
struct Measured<'a> {
    expected: &'a MetricsExpectation,
    limit: &'a MetricLimit,
    bounds: Bounds,
    segment: Option<&'a str>,
    rows: &'a [ScoredRow],
}

impl Measured<'_> {
    fn judge(&self, unknown: Option<&str>, min_rows: usize) -> (MetricReport, Option<CheckReport>) {
        let Self { bounds, segment, rows, .. } = *self;
        let (metric, positive) = (self.limit.metric, self.expected.positive.as_deref());
        let (name, what) = (metric.name(), self.what());
        let value = match unknown {
            Some(why) => Err(why.to_owned()),
            None => metrics::value(metric, rows, positive),
        };
        let certainty = value.is_ok().then(|| metrics::certainty(metric, rows, positive));
        let interval = |tail: f64| certainty.as_ref().map_or_else(|| Err(String::new()), |certainty| certainty.interval(tail));
        let judgement = value.as_ref().ok().map(|value| bounds.judge(*value, |tail| interval(tail).map(|(interval, _)| interval)));
        let shown = value.as_ref().ok().map(|value| ((value * 1e6).round() / 1e6).to_string()).unwrap_or_default();
        let check = match (&value, &judgement) {
            _ if segment.is_some() && rows.len() < min_rows => {
                CheckReport::skipped(name, format!("the {what} is not judged: it has {} of {min_rows} rows", rows.len()))
            }
            (Ok(value), Some(judgement)) => match judgement.outcome {
                Outcome::Passed => CheckReport::passed(name),
                Outcome::NotProven => {
                    let (method, count) = (interval(level_tail()).map_or("", |(_, method)| method), self.count(certainty.as_ref()));
                    let bound = bound_text(judgement, bounds, count, method);
                    CheckReport::not_proven(name, format!("the {what} {shown} does not prove {}: {bound}", bounds.describe()))
                }
                _ => {
                    let proven =
                        if bounds.needs_proof() { format!(", which proves that it is not {}", bounds.describe()) } else { String::new() };
                    CheckReport::failed(name, format!("the {what} is {shown}{proven}{}", self.example(*value)))
                }
            }
            .actual(shown),
            // A row without a response is the model's failure, and one of the failed rows.
            (Err(why), _) if unknown.is_none() && rows.iter().any(|row| row.prediction.is_none() && row.score.is_none()) => {
                CheckReport::failed(name, format!("the {what} cannot be computed: {why}"))
            }
            (Err(why), _) => CheckReport::errored(name, format!("the {what} cannot be computed: {why}")),
            (Ok(_), None) => CheckReport::new(name, Outcome::Skipped),
        };
        let is_all_wrong = unknown.is_none() && check.outcome.is_wrong() && segment.is_none();
        let hint = is_all_wrong.then(|| metrics::hint(metric, rows)).flatten();
        let check = CheckReport { hint: hint.or(check.hint), ..check }.observed(bounds.observe);
        let confidence = |limit: Option<crate::expect::limit::Limit>| limit.and_then(|limit| limit.confidence);
        let bound = |side: fn(&Judgement) -> Option<f64>, confidence: Option<f64>| {
            confidence.map(|confidence| BoundReport::new(judgement.as_ref().and_then(side), confidence))
        };
        let two_sided = interval(level_tail()).ok();
        let report = MetricReport {
            name: name.to_owned(),
            segment: segment.map(excerpt),
            rows: segment.map(|_| rows.len()),
            value: value.ok(),
            interval: two_sided.map(|(interval, method)| IntervalReport::new(interval, method, self.count(certainty.as_ref()))),
            at_least: bounds.at_least.map(|limit| limit.value),
            at_most: bounds.at_most.map(|limit| limit.value),
            lower_bound: bound(|judgement| judgement.lower, confidence(bounds.at_least)),
            upper_bound: bound(|judgement| judgement.upper, confidence(bounds.at_most)),
            // A value without a limit is reported, and not judged.
            outcome: if bounds.is_empty() { Outcome::Skipped } else { check.outcome },
            would_be: check.would_be.filter(|_| !bounds.is_empty()),
        };
        (report, (!bounds.is_empty()).then(|| check.expected(bounds.describe())))
    }

    /// The metric's name in a sentence, with its segment.
    fn what(&self) -> String {
        let name = self.limit.metric.display_name();
        match self.segment {
            Some(segment) => format!("{name} of the segment `{}`", excerpt(segment)),
            None => name,
        }
    }

    /// The number of rows that the value is computed from.
    fn count(&self, certainty: Option<&metrics::Certainty>) -> usize {
        certainty.map_or(self.rows.len(), |certainty| certainty.rows(self.rows.len()))
    }

    /// A row that shows why the metric is not good enough; none if it is too good.
    fn example(&self, value: f64) -> String {
        let (metric, bounds) = (self.limit.metric, self.bounds);
        let is_worse = if metric.is_error() {
            bounds.at_most.is_some_and(|limit| value > limit.value)
        } else {
            bounds.at_least.is_some_and(|limit| value < limit.value)
        };
        let example = is_worse.then(|| metrics::example(metric, self.rows, self.expected.positive.as_deref())).flatten();
        example.map(|example| format!("; {example}")).unwrap_or_default()
    }
}

/// `the 95% bound is 0.8512 (exact, 30 rows)`, or why there is none.
fn bound_text(judgement: &Judgement, bounds: Bounds, rows: usize, method: &str) -> String {
    if let Some(why) = &judgement.unproven {
        return why.clone();
    }
    let sides = [(judgement.lower, bounds.at_least), (judgement.upper, bounds.at_most)];
    let texts = sides.into_iter().filter_map(|(bound, limit)| {
        let confidence = confidence_text(limit?.confidence?);
        Some(format!("the {confidence} bound is {}", short(bound?)))
    });
    let rows = if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    format!("{} ({method}, {rows})", texts.collect::<Vec<_>>().join(", "))
}
