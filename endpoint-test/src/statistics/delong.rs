//! The area under the ROC curve (AUC), and that of two models on the same rows.

use super::special::normal_factor;
use super::{Interval, crossing, number};

/// The fewest pairs of a positive and a negative row in wrong order, and in right order, that show
/// how far the area varies; also the fewest rows of each kind.
const ENOUGH: f64 = 10.0;

/// How well the scores of one model rank positive rows above negative ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The area under the curve.
    pub area: f64,
    /// For each positive row, the share of the negative rows that it is ranked above.
    positives: Vec<f64>,
    /// For each negative row, the share of the positive rows that are ranked above it.
    negatives: Vec<f64>,
}

impl Ranking {
    /// Ranks finite scores; ties count as half. `None` without a positive or without a negative row.
    ///
    /// The shares are differences of midranks, as in the fast algorithm of Sun and Xu (IEEE Signal
    /// Processing Letters 21, 2014).
    #[must_use]
    pub fn of(scores: &[f64], is_positive: &[bool]) -> Option<Self> {
        let of_class = |class: bool| {
            let members = scores.iter().zip(is_positive).filter(|(_, is_positive)| **is_positive == class);
            members.map(|(score, _)| *score).collect::<Vec<f64>>()
        };
        let (all, positive, negative) = (midranks(scores), midranks(&of_class(true)), midranks(&of_class(false)));
        if positive.is_empty() || negative.is_empty() {
            return None;
        }
        let rank = |class: bool| all.iter().zip(is_positive).filter(move |(_, other)| **other == class).map(|(rank, _)| *rank);
        let positives: Vec<f64> = rank(true).zip(&positive).map(|(rank, own)| (rank - own) / number(negative.len())).collect();
        let negatives: Vec<f64> = rank(false).zip(&negative).map(|(rank, own)| 1.0 - (rank - own) / number(positive.len())).collect();
        let area = positives.iter().sum::<f64>() / number(positives.len());
        Some(Self { area, positives, negatives })
    }

    /// The variance of the area (DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988).
    #[must_use]
    pub fn variance(&self) -> f64 {
        self.covariance(self)
    }

    /// The covariance of two models' areas on the same rows.
    #[must_use]
    pub fn covariance(&self, other: &Self) -> f64 {
        covariance(&self.positives, &other.positives) / number(self.positives.len())
            + covariance(&self.negatives, &other.negatives) / number(self.negatives.len())
    }

    /// The interval of the area, and its method.
    ///
    /// With enough rows, it is the normal interval of `ln(A / (1 - A))` with DeLong's variance. Near 0
    /// and 1 that variance vanishes, although few rows prove little: then it is Newcombe's score
    /// interval (Statistics in Medicine 25, 2006, method 5), `(A - a)² <= z² v(a)` with the variance
    /// of Hanley and McNeil, which depends on the area `a` itself.
    #[must_use]
    pub fn interval(&self, tail: f64) -> (Interval, &'static str) {
        let factor = normal_factor(tail);
        let (positives, negatives) = (number(self.positives.len()), number(self.negatives.len()));
        let pairs = positives * negatives * self.area.min(1.0 - self.area);
        if pairs < ENOUGH || positives.min(negatives) < ENOUGH {
            return (newcombe(self.area, positives, negatives, factor), "score (Newcombe)");
        }
        let slope = self.area * (1.0 - self.area);
        let half = factor * self.variance().sqrt() / slope;
        let logit = (self.area / (1.0 - self.area)).ln();
        let back = |value: f64| 1.0 / (1.0 + (-value).exp());
        (Interval { low: back(logit - half), high: back(logit + half) }, "DeLong, logit")
    }

