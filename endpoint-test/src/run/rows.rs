//! Runs a case with rows: a request for each, some of them concurrently, and the result of all.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use super::case::{JudgedCase, Runner};
use super::comparison::{Compared, add};
use super::invoke::invoke;
use crate::check::protocol::{CheckInput, RowExchange};
use crate::check::{Exchange, command};
use crate::clock::Clock;
use crate::expect::address::TooBroad;
use crate::expect::csv;
use crate::expect::latency::Percentile;
use crate::expect::metrics::{self, Bounds, Metric, MetricLimit, MetricsExpectation, ScoredRow, Source};
use crate::format::excerpt;
use crate::json::{Document, Json};
use crate::report::{CaseComparison, CaseReport, CheckReport, MetricReport, Outcome, RowReport, RowsReport};
use crate::rows::Row;
use crate::suite::{Case, Input, WholeExpectation};
use crate::target::{ModelResponse, Request, Target};

/// The maximum number of rows that are listed.
const MAX_LISTED: usize = 20;
/// After this number of consecutive rows that could not be tested, the rest is skipped.
const MAX_CONSECUTIVE_ERRORS: usize = 5;

struct RowResult {
    row: Row,
    report: CaseReport,
    scored: Option<Result<ScoredRow, TooBroad>>,
    exchange: Option<RowExchange>,
    compared: Option<Compared>,
}

impl<T: Target, B: Target, C: Clock> Runner<'_, T, B, C> {
    pub(super) async fn rows(&self, case: &Case, on_row: &impl Fn(usize, usize)) -> CaseReport {
        let rows: Vec<(Row, Request)> = case.row_requests(self.options.case_timeout).collect();
        let at_once = if let Input::Rows(rows) = &case.input { rows.at_once } else { 1 };
        let (next, refused, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let found: Mutex<Vec<RowResult>> = Mutex::new(Vec::with_capacity(rows.len()));
        let worker = || async {
            while let Some((row, request)) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                if refused.load(Ordering::Relaxed) >= MAX_CONSECUTIVE_ERRORS {
                    break;
                }
                let result = self.row(case, row, request).await;
                match result.report.outcome {
                    // Only errors of the target count: a check that panicked proves nothing about
                    // it.
                    Outcome::Errored if result.report.message.is_some() => refused.fetch_add(1, Ordering::Relaxed),
                    _ => refused.swap(0, Ordering::Relaxed),
                };
                found.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                on_row(done.fetch_add(1, Ordering::Relaxed) + 1, rows.len());
            }
        };
        all((0..at_once.min(rows.len())).map(|_| worker())).await;
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_by_key(|result| result.row.number());
        self.sum_up(case, rows.len(), found).await
    }

    async fn row(&self, case: &Case, row: &Row, request: &Request) -> RowResult {
        let timed = invoke(self.target, request, self.clock).await;
        let latency = timed.latency;
        let compared = self.comparison.invoke(request, &timed.outcome, Some(row.number()), self.clock).await;
        let JudgedCase { report, response } = self.judge(case, request, timed, Some(row)).await;
        let whole = &case.whole;
        let scored = whole.metrics.as_ref().map(|metrics| scored(metrics, row, response.as_ref()));
        let exchange = match &response {
            Some(response) if whole.command.is_some() => {
                RowExchange::of(&Exchange { case: case.name(), target: self.info, request, response, latency, row: Some(row) })
            }
            _ => None,
        };
        RowResult { row: row.clone(), report, scored, exchange, compared }
    }

    async fn sum_up(&self, case: &Case, total: usize, found: Vec<RowResult>) -> CaseReport {
        let whole = &case.whole;
        let count = |outcome: Outcome| found.iter().filter(|result| result.report.outcome == outcome).count();
        let (failed, passed) = (count(Outcome::Failed), count(Outcome::Passed) + count(Outcome::Skipped));
        let errored = total - failed - passed;
        let answers = latencies(&found);
        let mut report = CaseReport {
            name: case.name().to_owned(),
            latency_ms: answers.last().copied(),
            checks: vec![check_rows(whole, total, failed, passed)],
            ..CaseReport::default()
        };
        let mut rows = RowsReport {
            total,
            passed,
            failed,
            errored,
            at_least: whole.at_least,
            p95_latency_ms: Percentile::P95.of(&answers).filter(|_| answers.len() >= Percentile::P95.least_rows()),
            median_latency_ms: Percentile::MEDIAN.of(&answers),
            not_passed: found.iter().filter_map(row_report).take(MAX_LISTED).collect(),
            ..RowsReport::default()
        };
        if let Some(first) = found.iter().find(|result| result.report.outcome != Outcome::Passed) {
            report.model_error.clone_from(&first.report.model_error);
            report.log_stream_arn.clone_from(&first.report.log_stream_arn);
            report.hint.clone_from(&first.report.hint);
        }
        report.variant = found.iter().find_map(|result| result.report.variant.clone());
        if let Some(expected) = &whole.metrics {
            let rows_scored: Vec<ScoredRow> = found.iter().filter_map(|result| result.scored.clone()?.ok()).collect();
            let too_broad = found.iter().find_map(|result| result.scored.as_ref()?.as_ref().err());
            let unknown = if errored > 0 {
                Some(format!("{errored} of {total} rows could not be tested"))
            } else {
                too_broad.map(ToString::to_string)
            };
            let hint = too_broad.filter(|_| errored == 0).map(|_| TooBroad::HINT.to_owned());
            for (metric, check) in measure(expected, &rows_scored, unknown.as_deref()) {
                rows.metrics.push(metric);
                report.checks.extend(check.map(|check| CheckReport { hint: check.hint.clone().or_else(|| hint.clone()), ..check }));
            }
        }
        for limit in &whole.latency {
            let (metric, check) = limit.check(&answers, total - found.iter().filter(|result| result.report.message.is_none()).count());
            rows.metrics.push(metric);
            report.checks.push(check);
        }
        let (mut exchanges, mut comparison) = (Vec::new(), CaseComparison::default());
        for result in found {
            exchanges.extend(result.exchange);
            if let Some(compared) = result.compared {
                add(&mut comparison, compared);
            }
        }
        report.comparison = Some(comparison).filter(|comparison| comparison.compared > 0);
        if let Some(check) = &whole.command {
            let input = CheckInput::of_rows(case.name(), self.info, exchanges);
            report.checks.push(command::run(check, self.options.programs.as_ref(), &input).await);
        }
        report.rows = Some(rows);
        report.outcome = Outcome::of_all(report.checks.iter().map(|check| check.outcome));
        if report.outcome == Outcome::Passed {
            (report.model_error, report.log_stream_arn, report.hint) = (None, None, None);
        }
        report
    }
}

