//! Judges the figures of a load.

use std::time::Duration;

use super::Ended;
use super::drive::LoadResults;
use super::failure::FailureKind;
use super::plan::{Arrivals, LoadPlan, Phase, Traffic};
use super::rates;
use super::recorder::{MAX_LAG, Recorder, Tally};
use super::spectrum::{latencies, percent};
use super::threshold::{Counted, Limit, Metric, Statistic, Threshold};
use crate::format::display_duration;
use crate::report::{FindingCode, LoadError, LoadFigures, LoadReport, Outcome, Pace, PhaseReport, Series, SeriesStep, ThresholdReport};

/// The generator kept pace if at most this part of the requests was sent later than [`MAX_LAG`].
const MAX_LATE_PERCENT: u64 = 5;
/// The maximum number of reported kinds of error.
const MAX_ERRORS: usize = 50;

pub(super) fn report(plan: &LoadPlan, results: &LoadResults) -> LoadReport {
    let recorder = &results.recorder;
    let total = Tally::sum(results.phases.iter().zip(&recorder.phases).filter(|(phase, _)| phase.counted).map(|(_, tally)| tally));
    let mut pace = pace(&total);
    let found = plan.search.as_ref().map(|_| rates::report(plan, &results.rates));
    if found.is_some() && pace.outcome == Outcome::Errored {
        // Each rate is judged with its own pace.
        pace.outcome = Outcome::Observed;
    }
    let thresholds: Vec<_> = plan
        .thresholds
        .iter()
        .filter_map(|threshold| {
            let tally = threshold.phase.map_or(&total, |index| &recorder.phases[index]);
            let judged = match &found {
                None => judge(threshold, plan, tally, &pace, results.ended),
                Some(found) if threshold.metric == Metric::Rate => rates::judge(threshold, found),
                Some(_) => return None,
            };
            Some(if threshold.observe { judged.observed() } else { judged })
        })
        .collect();
    let end = results.ended.map(|ended| early_end(ended, plan));
    let nothing = total.sent == 0;
    let outcomes = thresholds.iter().map(|threshold| threshold.outcome).chain([pace.outcome]);
    let (mut message, mut hint, mut code) = (None, None, None);
    let mut outcome = Outcome::of_all(outcomes.chain(end.as_ref().map(|(outcome, ..)| *outcome)));
    if let Some((_, why, what)) = end {
        (message, hint) = (Some(why), Some(what));
    } else if nothing {
        outcome = Outcome::Errored;
        message = Some("no counted request was sent".to_owned());
    } else if let Some(found) = &found {
        message = Some(found.sentence());
        if found.steps.iter().any(|step| step.holds.is_none()) {
            hint = Some("use a larger machine or a lower `to`, and see the errors by code".to_owned());
        }
        if found.holds_per_second.is_none() && found.breaks_per_second.is_none() {
            outcome = Outcome::Errored;
        }
    } else if pace.outcome == Outcome::Errored {
        let late = format!("{} of {} requests were sent more than {} ms late", total.late, total.finished(), pace.limit_ms);
        let rest = if outcome == Outcome::Failed { "; what failed is proven without this delay" } else { "" };
        message = Some(format!("the load generator did not keep pace: {late}{rest}"));
        hint = Some("use a larger machine, a lower rate, or fewer endpoints at once".to_owned());
        code = Some(FindingCode::GeneratorLate);
    }
    let (arrivals, seed) = match plan.arrivals {
        Arrivals::Even => ("even", None),
        Arrivals::Poisson { seed } => ("poisson", Some(seed)),
    };
    LoadReport {
        code,
        outcome,
        message,
        hint,
        cases: plan.cases.clone(),
        arrivals: results.phases.iter().any(|phase| phase.planned().is_some()).then(|| arrivals.to_owned()),
        seed,
        max_in_flight: Some(plan.max_in_flight),
        duration_ms: ms(results.duration),
        thresholds,
        rate_search: found,
        errors: errors(&total),
        total: (!nothing).then(|| figures(&total, true)),
        phases: results.phases.iter().zip(&recorder.phases).map(|(phase, tally)| phase_report(phase, tally)).collect(),
        pace: (!nothing).then_some(pace),
        series: (!recorder.steps.is_empty()).then(|| series(recorder)),
    }
}

/// Why the load ended early, as outcome, message and hint.
fn early_end(ended: Ended, plan: &LoadPlan) -> (Outcome, String, String) {
    match ended {
        Ended::Hopeless { failed, of, proven } => {
            let most = plan.abort_above.unwrap_or(1.0) * 100.0;
            let message = format!("the load was aborted: {failed} of the last {of} requests failed, more than {most}%");
            let hint = "see the errors by code; `abort_when` sets when a load is aborted".to_owned();
            (if proven { Outcome::Failed } else { Outcome::Errored }, message, hint)
        }
        Ended::Interrupted => (Outcome::Errored, "the load was interrupted".to_owned(), "run the tests again".to_owned()),
        Ended::TooMany(most) => {
            let message = format!("the load was ended after {most} requests, the limit of one load");
            (Outcome::Errored, message, "use fewer users or shorter phases".to_owned())
        }
    }
}

