//! How much better or worse a metric is than another model's on the same rows.

use std::collections::BTreeMap;

use super::certainty::label_range;
use super::unpaired::Unpaired;
use super::{Confusion, Metric, ScoredRow, class, class_of, count, errors, is_right, scores};
use crate::report::MetricReport;
use crate::statistics::bootstrap::{self, Mean};
use crate::statistics::delong::Ranking;
use crate::statistics::paired::{self, Discordant};
use crate::statistics::special::{normal_at_most, student_factor};
use crate::statistics::{Interval, proportion};

/// With fewer changed rows, samples of them do not show how far the difference varies.
const MIN_CHANGED: usize = 10;

/// What the rows show about the gain of the first model: the difference of the two values, positive
/// if the first is better.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Gain {
    /// The difference of two shares of the same rows.
    Shares(Discordant),
    Areas(Ranking, Ranking),
    /// The mean of a gain of each row.
    Mean(Mean),
    /// The gain over samples of the rows, and the number of rows that changed it.
    Sampled {
        sorted: Vec<f64>,
        changed: usize,
    },
    /// So few rows changed: each changes the value by at most `each` rows' worth.
    Few {
        changed: usize,
        rows: usize,
        each: f64,
    },
    /// The same for a root of a mean square, from the other model's.
    FewSquares {
        changed: usize,
        rows: usize,
        each: f64,
        other: f64,
    },
    /// The difference from a stored value.
    Unpaired(Unpaired),
    Unknown(String),
}

impl Gain {
    /// Compares two models: their rows are the same, in the same order.
    pub(crate) fn of(metric: Metric, this: &[ScoredRow], other: &[ScoredRow], positive: Option<&str>) -> Self {
        let positive = positive.map(class).unwrap_or_default();
        match metric {
            Metric::Accuracy => Self::Shares(discordant(this, other, |_| true)),
            Metric::Recall => Self::Shares(discordant(this, other, |row| class(&row.truth) == positive)),
            Metric::Precision | Metric::F1 | Metric::MacroPrecision | Metric::MacroRecall | Metric::MacroF1 => {
                of_classes(metric, this, other, &positive)
            }
            Metric::Mae | Metric::Rmse => of_errors(metric, this, other).unwrap_or_else(Self::Unknown),
            Metric::Auc => of_scores(this, other, &positive).unwrap_or_else(Self::Unknown),
        }
    }

    /// Compares these rows with the stored value of another run.
    pub(crate) fn unpaired(metric: Metric, this: &[ScoredRow], positive: Option<&str>, stored: &MetricReport) -> Self {
        let found = super::value(metric, this, positive)
            .and_then(|value| Unpaired::of(metric, value, super::certainty(metric, this, positive), stored));
        found.map_or_else(Self::Unknown, Self::Unpaired)
    }

    /// The bounds of the gain, each of which is on the wrong side with this probability.
    pub(crate) fn interval(&self, tail: f64) -> Result<(Interval, &'static str), String> {
        Ok(match self {
            Self::Shares(found) => (paired::tango(*found, tail), "Tango"),
            Self::Areas(this, other) => (this.difference(other, tail), "DeLong"),
            Self::Mean(mean) => (mean.interval(tail), "paired bootstrap, BCa"),
            Self::Sampled { sorted, changed } => {
                // Only the changed rows inform the difference: as many as a t distribution's.
                let widened = normal_at_most(-student_factor(*changed - 1, tail));
                (bootstrap::percentile(sorted, widened), "paired bootstrap")
            }
            Self::Few { changed, rows, each } => {
                let most = each * proportion::exact(*changed, *rows, tail).high;
                (Interval { low: -most, high: most }, FEW)
            }
            Self::FewSquares { changed, rows, each, other } => {
                let most = each * proportion::exact(*changed, *rows, tail).high;
                let gain = |square: f64| other.sqrt() - (other - square).max(0.0).sqrt();
                (Interval { low: gain(-most), high: gain(most) }, FEW)
            }
            Self::Unpaired(found) => found.interval(tail)?,
            Self::Unknown(why) => return Err(why.clone()),
        })
    }

    /// Whether it is proven that the first model is at most this much worse.
    pub(crate) fn is_no_worse(&self, margin: f64, tail: f64) -> bool {
        match self {
            Self::Shares(found) => paired::is_no_worse(*found, margin, tail),
            _ => self.interval(tail).is_ok_and(|(interval, _)| interval.low >= -margin),
        }
    }

