//! Sends the same requests to a baseline and compares the responses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::invoke::{InvokeOutcome, TimedResponse, invoke};
use crate::clock::{Clock, in_time};
use crate::expect::address::TooBroad;
use crate::expect::difference;
use crate::format::milliseconds;
use crate::options::RunOptions;
use crate::report::{CaseComparison, CaseReport, CheckReport, ComparisonReport, DifferenceReport, limited};
use crate::suite::CompareSettings;
use crate::target::{EndpointStatus, Request, Target};

/// The check's name in reports.
const COMPARISON: &str = "comparison";
/// The maximum number of differences listed for one case.
const MAX_DIFFERENCES: usize = 20;
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
}

/// A running comparison.
pub(super) struct Comparison<'a, B> {
    baseline: Option<&'a Baseline<'a, B>>,
    settings: &'a CompareSettings,
    /// Why the baseline is not invoked.
    unfit: Option<String>,
    /// The number of consecutive errors.
    refused: AtomicUsize,
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
        settings: &'a CompareSettings,
        options: &RunOptions,
        clock: &C,
    ) -> Self {
        let unfit = match baseline {
            None => None,
            Some(baseline) => match in_time(baseline.target.describe(), clock, options.describe_timeout).await {
                Some(Ok(description)) if description.status == EndpointStatus::InService => None,
                Some(Ok(description)) => Some(limited(format!("it is `{}`", description.status))),
                Some(Err(error)) => Some(limited(error.to_string())),
                None => Some("no response in time".to_owned()),
            },
        };
        Self { baseline, settings, unfit, refused: AtomicUsize::new(0) }
    }

    /// Sends the same request to the baseline, if the tested target responded.
    pub(super) async fn invoke<C: Clock>(
        &self,
        request: &Request,
        outcome: &InvokeOutcome,
        row: Option<usize>,
        clock: &C,
    ) -> Option<Compared> {
        let baseline = self.baseline.filter(|_| self.unfit.is_none())?;
        if matches!(outcome, InvokeOutcome::TargetError(_) | InvokeOutcome::Timeout)
            || self.refused.load(Ordering::Relaxed) >= MAX_CONSECUTIVE_ERRORS
        {
            return None;
        }
        let timed = invoke(baseline.target, request, clock).await;
        if matches!(timed.outcome, InvokeOutcome::TargetError(_) | InvokeOutcome::Timeout) {
            self.refused.fetch_add(1, Ordering::Relaxed);
        } else {
            self.refused.store(0, Ordering::Relaxed);
        }
        Some(self.compare(outcome, timed, row))
    }

    fn compare(&self, this: &InvokeOutcome, other: TimedResponse, row: Option<usize>) -> Compared {
        let status = |this, other| DifferenceReport::new(row, "status".to_owned(), this, other);
        let shown = |status: Option<u16>| status.map_or_else(|| "an error".to_owned(), |status| format!("an error with status {status}"));
        let differences = match (this, other.outcome) {
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

    /// Returns the summary, and a check if a difference is a failure.
    pub(super) fn end(&self, cases: &[CaseReport]) -> (Option<ComparisonReport>, Option<CheckReport>) {
        let Some(baseline) = self.baseline else {
            let unchecked = |_| CheckReport::skipped(COMPARISON, "there is no baseline, so the suite's limit in `compare` is not checked");
            return (None, self.settings.at_most.map(unchecked));
        };
        let all = || cases.iter().filter_map(|case| case.comparison.as_ref());
        let report = ComparisonReport {
            with: baseline.title.to_owned(),
            compared: all().map(|case| case.compared).sum(),
            different: all().map(|case| case.different).sum(),
            errored: all().map(|case| case.errored).sum(),
            at_most: if baseline.fail_on_difference { Some(self.settings.at_most.unwrap_or(0.0)) } else { self.settings.at_most },
            message: self.unfit.clone().or_else(|| all().find_map(|case| case.message.clone())),
        };
        let check = report.at_most.map(|at_most| judge(&report, at_most));
        (Some(report), check)
    }
}

fn judge(report: &ComparisonReport, at_most: f64) -> CheckReport {
    let (compared, different) = (report.compared, report.different);
    let with_outcome = u32::try_from(compared.saturating_sub(report.errored)).unwrap_or(u32::MAX);
    let part = f64::from(u32::try_from(different).unwrap_or(u32::MAX)) / f64::from(with_outcome.max(1));
    let check = if part > at_most {
        let message = format!("{different} of {compared} responses differ from those of `{}`", report.with);
        CheckReport::failed(COMPARISON, message).with_hint("see the first differences of each case; `compare` in the suite sets tolerances")
    } else if with_outcome == 0 || report.errored > 0 {
        let why = report.message.clone().unwrap_or_else(|| "no request was sent to both".to_owned());
        CheckReport::errored(COMPARISON, format!("the comparison with `{}` was not possible: {why}", report.with))
    } else {
        CheckReport::passed(COMPARISON)
    };
    let most = if at_most > 0.0 { format!("at most {} % differ", (at_most * 1000.0).round() / 10.0) } else { "no difference".to_owned() };
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
