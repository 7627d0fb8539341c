//! Intervals of a share: so many rows of all.

use super::special::{beta_quantile, normal_factor};
use super::{Interval, number};

/// The exact interval of Clopper and Pearson (Biometrika 26, 1934): the shares with which the count
/// is not improbable. With `x` of `n` its bounds are quantiles of the beta distribution,
/// `B(tail; x, n - x + 1)` and `B(1 - tail; x + 1, n - x)`. It is never too narrow. Without rows,
/// nothing is known.
#[must_use]
pub fn exact(count: usize, of: usize, tail: f64) -> Interval {
    let (right, wrong) = (number(count), number(of.saturating_sub(count)));
    Interval {
        low: if count == 0 { 0.0 } else { beta_quantile(right, wrong + 1.0, tail) },
        high: if count >= of { 1.0 } else { beta_quantile(right + 1.0, wrong, 1.0 - tail) },
    }
}

/// Wilson's score interval (JASA 22, 1927): the shares `p` with `(x/n - p)² <= z² p (1 - p) / n`. On
/// average as sure as it claims, and narrower than the exact one.
#[must_use]
pub fn wilson(count: usize, of: usize, tail: f64) -> Interval {
    if of == 0 {
        return Interval::UNIT;
    }
    let (rows, share) = (number(of), number(count) / number(of));
    let square = normal_factor(tail).powi(2);
    let center = (share + square / (2.0 * rows)) / (1.0 + square / rows);
    let half = (square * (share * (1.0 - share) / rows + square / (4.0 * rows * rows))).sqrt() / (1.0 + square / rows);
    Interval { low: (center - half).max(0.0), high: (center + half).min(1.0) }
}

/// The interval of an F1 score: `count` rows are right positives, of those that are positive by
/// label or by prediction. Their share is a proportion `J`, and F1 is `2J / (1 + J)`, which grows
/// with it: so the interval is exact, too.
#[must_use]
pub fn f1(count: usize, of: usize, tail: f64) -> Interval {
    exact(count, of, tail).map(|share| 2.0 * share / (1.0 + share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_of_thirty_right_rows_prove_nine_tenths_and_twenty_nine_do_not() {
        assert!((exact(30, 30, 0.05).low - 0.904_966_147_288_9).abs() < 1e-9);
        assert!(exact(29, 30, 0.05).low < 0.9);
        assert!(exact(28, 28, 0.05).low < 0.9 && exact(29, 29, 0.05).low > 0.9);
    }

    #[test]
    fn without_rows_nothing_is_known() {
        assert_eq!([exact(0, 0, 0.05), wilson(0, 0, 0.05), f1(0, 0, 0.05)], [Interval::UNIT; 3]);
    }
}