/// The latencies of the rows that got a response, in ascending order: an error before the model, and
/// the model's refusal, tell nothing about its speed.
fn latencies(found: &[RowResult]) -> Vec<f64> {
    let answered = |result: &&RowResult| result.report.message.is_none() && result.report.model_error.is_none();
    let mut latencies: Vec<f64> = found.iter().filter(answered).filter_map(|result| result.report.latency_ms).collect();
    latencies.sort_by(f64::total_cmp);
    latencies
}

/// How many rows passed. A failure is proven if the rest cannot make up for it; otherwise rows that
/// could not be tested are an error.
fn check_rows(whole: &WholeExpectation, total: usize, failed: usize, passed: usize) -> CheckReport {
    let part =
        |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / f64::from(u32::try_from(total).unwrap_or(u32::MAX).max(1));
    let percent = |part: f64| format!("{} %", (part * 1000.0).round() / 10.0);
    let errored = total - failed - passed;
    let enough = |number: usize| part(number) >= whole.at_least;
    let check = if !enough(total - failed) {
        CheckReport::failed("rows", format!("{failed} of {total} rows are not as expected"))
    } else if errored > 0 {
        CheckReport::errored("rows", format!("{errored} of {total} rows could not be tested"))
    } else {
        CheckReport::passed("rows")
    };
    let required =
        if whole.at_least < 1.0 { format!("at least {} of {total} rows", percent(whole.at_least)) } else { format!("all {total} rows") };
    check.expected(required).actual(format!("{passed} rows ({})", percent(part(passed))))
}

/// The label and the prediction of a row, for the metrics.
fn scored(expected: &MetricsExpectation, row: &Row, response: Option<&ModelResponse>) -> Result<ScoredRow, TooBroad> {
    let document = response.and_then(|response| Document::read(&response.body).ok());
    let text = |response: &ModelResponse| std::str::from_utf8(&response.body).ok().map(|text| text.trim().to_owned());
    let value = |source: &Source| {
        Ok(match source {
            Source::Text => response.and_then(text),
            Source::Json(address) => match document.as_ref().map(|document| address.find_one(document)).transpose()?.flatten() {
                Some(Json::Text(text)) => Some(text.clone()),
                Some(value @ (Json::Number(_) | Json::Bool(_))) => Some(value.to_string()),
                Some(Json::Null | Json::List(_) | Json::Map(_)) | None => None,
            },
            Source::Csv(column) => response.and_then(|response| csv::first_cell(&response.body, column)),
        })
    };
    Ok(ScoredRow {
        number: row.number(),
        line: row.line(),
        segment: expected.segment.as_ref().map(|segment| row.column(&segment.column).unwrap_or_default().trim().to_owned()),
        truth: row.column(&expected.label).unwrap_or_default().to_owned(),
        prediction: expected.prediction.as_ref().map(value).transpose()?.flatten(),
        score: expected.score.as_ref().map(value).transpose()?.flatten(),
    })
}

