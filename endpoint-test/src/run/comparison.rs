//! Sends the same requests to a baseline and compares the responses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::champion::ChampionResults;
use super::gates::{self, CaseRows};
use super::invoke::{InvokeOutcome, TimedResponse, invoke};
use crate::clock::{Clock, in_time};
use crate::expect::address::TooBroad;
use crate::expect::difference;
use crate::expect::limit::{Bounds, Limit};
use crate::format::milliseconds;
use crate::options::RunOptions;
use crate::report::{
    CaseComparison, CaseReport, CheckReport, ComparisonReport, DifferenceReport, Outcome, TargetInfo, confidence_text, limited, short,
};
use crate::statistics::{number, proportion};
use crate::suite::CompareSettings;
use crate::target::{EndpointStatus, ModelResponse, Request, Target, TargetErrorKind};

/// The check's name in reports.
const COMPARISON: &str = "comparison";
/// The maximum number of differences listed for one case.
const MAX_DIFFERENCES: usize = 20;
/// The reason why gates are skipped before the first deployment to production.
const NO_PRODUCTION: &str = "production has no such endpoint yet, so there is no champion";
/// After this number of consecutive errors the baseline is no longer invoked.
const MAX_CONSECUTIVE_ERRORS: usize = 5;

/// Another target that gets the same requests, such as the endpoint in production.
#[derive(Debug, Clone, Copy)]
pub struct Baseline<'a, B> {
    /// The target itself.
    pub target: &'a B,
    /// Its name in reports: `account/region/endpoint`, or a container's URL.
    pub title: &'a str,
    /// Whether any difference is a failure. If not, only the suite's own limit makes one.
    pub fail_on_difference: bool,
    /// Whether it is the endpoint in production. It gets the rows of cases with rows and no other
    /// request, and where there is none yet, there is nothing to be worse than: the suite's gates
    /// are skipped.
    pub is_production: bool,
}

/// Why a baseline is not invoked.
enum Unfit {
    /// It does not exist.
    Absent(String),
    Unreachable(String),
}

/// A running comparison.
pub(super) struct Comparison<'a, B> {
    baseline: Option<&'a Baseline<'a, B>>,
    settings: &'a CompareSettings,
    unfit: Option<Unfit>,
    /// The stored results to compare with where the baseline cannot be invoked.
    stored: Option<&'a ChampionResults>,
    /// The tested target.
    info: &'a TargetInfo,
    /// The number of consecutive errors.
    refused: AtomicUsize,
    /// The rows of each case, for the gates.
    rows: Mutex<Vec<CaseRows>>,
}

/// A row that was sent to both endpoints.
pub(super) struct ComparedRow {
    pub(super) compared: Compared,
    /// The baseline's response; `None` for its model's error.
    pub(super) response: Option<ModelResponse>,
    /// Both latencies in milliseconds, the tested target's first, if both responded.
    pub(super) latencies: Option<(f64, f64)>,
}

pub(super) enum Compared {
    Same(Duration),
    Different(Vec<DifferenceReport>, Duration),
    Errored(String),
}