/// Whether the generator kept pace.
pub(super) fn pace(total: &Tally) -> Pace {
    let at = |quantile| total.lag.at(quantile);
    let late = total.late * 100 > total.finished() * MAX_LATE_PERCENT;
    Pace {
        outcome: if late { Outcome::Errored } else { Outcome::Passed },
        p50_ms: at(0.5),
        p95_ms: at(0.95),
        p99_ms: at(0.99),
        max_ms: at(1.0),
        limit_ms: ms(MAX_LAG),
    }
}

pub(super) fn judge(threshold: &Threshold, plan: &LoadPlan, tally: &Tally, pace: &Pace, ended: Option<Ended>) -> ThresholdReport {
    let limit = limit_value(threshold.limit);
    let percentile = match threshold.metric {
        Metric::ResponseTime(Statistic::Percentile(quantile)) => Some(percent(quantile)),
        _ => None,
    };
    let report = ThresholdReport {
        threshold: threshold.to_string(),
        phase: threshold.phase.map(|index| plan.phases[index].name.clone()),
        limit_value: limit,
        percentile,
        ..ThresholdReport::default()
    };
    let errored = |message: String, hint: &str| ThresholdReport {
        outcome: Outcome::Errored,
        message: Some(message),
        hint: (!hint.is_empty()).then(|| hint.to_owned()),
        ..report.clone()
    };
    if tally.sent == 0 {
        return errored("nothing was measured: no request was sent".to_owned(), "");
    }
    if let Some(statistic) = threshold.metric.statistic() {
        let (count, needed) = (tally.response.0.len(), statistic.needs());
        if count < needed {
            let message = format!("too few responses: {count}, and {needed} are needed");
            return errored(message, "make the load longer or faster, or use a lower percentile");
        }
    }
    let actual = actual(threshold, tally);
    let shown = show(threshold.limit, actual);
    let report = ThresholdReport { actual: Some(shown.clone()), actual_value: Some(actual), ..report };
    if threshold.comparison.is_satisfied(actual, limit) {
        if ended.is_some() {
            let message = Some(format!("it passed so far ({shown}), but the load ended early"));
            return ThresholdReport { outcome: Outcome::Errored, message, ..report };
        }
        return ThresholdReport { outcome: Outcome::Passed, ..report };
    }
    let missed = format!("`{threshold}` failed: the value is {shown}");
    match excuse(threshold, tally, pace) {
        Some(excuse) => ThresholdReport { outcome: Outcome::Errored, message: Some(format!("{missed}, but {excuse}")), ..report },
        None => {
            ThresholdReport { outcome: Outcome::Failed, message: Some(missed), hint: hint(threshold, plan).map(str::to_owned), ..report }
        }
    }
}

/// Why a failed threshold proves nothing about the target.
///
/// A latency is the target's time and the generator's own delay: the generator waits for no
/// response before it sends. So the part of the service time that is the target's for certain
/// decides alone, whether or not the generator kept pace. What depends on when requests are sent
/// proves nothing if the generator did not keep pace.
fn excuse(threshold: &Threshold, tally: &Tally, pace: &Pace) -> Option<String> {
    let is_satisfied = |value| threshold.comparison.is_satisfied(value, limit_value(threshold.limit));
    match threshold.metric {
        Metric::Rate | Metric::Count(Counted::WrongResponses | Counted::Timeouts | Counted::Throttles) => None,
        Metric::ResponseTime(statistic) | Metric::ServiceTime(statistic) => {
            let proven = of_distribution(&tally.proven, statistic);
            let shown = show(threshold.limit, proven);
            let why = "the load generator itself was late, which proves nothing";
            is_satisfied(proven).then(|| format!("the service time alone is {shown}: {why}"))
        }
        Metric::Count(Counted::Errors) => {
            let others = tally.errors_that(|kind| !kind.is_of_target());
            let proven = counted(tally.errors() - others, tally, threshold.limit, Counted::Errors);
            (others > 0 && is_satisfied(proven))
                .then(|| format!("{others} of the errors are network or permission errors, which prove nothing"))
        }
        Metric::Count(Counted::Dropped) if tally.dropped_by_generator > 0 && pace.outcome != Outcome::Errored => {
            let late = tally.dropped_by_generator;
            let proven = counted(tally.dropped - late, tally, threshold.limit, Counted::Dropped);
            is_satisfied(proven)
                .then(|| format!("{late} of them were dropped because the load generator itself was late, which proves nothing"))
        }
        Metric::Throughput | Metric::Count(Counted::Dropped) => {
            (pace.outcome == Outcome::Errored).then(|| "the load generator did not keep pace, which proves nothing".to_owned())
        }
    }
}

fn hint(threshold: &Threshold, plan: &LoadPlan) -> Option<&'static str> {
    match threshold.metric {
        Metric::ResponseTime(_) => {
            Some("response time includes the network and the wait until the request was sent; service time excludes that wait")
        }
        Metric::Count(Counted::Errors | Counted::WrongResponses) => Some("see the errors by code for the first cause"),
        Metric::Count(Counted::Dropped) if plan.max_in_flight < 256 => {
            Some("the target did not keep up with the rate, or `max_in_flight` is too low for this rate")
        }
        Metric::Count(Counted::Throttles) => Some("the account's quota or the endpoint's instances are too small for this rate"),
        _ => None,
    }
}

