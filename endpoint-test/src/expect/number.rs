//! Comparing numbers: exactly, or within a tolerance.

use serde_json::Number;

use super::difference::Tolerance;

/// Whether `actual` is `expected` within the tolerance: `|actual - expected| <= max(abs, rel * |expected|)`.
///
/// Without a tolerance whole numbers are compared as such, since above 2^53 several of them share one `f64`.
/// (Beyond 64 bits JSON's whole numbers are read as `f64` too.)
pub(super) fn equal(expected: &Number, actual: &Number, tolerance: Tolerance) -> bool {
    if let (Some(expected), Some(actual)) = (whole(expected), whole(actual)) {
        if expected == actual {
            return true;
        }
        if tolerance.is_exact() {
            return false;
        }
    }
    match (expected.as_f64(), actual.as_f64()) {
        (Some(expected), Some(actual)) => within(expected, actual, tolerance),
        _ => false,
    }
}

/// The rule itself. A number that is not one, or is without measure, equals nothing.
fn within(expected: f64, actual: f64, tolerance: Tolerance) -> bool {
    let allowed = tolerance.abs.max(tolerance.rel * expected.abs());
    expected.is_finite() && actual.is_finite() && (actual - expected).abs() <= allowed
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXACT: Tolerance = Tolerance { abs: 0.0, rel: 0.0 };

    fn tolerances() -> impl Strategy<Value = Tolerance> {
        (0.0..10.0f64, 0.0..1.0f64).prop_map(|(abs, rel)| Tolerance { abs, rel })
    }

    proptest! {
        #[test]
        fn every_number_equals_itself(number in -1e300..1e300f64, tolerance in tolerances()) {
            prop_assert!(within(number, number, tolerance));
        }

        #[test]
        fn an_absolute_tolerance_works_both_ways(left in -1e6..1e6f64, right in -1e6..1e6f64, abs in 0.0..10.0f64) {
            let tolerance = Tolerance { abs, rel: 0.0 };
            prop_assert_eq!(within(left, right, tolerance), within(right, left, tolerance));
        }

        #[test]
        fn a_wider_tolerance_accepts_all_that_a_narrower_one_does(
            left in -1e6..1e6f64, right in -1e6..1e6f64, narrow in tolerances(), more in 0.0..5.0f64,
        ) {
            let wide = Tolerance { abs: narrow.abs + more, rel: narrow.rel + more };
            prop_assert!(!within(left, right, narrow) || within(left, right, wide));
        }

        #[test]
        fn a_relative_tolerance_does_not_know_the_unit(expected in 1e-3..1e3f64, off in -0.5..0.5f64, scale in -20i32..20) {
            // A power of two scales without rounding.
            let (tolerance, factor) = (Tolerance { abs: 0.0, rel: 0.25 }, 2f64.powi(scale));
            let actual = expected * (1.0 + off);
            prop_assert_eq!(within(expected, actual, tolerance), within(expected * factor, actual * factor, tolerance));
        }

        #[test]
        fn nothing_equals_what_is_not_a_number(number in any::<f64>(), tolerance in tolerances()) {
            prop_assert!(!within(number, f64::NAN, tolerance) && !within(f64::NAN, number, tolerance));
        }
    }

    #[test]
    fn large_whole_numbers_are_compared_exactly() {
        let (left, right) = (Number::from(9_007_199_254_740_993_u64), Number::from(9_007_199_254_740_992_u64));
        assert!(!equal(&left, &right, EXACT));
        assert!(equal(&left, &left, EXACT));
        assert!(equal(&left, &right, Tolerance { abs: 1.0, rel: 0.0 }));
    }

    #[test]
    fn a_whole_number_equals_the_same_number_with_a_point() {
        assert!(equal(&Number::from(1), &Number::from_f64(1.0).unwrap(), EXACT));
    }
}
