//! Metrics over all responses: how often right, how far off, how well ranked.
//!
//! The definitions are those of scikit-learn: macro averages cover every class among the labels or
//! the predictions, a precision without predictions is zero, and the area under the ROC curve
//! counts ties as half.

mod certainty;
mod example;
mod paired;
mod segment;
mod unpaired;

use std::collections::BTreeMap;

pub(crate) use self::certainty::{Certainty, best_case, certainty};
pub(crate) use self::example::{example, hint};
pub(crate) use self::paired::{Flip, Gain, flips};
pub(crate) use self::segment::{Segment, split};
use super::address::{Address, TooBroad};
use super::csv::{self, Column};
pub(crate) use super::limit::Bounds;
use crate::json::{Document, Json, Numeral};
use crate::statistics::delong::Ranking;
use crate::statistics::number as count;

/// The metrics over all rows, and their limits.
#[derive(Debug, Clone)]
pub(crate) struct MetricsExpectation {
    /// The column with the labels.
    pub(crate) label: String,
    pub(crate) prediction: Option<Source>,
    /// The score of the positive class.
    pub(crate) score: Option<Source>,
    pub(crate) positive: Option<String>,
    pub(crate) segment: Option<Segment>,
    pub(crate) limits: Vec<MetricLimit>,
}

impl MetricsExpectation {
    /// Whether the predictions are classes, and not numbers.
    pub(crate) fn classifies(&self) -> bool {
        self.limits.iter().any(|limit| !limit.metric.is_error() && !limit.metric.needs_score())
    }

    /// Whether the metric is measured, with or without a limit.
    pub(crate) fn measures(&self, metric: Metric) -> bool {
        self.limits.iter().any(|limit| limit.metric == metric)
    }
}

/// The location of a value in a response.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// The whole text of the response.
    Text,
    /// A location in a JSON response.
    Json(Address),
    /// A column in the first row of a CSV response.
    Csv(Column),
}

impl Source {
    /// The value in a response's body, as text; `None` if there is none.
    pub(crate) fn value(&self, body: &[u8]) -> Result<Option<String>, TooBroad> {
        Ok(match self {
            Self::Text => std::str::from_utf8(body).ok().map(|text| text.trim().to_owned()),
            Self::Json(address) => {
                match Document::read(body).ok().map(|document| address.find_one(&document).map(Option::<&Json>::cloned)) {
                    None => None,
                    Some(found) => match found? {
                        Some(Json::Text(text)) => Some(text),
                        Some(value @ (Json::Number(_) | Json::Bool(_))) => Some(value.to_string()),
                        Some(Json::Null | Json::List(_) | Json::Map(_)) | None => None,
                    },
                }
            }
            Self::Csv(column) => csv::first_cell(body, column),
        })
    }
}

/// One metric and its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct MetricLimit {
    pub(crate) metric: Metric,
    pub(crate) all: Bounds,
    /// The limits for the rows of each segment.
    pub(crate) each_segment: Bounds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Metric {
    Accuracy,
    Precision,
    Recall,
    F1,
    MacroPrecision,
    MacroRecall,
    MacroF1,
    /// The mean absolute error.
    Mae,
    /// The root of the mean squared error.
    Rmse,
    /// The area under the ROC curve.
    Auc,
}

/// One row's label and the model's prediction; `None` if the model returned none.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ScoredRow {
    /// The row's number and its line in the file.
    pub(crate) number: usize,
    pub(crate) line: u64,
    pub(crate) truth: String,
    /// The row's segment, if a column names it.
    pub(crate) segment: Option<String>,
    pub(crate) prediction: Option<String>,
    pub(crate) score: Option<String>,
}

impl Metric {
    pub(crate) const ALL: [(&'static str, Self); 10] = [
        ("accuracy", Self::Accuracy),
        ("precision", Self::Precision),
        ("recall", Self::Recall),
        ("f1", Self::F1),
        ("macro_precision", Self::MacroPrecision),
        ("macro_recall", Self::MacroRecall),
        ("macro_f1", Self::MacroF1),
        ("mae", Self::Mae),
        ("rmse", Self::Rmse),
        ("auc", Self::Auc),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, metric)| *metric == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn needs_positive(self) -> bool {
        matches!(self, Self::Precision | Self::Recall | Self::F1 | Self::Auc)
    }

    pub(crate) fn needs_score(self) -> bool {
        self == Self::Auc
    }

    /// Whether a larger value is worse.
    pub(crate) fn is_error(self) -> bool {
        matches!(self, Self::Mae | Self::Rmse)
    }

    /// The name in a sentence.
    pub(crate) fn display_name(self) -> String {
        match self {
            Self::Mae => "mean absolute error".to_owned(),
            Self::Rmse => "root mean squared error".to_owned(),
            Self::Auc => "area under the ROC curve".to_owned(),
            metric => metric.name().replace('_', " "),
        }
    }
}

/// The metric's value over all rows, or why it has none.
pub(crate) fn value(metric: Metric, rows: &[ScoredRow], positive: Option<&str>) -> Result<f64, String> {
    if rows.is_empty() {
        return Err("there are no rows".to_owned());
    }
    let positive = positive.map(class).unwrap_or_default();
    match metric {
        Metric::Accuracy => Ok(share(rows.iter().filter(|row| is_right(row)).count(), rows.len())),
        Metric::Precision | Metric::Recall | Metric::F1 => {
            let count = Confusion::count(rows).remove(&positive).unwrap_or_default();
            match metric {
                _ if count.in_truth == 0 && metric != Metric::Precision => Err(format!("no row has the label `{positive}`")),
                Metric::Precision => Ok(count.precision()),
                Metric::Recall => Ok(count.recall()),
                _ => Ok(count.f1()),
            }
        }
        Metric::MacroPrecision => Ok(mean(Confusion::count(rows).values().map(Confusion::precision))),
        Metric::MacroRecall => Ok(mean(Confusion::count(rows).values().map(Confusion::recall))),
        Metric::MacroF1 => Ok(mean(Confusion::count(rows).values().map(Confusion::f1))),
        Metric::Mae => Ok(mean(errors(rows)?.into_iter().map(f64::abs))),
        Metric::Rmse => Ok(mean(errors(rows)?.into_iter().map(|error| error * error)).sqrt()),
        Metric::Auc => auc(rows, &positive),
    }
}

/// How often one class is among the labels and the predictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Confusion {
    right: usize,
    in_truth: usize,
    predicted: usize,
}

