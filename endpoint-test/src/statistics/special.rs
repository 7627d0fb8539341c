//! The normal, binomial and beta distributions.
//!
//! No library of the dependency graph has them, and `statrs` needs `nalgebra`. The formulas are those
//! of the Digital Library of Mathematical Functions (DLMF).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::{crossing, number};

/// The largest number of terms of a series or a continued fraction.
const MAX_TERMS: usize = 200_000;

/// The logarithm of the gamma function of a positive number, by Stirling's series (DLMF 5.11.1)
/// above 15, and by the recurrence below.
#[must_use]
pub fn ln_gamma(mut value: f64) -> f64 {
    let mut product = 1.0;
    while value < 15.0 {
        product *= value;
        value += 1.0;
    }
    let inverse = 1.0 / value;
    let square = inverse * inverse;
    let coefficients = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    let series = coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * square + coefficient) * inverse;
    (value - 0.5) * value.ln() - value + 0.5 * (2.0 * PI).ln() + series - f64::ln(product)
}

/// The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22), evaluated
/// with Lentz's method.
#[must_use]
pub fn incomplete_beta(first: f64, second: f64, at: f64) -> f64 {
    if at <= 0.0 {
        return 0.0;
    }
    if at >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on this side of the mean.
    if at > (first + 1.0) / (first + second + 2.0) {
        return 1.0 - incomplete_beta(second, first, 1.0 - at);
    }
    let ln_beta = ln_gamma(first) + ln_gamma(second) - ln_gamma(first + second);
    let front = (first * at.ln() + second * (-at).ln_1p() - ln_beta).exp() / first;
    front * beta_fraction(first, second, at)
}

fn beta_fraction(first: f64, second: f64, at: f64) -> f64 {
    let guarded = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut numerator = 1.0;
    let mut denominator = 1.0 / guarded(1.0 - (first + second) * at / (first + 1.0));
    let mut result = denominator;
    for step in 1..MAX_TERMS {
        let index = number(step);
        let even = index * (second - index) * at / ((first + 2.0 * index - 1.0) * (first + 2.0 * index));
        let odd = -(first + index) * (first + second + index) * at / ((first + 2.0 * index) * (first + 2.0 * index + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            denominator = 1.0 / guarded(1.0 + term * denominator);
            numerator = guarded(1.0 + term / numerator);
            change = numerator * denominator;
            result *= change;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    result
}

/// The quantile of the beta distribution.
#[must_use]
pub fn beta_quantile(first: f64, second: f64, probability: f64) -> f64 {
    crossing(0.0, 1.0, |at| incomplete_beta(first, second, at) - probability)
}

/// The probability of at most `successes` in `trials`, each with this chance.
#[must_use]
pub fn binomial_at_most(successes: usize, trials: usize, chance: f64) -> f64 {
    if successes >= trials { 1.0 } else { incomplete_beta(number(trials - successes), number(successes + 1), 1.0 - chance) }
}

/// The probability that a standard normal number is at most this one (DLMF 7.6.2, 7.9.1).
#[must_use]
pub fn normal_at_most(value: f64) -> f64 {
    if value > 0.0 { 1.0 - upper_tail(value) } else { upper_tail(-value) }
}

/// The probability above a number that is not negative.
fn upper_tail(value: f64) -> f64 {
    let scaled = value * FRAC_1_SQRT_2;
    let factor = (-scaled * scaled).exp() / PI.sqrt();
    if value < 4.0 {
        let (mut term, mut sum) = (scaled, scaled);
        for index in 1..MAX_TERMS {
            term *= 2.0 * scaled * scaled / number(2 * index + 1);
            sum += term;
            if term <= sum * 1e-17 {
                break;
            }
        }
        return 0.5 - factor * sum;
    }
    // Backwards: its length is far beyond what any value here needs.
    let fraction = (1..=60).rev().fold(scaled, |rest, index| scaled + number(index) / 2.0 / rest);
    0.5 * factor / fraction
}

/// The quantile of the standard normal distribution, by Newton's method: the tail is convex, so that
/// the steps from zero approach the quantile from one side.
#[must_use]
pub fn normal_quantile(probability: f64) -> f64 {
    if probability > 0.5 {
        return -normal_quantile(1.0 - probability);
    }
    let mut value = 0.0;
    for _ in 0..200 {
        let density = (-value * value / 2.0_f64).exp() / (2.0 * PI).sqrt();
        let step = (upper_tail(value) - probability) / density;
        value += step;
        if step.abs() <= 1e-10 {
            // The next step would be its square.
            break;
        }
    }
    -value
}

/// The factor for a standard error that is estimated with so many degrees of freedom: a quantile of
/// Student's distribution (DLMF 8.17.19).
#[must_use]
pub fn student_factor(freedom: usize, tail: f64) -> f64 {
    let freedom = number(freedom);
    let share = beta_quantile(freedom / 2.0, 0.5, 2.0 * tail);
    (freedom * (1.0 - share) / share).sqrt()
}

/// The factor of a standard error for this tail: 1.645 for 0.05.
#[must_use]
pub fn normal_factor(tail: f64) -> f64 {
    -normal_quantile(tail)
}