/// The figure, in the unit of the limit.
fn actual(threshold: &Threshold, tally: &Tally) -> f64 {
    match threshold.metric {
        Metric::ResponseTime(statistic) => of_distribution(&tally.response, statistic),
        Metric::ServiceTime(statistic) => of_distribution(&tally.service, statistic),
        Metric::Throughput => throughput(tally),
        // The search decides about it.
        Metric::Rate => 0.0,
        Metric::Count(what) => counted(tally.count(what), tally, threshold.limit, what),
    }
}

fn of_distribution(distribution: &super::recorder::Distribution, statistic: Statistic) -> f64 {
    match statistic {
        Statistic::Percentile(quantile) => distribution.at(quantile),
        Statistic::Min => super::recorder::milliseconds(distribution.0.min()),
        Statistic::Mean => distribution.0.mean() / 1000.0,
        Statistic::Max => distribution.at(1.0),
    }
}

/// A count, or a part: of the finished requests, and for dropped ones of the arrivals.
#[expect(clippy::cast_precision_loss, reason = "a billion at most")]
fn counted(count: u64, tally: &Tally, limit: Limit, what: Counted) -> f64 {
    if !matches!(limit, Limit::Part(_)) {
        return count as f64;
    }
    let of = tally.of(what);
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "a billion at most")]
fn throughput(tally: &Tally) -> f64 {
    let seconds = tally.end.saturating_sub(tally.start).as_secs_f64();
    if seconds > 0.0 { tally.passed as f64 / seconds } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "no limit is that large")]
fn limit_value(limit: Limit) -> f64 {
    match limit {
        Limit::Time(time) => ms(time),
        Limit::Number(number) => number as f64,
        Limit::Part(number) | Limit::Rate(number) => number,
    }
}

fn show(limit: Limit, actual: f64) -> String {
    match limit {
        Limit::Time(_) => display_duration(Duration::from_secs_f64((actual / 1000.0).max(0.0))),
        Limit::Number(_) => actual.to_string(),
        Limit::Part(_) => format!("{}%", (actual * 10_000.0).round() / 100.0),
        Limit::Rate(_) => format!("{}/s", (actual * 100.0).round() / 100.0),
    }
}

fn figures(tally: &Tally, whole: bool) -> LoadFigures {
    LoadFigures {
        sent: tally.sent,
        passed: tally.passed,
        errors: tally.errors(),
        dropped: tally.dropped,
        unfinished: tally.sent.saturating_sub(tally.finished()),
        throughput_per_second: (throughput(tally) * 100.0).round() / 100.0,
        response_time: latencies(&tally.response, whole),
        service_time: latencies(&tally.service, whole),
    }
}

fn phase_report(phase: &Phase, tally: &Tally) -> PhaseReport {
    PhaseReport {
        name: phase.name.clone(),
        traffic: traffic(phase.traffic),
        counted: phase.counted,
        start_ms: ms(tally.start),
        duration_ms: ms(phase.duration),
        planned: super::plan::planned([phase]),
        figures: figures(tally, false),
    }
}

/// In the suite's notation.
fn traffic(traffic: Traffic) -> String {
    match traffic {
        Traffic::Open { from, to } if (from - to).abs() < f64::EPSILON => format!("{}/s", shown_rate(from)),
        Traffic::Open { from, to } => format!("{}/s..{}/s", shown_rate(from), shown_rate(to)),
        Traffic::Closed { users: 1, .. } => "1 user".to_owned(),
        Traffic::Closed { users, .. } => format!("{users} users"),
    }
}

fn shown_rate(rate: f64) -> f64 {
    (rate * 1000.0).round() / 1000.0
}

fn errors(total: &Tally) -> Vec<LoadError> {
    let error = |((kind, code), (count, first)): (&(FailureKind, Option<String>), &(u64, super::failure::Failure))| LoadError {
        kind: kind.as_str().to_owned(),
        code: code.clone(),
        count: *count,
        example: first.message.clone(),
        case: first.case.clone(),
        request_id: first.request_id.clone(),
    };
    let mut errors: Vec<_> = total.failures.iter().map(error).collect();
    errors.sort_by_key(|error| std::cmp::Reverse(error.count));
    errors.truncate(MAX_ERRORS);
    errors
}

fn series(recorder: &Recorder) -> Series {
    let at = |step: &super::recorder::Step, quantile| (!step.response.0.is_empty()).then(|| step.response.at(quantile));
    let steps = recorder.steps.iter().map(|step| SeriesStep {
        sent: step.sent,
        errors: step.errors,
        dropped: step.dropped,
        p50_ms: at(step, 0.5),
        p95_ms: at(step, 0.95),
        max_ms: at(step, 1.0),
    });
    Series { step_ms: ms(recorder.step), steps: steps.collect() }
}

/// Milliseconds to three decimals.
fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