impl Confusion {
    fn count(rows: &[ScoredRow]) -> BTreeMap<String, Self> {
        let mut classes: BTreeMap<String, Self> = BTreeMap::new();
        for row in rows {
            let truth = class(&row.truth);
            let prediction = class_of(row);
            let right = prediction.as_ref() == Some(&truth);
            let of_truth = classes.entry(truth).or_default();
            of_truth.in_truth += 1;
            of_truth.right += usize::from(right);
            // A row without a response counts for no class.
            if let Some(prediction) = prediction {
                classes.entry(prediction).or_default().predicted += 1;
            }
        }
        classes
    }

    fn precision(&self) -> f64 {
        share(self.right, self.predicted)
    }

    fn recall(&self) -> f64 {
        share(self.right, self.in_truth)
    }

    fn f1(&self) -> f64 {
        share(2 * self.right, self.in_truth + self.predicted)
    }
}

/// A class by its name: `1`, `1.0` and `1e0` are the same class. Integers are compared by their
/// digits: above 2^53 several share one binary number.
pub(crate) fn class(text: &str) -> String {
    match Numeral::read(text) {
        Some(number) if number.is_integer() && number.value() != 0.0 => number.to_string(),
        Some(number) => (number.value() + 0.0).to_string(),
        None => text.trim().to_owned(),
    }
}

fn class_of(row: &ScoredRow) -> Option<String> {
    row.prediction.as_deref().map(class)
}

fn is_right(row: &ScoredRow) -> bool {
    class_of(row) == Some(class(&row.truth))
}

fn errors(rows: &[ScoredRow]) -> Result<Vec<f64>, String> {
    numbers(rows, "prediction", |row| row.prediction.as_deref())?
        .into_iter()
        .zip(rows)
        .map(|(prediction, row)| Ok(prediction - finite(&row.truth).ok_or_else(|| format!("the label `{}` is not a number", row.truth))?))
        .collect()
}

/// The area under the ROC curve; equal scores count as half.
fn auc(rows: &[ScoredRow], positive: &str) -> Result<f64, String> {
    let (scores, truth) = scores(rows, positive)?;
    Ranking::of(&scores, &truth).map(|ranking| ranking.area).ok_or_else(|| {
        let which = if truth.contains(&true) { "every row has" } else { "no row has" };
        format!("{which} the label `{positive}`, so that there is nothing to rank")
    })
}

/// The score of each row, and whether its label is the positive class.
fn scores(rows: &[ScoredRow], positive: &str) -> Result<(Vec<f64>, Vec<bool>), String> {
    let scores = numbers(rows, "score", |row| row.score.as_deref())?;
    Ok((scores, rows.iter().map(|row| class(&row.truth) == positive).collect()))
}

fn numbers(rows: &[ScoredRow], what: &str, value: impl Fn(&ScoredRow) -> Option<&str>) -> Result<Vec<f64>, String> {
    let missing = rows.iter().filter(|row| value(row).is_none()).count();
    if missing > 0 {
        return Err(format!("{missing} of {} rows have no {what}", rows.len()));
    }
    rows.iter()
        .filter_map(value)
        .map(|text| finite(text).ok_or_else(|| format!("the {what} `{}` is not a number", crate::format::excerpt(text))))
        .collect()
}

fn finite(text: &str) -> Option<f64> {
    // Adding zero turns -0 into 0: both zeros share one rank.
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| if number == 0.0 { 0.0 } else { number })
}

fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { count(part) / count(all) }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, number) = values.fold((0.0, 0), |(sum, number), value| (sum + value, number + 1));
    if number == 0 { 0.0 } else { sum / count(number) }
}

#[cfg(test)]
mod tests;
