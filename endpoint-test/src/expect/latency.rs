//! Limits for the latency over all rows.

use std::time::Duration;

use crate::format::{display_duration, milliseconds};
use crate::report::{BoundReport, CheckReport, IntervalReport, MetricReport, Outcome, confidence_text, level_tail};
use crate::statistics::{Interval, quantile};

/// A limit for a percentile of the latency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LatencyLimit {
    pub(crate) percentile: Percentile,
    pub(crate) limit: Duration,
    /// How sure it must be that so many of all requests are as fast; `None` if the rows decide.
    pub(crate) confidence: Option<f64>,
    /// Whether the limit is reported and decides nothing.
    pub(crate) observe: bool,
}

/// A percentile by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Percentile {
    /// The key in a suite.
    pub(crate) key: &'static str,
    percent: usize,
}

impl Percentile {
    /// `max` is the slowest row.
    pub(crate) const ALL: [Self; 5] = [
        Self { key: "p50", percent: 50 },
        Self { key: "p90", percent: 90 },
        Self { key: "p95", percent: 95 },
        Self { key: "p99", percent: 99 },
        Self { key: "max", percent: 100 },
    ];

    pub(crate) const MEDIAN: Self = Self::ALL[0];
    pub(crate) const P95: Self = Self::ALL[2];

    /// The percentile as a part, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "at most 100")]
    pub(crate) fn quantile(self) -> f64 {
        self.percent as f64 / 100.0
    }

    /// The number of rows, of so many, that may be slower.
    fn may_be_slower(self, rows: usize) -> usize {
        rows * (100 - self.percent) / 100
    }

    /// The percentile of these values in ascending order.
    pub(crate) fn of(self, sorted: &[f64]) -> Option<f64> {
        sorted.get(sorted.len().checked_sub(1 + self.may_be_slower(sorted.len()))?).copied()
    }

    /// The least number of rows of which one may be slower.
    pub(crate) fn least_rows(self) -> usize {
        100 / (100 - self.percent).max(1)
    }
}

impl LatencyLimit {
    /// Why so many rows have no such percentile, if they do not: it would be that of the slowest.
    pub(crate) fn too_few(self, rows: usize) -> Option<String> {
        let Percentile { key, percent } = self.percentile;
        let least = self.percentile.least_rows();
        (percent < 100 && rows < least).then(|| format!("`{key}` of the latency needs at least {least} rows, and it has {rows}"))
    }

    /// Checks the known latencies, in ascending order and in milliseconds; `unknown` rows have none. A
    /// failure is proven if the unknown ones cannot make up for it.
    pub(crate) fn check(self, sorted: &[f64], unknown: usize) -> (MetricReport, CheckReport) {
        let Percentile { key, .. } = self.percentile;
        let limit = milliseconds(self.limit);
        let slower = sorted.iter().filter(|latency| **latency > limit).count();
        let value = self.percentile.of(sorted);
        let bounds = |tail: f64| quantile::bounds(sorted, self.percentile.quantile(), tail);
        let proof = self.confidence.map(|confidence| (confidence, bounds(1.0 - confidence)));
        let above = |what: &str| format!("the {key} of the latency is {what} {}: {slower} rows took longer", display_duration(self.limit));
        let hint = "this is the time that the client measured, including the network";
        let lacks = if unknown > 0 { Some(format!("{unknown} rows could not be tested")) } else { None };
        let lacks = lacks.or_else(|| sorted.is_empty().then(|| "no row got a response".to_owned()));
        let check = match (lacks, proof) {
            (_, None) if slower > self.percentile.may_be_slower(sorted.len() + unknown) => {
                CheckReport::failed("latency", above("above")).with_hint(hint)
            }
            (Some(why), _) => CheckReport::errored("latency", format!("the {key} of the latency is unknown: {why}")),
            (None, None) => CheckReport::passed("latency"),
            (None, Some((_, (_, Some(high))))) if high <= limit => CheckReport::passed("latency"),
            (None, Some((_, (Some(low), _)))) if low > limit => CheckReport::failed("latency", above("proven to be above")).with_hint(hint),
            (None, Some((confidence, (_, high)))) => CheckReport::not_proven("latency", self.unproven(confidence, high, sorted.len())),
        };
        let confidence = self.confidence.map(|confidence| format!(" with {} confidence", confidence_text(confidence)));
        let check = check.expected(format!("{key} at most {}{}", display_duration(self.limit), confidence.unwrap_or_default()));
        let check = match value {
            Some(value) => check.actual(display_duration(Duration::from_secs_f64(value / 1000.0))),
            None => check,
        };
        let check = check.observed(self.observe);
        let known = |value: Option<f64>| value.filter(|_| check.would_be.unwrap_or(check.outcome) != Outcome::Errored);
        let interval = match bounds(level_tail()) {
            // Both bounds of the maximum are the maximum itself, which proves nothing.
            (Some(low), Some(high)) if self.percentile.percent < 100 => {
                known(Some(low)).map(|low| IntervalReport::new(Interval { low, high }, "order statistics", sorted.len()))
            }
            _ => None,
        };
        let report = MetricReport {
            name: format!("latency_{key}_ms"),
            value: known(value),
            interval,
            at_most: Some(limit),
            upper_bound: proof.map(|(confidence, (_, high))| BoundReport::new(known(high), confidence)),
            outcome: check.outcome,
            would_be: check.would_be,
            ..MetricReport::default()
        };
        (report, check)
    }

