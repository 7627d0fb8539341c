//! Percentiles: which order statistics bound one.

use super::special::binomial_at_most;

/// The ranks, from one, of the values that bound a percentile; `None` if no value does. The number
/// of values below a percentile `q` is binomial, whatever their distribution (David and Nagaraja,
/// Order Statistics, 2003, section 7.1): the value with rank `r` is an upper bound if
/// `P(Bin(n, q) <= r - 1) >= 1 - tail`, and a lower one if `P(Bin(n, q) >= r) >= 1 - tail`.
#[must_use]
pub fn ranks(rows: usize, quantile: f64, tail: f64) -> (Option<usize>, Option<usize>) {
    let counts: Vec<usize> = (0..rows).collect();
    let at_most = |count: &usize| binomial_at_most(*count, rows, quantile);
    let upper = counts.partition_point(|count| at_most(count) < 1.0 - tail) + 1;
    // P(Bin >= r) >= 1 - tail exactly if P(Bin <= r - 1) <= tail.
    let lower = counts.partition_point(|count| at_most(count) <= tail);
    (Some(lower).filter(|rank| *rank > 0), Some(upper).filter(|rank| *rank <= rows))
}

/// The bounds of a percentile of these values in ascending order.
#[must_use]
pub fn bounds(sorted: &[f64], quantile: f64, tail: f64) -> (Option<f64>, Option<f64>) {
    let (low, high) = ranks(sorted.len(), quantile, tail);
    let value = |rank: Option<usize>| rank.and_then(|rank| sorted.get(rank - 1)).copied();
    (value(low), value(high))
}

/// The fewest rows with which a percentile has an upper bound: `1 - q^n >= 1 - tail`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
#[must_use]
pub fn least_rows(quantile: f64, tail: f64) -> usize {
    // A tiny amount less: the logarithms are not exact.
    (tail.ln() / quantile.ln() - 1e-9).ceil().max(1.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_has_an_upper_bound_only_with_enough_rows() {
        for (quantile, tail, rows) in [(0.5, 0.05, 5), (0.95, 0.05, 59), (0.99, 0.05, 299), (0.99, 0.01, 459), (0.9, 0.05, 29)] {
            assert_eq!(least_rows(quantile, tail), rows);
            assert_eq!(ranks(rows, quantile, tail).1, Some(rows));
            assert_eq!(ranks(rows - 1, quantile, tail).1, None);
        }
    }

    #[test]
    fn the_median_of_twenty_is_between_the_textbook_ranks() {
        assert_eq!(ranks(20, 0.5, 0.025), (Some(6), Some(15)));
        let sorted: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(bounds(&sorted, 0.5, 0.025), (Some(6.0), Some(15.0)));
        assert_eq!(ranks(0, 0.5, 0.05), (None, None));
    }
}