    /// Whether it is proven that the first model is more than this much worse.
    pub(crate) fn is_worse(&self, margin: f64, tail: f64) -> bool {
        match self {
            Self::Shares(found) => paired::is_worse(*found, margin, tail),
            _ => self.interval(tail).is_ok_and(|(interval, _)| interval.high < -margin),
        }
    }

    /// McNemar's p-value, for shares.
    pub(crate) fn p_value(&self) -> Option<f64> {
        if let Self::Shares(found) = self { Some(paired::mcnemar(*found)) } else { None }
    }

    /// The number of rows that the difference is computed from.
    pub(crate) fn rows(&self, all: usize) -> usize {
        match self {
            Self::Shares(found) => found.rows,
            Self::Unpaired(found) => found.rows(all),
            _ => all,
        }
    }
}

const FEW: &str = "exact share of changed rows";

fn discordant(this: &[ScoredRow], other: &[ScoredRow], counts: impl Fn(&ScoredRow) -> bool) -> Discordant {
    let mut found = Discordant::default();
    for (this, other) in this.iter().zip(other).filter(|(this, _)| counts(this)) {
        found.rows += 1;
        match (is_right(this), is_right(other)) {
            (true, false) => found.first += 1,
            (false, true) => found.second += 1,
            _ => {}
        }
    }
    found
}

/// A row's label and both predictions, as numbers of classes.
struct Classes {
    rows: Vec<(usize, Option<usize>, Option<usize>)>,
    positive: Option<usize>,
    number: usize,
}

impl Classes {
    fn of(this: &[ScoredRow], other: &[ScoredRow], positive: &str) -> Self {
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        let mut number = |name: String| {
            let next = numbers.len();
            *numbers.entry(name).or_insert(next)
        };
        let rows = this.iter().zip(other);
        let rows = rows
            .map(|(this, other)| (number(class(&this.truth)), class_of(this).map(&mut number), class_of(other).map(&mut number)))
            .collect();
        Self { rows, positive: numbers.get(positive).copied(), number: numbers.len() }
    }

    /// How often each class is among the labels and the predictions of these rows.
    fn confusions(&self, drawn: impl Iterator<Item = usize>, of_this: bool) -> Vec<Confusion> {
        let mut classes = vec![Confusion::default(); self.number];
        for index in drawn {
            let (truth, this, other) = self.rows[index];
            let prediction = if of_this { this } else { other };
            classes[truth].in_truth += 1;
            classes[truth].right += usize::from(prediction == Some(truth));
            if let Some(prediction) = prediction {
                classes[prediction].predicted += 1;
            }
        }
        classes
    }

    fn value(&self, metric: Metric, classes: &[Confusion]) -> f64 {
        let of_positive = |value: fn(&Confusion) -> f64| self.positive.map_or(0.0, |positive| value(&classes[positive]));
        // A class that a sample has neither as a label nor as a prediction is not in its mean.
        let mean =
            |value: fn(&Confusion) -> f64| super::mean(classes.iter().filter(|class| class.in_truth + class.predicted > 0).map(value));
        match metric {
            Metric::Precision => of_positive(Confusion::precision),
            Metric::F1 => of_positive(Confusion::f1),
            Metric::MacroPrecision => mean(Confusion::precision),
            Metric::MacroRecall => mean(Confusion::recall),
            _ => mean(Confusion::f1),
        }
    }
}

fn of_classes(metric: Metric, this: &[ScoredRow], other: &[ScoredRow], positive: &str) -> Gain {
    let classes = Classes::of(this, other, positive);
    let rows = classes.rows.len();
    let changed = classes.rows.iter().filter(|(_, this, other)| this != other).count();
    if changed < MIN_CHANGED {
        return Gain::Few { changed, rows, each: each_row(metric, &classes) };
    }
    let sorted = bootstrap::samples(rows, |drawn| {
        let value = |of_this: bool| classes.value(metric, &classes.confusions(drawn.iter().copied(), of_this));
        value(true) - value(false)
    });
    Gain::Sampled { sorted, changed }
}