    /// Why a bound does not decide.
    fn unproven(self, confidence: f64, high: Option<f64>, rows: usize) -> String {
        let (key, limit, sure) = (self.percentile.key, display_duration(self.limit), confidence_text(confidence));
        let why = match high {
            Some(high) => format!("its {sure} bound is {}", display_duration(Duration::from_secs_f64(high / 1000.0))),
            None => {
                let least = quantile::least_rows(self.percentile.quantile(), 1.0 - confidence);
                format!("{rows} rows have no {sure} bound of it, which needs {least}")
            }
        };
        format!("the {key} of the latency is not proven to be at most {limit}: {why}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn percentile(key: &str) -> Percentile {
        *Percentile::ALL.iter().find(|percentile| percentile.key == key).unwrap()
    }

    proptest! {
        #[test]
        fn at_least_its_share_of_the_rows_is_as_fast_and_less_would_not_do(mut values in prop::collection::vec(0.0..1e3f64, 1..300), index in 0usize..5) {
            values.sort_by(f64::total_cmp);
            let percentile = Percentile::ALL[index];
            let value = percentile.of(&values).unwrap();
            let share = |count: usize| count * 100 >= percentile.percent * values.len();
            prop_assert!(share(values.iter().filter(|other| **other <= value).count()));
            prop_assert!(!share(values.iter().filter(|other| **other < value).count()));
        }

        #[test]
        fn a_proven_outcome_stands_whatever_the_unknown_rows_are(known in prop::collection::vec(0.0..1e3f64, 0..60), others in prop::collection::vec(0.0..1e3f64, 1..10)) {
            let sorted = |mut values: Vec<f64>| { values.sort_by(f64::total_cmp); values };
            let limit = LatencyLimit { percentile: percentile("p90"), limit: Duration::from_millis(500), confidence: None, observe: false };
            let partly = limit.check(&sorted(known.clone()), others.len()).1.outcome;
            let whole = limit.check(&sorted(known.into_iter().chain(others).collect()), 0).1.outcome;
            prop_assert!(partly == Outcome::Errored || partly == whole, "{partly} {whole}");
        }
    }

    #[test]
    fn a_percentile_with_a_confidence_needs_rows_for_its_bound() {
        let limit =
            LatencyLimit { percentile: percentile("p95"), limit: Duration::from_millis(100), confidence: Some(0.95), observe: false };
        let outcome = |fast: usize, slow: usize| limit.check(&[vec![10.0; fast], vec![500.0; slow]].concat(), 0);
        assert_eq!([(59, 0), (58, 0), (100, 0), (80, 20), (97, 3)].map(|(fast, slow)| outcome(fast, slow).1.outcome), {
            use Outcome::{Failed, NotProven, Passed};
            [Passed, NotProven, Passed, Failed, NotProven]
        });
        let (metric, check) = outcome(58, 0);
        assert_eq!(metric.upper_bound, Some(BoundReport { value: None, confidence: 0.95 }));
        assert!(check.message.unwrap().ends_with("58 rows have no 95% bound of it, which needs 59"));
        let observed = LatencyLimit { observe: true, ..limit }.check(&[500.0; 100], 0);
        assert_eq!(
            (observed.1.outcome, observed.1.would_be, observed.0.would_be),
            (Outcome::Observed, Some(Outcome::Failed), Some(Outcome::Failed))
        );
        assert_eq!(limit.check(&[10.0; 100], 3).1.outcome, Outcome::Errored);
    }

    #[test]
    fn a_percentile_needs_a_row_beyond_it() {
        let least = Percentile::ALL.map(|percentile| (percentile.key, percentile.least_rows()));
        assert_eq!(least, [("p50", 2), ("p90", 10), ("p95", 20), ("p99", 100), ("max", 100)]);
        let limit = |key| LatencyLimit { percentile: percentile(key), limit: Duration::from_secs(1), confidence: None, observe: false };
        assert_eq!(limit("p95").too_few(19).unwrap(), "`p95` of the latency needs at least 20 rows, and it has 19");
        assert!(limit("p95").too_few(20).is_none() && limit("max").too_few(1).is_none());
    }
}
