//! What a constant prediction reaches: the least that a model must be better than.

use std::collections::{BTreeMap, BTreeSet};

/// With more different labels that are all numbers, the labels are measurements and not classes.
const MAX_CLASSES: usize = 20;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Baseline {
    /// The metric and its limit.
    pub(super) limit: String,
    /// Where the limit comes from.
    pub(super) reason: String,
}

impl Baseline {
    /// The baseline of labels; there is at least one.
    pub(super) fn of(labels: &[String]) -> Result<Self, String> {
        let distinct: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
        if distinct.len() == 1 {
            return Err(format!("all {} rows have the same one, so that every constant model is right", labels.len()));
        }
        let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse().ok().filter(|number: &f64| number.is_finite())).collect();
        Ok(match numbers {
            Some(numbers) if distinct.len() > MAX_CLASSES => Self::of_numbers(numbers),
            _ => Self::of_classes(labels),
        })
    }

    fn of_classes(labels: &[String]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for label in labels {
            *counts.entry(label).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or_default();
        let share = (share(most, labels.len()) * 10_000.0).floor() / 10_000.0;
        Self {
            limit: format!("accuracy: {{ at_least: {share} }}"),
            reason: format!("The most frequent of {} labels is that of {most} of {} rows.", counts.len(), labels.len()),
        }
    }

    fn of_numbers(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let median = numbers[numbers.len() / 2];
        let errors = numbers.iter().map(|number| (number - median).abs()).sum::<f64>();
        let error = errors * share(1, numbers.len());
        Self {
            limit: format!("mae: {{ at_most: {} }}", rounded_up(error)),
            reason: format!("A model that always predicts the median, {median}, is off by this on average."),
        }
    }
}

fn share(part: usize, all: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(part) / number(all).max(1.0)
}

/// The number with three digits, not below it, and without an exponent, which YAML might read as text.
fn rounded_up(number: f64) -> String {
    let mut scale = 1.0;
    while number * scale < 100.0 && scale < 1e12 {
        scale *= 10.0;
    }
    let rounded = ((number * scale).ceil() / scale).to_string();
    if rounded.contains('.') { rounded } else { format!("{rounded}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(labels: &[&str]) -> Result<String, String> {
        Baseline::of(&labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>()).map(|baseline| baseline.limit)
    }

    #[test]
    fn few_labels_are_classes_and_many_numbers_are_measurements() {
        assert_eq!(limit(&["a", "b", "a"]).unwrap(), "accuracy: { at_least: 0.6666 }");
        assert_eq!(limit(&["0", "1", "1", "1"]).unwrap(), "accuracy: { at_least: 0.75 }");
        let numbers: Vec<String> = (0..=40).map(|number| format!("{number}.5")).collect();
        let numbers: Vec<_> = numbers.iter().map(String::as_str).collect();
        // The mean distance of 0..=40 from 20 is 420/41.
        assert_eq!(limit(&numbers).unwrap(), "mae: { at_most: 10.3 }");
        let words: Vec<String> = (0..40).map(|number| format!("word{number}")).collect();
        assert_eq!(limit(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap(), "accuracy: { at_least: 0.025 }");
        assert_eq!(limit(&["a", "a"]).unwrap_err(), "all 2 rows have the same one, so that every constant model is right");
    }

    #[test]
    fn a_limit_is_a_short_number_not_below_the_error() {
        assert_eq!(
            ["0.0012345", "1234567", "0", "9.999"].map(|text| rounded_up(text.parse().unwrap())),
            ["0.00124", "1234567.0", "0.0", "10.0"]
        );
    }
}