/// How far one row can move the metric, times the number of rows: the sum over the classes that a
/// changed prediction concerns, of one by the smallest denominator.
fn each_row(metric: Metric, classes: &Classes) -> f64 {
    let rows = classes.rows.len();
    let both = [true, false].map(|of_this| classes.confusions(0..rows, of_this));
    let least = |of: fn(&Confusion) -> usize, class: Option<usize>| {
        let counts =
            both.iter().flat_map(|classes| classes.iter().enumerate().filter(|(index, _)| class.is_none_or(|class| class == *index)));
        counts.map(|(_, class)| of(class)).filter(|count| *count > 0).min().unwrap_or(1)
    };
    let both_counts: fn(&Confusion) -> usize = |class| class.in_truth + class.predicted;
    let classes_in_mean = count(classes.number.max(1));
    let moved = match metric {
        Metric::Precision => 1.0 / count(least(|class| class.predicted, classes.positive)),
        Metric::F1 => 2.0 / count(least(both_counts, classes.positive)),
        Metric::MacroPrecision => 2.0 / count(least(|class| class.predicted, None)) / classes_in_mean,
        Metric::MacroRecall => 1.0 / count(least(|class| class.in_truth, None)) / classes_in_mean,
        _ => 4.0 / count(least(both_counts, None)) / classes_in_mean,
    };
    moved * count(rows)
}

fn of_errors(metric: Metric, this: &[ScoredRow], other: &[ScoredRow]) -> Result<Gain, String> {
    let is_squared = metric == Metric::Rmse;
    let size = |error: f64| if is_squared { error * error } else { error.abs() };
    let sizes = |rows: &[ScoredRow]| Ok::<Vec<f64>, String>(errors(rows)?.into_iter().map(size).collect());
    let (this_sizes, other_sizes) = (sizes(this)?, sizes(other)?);
    let gains: Vec<f64> = this_sizes.iter().zip(&other_sizes).map(|(this, other)| other - this).collect();
    let changed = gains.iter().filter(|gain| **gain != 0.0).count();
    if changed < MIN_CHANGED {
        let range = size(label_range(other));
        let each = gains.iter().map(|gain| gain.abs()).fold(range, f64::max);
        let rows = gains.len();
        if each <= 0.0 {
            return Err("every label and every error is the same, which does not show how far others are off".to_owned());
        }
        let other = super::mean(other_sizes.iter().copied());
        return Ok(if is_squared { Gain::FewSquares { changed, rows, each, other } } else { Gain::Few { changed, rows, each } });
    }
    if !is_squared {
        let is_constant = gains.windows(2).all(|pair| pair[0].total_cmp(&pair[1]).is_eq());
        return if is_constant { Err("every row has the same difference".to_owned()) } else { Ok(Gain::Mean(Mean::of(&gains))) };
    }
    let root = |sizes: &[f64], drawn: &[usize]| super::mean(drawn.iter().map(|index| sizes[*index])).sqrt();
    let sorted = bootstrap::samples(gains.len(), |drawn| root(&other_sizes, drawn) - root(&this_sizes, drawn));
    Ok(Gain::Sampled { sorted, changed })
}

fn of_scores(this: &[ScoredRow], other: &[ScoredRow], positive: &str) -> Result<Gain, String> {
    let ranking = |rows: &[ScoredRow]| {
        let (scores, truth) = scores(rows, positive)?;
        Ranking::of(&scores, &truth).ok_or_else(|| "all rows are of one class".to_owned())
    };
    Ok(Gain::Areas(ranking(this)?, ranking(other)?))
}

/// A row whose predicted class differs between two models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flip {
    pub(crate) row: usize,
    pub(crate) line: u64,
    pub(crate) label: String,
    pub(crate) this: Option<String>,
    pub(crate) other: Option<String>,
    /// Whether only the first model is right, or only the second.
    pub(crate) better: bool,
    pub(crate) worse: bool,
}

