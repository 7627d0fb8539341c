//! Drift: whether two samples of scores are of one distribution.

use std::f64::consts::PI;

use super::number;
use super::special::normal_factor;

/// The bins of [`psi`].
pub const BINS: usize = 10;

/// The population stability index of scores against a base, both in ascending order, and the number
/// of bins: `sum((q - p) ln(q / p))` over the bins between the deciles of the base. A share is of
/// the count and a half, so that an empty bin has one. Equal deciles are one.
#[must_use]
pub fn psi(base: &[f64], found: &[f64]) -> (f64, usize) {
    let mut edges: Vec<f64> = (1..BINS).filter_map(|part| base.get((part * base.len()).div_ceil(BINS).checked_sub(1)?)).copied().collect();
    edges.dedup_by(|one, other| one.total_cmp(other).is_eq());
    let up_to =
        |sorted: &[f64]| edges.iter().map(|edge| sorted.partition_point(|score| score <= edge)).chain([sorted.len()]).collect::<Vec<_>>();
    let counts = |sorted: &[f64]| {
        let up_to = up_to(sorted);
        (0..up_to.len()).map(|bin| up_to[bin] - bin.checked_sub(1).map_or(0, |before| up_to[before])).collect::<Vec<_>>()
    };
    (psi_of_counts(&counts(base), &counts(found)), edges.len() + 1)
}

/// The population stability index of counts in the same bins, such as classes.
#[must_use]
pub fn psi_of_counts(base: &[usize], found: &[usize]) -> f64 {
    let all = |counts: &[usize]| number(counts.iter().sum::<usize>()) + 0.5 * number(counts.len());
    let (base_all, found_all) = (all(base), all(found));
    let share = |(base, found): (&usize, &usize)| ((number(*base) + 0.5) / base_all, (number(*found) + 0.5) / found_all);
    base.iter().zip(found).map(share).map(|(base, found)| (found - base) * (found / base).ln()).sum()
}

/// The index that samples of one distribution exceed with this probability: about `(1/n + 1/m)` times
/// the quantile of the chi-square distribution with one degree of freedom less than bins.
#[must_use]
pub fn psi_by_chance(bins: usize, base: usize, found: usize, tail: f64) -> f64 {
    if base == 0 || found == 0 || bins < 2 {
        return 0.0;
    }
    chi_square_quantile(bins - 1, tail) * (1.0 / number(base) + 1.0 / number(found))
}

/// The quantile of the chi-square distribution by Wilson and Hilferty (PNAS 17, 1931).
#[must_use]
pub fn chi_square_quantile(freedom: usize, tail: f64) -> f64 {
    let freedom = number(freedom);
    let part = 2.0 / (9.0 * freedom);
    freedom * (1.0 - part + normal_factor(tail) * part.sqrt()).powi(3)
}

/// The statistic of Kolmogorov and Smirnov: the largest distance of the two samples' distribution
/// functions. Both are in ascending order.
#[must_use]
pub fn distance(one: &[f64], other: &[f64]) -> f64 {
    let (mut first, mut second, mut largest) = (0, 0, 0.0_f64);
    while first < one.len() && second < other.len() {
        let at = one[first].min(other[second]);
        first += one[first..].partition_point(|score| *score <= at);
        second += other[second..].partition_point(|score| *score <= at);
        largest = largest.max((number(first) / number(one.len()) - number(second) / number(other.len())).abs());
    }
    largest
}

/// How probable so large a distance is if both samples are of one distribution: the limit of
/// Kolmogorov (1933). With ties, and with pairs of dependent scores, the truth is less.
#[must_use]
pub fn p_value(distance: f64, one: usize, other: usize) -> f64 {
    if one == 0 || other == 0 {
        return 1.0;
    }
    survival(distance * effective(one, other).sqrt())
}

