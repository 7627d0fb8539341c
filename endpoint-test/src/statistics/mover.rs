//! MOVER, the method of variance estimates recovery: intervals of a mean and of a difference from
//! those of their parts. A macro average is the mean of a share of each class.

use super::{Interval, number};

/// A class's share with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// The share.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

/// The interval of the mean of several shares by MOVER, the method of variance estimates recovery
/// (Zou and Donner, Statistics in Medicine 27, 2008): the distance to a bound is the root of the
/// sum of the squared distances of the parts, divided by their number.
///
/// A wrong row is wrong for at most `shared` classes: one for recall and precision, two for F1. The
/// squares are multiplied by it (Cauchy–Schwarz). Unlike a bootstrap it has a width if all rows are
/// right. The mean of the parts' own bounds is never exceeded.
#[must_use]
pub fn mean(parts: &[Part], shared: usize) -> Interval {
    if parts.is_empty() {
        return Interval::UNIT;
    }
    let classes = number(parts.len());
    let value = parts.iter().map(|part| part.value).sum::<f64>() / classes;
    let distance = |of: fn(&Part) -> f64| {
        let squares: f64 = parts.iter().map(|part| of(part).powi(2)).sum();
        let sum: f64 = parts.iter().map(of).sum();
        (number(shared) * squares).sqrt().min(sum) / classes
    };
    Interval {
        low: (value - distance(|part| part.value - part.interval.low)).max(0.0),
        high: (value + distance(|part| part.interval.high - part.value)).min(1.0),
    }
}

/// The interval of the difference of two independent values, the first minus the second (Zou and
/// Donner, as above). With Wilson's intervals of two shares it is Newcombe's hybrid score interval
/// (Statistics in Medicine 17, 1998, method 10).
#[must_use]
pub fn difference(first: Part, second: Part) -> Interval {
    let difference = first.value - second.value;
    let distance = |one: f64, two: f64| one.hypot(two);
    Interval {
        low: difference - distance(first.value - first.interval.low, second.interval.high - second.value),
        high: difference + distance(first.interval.high - first.value, second.value - second.interval.low),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::proportion::exact;

    #[test]
    fn one_class_has_its_own_interval_and_more_classes_a_narrower_one() {
        let part = Part { value: 0.9, interval: exact(27, 30, 0.05) };
        for shared in [1, 2] {
            let alone = mean(&[part], shared);
            assert!((alone.low - part.interval.low).abs() < 1e-12 && (alone.high - part.interval.high).abs() < 1e-12);
        }
        let both = mean(&[part, part], 1);
        assert!(both.low > part.interval.low && both.high < part.interval.high);
        assert_eq!(mean(&[], 1), Interval::UNIT);
    }
}
