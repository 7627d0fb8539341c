//! Statistics for gates: what a number of rows proves about a model.
//!
//! Every method takes a `tail`, the probability that a bound is on the wrong side. A bound at a
//! `tail` of 0.05 is a one-sided 95% bound; both bounds together are a two-sided 90% interval.
//!
//! | for | method | module |
//! |---|---|---|
//! | shares: accuracy, precision, recall, F1 | exact (Clopper–Pearson), Wilson | [`proportion`] |
//! | macro averages | combined exact intervals (MOVER) | [`mover`] |
//! | differences of two values on different rows | Newcombe for shares, else MOVER | [`mover`] |
//! | the area under the ROC curve | DeLong; score interval near 0 and 1 | [`delong`] |
//! | means: MAE, RMSE | bootstrap, bias-corrected and accelerated | [`bootstrap`] |
//! | percentiles | order statistics | [`quantile`] |
//! | differences of two shares on the same rows | Tango, McNemar | [`paired`] |
//! | drift of scores | population stability index, Kolmogorov–Smirnov | [`drift`] |
//! | several tests at once | Holm | [`holm`] |
//! | planning | power and number of rows | [`power`] |
//!
//! Random numbers are those of [`random::SplitMix64`] with a fixed seed, so that results are the
//! same in every run. The functions of the operating system's mathematical library differ in their
//! last digits: [`rounded`] keeps those that are the same everywhere.

pub mod bootstrap;
pub mod delong;
pub mod drift;
pub mod holm;
pub mod mover;
pub mod paired;
pub mod power;
pub mod proportion;
pub mod quantile;
pub mod random;
pub mod special;

/// A lower and an upper bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

impl Interval {
    /// Shares and areas: nothing is known.
    pub const UNIT: Self = Self { low: 0.0, high: 1.0 };

    /// The interval of a function that grows with the value.
    #[must_use]
    pub fn map(self, growing: impl Fn(f64) -> f64) -> Self {
        Self { low: growing(self.low), high: growing(self.high) }
    }

    /// The interval of the negative value.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
#[must_use]
pub fn number(count: usize) -> f64 {
    count as f64
}

/// A value to nine significant digits: those that are the same on every machine.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    // The decimal text is exact, and so is reading it again.
    format!("{value:.8e}").parse().unwrap_or(value)
}

/// Where a growing function crosses zero between two points, by bisection.
pub(crate) fn crossing(mut low: f64, mut high: f64, growing: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if growing(middle) < 0.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod simulations;
