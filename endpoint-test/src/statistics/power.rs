//! Planning: how many rows a gate needs, and what a number of rows can show.

use super::delong::{Ranking, score_variance};
use super::paired::{Discordant, is_no_worse, is_worse};
use super::special::{binomial_at_most, normal_at_most, normal_factor};
use super::{number, proportion};

/// The chance of passing with which rows suffice.
pub const POWER: f64 = 0.8;

/// More rows than a suite can have.
const MAX_ROWS: usize = 1_000_000;

/// The least number of right rows that proves a share of at least `limit`; `None` if not even all do.
#[must_use]
pub fn least_right(rows: usize, limit: f64, tail: f64) -> Option<usize> {
    let least = partition(rows + 1, |count| proportion::exact(count, rows, tail).low < limit);
    (least <= rows).then_some(least)
}

/// The chance that so many rows prove a share of at least `limit`, if the true share is `expected`.
#[must_use]
pub fn of_share(rows: usize, limit: f64, expected: f64, tail: f64) -> f64 {
    match least_right(rows, limit, tail) {
        None => 0.0,
        Some(0) => 1.0,
        Some(least) => 1.0 - binomial_at_most(least - 1, rows, expected),
    }
}

/// The number of rows with which that chance is [`POWER`]; `None` if no number has it.
#[must_use]
pub fn rows_for_share(limit: f64, expected: f64, tail: f64) -> Option<usize> {
    least_rows(|rows| of_share(rows, limit, expected, tail))
}

/// What is expected of two models on the same rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pairs {
    /// The share of rows on which exactly one of them is right.
    pub flips: f64,
    /// How much lower the share of right rows of the first one is; negative if it is higher.
    pub loss: f64,
}

/// The chances that Tango's interval proves a loss of at most `margin`, and that it proves a larger
/// one: the sum over all numbers of discordant rows.
#[must_use]
pub fn of_pairs(rows: usize, pairs: Pairs, margin: f64, tail: f64) -> (f64, f64) {
    let flips = pairs.flips.max(pairs.loss.abs()).clamp(1e-9, 1.0);
    let first_right = ((flips - pairs.loss) / (2.0 * flips)).clamp(0.0, 1.0);
    // Beyond eight standard deviations nothing has a chance worth a digit.
    let (mean, spread) = (number(rows) * flips, 8.0 * (number(rows) * flips).sqrt() + 8.0);
    let (from, to) = (floor(mean - spread), floor(mean + spread).min(rows));
    let at_most = |count: usize, of: usize, chance: f64| binomial_at_most(count, of, chance);
    let (mut passes, mut fails) = (0.0, 0.0);
    for flipped in from..=to {
        let before = if flipped == 0 { 0.0 } else { at_most(flipped - 1, rows, flips) };
        let weight = at_most(flipped, rows, flips) - before;
        if weight < 1e-12 {
            continue;
        }
        let found = |first: usize| Discordant { first, second: flipped - first, rows };
        let least = partition(flipped + 1, |first| !is_no_worse(found(first), margin, tail));
        let most = partition(flipped + 1, |first| is_worse(found(first), margin, tail));
        passes += weight * if least == 0 { 1.0 } else { 1.0 - at_most(least - 1, flipped, first_right) };
        fails += weight * if most == 0 { 0.0 } else { at_most(most - 1, flipped, first_right) };
    }
    (passes, fails)
}

/// The number of rows with which a loss of at most `margin` is proven with a chance of [`POWER`].
#[must_use]
pub fn rows_for_pairs(pairs: Pairs, margin: f64, tail: f64) -> Option<usize> {
    least_rows(|rows| of_pairs(rows, pairs, margin, tail).0)
}

/// The smallest loss that these rows prove to be above `margin` with a chance of [`POWER`].
#[must_use]
pub fn visible_loss(rows: usize, flips: f64, margin: f64, tail: f64) -> Option<f64> {
    let chance = |loss: f64| of_pairs(rows, Pairs { flips, loss }, margin, tail).1 - POWER;
    (chance(1.0) >= 0.0).then(|| {
        // Three digits suffice, and each step is a sum over many numbers of rows.
        let (mut low, mut high) = (margin.min(1.0), 1.0);
        while high - low > 0.0005 {
            let middle = f64::midpoint(low, high);
            if chance(middle) < 0.0 { low = middle } else { high = middle }
        }
        high
    })
}