/// The rows whose predicted class differs.
pub(crate) fn flips(this: &[ScoredRow], other: &[ScoredRow]) -> Vec<Flip> {
    let pairs = this.iter().zip(other).filter(|(this, other)| class_of(this) != class_of(other));
    pairs
        .map(|(this, other)| Flip {
            row: this.number,
            line: this.line,
            label: this.truth.clone(),
            this: this.prediction.clone(),
            other: other.prediction.clone(),
            better: is_right(this),
            worse: is_right(other),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::random::SplitMix64;

    fn row(truth: &str, prediction: &str) -> ScoredRow {
        ScoredRow {
            truth: truth.to_owned(),
            prediction: Some(prediction.to_owned()),
            score: Some(prediction.to_owned()),
            ..ScoredRow::default()
        }
    }

    fn rows(predictions: &[(&str, &str)]) -> Vec<ScoredRow> {
        predictions.iter().map(|(truth, prediction)| row(truth, prediction)).collect()
    }

    const ALL: [Metric; 10] = {
        let mut metrics = [Metric::Accuracy; 10];
        let mut index = 0;
        while index < 10 {
            metrics[index] = Metric::ALL[index].1;
            index += 1;
        }
        metrics
    };

    #[test]
    fn equal_responses_prove_little_on_few_rows_and_enough_on_many() {
        let of = |number: usize| rows(&[("1", "1"), ("0", "0"), ("1", "0"), ("0", "0.5")].repeat(number));
        for metric in ALL {
            let gain = |number: usize| Gain::of(metric, &of(number), &of(number), Some("1"));
            let (few, many) = (gain(3), gain(1000));
            assert!(!few.is_no_worse(0.01, 0.05) && !few.is_worse(0.0, 0.05), "{metric:?} {few:?}");
            assert!(many.is_no_worse(0.02, 0.05) && !many.is_worse(0.0, 0.05), "{metric:?} {:?}", many.interval(0.05));
        }
    }

    #[test]
    fn a_much_worse_model_is_proven_worse_by_every_metric_and_the_other_way_round_no_worse() {
        let good = rows(&[("1", "1"), ("0", "0"), ("1", "0.9"), ("0", "0.1")].repeat(40));
        let bad = rows(&[("1", "0"), ("0", "0"), ("1", "0.1"), ("0", "0.4"), ("1", "1")].repeat(32));
        let truths = good.iter().zip(&bad).map(|(good, bad)| (good.truth.clone(), bad)).collect::<Vec<_>>();
        // The same labels for both: the bad one's predictions by position.
        let bad: Vec<ScoredRow> = truths.iter().map(|(truth, bad)| ScoredRow { truth: truth.clone(), ..(*bad).clone() }).collect();
        for metric in ALL {
            let (worse, better) = (Gain::of(metric, &bad, &good, Some("1")), Gain::of(metric, &good, &bad, Some("1")));
            assert!(worse.is_worse(0.0, 0.05) && !worse.is_no_worse(0.0, 0.05), "{metric:?} {:?}", worse.interval(0.05));
            assert!(better.is_no_worse(0.0, 0.05) && !better.is_worse(0.0, 0.05), "{metric:?} {:?}", better.interval(0.05));
        }
    }

    /// How often equal models fail: each has one of three classes wrong in a tenth of the rows.
    fn failures(metric: Metric, number: usize, runs: usize) -> f64 {
        let mut random = SplitMix64::new(11);
        let mut predicted = |truth: usize| if random.below(10) == 0 { (truth + 1 + random.below(2)) % 3 } else { truth };
        let failed = (0..runs)
            .filter(|_| {
                let mut draw = |_: usize| {
                    (0..number).map(|index| row(&(index % 3).to_string(), &predicted(index % 3).to_string())).collect::<Vec<_>>()
                };
                Gain::of(metric, &draw(0), &draw(1), Some("1")).is_worse(0.0, 0.05)
            })
            .count();
        count(failed) / count(runs)
    }

    /// `COMPARISONS` of each metric, of which `cargo xtask soak endpoint-test/comparisons` makes ten
    /// thousand.
    #[test]
    #[expect(clippy::print_stdout, reason = "soak shows the shares")]
    fn equal_models_seldom_fail() {
        let named: Option<usize> = std::env::var("COMPARISONS").ok().and_then(|runs| runs.parse().ok());
        let (runs, rows) = named.map_or((50, 60), |runs| (runs, 90));
        let sampled = [Metric::MacroF1, Metric::Mae, Metric::Auc];
        for metric in if named.is_some() { &ALL[..] } else { &sampled[..] } {
            let failed = failures(*metric, rows, runs);
            println!("{metric:?}: {failed} of {runs} comparisons of equal models failed");
            assert!(failed <= 0.05 + 4.0 * (0.05f64 * 0.95 / count(runs)).sqrt(), "{metric:?} {failed}");
        }
    }

    #[test]
    fn what_cannot_be_compared_has_a_reason() {
        let words = rows(&[("a", "b"), ("b", "b")]);
        for metric in [Metric::Mae, Metric::Rmse, Metric::Auc] {
            assert!(Gain::of(metric, &words, &words, Some("a")).interval(0.05).is_err(), "{metric:?}");
        }
        let equal = rows(&[("1", "1"); 30]);
        assert!(Gain::of(Metric::Mae, &equal, &equal, None).interval(0.05).unwrap_err().starts_with("every label"));
    }

    #[test]
    fn a_flip_is_a_row_with_another_class() {
        let found = flips(&rows(&[("a", "a"), ("b", "a"), ("1", "1.0")]), &rows(&[("a", "b"), ("b", "c"), ("1", "1")]));
        assert_eq!(found.iter().map(|flip| (flip.better, flip.worse)).collect::<Vec<_>>(), [(true, false), (false, false)]);
    }
}
