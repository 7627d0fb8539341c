//! What the requests of one phase prove about a threshold.

use super::failure::FailureKind;
use super::recorder::{Distribution, Tally};
use super::threshold::{Counted, Limit, Metric, Statistic, Threshold};
use crate::statistics::proportion;

/// The chance that a bound is on the wrong side.
const TAIL: f64 = 0.05;

/// Whether so many requests prove, with a confidence of 95%, that the threshold holds, or that it
/// breaks. `p95 < 250ms` is about a share: at most 5 of 100 requests take longer. Its exact
/// interval (Clopper–Pearson) decides, as that of a percentage of failures. A number of requests is
/// what it is. A mean, a maximum and a throughput have no such bound, and prove nothing.
pub(super) fn is_proven(threshold: &Threshold, tally: &Tally, holds: bool) -> bool {
    let proves = |count: u64, of: u64, allowed: f64| {
        let interval = proportion::exact(whole(count), whole(of), TAIL);
        of > 0 && if holds { interval.high <= allowed } else { interval.low > allowed }
    };
    let slow = |distribution: &Distribution, quantile: f64| match threshold.limit {
        Limit::Time(limit) => proves(distribution.above(limit), distribution.0.len(), 1.0 - quantile),
        _ => false,
    };
    match (threshold.metric, threshold.limit) {
        (Metric::ResponseTime(Statistic::Percentile(quantile)), _) => slow(&tally.response, quantile),
        (Metric::ServiceTime(Statistic::Percentile(quantile)), _) => slow(&tally.service, quantile),
        (Metric::Count(_), Limit::Number(_)) => true,
        (Metric::Count(what), Limit::Part(allowed)) => proves(tally.count(what), tally.of(what), allowed),
        _ => false,
    }
}

fn whole(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl Tally {
    /// How many requests are of this kind.
    pub(super) fn count(&self, what: Counted) -> u64 {
        match what {
            Counted::Errors => self.errors(),
            Counted::Dropped => self.dropped,
            Counted::WrongResponses => self.errors_that(|kind| kind == FailureKind::WrongResponse),
            Counted::Timeouts => self.errors_that(|kind| kind == FailureKind::Timeout),
            Counted::Throttles => self.errors_that(|kind| kind == FailureKind::Throttled),
        }
    }

    /// Of how many such a count is a part: the finished requests, and for dropped ones the arrivals.
    pub(super) fn of(&self, what: Counted) -> u64 {
        if what == Counted::Dropped { self.sent + self.dropped } else { self.finished() }
    }
}
