//! What a number of rows shows about a value: intervals and bounds, as data and in words.

use serde::{Deserialize, Serialize};

use crate::statistics::{Interval, rounded};

/// The confidence of the intervals in reports.
pub(crate) const LEVEL: f64 = 0.95;

/// A two-sided interval, in which the true value is with this confidence.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IntervalReport {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The confidence, such as 0.95.
    pub level: f64,
    /// The method, such as `exact` or `DeLong, logit`.
    pub method: String,
    /// The number of rows that it is computed from.
    pub rows: usize,
}

/// A one-sided bound of the true value, with this confidence.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BoundReport {
    /// The bound; absent if the rows show none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The confidence, such as 0.95.
    pub confidence: f64,
}

impl IntervalReport {
    /// The interval at [`LEVEL`] from the bounds of both sides.
    pub(crate) fn new(interval: Interval, method: &str, rows: usize) -> Self {
        let (low, high) = (rounded(interval.low), rounded(interval.high));
        Self { low, high, level: LEVEL, method: method.to_owned(), rows }
    }

    /// `95% interval 0.8278 to 0.9992 (exact, 30 rows)`.
    pub(crate) fn describe(&self) -> String {
        let Self { low, high, level, method, rows } = self;
        let rows = if *rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
        format!("{} interval {} to {} ({method}, {rows})", confidence_text(*level), short(*low), short(*high))
    }
}

impl BoundReport {
    pub(crate) fn new(value: Option<f64>, confidence: f64) -> Self {
        Self { value: value.map(rounded), confidence }
    }
}

/// The probability of each side of an interval at [`LEVEL`] that the value is beyond it.
pub(crate) fn level_tail() -> f64 {
    (1.0 - LEVEL) / 2.0
}

/// `95%`, `99.9%`.
pub(crate) fn confidence_text(confidence: f64) -> String {
    format!("{}%", (confidence * 1e6).round() / 1e4)
}

/// A value to four decimals, and a small one to four digits.
pub(crate) fn short(value: f64) -> String {
    let text = if value == 0.0 || value.abs() >= 0.001 { format!("{value:.4}") } else { format!("{value:.3e}") };
    // Adding zero turns -0 into 0.
    text.parse::<f64>().map_or(text, |number| (number + 0.0).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short() {
        assert_eq!([0.904_966, 1.0, -0.0, 12.345_678, 0.000_012_345_6].map(short), ["0.905", "1", "0", "12.3457", "0.00001235"]);
        assert_eq!([0.95, 0.999, 0.9999].map(confidence_text), ["95%", "99.9%", "99.99%"]);
    }
}
