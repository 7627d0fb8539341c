//! Compares numbers, exactly or within a tolerance.

use std::cmp::Ordering;

use crate::json::Numeral;

/// How far a number may be off: `abs`, or `rel` times the expected number, whichever is larger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tolerance {
    pub(crate) abs: f64,
    pub(crate) rel: f64,
}

pub(crate) const EXACT: Tolerance = Tolerance { abs: 0.0, rel: 0.0 };

impl Tolerance {
    pub(crate) fn is_exact(self) -> bool {
        self.abs <= 0.0 && self.rel <= 0.0
    }
}

/// Whether `actual` is `expected` within the tolerance: `|actual - expected| <= max(abs, rel * |expected|)`.
///
/// Integers are compared as such: above 2^53 several of them share one `f64`.
pub(super) fn equal(expected: &Numeral, actual: &Numeral, tolerance: Tolerance) -> bool {
    if expected.is_integer() && actual.is_integer() {
        if expected.order(actual) == Ordering::Equal {
            return true;
        }
        if tolerance.is_exact() {
            return false;
        }
        let number = expected.value();
        if let (Ok(expected), Ok(actual)) = (expected.as_str().parse::<i64>(), actual.as_str().parse::<i64>()) {
            return distance(expected, actual) <= allowed(number, tolerance);
        }
    }
    within(expected.value(), actual.value(), tolerance)
}

#[expect(clippy::cast_precision_loss, reason = "a distance beyond the precision of `f64` is far beyond any tolerance")]
fn distance(left: i64, right: i64) -> f64 {
    left.abs_diff(right) as f64
}

/// The rule itself. NaN and infinity equal nothing.
fn within(expected: f64, actual: f64, tolerance: Tolerance) -> bool {
    // 0.4 is a little more than 0.3 + 0.1: decimals at the edge of a tolerance are within it.
    let rounding = if tolerance.is_exact() { 0.0 } else { 2.0 * f64::EPSILON * expected.abs().max(actual.abs()) };
    expected.is_finite() && actual.is_finite() && (actual - expected).abs() <= allowed(expected, tolerance) + rounding
}

fn allowed(expected: f64, tolerance: Tolerance) -> f64 {
    tolerance.abs.max(tolerance.rel * expected.abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tolerances() -> impl Strategy<Value = Tolerance> {
        (0.0..10.0f64, 0.0..1.0f64).prop_map(|(abs, rel)| Tolerance { abs, rel })
    }

    proptest! {
        #[test]
        fn every_number_equals_itself(number in -1e300..1e300f64, tolerance in tolerances()) {
            prop_assert!(within(number, number, tolerance));
        }

        #[test]
        fn an_absolute_tolerance_is_symmetric(left in -1e6..1e6f64, right in -1e6..1e6f64, abs in 0.0..10.0f64) {
            let tolerance = Tolerance { abs, rel: 0.0 };
            prop_assert_eq!(within(left, right, tolerance), within(right, left, tolerance));
        }

        #[test]
        fn a_wider_tolerance_accepts_what_a_narrower_one_accepts(
            left in -1e6..1e6f64, right in -1e6..1e6f64, narrow in tolerances(), more in 0.0..5.0f64,
        ) {
            let wide = Tolerance { abs: narrow.abs + more, rel: narrow.rel + more };
            prop_assert!(!within(left, right, narrow) || within(left, right, wide));
        }

        #[test]
        fn a_relative_tolerance_is_independent_of_the_unit(expected in 1e-3..1e3f64, off in -0.5..0.5f64, scale in -20i32..20) {
            // A power of two scales without rounding.
            let (tolerance, factor) = (Tolerance { abs: 0.0, rel: 0.25 }, 2f64.powi(scale));
            let actual = expected * (1.0 + off);
            prop_assert_eq!(within(expected, actual, tolerance), within(expected * factor, actual * factor, tolerance));
        }

        #[test]
        fn nan_equals_nothing(number in any::<f64>(), tolerance in tolerances()) {
            prop_assert!(!within(number, f64::NAN, tolerance) && !within(f64::NAN, number, tolerance));
        }
    }

    #[test]
    fn large_whole_numbers_are_compared_exactly() {
        for (left, right) in [("9007199254740993", "9007199254740992"), ("123456789012345678901", "123456789012345678902")] {
            let (left, right) = (Numeral::read(left).unwrap(), Numeral::read(right).unwrap());
            assert!(!equal(&left, &right, EXACT));
            assert!(equal(&left, &left, EXACT));
            assert!(equal(&left, &right, Tolerance { abs: 1.0, rel: 0.0 }));
        }
        let number = |number: i64| Numeral::from(number);
        assert!(!equal(&number(9_007_199_254_740_993), &number(9_007_199_254_740_992), Tolerance { abs: 0.5, rel: 0.0 }));
    }

    #[test]
    fn a_number_at_the_edge_of_its_tolerance_is_within_it() {
        for (expected, actual, abs) in [("0.3", "0.4", 0.1), ("0.3", "0.2", 0.1), ("1.1", "1.0", 0.1), ("100", "100.1", 0.1)] {
            let (expected, actual) = (Numeral::read(expected).unwrap(), Numeral::read(actual).unwrap());
            assert!(equal(&expected, &actual, Tolerance { abs, rel: 0.0 }), "{expected} {actual}");
        }
        assert!(!within(0.3, 0.400_000_001, Tolerance { abs: 0.1, rel: 0.0 }));
    }

    #[test]
    fn a_whole_number_equals_the_same_number_with_a_point() {
        assert!(equal(&Numeral::from(1_i64), &Numeral::read("1.0").unwrap(), EXACT));
    }
}