/// The approximate chance that so many positive and negative rows prove an area under the ROC curve
/// of at least `limit`, if the true one is `expected` (Hanley and McNeil).
#[must_use]
pub fn of_area(positives: usize, negatives: usize, limit: f64, expected: f64, tail: f64) -> f64 {
    if positives == 0 || negatives == 0 {
        return 0.0;
    }
    let error = |area: f64| score_variance(area, number(positives), number(negatives)).max(1e-12).sqrt();
    normal_at_most((expected - limit - normal_factor(tail) * error(limit)) / error(expected))
}

/// The lower bound of a perfect ranking of so many rows.
#[must_use]
pub fn best_area(positives: usize, negatives: usize, tail: f64) -> f64 {
    let scores: Vec<f64> = (0..positives + negatives).map(|index| if index < positives { 1.0 } else { 0.0 }).collect();
    let truth: Vec<bool> = (0..scores.len()).map(|index| index < positives).collect();
    Ranking::of(&scores, &truth).map_or(0.0, |ranking| ranking.interval(tail).0.low)
}

/// The approximate number of rows for [`of_area`], if this share of them is positive.
#[must_use]
pub fn rows_for_area(positive: f64, limit: f64, expected: f64, tail: f64) -> Option<usize> {
    least_rows(|rows| {
        let positives = floor(number(rows) * positive);
        of_area(positives, rows - positives, limit, expected, tail)
    })
}

/// The share that is proven by so many rows if all are right.
#[must_use]
pub fn best_case(rows: usize, tail: f64) -> f64 {
    proportion::exact(rows, rows, tail).low
}

/// The first of the numbers below `end` for which `is_before` no longer holds.
fn partition(end: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// About the least number of rows with this power: it rises in small steps, and falls between them.
fn least_rows(power: impl Fn(usize) -> f64) -> Option<usize> {
    let mut high = 1;
    while power(high) < POWER {
        high *= 2;
        if high > MAX_ROWS {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if power(middle) < POWER { low = middle } else { high = middle }
    }
    Some(high)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
fn floor(value: f64) -> usize {
    value.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_nine_rows_must_all_be_right_for_nine_tenths() {
        assert_eq!(least_right(28, 0.9, 0.05), None);
        assert_eq!(least_right(29, 0.9, 0.05), Some(29));
        assert_eq!(least_right(46, 0.9, 0.05), Some(45));
        assert_eq!(rows_for_share(0.9, 1.0, 0.05), Some(29));
        assert_eq!(rows_for_share(0.9, 0.9, 0.05), None);
        assert!((of_share(30, 0.9, 0.95, 0.05) - 0.95f64.powi(30)).abs() < 1e-9);
    }

    #[test]
    fn a_small_margin_needs_thousands_of_rows_and_equal_responses_fewer() {
        let rows = |flips| rows_for_pairs(Pairs { flips, loss: 0.0 }, 0.01, 0.05).unwrap();
        // The normal approximation: (1.645 + 0.842)² · 0.05 / 0.01².
        assert!((2900..3400).contains(&rows(0.05)), "{}", rows(0.05));
        assert!((260..280).contains(&rows(1e-9)), "{}", rows(1e-9));
        let loss = visible_loss(1000, 0.05, 0.01, 0.05).unwrap();
        assert!((0.02..0.04).contains(&loss), "{loss}");
        assert_eq!(visible_loss(2, 0.05, 0.01, 0.05), None);
    }

    #[test]
    fn more_rows_show_more_of_an_area() {
        let rows = rows_for_area(0.3, 0.8, 0.9, 0.05).unwrap();
        assert!((40..200).contains(&rows), "{rows}");
        assert!(of_area(3, 7, 0.8, 0.9, 0.05) < 0.5 && of_area(0, 9, 0.8, 0.9, 0.05) < 0.1);
        assert_eq!(rows_for_area(0.3, 0.9, 0.9, 0.05), None);
    }
}