    /// The interval of this area minus another model's on the same rows: normal, with DeLong's
    /// covariance. If both rank every row alike, at most `1 - tail^(1/n)` of the rows of each kind
    /// are ranked otherwise.
    #[must_use]
    pub fn difference(&self, other: &Self, tail: f64) -> Interval {
        let difference = self.area - other.area;
        let variance = self.variance() + other.variance() - 2.0 * self.covariance(other);
        let least = |rows: usize| 1.0 - (tail / 2.0).powf(1.0 / number(rows));
        let moved = |one: &[f64], other: &[f64]| one.iter().zip(other).filter(|(one, other)| (*one - *other).abs() > 1e-12).count();
        let changed = moved(&self.positives, &other.positives) + moved(&self.negatives, &other.negatives);
        let half = if number(changed) < ENOUGH {
            (least(self.positives.len()) + least(self.negatives.len())).max(normal_factor(tail) * variance.max(0.0).sqrt())
        } else {
            normal_factor(tail) * variance.max(0.0).sqrt()
        };
        Interval { low: (difference - half).max(-1.0), high: (difference + half).min(1.0) }
    }
}

/// The variance of an area by Hanley and McNeil (Radiology 143, 1982), as Newcombe symmetrises it.
pub(super) fn score_variance(area: f64, positives: f64, negatives: f64) -> f64 {
    let half = f64::midpoint(positives, negatives) - 1.0;
    area * (1.0 - area) * (1.0 + half * ((1.0 - area) / (2.0 - area) + area / (1.0 + area))) / (positives * negatives)
}

fn newcombe(area: f64, positives: f64, negatives: f64, factor: f64) -> Interval {
    let distance = |other: f64| factor * score_variance(other, positives, negatives).max(0.0).sqrt();
    Interval {
        low: if area <= 0.0 { 0.0 } else { crossing(0.0, area, |other| other + distance(other) - area) },
        high: if area >= 1.0 { 1.0 } else { crossing(area, 1.0, |other| other - distance(other) - area) },
    }
}

/// The rank of each value from one; equal values share their mean rank.
fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|left, right| values[*left].total_cmp(&values[*right]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|left, right| values[*left].total_cmp(&values[*right]).is_eq()) {
        for index in equal {
            ranks[*index] = number(2 * before + equal.len() + 1) / 2.0;
        }
        before += equal.len();
    }
    ranks
}

fn covariance(left: &[f64], right: &[f64]) -> f64 {
    if left.len() < 2 {
        return 0.0;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / number(values.len());
    let (left_mean, right_mean) = (mean(left), mean(right));
    let products = left.iter().zip(right).map(|(one, other)| (one - left_mean) * (other - right_mean));
    products.sum::<f64>() / number(left.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(positives: &[f64], negatives: &[f64]) -> Ranking {
        let scores: Vec<f64> = positives.iter().chain(negatives).copied().collect();
        let truth: Vec<bool> = (0..scores.len()).map(|index| index < positives.len()).collect();
        Ranking::of(&scores, &truth).unwrap()
    }

    #[test]
    fn a_perfect_ranking_of_few_rows_proves_little() {
        let few: Vec<f64> = (0..5).map(f64::from).collect();
        let perfect = ranking(&few.iter().map(|score| score + 10.0).collect::<Vec<_>>(), &few);
        assert!((perfect.area - 1.0).abs() < 1e-12 && perfect.variance().abs() < 1e-12);
        let (interval, method) = perfect.interval(0.05);
        assert!(interval.low < 0.85 && interval.low > 0.5 && (interval.high - 1.0).abs() < 1e-12, "{interval:?}");
        assert_eq!(method, "score (Newcombe)");
    }

    #[test]
    fn one_class_cannot_be_ranked() {
        assert_eq!(Ranking::of(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(Ranking::of(&[], &[]), None);
    }

    #[test]
    fn equal_rankings_differ_by_an_interval_that_more_rows_narrow() {
        let of = |rows: i32| {
            let scores: Vec<f64> = (0..rows).map(f64::from).collect();
            let found = ranking(&scores, &scores);
            found.difference(&found, 0.05)
        };
        assert!(of(50).high > 0.1 && of(5000).high < 0.002 && of(5000).high > 0.0);
    }
}
