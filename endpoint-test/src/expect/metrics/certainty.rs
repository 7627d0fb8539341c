//! What the rows prove about a metric.

use super::{Confusion, Metric, ScoredRow, class, errors, finite, is_right, scores};
use crate::statistics::bootstrap::{self, Mean};
use crate::statistics::delong::Ranking;
use crate::statistics::mover::{self, Part};
use crate::statistics::{Interval, number, proportion};

/// How far the true value of a metric can be from the measured one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Certainty {
    /// So many of all.
    Share {
        count: usize,
        of: usize,
    },
    /// F1: so many right positives of all rows that are positive by label or by prediction.
    F1 {
        count: usize,
        of: usize,
    },
    /// The mean of a share of each class.
    Macro {
        metric: Metric,
        classes: Vec<Confusion>,
    },
    Area(Ranking),
    /// The mean of the errors or, for the root of their mean, of their squares.
    Mean {
        mean: Mean,
        is_squared: bool,
    },
    /// Every row has the same error; labels are at most `range` apart.
    Constant {
        error: f64,
        range: f64,
        rows: usize,
        is_squared: bool,
    },
    /// Nothing can be computed, for this reason.
    Unknown(String),
}

/// What the rows prove about a metric that has a value.
pub(crate) fn certainty(metric: Metric, rows: &[ScoredRow], positive: Option<&str>) -> Certainty {
    let positive = positive.map(class).unwrap_or_default();
    let of_positive = || Confusion::count(rows).remove(&positive).unwrap_or_default();
    match metric {
        Metric::Accuracy => Certainty::Share { count: rows.iter().filter(|row| is_right(row)).count(), of: rows.len() },
        Metric::Precision => {
            let count = of_positive();
            Certainty::Share { count: count.right, of: count.predicted }
        }
        Metric::Recall => {
            let count = of_positive();
            Certainty::Share { count: count.right, of: count.in_truth }
        }
        Metric::F1 => {
            let count = of_positive();
            Certainty::F1 { count: count.right, of: count.in_truth + count.predicted - count.right }
        }
        Metric::MacroPrecision | Metric::MacroRecall | Metric::MacroF1 => {
            Certainty::Macro { metric, classes: Confusion::count(rows).into_values().collect() }
        }
        Metric::Mae | Metric::Rmse => of_errors(metric, rows),
        Metric::Auc => match scores(rows, &positive).map(|(scores, truth)| Ranking::of(&scores, &truth)) {
            Ok(Some(ranking)) => Certainty::Area(ranking),
            Ok(None) => Certainty::Unknown("all rows are of one class".to_owned()),
            Err(why) => Certainty::Unknown(why),
        },
    }
}

fn of_errors(metric: Metric, rows: &[ScoredRow]) -> Certainty {
    let errors = match errors(rows) {
        Ok(errors) => errors,
        Err(why) => return Certainty::Unknown(why),
    };
    let is_squared = metric == Metric::Rmse;
    let sizes: Vec<f64> = errors.iter().map(|error| if is_squared { error * error } else { error.abs() }).collect();
    if sizes.windows(2).all(|pair| pair[0].total_cmp(&pair[1]).is_eq()) {
        let error = errors.first().map_or(0.0, |error| error.abs());
        return Certainty::Constant { error, range: label_range(rows), rows: rows.len(), is_squared };
    }
    if rows.len() < bootstrap::MIN_ROWS {
        return Certainty::Unknown(format!("{} rows are too few for an interval, which needs {}", rows.len(), bootstrap::MIN_ROWS));
    }
    Certainty::Mean { mean: Mean::of(&sizes), is_squared }
}

/// How far the labels are apart.
pub(super) fn label_range(rows: &[ScoredRow]) -> f64 {
    let labels = || rows.iter().filter_map(|row| finite(&row.truth));
    labels().fold(f64::NEG_INFINITY, f64::max) - labels().fold(f64::INFINITY, f64::min)
}

/// The lower bound if every row is right; `None` for metrics of numbers and scores.
pub(crate) fn best_case(metric: Metric, rows: &[ScoredRow], tail: f64) -> Option<f64> {
    let certainty = certainty(metric, rows, None);
    certainty.interval(tail).ok().map(|(interval, _)| interval.low)
}

impl Certainty {
    /// The bounds, each of which is on the wrong side with this probability, and their method.
    pub(crate) fn interval(&self, tail: f64) -> Result<(Interval, &'static str), String> {
        Ok(match self {
            Self::Share { count, of } => (proportion::exact(*count, *of, tail), "exact"),
            Self::F1 { count, of } => (proportion::f1(*count, *of, tail), "exact"),
            Self::Macro { metric, classes } => {
                let part = |class: &Confusion| match metric {
                    Metric::MacroPrecision => {
                        Part { value: class.precision(), interval: proportion::exact(class.right, class.predicted, tail) }
                    }
                    Metric::MacroRecall => Part { value: class.recall(), interval: proportion::exact(class.right, class.in_truth, tail) },
                    _ => {
                        let interval = proportion::f1(class.right, class.in_truth + class.predicted - class.right, tail);
                        Part { value: class.f1(), interval }
                    }
                };
                let parts: Vec<Part> = classes.iter().map(part).collect();
                (mover::mean(&parts, if *metric == Metric::MacroF1 { 2 } else { 1 }), "exact by class, MOVER")
            }
            Self::Area(ranking) => ranking.interval(tail),
            Self::Mean { mean, is_squared } => {
                let found = mean.interval(tail);
                (if *is_squared { found.map(f64::sqrt) } else { found }, "bootstrap, BCa")
            }
            Self::Constant { error, range, rows, is_squared } => {
                if *range <= 0.0 {
                    return Err("every row has the same label and the same error, which does not show how far others are off".to_owned());
                }
                // So many rows can have another error without one among these.
                let others = 1.0 - tail.powf(1.0 / number(*rows));
                let found = if *is_squared {
                    let square = error * error;
                    Interval { low: square * (1.0 - others), high: square + others * range * range }.map(f64::sqrt)
                } else {
                    Interval { low: error * (1.0 - others), high: error + others * range }
                };
                (found, "equal errors, others within the range of the labels")
            }
            Self::Unknown(why) => return Err(why.clone()),
        })
    }

    /// The number of rows that the value is a share or a mean of, if not all.
    pub(crate) fn rows(&self, all: usize) -> usize {
        match self {
            Self::Share { of, .. } | Self::F1 { of, .. } => *of,
            _ => all,
        }
    }
}