/// Each metric over all rows, and over those of each segment. If the values of some rows are
/// `unknown`, for this reason, no metric is known.
fn measure(expected: &MetricsExpectation, rows: &[ScoredRow], unknown: Option<&str>) -> Vec<(MetricReport, Option<CheckReport>)> {
    let segments = metrics::split(rows);
    let min_rows = expected.segment.as_ref().map_or(0, |segment| segment.min_rows);
    let measure = |limit: &MetricLimit, bounds: Bounds, segment: Option<&str>, rows: &[ScoredRow]| {
        let name = limit.metric.name();
        let what = match segment {
            Some(segment) => format!("{} of the segment `{}`", display_name(limit.metric), excerpt(segment)),
            None => display_name(limit.metric),
        };
        let value = match unknown {
            Some(why) => Err(why.to_owned()),
            None => metrics::value(limit.metric, rows, expected.positive.as_deref()),
        };
        let check = match &value {
            _ if segment.is_some() && rows.len() < min_rows => {
                CheckReport::skipped(name, format!("the {what} is not judged: it has {} of {min_rows} rows", rows.len()))
            }
            Ok(value) => {
                let shown = (value * 1e6).round() / 1e6;
                let example =
                    || bounds.is_worse(limit.metric, *value).then(|| metrics::example(limit.metric, rows, expected.positive.as_deref()));
                let example = || example().flatten().map(|example| format!("; {example}")).unwrap_or_default();
                CheckReport::judged(name, bounds.allow(*value), || format!("the {what} is {shown}{}", example())).actual(shown.to_string())
            }
            // A row without a response is the model's failure, and one of the failed rows.
            Err(why) if unknown.is_none() && rows.iter().any(|row| row.prediction.is_none() && row.score.is_none()) => {
                CheckReport::failed(name, format!("the {what} cannot be computed: {why}"))
            }
            Err(why) => CheckReport::errored(name, format!("the {what} cannot be computed: {why}")),
        };
        let hint =
            (unknown.is_none() && check.outcome.is_wrong() && segment.is_none()).then(|| metrics::hint(limit.metric, rows)).flatten();
        let check = CheckReport { hint, ..check };
        let report = MetricReport {
            name: name.to_owned(),
            segment: segment.map(excerpt),
            rows: segment.map(|_| rows.len()),
            value: value.ok(),
            at_least: bounds.at_least,
            at_most: bounds.at_most,
            // A value without a limit is reported, and not judged.
            outcome: if bounds.is_empty() { Outcome::Skipped } else { check.outcome },
        };
        (report, (!bounds.is_empty()).then(|| check.expected(bounds.describe())))
    };
    let measured = |limit: &MetricLimit| {
        let each = segments.iter().map(|(segment, rows)| measure(limit, limit.each_segment, Some(segment), rows));
        std::iter::once(measure(limit, limit.all, None, rows)).chain(each).collect::<Vec<_>>()
    };
    expected.limits.iter().flat_map(measured).collect()
}

fn display_name(metric: Metric) -> String {
    match metric {
        Metric::Mae => "mean absolute error".to_owned(),
        Metric::Rmse => "root mean squared error".to_owned(),
        Metric::Auc => "area under the ROC curve".to_owned(),
        metric => metric.name().replace('_', " "),
    }
}

/// A row that did not pass, for the report.
fn row_report(result: &RowResult) -> Option<RowReport> {
    let report = &result.report;
    if matches!(report.outcome, Outcome::Passed | Outcome::Skipped) {
        return None;
    }
    let wrong = report.checks.iter().find(|check| check.outcome == report.outcome);
    Some(RowReport {
        row: result.row.number(),
        line: result.row.line(),
        outcome: report.outcome,
        message: report.message.clone().or_else(|| wrong?.message.clone()),
        expected: wrong.and_then(|check| check.expected.clone()),
        actual: wrong.and_then(|check| check.actual.clone()),
        latency_ms: report.latency_ms,
        request_id: report.request_id.clone(),
        reproduce: report.reproduce.clone(),
    })
}

/// Waits for all of a few futures.
async fn all<F: Future<Output = ()>>(futures: impl Iterator<Item = F>) {
    let mut futures: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
