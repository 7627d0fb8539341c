//! How much better or worse a metric is than a stored one of other rows, or of the same rows in
//! another run of which only the value is known.

use super::{Certainty, Metric};
use crate::report::{LEVEL, MetricReport, level_tail};
use crate::statistics::mover::{self, Part};
use crate::statistics::special::normal_factor;
use crate::statistics::{Interval, number, proportion};

/// The most rows that a stored report can have: its figures are untrusted.
const MAX_ROWS: usize = 1_000_000_000;

/// A metric of this run and a stored one, which are independent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unpaired {
    this: Estimate,
    stored: Estimate,
    /// Whether a larger value is worse.
    is_error: bool,
    /// The number of rows of the stored value.
    pub(crate) stored_rows: usize,
}

/// A value, with what is known of its interval.
#[derive(Debug, Clone, PartialEq)]
enum Estimate {
    /// So many of all.
    Share { count: usize, of: usize },
    /// An F1 score: the share of right positives, of those positive by label or prediction.
    F1 { count: usize, of: usize },
    /// A value with the interval of its own method.
    Own { value: f64, certainty: Certainty },
    /// A stored value with its two-sided interval at [`LEVEL`].
    Stored { value: f64, interval: Interval },
}

impl Unpaired {
    /// Compares a value of this run with a stored one.
    pub(crate) fn of(metric: Metric, value: f64, certainty: Certainty, stored: &MetricReport) -> Result<Self, String> {
        let this = match certainty {
            Certainty::Share { count, of } => Estimate::Share { count, of },
            Certainty::F1 { count, of } => Estimate::F1 { count, of },
            Certainty::Unknown(why) => return Err(why),
            certainty => Estimate::Own { value, certainty },
        };
        let other = stored.value.filter(|value| value.is_finite()).ok_or("the stored results have no value")?;
        let found = stored.interval.as_ref().ok_or("the stored results have no interval: a former version wrote them")?;
        let interval = Interval { low: found.low, high: found.high };
        let is_sound = interval.low.is_finite() && interval.high.is_finite() && (found.level - LEVEL).abs() < 1e-9;
        if !is_sound || found.rows == 0 || found.rows > MAX_ROWS {
            return Err("the stored interval is not one of this program".to_owned());
        }
        let counted = |share: f64| {
            let count = (share * number(found.rows)).round();
            let is_count = (0.0..=1.0).contains(&share) && (share * number(found.rows) - count).abs() < 1e-6 * number(found.rows).max(1.0);
            is_count.then_some(whole(count)).ok_or("the stored value is not a share of its rows")
        };
        let stored_estimate = match this {
            Estimate::Share { .. } => Estimate::Share { count: counted(other)?, of: found.rows },
            Estimate::F1 { .. } => Estimate::F1 { count: counted(other / (2.0 - other))?, of: found.rows },
            Estimate::Own { .. } | Estimate::Stored { .. } => Estimate::Stored { value: other, interval },
        };
        Ok(Self { this, stored: stored_estimate, is_error: metric.is_error(), stored_rows: found.rows })
    }

    /// The bounds of the gain, each of which is on the wrong side with this probability.
    pub(crate) fn interval(&self, tail: f64) -> Result<(Interval, &'static str), String> {
        let (this, stored) = (self.this.part(tail)?, self.stored.part(tail)?);
        let difference = mover::difference(this, stored);
        let method = if matches!(self.this, Estimate::Share { .. }) { "Newcombe, unpaired" } else { "MOVER, unpaired" };
        Ok((if self.is_error { difference.negated() } else { difference }, method))
    }

    /// The number of rows of this run that the value is a share of, if not all.
    pub(crate) fn rows(&self, all: usize) -> usize {
        match &self.this {
            Estimate::Share { of, .. } | Estimate::F1 { of, .. } => *of,
            Estimate::Own { certainty, .. } => certainty.rows(all),
            Estimate::Stored { .. } => all,
        }
    }
}

