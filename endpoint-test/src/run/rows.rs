//! Runs a case with rows: a request for each, some of them concurrently, and the result of all.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use super::case::{JudgedCase, Runner};
use super::comparison::{Compared, ComparedRow, add};
use super::gates::CaseRows;
use super::measure;
use crate::check::protocol::{CheckInput, RowExchange};
use crate::check::{Exchange, command};
use crate::clock::Clock;
use crate::expect::address::TooBroad;
use crate::expect::latency::Percentile;
use crate::expect::metrics::{MetricsExpectation, ScoredRow, Source};
use crate::report::{CaseComparison, CaseReport, CheckReport, Outcome, RowReport, RowsReport};
use crate::rows::Row;
use crate::statistics::random::{SEED, SplitMix64};
use crate::suite::{Case, Input};
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
    other: Option<OtherRow>,
}

/// The same row of the baseline.
struct OtherRow {
    scored: Option<Result<ScoredRow, TooBroad>>,
    latencies: Option<(f64, f64)>,
}

impl<T: Target, B: Target, C: Clock> Runner<'_, T, B, C> {
    pub(super) async fn rows(&self, case: &Case, on_row: &impl Fn(usize, usize)) -> CaseReport {
        let mut rows: Vec<(Row, Request)> = case.row_requests(self.options.case_timeout).collect();
        let total = rows.len();
        if self.comparison.is_active() {
            // Whatever changes during the run, such as a cache, must not favour one endpoint.
            let mut by_chance = Vec::with_capacity(total);
            by_chance.extend(SplitMix64::new(SEED).order(total).into_iter().map(|index| rows[index].clone()));
            rows = by_chance;
        }
        let at_once = if let Input::Rows(rows) = &case.input { rows.at_once } else { 1 };
        let (next, refused, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let found: Mutex<Vec<RowResult>> = Mutex::new(Vec::with_capacity(total));
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
        let baseline_first = SplitMix64::new(SEED ^ row.number() as u64).below(2) == 1;
        let (timed, compared) = self.comparison.invoke_both(self.target, request, row.number(), baseline_first, self.clock).await;
        let latency = timed.latency;
        let JudgedCase { report, response } = self.judge(case, request, timed, Some(row)).await;
        let whole = &case.whole;
        let scored_by = |response: Option<&ModelResponse>| whole.metrics.as_ref().map(|metrics| scored(metrics, row, response));
        let scored = scored_by(response.as_ref());
        let (compared, other) = match compared {
            Some(ComparedRow { compared, response, latencies }) => {
                let is_known = !matches!(compared, Compared::Errored(_));
                (Some(compared), is_known.then(|| OtherRow { scored: scored_by(response.as_ref()), latencies }))
            }
            None => (None, None),
        };
        let exchange = match &response {
            Some(response) if whole.command.is_some() => {
                RowExchange::of(&Exchange { case: case.name(), target: self.info, request, response, latency, row: Some(row) })
            }
            _ => None,
        };
        RowResult { row: row.clone(), report, scored, exchange, compared, other }
    }

    async fn sum_up(&self, case: &Case, total: usize, found: Vec<RowResult>) -> CaseReport {
        let whole = &case.whole;
        let count = |outcome: Outcome| found.iter().filter(|result| result.report.outcome == outcome).count();
        let (failed, passed) = (count(Outcome::Failed), count(Outcome::Passed) + count(Outcome::Skipped));
        let errored = total - failed - passed;
        let answers = latencies(&found);
        let (rows_check, passed_interval) = measure::rows(whole, total, failed, passed);
        let mut report = CaseReport {
            name: case.name().to_owned(),
            latency_ms: answers.last().copied(),
            checks: vec![rows_check],
            ..CaseReport::default()
        };
        let mut rows = RowsReport {
            total,
            passed,
            failed,
            errored,
            at_least: whole.at_least.value,
            passed_interval,
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
        let mut own = Vec::new();
        if let Some(expected) = &whole.metrics {
            let rows_scored: Vec<ScoredRow> = found.iter().filter_map(|result| result.scored.clone()?.ok()).collect();
            let too_broad = found.iter().find_map(|result| result.scored.as_ref()?.as_ref().err());
            let unknown = if errored > 0 {
                Some(format!("{errored} of {total} rows could not be tested"))
            } else {
                too_broad.map(ToString::to_string)
            };
            let hint = too_broad.filter(|_| errored == 0).map(|_| TooBroad::HINT.to_owned());
            for (metric, check) in measure::metrics(expected, &rows_scored, unknown.as_deref()) {
                rows.metrics.push(metric);
                report.checks.extend(check.map(|check| CheckReport { hint: check.hint.clone().or_else(|| hint.clone()), ..check }));
            }
            own = rows_scored;
        }
        for limit in &whole.latency {
            let (metric, check) = limit.check(&answers, total - found.iter().filter(|result| result.report.message.is_none()).count());
            rows.metrics.push(metric);
            report.checks.push(check);
        }
        self.comparison.keep(CaseRows { own, errored, ..case_rows(case, total, &found) });
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

/// The rows that both endpoints got, for the comparison.
fn case_rows(case: &Case, total: usize, found: &[RowResult]) -> CaseRows {
    let pair = |result: &RowResult| {
        let (this, other) = (result.scored.as_ref()?, result.other.as_ref()?.scored.as_ref()?);
        Some((this.as_ref().ok()?.clone(), other.as_ref().ok()?.clone()))
    };
    let (this, other) = found.iter().filter_map(pair).unzip();
    let latencies = found.iter().filter_map(|result| result.other.as_ref()?.latencies).collect();
    CaseRows {
        case: case.name().to_owned(),
        metrics: case.whole.metrics.clone(),
        this,
        other,
        latencies,
        total,
        own: Vec::new(),
        errored: 0,
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

/// The label and the prediction of a row, for the metrics.
fn scored(expected: &MetricsExpectation, row: &Row, response: Option<&ModelResponse>) -> Result<ScoredRow, TooBroad> {
    let value = |source: &Source| response.map(|response| source.value(&response.body)).transpose().map(Option::flatten);
    Ok(ScoredRow {
        number: row.number(),
        line: row.line(),
        segment: expected.segment.as_ref().map(|segment| row.column(&segment.column).unwrap_or_default().trim().to_owned()),
        truth: row.column(&expected.label).unwrap_or_default().to_owned(),
        prediction: expected.prediction.as_ref().map(value).transpose()?.flatten(),
        score: expected.score.as_ref().map(value).transpose()?.flatten(),
    })
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
pub(super) async fn all<F: Future<Output = ()>>(futures: impl Iterator<Item = F>) {
    let mut futures: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
