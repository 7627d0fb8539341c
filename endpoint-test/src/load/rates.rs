//! Judges the rates of a search.

use super::Ended;
use super::judge;
use super::plan::LoadPlan;
use super::proof;
use super::recorder::Tally;
use super::search::Shown;
use super::threshold::{Limit, Metric, Threshold};
use crate::report::{Outcome, RateSearchReport, RateStep, ThresholdReport};

/// What a rate that was held showed about the thresholds.
pub(super) fn step(plan: &LoadPlan, rate: f64, tally: &Tally, ended: Option<Ended>) -> RateStep {
    let step = |holds: Option<bool>, proven: bool, message: Option<String>| RateStep { rate_per_second: rate, holds, proven, message };
    let pace = judge::pace(tally);
    match ended {
        Some(Ended::Hopeless { failed, of, proven }) => {
            let message = format!("{failed} of the last {of} requests failed");
            return step(proven.then_some(false), proven, Some(message));
        }
        Some(Ended::Interrupted) => return step(None, false, Some("the load was interrupted".to_owned())),
        Some(Ended::TooMany(most)) => return step(None, false, Some(format!("the load ended after {most} requests, its limit"))),
        None => {}
    }
    let judged: Vec<(&Threshold, ThresholdReport)> =
        conditions(plan).map(|threshold| (threshold, judge::judge(threshold, plan, tally, &pace, None))).collect();
    let of = |outcome: Outcome| judged.iter().filter(move |(_, report)| report.outcome == outcome);
    if let Some((_, first)) = of(Outcome::Failed).next() {
        let proven = of(Outcome::Failed).any(|(threshold, _)| proof::is_proven(threshold, tally, false));
        return step(Some(false), proven, first.message.clone());
    }
    if pace.outcome == Outcome::Errored {
        return step(None, false, Some("the load generator did not keep pace".to_owned()));
    }
    if let Some((_, first)) = of(Outcome::Errored).next() {
        return step(None, false, first.message.clone());
    }
    step(Some(true), judged.iter().all(|(threshold, _)| proof::is_proven(threshold, tally, true)), None)
}

pub(super) fn shown(step: &RateStep) -> Shown {
    match step.holds {
        Some(true) => Shown::Holds,
        Some(false) => Shown::Breaks,
        None => Shown::Nothing,
    }
}

/// The thresholds that decide whether a rate holds.
pub(super) fn conditions(plan: &LoadPlan) -> impl Iterator<Item = &Threshold> {
    plan.thresholds.iter().filter(|threshold| threshold.metric != Metric::Rate)
}

/// The search's result.
pub(super) fn report(plan: &LoadPlan, steps: &[RateStep]) -> RateSearchReport {
    RateSearchReport::of(conditions(plan).map(ToString::to_string).collect(), steps.to_vec())
}

/// A threshold of the rate: `rate >= 100/s`.
pub(super) fn judge(threshold: &Threshold, found: &RateSearchReport) -> ThresholdReport {
    let Limit::Rate(limit) = threshold.limit else { return ThresholdReport::default() };
    let report = ThresholdReport {
        threshold: threshold.to_string(),
        limit_value: limit,
        actual: found.holds_per_second.map(|rate| format!("{rate}/s")),
        actual_value: found.holds_per_second,
        ..ThresholdReport::default()
    };
    if found.holds_per_second.is_some_and(|rate| rate >= limit) {
        return ThresholdReport { outcome: Outcome::Passed, ..report };
    }
    let outcome = if found.breaks_per_second.is_some_and(|rate| rate <= limit) { Outcome::Failed } else { Outcome::Errored };
    let message = format!("`{threshold}` failed: {}", found.sentence());
    let message = if outcome == Outcome::Failed { message } else { format!("`{threshold}` is not decided: {}", found.sentence()) };
    ThresholdReport { outcome, message: Some(message), ..report }
}