impl Estimate {
    fn part(&self, tail: f64) -> Result<Part, String> {
        Ok(match self {
            Self::Share { count, of } => {
                Part { value: number(*count) / number((*of).max(1)), interval: proportion::wilson(*count, *of, tail) }
            }
            Self::F1 { count, of } => {
                let f1 = |share: f64| 2.0 * share / (1.0 + share);
                Part { value: f1(number(*count) / number((*of).max(1))), interval: proportion::wilson(*count, *of, tail).map(f1) }
            }
            Self::Own { value, certainty } => {
                let (interval, _) = certainty.interval(tail)?;
                Part { value: *value, interval }
            }
            Self::Stored { value, interval } => {
                // Wider for more confidence, and never narrower than it is stored.
                let factor = (normal_factor(tail) / normal_factor(level_tail())).max(1.0);
                let low = value - factor * (value - interval.low);
                Part { value: *value, interval: Interval { low, high: value + factor * (interval.high - value) } }
            }
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows, below 1e9")]
fn whole(count: f64) -> usize {
    count as usize
}

#[cfg(test)]
mod tests {
    use super::super::{Gain, ScoredRow, certainty, value};
    use super::*;
    use crate::report::IntervalReport;
    use crate::statistics::random::SplitMix64;

    fn rows(right: usize, all: usize) -> Vec<ScoredRow> {
        let row = |index: usize| {
            let truth = (index % 2).to_string();
            let prediction = if index < right { truth.clone() } else { (1 - index % 2).to_string() };
            ScoredRow { truth, score: Some(prediction.clone()), prediction: Some(prediction), ..ScoredRow::default() }
        };
        (0..all).map(row).collect()
    }

    /// The report of a metric over these rows, as a run stores it.
    fn stored(metric: Metric, rows: &[ScoredRow]) -> MetricReport {
        let certainty = certainty(metric, rows, Some("1"));
        let (interval, method) = certainty.interval(level_tail()).unwrap();
        MetricReport {
            value: value(metric, rows, Some("1")).ok(),
            interval: Some(IntervalReport::new(interval, method, certainty.rows(rows.len()))),
            ..MetricReport::default()
        }
    }

    fn gain(metric: Metric, this: &[ScoredRow], other: &[ScoredRow]) -> Gain {
        Gain::unpaired(metric, this, Some("1"), &stored(metric, other))
    }

    #[test]
    fn every_metric_has_an_unpaired_gain_that_shows_a_loss_and_no_loss() {
        let (good, bad) = (rows(380, 400), rows(240, 400));
        for (_, metric) in Metric::ALL {
            let (worse, better) = (gain(metric, &bad, &good), gain(metric, &good, &bad));
            assert!(worse.is_worse(0.0, 0.05) && !worse.is_no_worse(0.0, 0.05), "{metric:?} {worse:?}");
            assert!(better.is_no_worse(0.0, 0.05) && !better.is_worse(0.0, 0.05), "{metric:?} {better:?}");
            let equal = gain(metric, &good, &good);
            assert!(!equal.is_worse(0.0, 0.05) && !equal.is_no_worse(0.0, 0.05), "{metric:?} {equal:?}");
            assert!(equal.interval(0.05).unwrap().1.ends_with("unpaired"));
        }
    }

    #[test]
    fn an_unpaired_comparison_of_the_same_rows_proves_less_than_a_paired_one() {
        let rows = rows(90, 100);
        let paired = Gain::of(Metric::Accuracy, &rows, &rows, None).interval(0.05).unwrap().0;
        let unpaired = gain(Metric::Accuracy, &rows, &rows).interval(0.05).unwrap().0;
        assert!(unpaired.low < paired.low && unpaired.high > paired.high, "{unpaired:?} {paired:?}");
    }

    #[test]
    fn equal_models_fail_an_unpaired_comparison_in_at_most_one_of_twenty_runs() {
        let mut random = SplitMix64::new(8);
        let mut right = |all: usize| (0..all).filter(|_| random.below(10) > 0).count();
        let (runs, (this, other)) = (2000, (60, 90));
        let failed =
            (0..runs).filter(|_| gain(Metric::Accuracy, &rows(right(this), this), &rows(right(other), other)).is_worse(0.0, 0.05)).count();
        assert!(number(failed) / number(runs) <= 0.05 + 4.0 * (0.05f64 * 0.95 / number(runs)).sqrt(), "{failed} of {runs}");
    }

    #[test]
    fn stored_figures_that_no_run_writes_are_refused() {
        let this = rows(90, 100);
        let of = |change: fn(&mut MetricReport)| {
            let mut stored = stored(Metric::Accuracy, &this);
            change(&mut stored);
            Gain::unpaired(Metric::Accuracy, &this, None, &stored).interval(0.05).unwrap_err()
        };
        assert!(of(|stored| stored.value = None).contains("no value"));
        assert!(of(|stored| stored.value = Some(f64::NAN)).contains("no value"));
        assert!(of(|stored| stored.value = Some(0.905)).contains("not a share"));
        assert!(of(|stored| stored.value = Some(7.0)).contains("not a share"));
        assert!(of(|stored| stored.interval = None).contains("no interval"));
        let changes: [fn(&mut IntervalReport); 4] =
            [|found| found.rows = 0, |found| found.rows = usize::MAX, |found| found.level = 0.5, |found| found.low = f64::INFINITY];
        for change in changes {
            let mut stored = stored(Metric::Accuracy, &this);
            stored.interval.as_mut().map(change);
            assert!(Gain::unpaired(Metric::Accuracy, &this, None, &stored).interval(0.05).unwrap_err().contains("not one of this program"));
        }
    }
}