impl<'a, B: Target> Comparison<'a, B> {
    /// Describes the baseline once: the run does not wait for it.
    pub(super) async fn begin<C: Clock>(
        baseline: Option<&'a Baseline<'a, B>>,
        stored: Option<&'a ChampionResults>,
        settings: &'a CompareSettings,
        (info, options, clock): (&'a TargetInfo, &RunOptions, &C),
    ) -> Self {
        let unfit = match baseline {
            None => None,
            Some(baseline) => match in_time(baseline.target.describe(), clock, options.describe_timeout).await {
                Some(Ok(description)) if description.status == EndpointStatus::InService => None,
                Some(Ok(description)) => Some(Unfit::Unreachable(limited(format!("it is `{}`", description.status)))),
                Some(Err(error)) if error.kind == TargetErrorKind::NotFound => Some(Unfit::Absent(limited(error.to_string()))),
                Some(Err(error)) => Some(Unfit::Unreachable(limited(error.to_string()))),
                None => Some(Unfit::Unreachable("no response in time".to_owned())),
            },
        };
        Self { baseline, stored, info, settings, unfit, refused: AtomicUsize::new(0), rows: Mutex::default() }
    }

    /// Whether requests are sent to both endpoints.
    pub(super) fn is_active(&self) -> bool {
        self.baseline.is_some() && self.unfit.is_none()
    }

    /// Sends the same request of a case without rows to the baseline, if the tested target responded.
    pub(super) async fn invoke<C: Clock>(
        &self,
        request: &Request,
        outcome: &InvokeOutcome,
        row: Option<usize>,
        clock: &C,
    ) -> Option<Compared> {
        if is_unknown(outcome) || self.baseline.is_some_and(|baseline| baseline.is_production) {
            return None;
        }
        let timed = self.invoke_baseline(request, clock).await?;
        Some(self.compare(outcome, &timed, row))
    }

    /// Sends a row to both endpoints, to the baseline first if `baseline_first`.
    pub(super) async fn invoke_both<T: Target, C: Clock>(
        &self,
        target: &T,
        request: &Request,
        row: usize,
        baseline_first: bool,
        clock: &C,
    ) -> (TimedResponse, Option<ComparedRow>) {
        let before = if baseline_first { self.invoke_baseline(request, clock).await } else { None };
        let this = invoke(target, request, clock).await;
        let unknown = is_unknown(&this.outcome);
        let other = if baseline_first || unknown { before } else { self.invoke_baseline(request, clock).await };
        let compared = other.filter(|_| !unknown).map(|other| {
            let compared = self.compare(&this.outcome, &other, Some(row));
            let responded = matches!((&this.outcome, &other.outcome), (InvokeOutcome::Response(_), InvokeOutcome::Response(_)));
            let latencies = responded.then(|| (milliseconds(this.latency), milliseconds(other.latency)));
            let response = if let InvokeOutcome::Response(response) = other.outcome { Some(response) } else { None };
            ComparedRow { compared, response, latencies }
        });
        (this, compared)
    }

    /// Sends a request to the baseline, unless it failed too often.
    async fn invoke_baseline<C: Clock>(&self, request: &Request, clock: &C) -> Option<TimedResponse> {
        let baseline = self.baseline.filter(|_| self.unfit.is_none())?;
        if self.refused.load(Ordering::Relaxed) >= MAX_CONSECUTIVE_ERRORS {
            return None;
        }
        let timed = invoke(baseline.target, request, clock).await;
        if is_unknown(&timed.outcome) {
            self.refused.fetch_add(1, Ordering::Relaxed);
        } else {
            self.refused.store(0, Ordering::Relaxed);
        }
        Some(timed)
    }

    /// Keeps a case's rows for the gates, also if the baseline got none: a gate that was not judged is
    /// an error.
    pub(super) fn keep(&self, rows: CaseRows) {
        if self.baseline.is_some() || self.stored.is_some() {
            self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(rows);
        }
    }

    fn compare(&self, this: &InvokeOutcome, other: &TimedResponse, row: Option<usize>) -> Compared {
        let status = |this, other| DifferenceReport::new(row, "status".to_owned(), this, other);
        let shown = |status: Option<u16>| status.map_or_else(|| "an error".to_owned(), |status| format!("an error with status {status}"));
        let differences = match (this, &other.outcome) {
            (_, InvokeOutcome::TargetError(error)) => return Compared::Errored(limited(error.to_string())),
            (_, InvokeOutcome::Timeout) => return Compared::Errored("no response in time".to_owned()),
            (InvokeOutcome::Response(this), InvokeOutcome::Response(other)) => {
                // The baseline's response is the expected one: the tested target differs from it.
                let settings = self.settings;
                match difference::in_bodies(&other.body, &this.body, settings.tolerance, &settings.ignore, MAX_DIFFERENCES) {
                    Ok(found) => found.first,
                    Err(error) => return Compared::Errored(format!("{error}: {}", TooBroad::HINT)),
                }
                .into_iter()
                .map(|found| DifferenceReport::new(row, found.at, found.actual, found.expected))
                .collect()
            }
            (InvokeOutcome::ModelError(this), InvokeOutcome::ModelError(other)) if this.status == other.status => Vec::new(),
            (InvokeOutcome::ModelError(this), InvokeOutcome::ModelError(other)) => vec![status(shown(this.status), shown(other.status))],
            (InvokeOutcome::Response(this), InvokeOutcome::ModelError(other)) => vec![status(this.status.to_string(), shown(other.status))],
            (InvokeOutcome::ModelError(this), InvokeOutcome::Response(other)) => vec![status(shown(this.status), other.status.to_string())],
            (InvokeOutcome::TargetError(_) | InvokeOutcome::Timeout, _) => Vec::new(),
        };
        if differences.is_empty() { Compared::Same(other.latency) } else { Compared::Different(differences, other.latency) }
    }

    /// Returns the summary, and a check for each limit of the differences.
    pub(super) fn end(&self, cases: &[CaseReport]) -> (Option<ComparisonReport>, Vec<CheckReport>) {
        let settings = self.settings;
        let all = || cases.iter().filter_map(|case| case.comparison.as_ref());
        let compared: usize = all().map(|case| case.compared - case.errored).sum();
        let names = || settings.at_most.map(|_| COMPARISON.to_owned()).into_iter().chain(gates::names(settings));
        let skipped = |why: &str| names().map(|name| CheckReport::skipped(name, why)).collect();
        if self.baseline.is_none() && self.stored.is_none() {
            return (None, skipped("there is no baseline, so the suite's limit in `compare` is not checked"));
        }
        let message = match (&self.unfit, self.baseline) {
            (Some(Unfit::Absent(_)), Some(Baseline { is_production: true, .. })) => Some(NO_PRODUCTION.to_owned()),
            (Some(Unfit::Absent(why) | Unfit::Unreachable(why)), _) => Some(why.clone()),
            (None, _) => all().find_map(|case| case.message.clone()),
        };
        let with = self.baseline.map(|baseline| baseline.title.to_owned()).or_else(|| self.stored.map(ChampionResults::title));
        let limit = settings.at_most.or(self.baseline.filter(|baseline| baseline.fail_on_difference).map(|_| Limit {
            value: 0.0,
            confidence: None,
            expected: None,
        }));
        let mut report = ComparisonReport {
            with: with.unwrap_or_default(),
            compared: all().map(|case| case.compared).sum(),
            different: all().map(|case| case.different).sum(),
            errored: all().map(|case| case.errored).sum(),
            at_most: limit.map(|limit| limit.value),
            message,
            ..ComparisonReport::default()
        };
        let rows = std::mem::take(&mut *self.rows.lock().unwrap_or_else(PoisonError::into_inner));
        // What the baseline responded to is better evidence than any stored results.
        let stored = self.stored.filter(|_| compared == 0 && !rows.is_empty());
        if stored.is_none() && report.message.as_deref() == Some(NO_PRODUCTION) {
            return (Some(report), skipped(NO_PRODUCTION));
        }
        if let Some(stored) = stored {
            let why = match (self.baseline, &report.message) {
                (None, _) => "no endpoint to compare with was named".to_owned(),
                (Some(baseline), why) => {
                    let why = why.as_deref().unwrap_or("it got no row");
                    format!("`{}` could not be invoked: {why}", baseline.title)
                }
            };
            report.unpaired = Some(stored.describe(&why));
        }
        // `--fail-on-difference` without a limit of the suite is not the suite's to observe.
        let observe = settings.observe && settings.at_most.is_some();
        let mut checks: Vec<_> = limit.map(|limit| judge(&report, limit).observed(observe)).into_iter().collect();
        checks.extend(gates::judge(settings, &rows, stored.map(|stored| (stored, self.info)), &mut report));
        (Some(report), checks)
    }
}

/// Whether a request got no response, which says nothing about the model.
fn is_unknown(outcome: &InvokeOutcome) -> bool {
    matches!(outcome, InvokeOutcome::TargetError(_) | InvokeOutcome::Timeout)
}

fn judge(report: &ComparisonReport, limit: Limit) -> CheckReport {
    let (compared, different) = (report.compared, report.different);
    let with_outcome = compared.saturating_sub(report.errored);
    let part = number(different) / number(with_outcome.max(1));
    let bounds = Bounds { at_most: Some(limit), ..Bounds::default() };
    let judgement = bounds.judge(part, |tail| Ok(proportion::exact(different, with_outcome, tail)));
    let message = || format!("{different} of {compared} responses differ from those of `{}`", report.with);
    let check = if judgement.outcome == Outcome::Failed {
        CheckReport::failed(COMPARISON, message())
            .with_hint("see the first differences of each case; `compare` in the suite sets tolerances")
    } else if with_outcome == 0 || report.errored > 0 {
        let why = report.message.clone().unwrap_or_else(|| "no request was sent to both".to_owned());
        CheckReport::errored(COMPARISON, format!("the comparison with `{}` was not possible: {why}", report.with))
    } else if judgement.outcome == Outcome::NotProven {
        let bound = judgement.upper.map(short).unwrap_or_default();
        let confidence = confidence_text(limit.confidence.unwrap_or_default());
        CheckReport::not_proven(COMPARISON, format!("{}: the {confidence} bound of the share is {bound} (exact)", message()))
    } else {
        CheckReport::passed(COMPARISON)
    };
    let confidence = limit.confidence.map(|confidence| format!(" with {} confidence", confidence_text(confidence))).unwrap_or_default();
    let most = if limit.value > 0.0 {
        format!("at most {} % differ{confidence}", (limit.value * 1000.0).round() / 10.0)
    } else {
        "no difference".to_owned()
    };
    check.expected(most).actual(format!("{different} of {compared} differ"))
}

/// Adds the result of one request to its case.
pub(super) fn add(case: &mut CaseComparison, compared: Compared) {
    case.compared += 1;
    let latency = match compared {
        Compared::Same(latency) => Some(latency),
        Compared::Different(differences, latency) => {
            case.different += 1;
            let room = MAX_DIFFERENCES.saturating_sub(case.differences.len());
            case.differences.extend(differences.into_iter().take(room));
            Some(latency)
        }
        Compared::Errored(message) => {
            case.errored += 1;
            case.message.get_or_insert(message);
            None
        }
    };
    let latency = latency.map(milliseconds);
    if latency > case.latency_ms {
        case.latency_ms = latency;
    }
}