/// `P(K > x)` of Kolmogorov's distribution (Marsaglia, Tsang and Wang, Journal of Statistical Software
/// 8, 2003): one series converges fast for small numbers, the other for large ones.
fn survival(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    if value < 1.0 {
        let term = |index: i32| (-f64::from(2 * index - 1).powi(2) * PI * PI / (8.0 * value * value)).exp();
        return 1.0 - (2.0 * PI).sqrt() / value * (1..=20).map(term).sum::<f64>();
    }
    let term = |index: i32| if index % 2 == 0 { -1.0 } else { 1.0 } * (-2.0 * f64::from(index * index) * value * value).exp();
    (2.0 * (1..=20).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

fn effective(one: usize, other: usize) -> f64 {
    number(one) * number(other) / number(one + other)
}

/// The distance of two distributions that samples of this size show at this level with a chance of
/// 80%: the critical distance, and 0.84 standard errors of a distance, each at most half of
/// `sqrt(1/n + 1/m)`.
#[must_use]
pub fn visible_distance(one: usize, other: usize, level: f64) -> f64 {
    if one == 0 || other == 0 {
        return 1.0;
    }
    let error = effective(one, other).sqrt().recip();
    let critical = ((2.0 / level).ln() / 2.0).sqrt() * error;
    (critical + normal_factor(1.0 - super::power::POWER) * error / 2.0).min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statistics::random::SplitMix64;

    fn sorted(mut values: Vec<f64>) -> Vec<f64> {
        values.sort_by(f64::total_cmp);
        values
    }

    proptest! {
        #[test]
        fn equal_samples_have_no_drift_and_drift_is_symmetric(
            one in prop::collection::vec(-5i32..5, 1..60), other in prop::collection::vec(-5i32..5, 1..60)
        ) {
            let (one, other) = (sorted(one.into_iter().map(f64::from).collect()), sorted(other.into_iter().map(f64::from).collect()));
            prop_assert!(psi(&one, &one).0.abs() < 1e-12 && distance(&one, &one) == 0.0);
            prop_assert!(psi(&one, &other).0 >= 0.0);
            prop_assert!((distance(&one, &other) - distance(&other, &one)).abs() < 1e-12);
            let p_value = p_value(distance(&one, &other), one.len(), other.len());
            prop_assert!((0.0..=1.0).contains(&p_value));
        }
    }

    #[test]
    fn samples_without_a_row_show_nothing() {
        assert_eq!((psi(&[], &[]).0, distance(&[], &[1.0])), (0.0, 0.0));
        assert!((p_value(0.4, 0, 9) - 1.0).abs() < 1e-12 && (visible_distance(0, 9, 0.05) - 1.0).abs() < 1e-12);
        assert!(psi_by_chance(1, 5, 5, 0.05).abs() < 1e-12 && psi_by_chance(10, 0, 5, 0.05).abs() < 1e-12);
    }

    fn uniform(random: &mut SplitMix64) -> f64 {
        number(random.below(1 << 53)) / number(1 << 53)
    }

    /// The share of so many pairs of samples whose second one is shifted for which the test holds.
    fn share(seed: u64, (one, other): (usize, usize), shift: f64, is_hit: impl Fn(&[f64], &[f64]) -> bool) -> f64 {
        let mut random = SplitMix64::new(seed);
        let runs = 1000;
        let mut draw = |rows: usize, shift: f64| sorted((0..rows).map(|_| uniform(&mut random) + shift).collect());
        number((0..runs).filter(|_| is_hit(&draw(one, 0.0), &draw(other, shift))).count()) / number(runs)
    }

    #[test]
    fn samples_of_one_distribution_are_called_different_in_at_most_one_of_twenty_runs() {
        for rows in [(100, 100), (300, 80)] {
            let different = share(1, rows, 0.0, |one, other| p_value(distance(one, other), one.len(), other.len()) < 0.05);
            assert!(different <= 0.05 + 4.0 * (0.05f64 * 0.95 / 1000.0).sqrt(), "{rows:?}: {different}");
            let above = share(2, rows, 0.0, |one, other| {
                let (index, bins) = psi(one, other);
                index > psi_by_chance(bins, one.len(), other.len(), 0.05)
            });
            assert!(above <= 0.05 + 4.0 * (0.05f64 * 0.95 / 1000.0).sqrt(), "{rows:?}: {above}");
        }
    }

    #[test]
    fn a_visible_distance_is_shown_in_four_of_five_runs() {
        for rows in [(100, 100), (300, 80)] {
            // Uniform scores that are shifted by `d` have a distance of `d`.
            let distance_shown = visible_distance(rows.0, rows.1, 0.05);
            let shown = share(3, rows, distance_shown, |one, other| p_value(distance(one, other), one.len(), other.len()) < 0.05);
            assert!(shown >= 0.8 - 4.0 * (0.16f64 / 1000.0).sqrt(), "{rows:?}: {shown}");
        }
    }
}
