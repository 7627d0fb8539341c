//! Limits for the latency over all rows.

use std::time::Duration;

use crate::format::{display_duration, milliseconds};
use crate::report::{CheckReport, MetricReport, Outcome};

/// A limit for a percentile of the latency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LatencyLimit {
    pub(crate) percentile: Percentile,
    pub(crate) limit: Duration,
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
        let check = if slower > self.percentile.may_be_slower(sorted.len() + unknown) {
            let message = format!("the {key} of the latency is above {}: {slower} rows took longer", display_duration(self.limit));
            CheckReport::failed("latency", message).with_hint("this is the time that the client measured, including the network")
        } else if unknown > 0 || sorted.is_empty() {
            let why = if unknown > 0 { format!("{unknown} rows could not be tested") } else { "no row got a response".to_owned() };
            CheckReport::errored("latency", format!("the {key} of the latency is unknown: {why}"))
        } else {
            CheckReport::passed("latency")
        };
        let check = check.expected(format!("{key} at most {}", display_duration(self.limit)));
        let check = match value {
            Some(value) => check.actual(display_duration(Duration::from_secs_f64(value / 1000.0))),
            None => check,
        };
        let value = value.filter(|_| check.outcome != Outcome::Errored);
        let name = format!("latency_{key}_ms");
        (MetricReport { name, value, at_most: Some(limit), outcome: check.outcome, ..MetricReport::default() }, check)
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
            let limit = LatencyLimit { percentile: percentile("p90"), limit: Duration::from_millis(500) };
            let partly = limit.check(&sorted(known.clone()), others.len()).1.outcome;
            let whole = limit.check(&sorted(known.into_iter().chain(others).collect()), 0).1.outcome;
            prop_assert!(partly == Outcome::Errored || partly == whole, "{partly} {whole}");
        }
    }

    #[test]
    fn a_percentile_needs_a_row_beyond_it() {
        let least = Percentile::ALL.map(|percentile| (percentile.key, percentile.least_rows()));
        assert_eq!(least, [("p50", 2), ("p90", 10), ("p95", 20), ("p99", 100), ("max", 100)]);
        let limit = |key| LatencyLimit { percentile: percentile(key), limit: Duration::from_secs(1) };
        assert_eq!(limit("p95").too_few(19).unwrap(), "`p95` of the latency needs at least 20 rows, and it has 19");
        assert!(limit("p95").too_few(20).is_none() && limit("max").too_few(1).is_none());
    }
}
