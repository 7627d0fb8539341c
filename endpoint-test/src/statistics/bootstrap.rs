//! Bootstrap intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993): the value
//! over many samples of the rows, drawn with replacement, with the seed [`SEED`].

use super::random::{SEED, SplitMix64};
use super::special::{normal_at_most, normal_quantile};
use super::{Interval, number};

/// The number of samples.
pub const SAMPLES: usize = 2000;

/// The fewest rows: fewer do not show how values are distributed.
pub const MIN_ROWS: usize = 20;

/// The value over each sample, in ascending order. `value` gets the rows' numbers, from zero.
pub fn samples(rows: usize, mut value: impl FnMut(&[usize]) -> f64) -> Vec<f64> {
    let mut random = SplitMix64::new(SEED);
    let mut drawn = vec![0; rows];
    let mut values: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            drawn.fill_with(|| random.below(rows));
            value(&drawn)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The percentile interval: the samples' quantiles at `tail` and `1 - tail`, the outer ones if these
/// are between two samples.
#[must_use]
pub fn percentile(sorted: &[f64], tail: f64) -> Interval {
    Interval { low: quantile(sorted, tail, f64::floor), high: quantile(sorted, 1.0 - tail, f64::ceil) }
}

/// A mean with the values of its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    sorted: Vec<f64>,
    bias: f64,
    acceleration: f64,
}

impl Mean {
    /// Draws the samples. The values must not all be equal.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let rows = number(values.len());
        let center = values.iter().sum::<f64>() / rows;
        let sorted = samples(values.len(), |drawn| drawn.iter().map(|index| values[*index]).sum::<f64>() / rows);
        let power = |exponent: i32| values.iter().map(|value| (value - center).powi(exponent)).sum::<f64>();
        let acceleration = power(3) / (6.0 * power(2).powf(1.5));
        let below = sorted.iter().filter(|value| **value < center).count();
        let equal = sorted.iter().filter(|value| value.total_cmp(&center).is_eq()).count();
        let bias = normal_quantile((number(below) + number(equal) / 2.0).clamp(1.0, number(SAMPLES - 1)) / number(SAMPLES));
        Self { sorted, bias, acceleration }
    }

    /// The interval, bias-corrected and accelerated (BCa; chapter 14.3). The acceleration is the
    /// jackknife's: for a mean `sum(d³) / (6 sum(d²)^1.5)`, with the distances `d` from it.
    #[must_use]
    pub fn interval(&self, tail: f64) -> Interval {
        let adjusted = |probability: f64| {
            let shifted = self.bias + normal_quantile(probability);
            normal_at_most(self.bias + shifted / (1.0 - self.acceleration * shifted))
        };
        let (low, high) = (adjusted(tail), adjusted(1.0 - tail));
        Interval { low: quantile(&self.sorted, low, f64::floor), high: quantile(&self.sorted, high, f64::ceil) }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the samples")]
fn quantile(sorted: &[f64], probability: f64, toward: fn(f64) -> f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = toward(probability * number(last)).clamp(0.0, number(last)) as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_inside_its_interval_and_more_rows_narrow_it() {
        let mean = |values: &[f64]| Mean::of(values).interval(0.05);
        let values = |rows: usize| (0..rows).map(|index| number(index * 7 % 10)).collect::<Vec<_>>();
        let (few, many) = (mean(&values(30)), mean(&values(3000)));
        assert!(few.low < 4.5 && few.high > 4.5 && many.low < 4.5 && many.high > 4.5);
        assert!(many.high - many.low < (few.high - few.low) / 5.0);
        assert_eq!(few, mean(&values(30)));
    }

    #[test]
    fn skewed_values_have_a_skewed_interval() {
        let values: Vec<f64> = (0..100).map(|index| if index % 20 == 0 { 10.0 } else { 0.1 }).collect();
        let (found, center) = (Mean::of(&values).interval(0.025), 0.595);
        assert!(found.high - center > center - found.low, "{found:?}");
    }
}
