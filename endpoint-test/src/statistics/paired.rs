//! Two models on the same rows.

use super::special::{binomial_at_most, normal_factor};
use super::{Interval, crossing, number};

/// The rows on which exactly one of two models is right, of all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Discordant {
    /// Rows that only the first model has right.
    pub first: usize,
    /// Rows that only the second model has right.
    pub second: usize,
    /// All rows.
    pub rows: usize,
}

/// The interval of the difference of two shares on the same rows, the first minus the second, by
/// Tango's score method (Statistics in Medicine 17, 1998). A difference `d` is inside if
/// `|b - c - n d| <= z sqrt(n (2 q + d (1 - d)))`, where `b` and `c` are the discordant rows and `q`
/// is the most likely share of `c` for `d`. It has a width even if no row differs.
#[must_use]
pub fn tango(found: Discordant, tail: f64) -> Interval {
    if found.rows == 0 {
        return Interval { low: -1.0, high: 1.0 };
    }
    let factor = normal_factor(tail);
    Interval {
        low: crossing(-1.0, 1.0, |difference| factor - score(found, difference)),
        high: crossing(-1.0, 1.0, |difference| -factor - score(found, difference)),
    }
}

/// Tango's statistic, which falls with the difference.
fn score(found: Discordant, difference: f64) -> f64 {
    let (first, second, rows) = (number(found.first), number(found.second), number(found.rows));
    let (quadratic, linear) = (2.0 * rows, (2.0 * rows - first + second) * difference - first - second);
    let constant = -second * difference * (1.0 - difference);
    let share = ((linear * linear - 4.0 * quadratic * constant).max(0.0).sqrt() - linear) / (2.0 * quadratic);
    let variance = rows * (2.0 * share + difference * (1.0 - difference));
    let distance = first - second - rows * difference;
    if variance > 0.0 { distance / variance.sqrt() } else { distance * 1e300 }
}

/// Whether a loss of at most `margin` is proven: how much lower the first share is.
#[must_use]
pub fn is_no_worse(found: Discordant, margin: f64, tail: f64) -> bool {
    found.rows > 0 && score(found, -margin) >= normal_factor(tail)
}

/// Whether a loss of more than `margin` is proven, by Tango's interval and by the exact binomial
/// test of the discordant rows. Among few of them, the interval alone errs too often: with a loss
/// of `m`, a discordant row is one of the second model with a chance of `1/2 + m n / 2(b + c)`.
/// Without a margin, this is McNemar's one-sided test.
#[must_use]
pub fn is_worse(found: Discordant, margin: f64, tail: f64) -> bool {
    let flipped = found.first + found.second;
    if flipped == 0 || score(found, -margin) > -normal_factor(tail) {
        return false;
    }
    let chance = (0.5 + margin * number(found.rows) / (2.0 * number(flipped))).min(1.0);
    // At least so many of the second model: at most the others of the first.
    binomial_at_most(found.first, flipped, 1.0 - chance) <= tail
}

/// McNemar's exact two-sided p-value (Psychometrika 12, 1947): how probable so unequal numbers of
/// discordant rows are if both models are equally good.
#[must_use]
pub fn mcnemar(found: Discordant) -> f64 {
    let (less, all) = (found.first.min(found.second), found.first + found.second);
    (2.0 * binomial_at_most(less, all, 0.5)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_discordant_rows_the_interval_has_a_width() {
        let square = normal_factor(0.05).powi(2);
        let found = tango(Discordant { rows: 30, ..Discordant::default() }, 0.05);
        assert!((found.high - square / (30.0 + square)).abs() < 1e-12, "{found:?}");
        assert!((found.high + found.low).abs() < 1e-12, "{found:?}");
    }

    /// The example of Tango's paper: 43 and 0 of 44 concordant rows, 0 and 1 discordant ones.
    #[test]
    fn the_published_example() {
        let found = tango(Discordant { first: 0, second: 1, rows: 44 }, 0.025);
        assert!((found.low + 0.1183).abs() < 1e-3 && found.high > 0.05, "{found:?}");
    }

    #[test]
    fn exchanging_the_models_negates_the_interval() {
        let (one, other) = (Discordant { first: 7, second: 2, rows: 50 }, Discordant { first: 2, second: 7, rows: 50 });
        let (one, other) = (tango(one, 0.05), tango(other, 0.05).negated());
        assert!((one.low - other.low).abs() < 1e-12 && (one.high - other.high).abs() < 1e-12);
    }

    #[test]
    fn equal_numbers_of_discordant_rows_prove_no_difference() {
        assert!((mcnemar(Discordant { first: 4, second: 4, rows: 9 }) - 1.0).abs() < 1e-12);
        assert!((mcnemar(Discordant::default()) - 1.0).abs() < 1e-12);
        assert!((mcnemar(Discordant { first: 0, second: 6, rows: 9 }) - 0.03125).abs() < 1e-12);
    }
}
