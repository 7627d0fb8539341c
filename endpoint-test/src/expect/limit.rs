//! Limits of a value, and what it takes to pass them: the value itself, or a bound that proves it.

use crate::report::{Outcome, confidence_text};
use crate::statistics::Interval;

/// A limit of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    pub(crate) value: f64,
    /// How sure it must be that the true value is on this side; `None` if the measured one decides.
    pub(crate) confidence: Option<f64>,
    /// The value that is expected, for planning.
    pub(crate) expected: Option<f64>,
}

/// The limits of a value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) at_least: Option<Limit>,
    pub(crate) at_most: Option<Limit>,
    /// Whether the limits are reported and decide nothing.
    pub(crate) observe: bool,
}

/// A judged value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judgement {
    pub(crate) outcome: Outcome,
    /// The one-sided bounds that the limits needed.
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
    /// Why a bound proves nothing.
    pub(crate) unproven: Option<String>,
}

impl Limit {
    /// All rows.
    pub(crate) const ALL: Self = Self { value: 1.0, confidence: None, expected: None };

    /// A limit for the measured value.
    #[cfg(test)]
    pub(crate) fn of(value: f64) -> Self {
        Self { value, confidence: None, expected: None }
    }

    /// The probability that the bound is on the wrong side.
    pub(crate) fn tail(&self) -> Option<f64> {
        self.confidence.map(|confidence| 1.0 - confidence)
    }

    fn describe(&self, side: &str) -> String {
        let confidence = self.confidence.map(|confidence| format!(" with {} confidence", confidence_text(confidence)));
        format!("{side} {}{}", self.value, confidence.unwrap_or_default())
    }
}

impl Bounds {
    pub(crate) fn is_empty(self) -> bool {
        self.at_least.is_none() && self.at_most.is_none()
    }

    /// Whether a limit has a confidence.
    pub(crate) fn needs_proof(self) -> bool {
        [self.at_least, self.at_most].into_iter().flatten().any(|limit| limit.confidence.is_some())
    }

    /// `at least 0.9 with 95% confidence, at most 1`.
    pub(crate) fn describe(self) -> String {
        let limits = [self.at_least.map(|limit| limit.describe("at least")), self.at_most.map(|limit| limit.describe("at most"))];
        limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Compares the value, or where a limit has a confidence, the bounds. `interval` gives both
    /// bounds for the probability of each that it is on the wrong side, or why there are none.
    pub(crate) fn judge(self, value: f64, interval: impl Fn(f64) -> Result<Interval, String>) -> Judgement {
        let mut judgement = Judgement { outcome: Outcome::Passed, lower: None, upper: None, unproven: None };
        let sides = [(self.at_least, true), (self.at_most, false)];
        for (limit, is_lower) in sides.into_iter().filter_map(|(limit, is_lower)| Some((limit?, is_lower))) {
            // Both sides as a lower limit.
            let sign = if is_lower { 1.0 } else { -1.0 };
            let outcome = match limit.tail() {
                None if sign * value >= sign * limit.value => Outcome::Passed,
                None => Outcome::Failed,
                Some(tail) => match interval(tail) {
                    Err(why) => {
                        judgement.unproven = Some(why);
                        Outcome::NotProven
                    }
                    Ok(found) => {
                        let (proven, possible) = if is_lower { (found.low, found.high) } else { (found.high, found.low) };
                        *(if is_lower { &mut judgement.lower } else { &mut judgement.upper }) = Some(proven);
                        if sign * proven >= sign * limit.value {
                            Outcome::Passed
                        } else if sign * possible < sign * limit.value {
                            Outcome::Failed
                        } else {
                            Outcome::NotProven
                        }
                    }
                },
            };
            judgement.outcome = Outcome::of_all([judgement.outcome, outcome]);
        }
        judgement
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::proportion::exact;

    fn outcome(right: usize, rows: usize, bounds: Bounds) -> Outcome {
        let value = crate::statistics::number(right) / crate::statistics::number(rows);
        bounds.judge(value, |tail| Ok(exact(right, rows, tail))).outcome
    }

    #[test]
    fn a_limit_with_a_confidence_has_three_outcomes() {
        let proven = Limit { confidence: Some(0.95), ..Limit::of(0.9) };
        let bounds = Bounds { at_least: Some(proven), ..Bounds::default() };
        let found = [30, 29, 28, 24, 23].map(|right| outcome(right, 30, bounds));
        assert_eq!(found, [Outcome::Passed, Outcome::NotProven, Outcome::NotProven, Outcome::NotProven, Outcome::Failed]);
        let plain = Bounds { at_least: Some(Limit::of(0.9)), ..Bounds::default() };
        assert_eq!([27, 26].map(|right| outcome(right, 30, plain)), [Outcome::Passed, Outcome::Failed]);
        let most = Bounds { at_most: Some(Limit { confidence: Some(0.95), ..Limit::of(0.1) }), ..Bounds::default() };
        assert_eq!([0, 1, 7].map(|wrong| outcome(wrong, 30, most)), [Outcome::Passed, Outcome::NotProven, Outcome::Failed]);
    }

    #[test]
    fn a_value_without_an_interval_is_not_proven() {
        let bounds = Bounds { at_most: Some(Limit { confidence: Some(0.9), ..Limit::of(2.0) }), ..Bounds::default() };
        let found = bounds.judge(1.0, |_| Err("too few".to_owned()));
        assert_eq!((found.outcome, found.unproven.as_deref()), (Outcome::NotProven, Some("too few")));
        assert_eq!(bounds.describe(), "at most 2 with 90% confidence");
    }

    #[test]
    fn a_limit_in_the_middle_of_few_rows_is_never_decided() {
        let limit = Limit { confidence: Some(0.95), ..Limit::of(0.5) };
        let both = Bounds { at_least: Some(limit), at_most: Some(limit), observe: false };
        assert_eq!(outcome(2, 4, both), Outcome::NotProven);
    }
}
