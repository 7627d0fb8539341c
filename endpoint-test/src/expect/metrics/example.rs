//! A row that shows why a metric failed.

use super::{Metric, ScoredRow, class, class_of, finite, is_right};
use crate::format::excerpt;

/// The row that shows best why a metric is not good enough, in words: the first wrong one, or the
/// one with the largest error.
pub(crate) fn example(metric: Metric, rows: &[ScoredRow], positive: Option<&str>) -> Option<String> {
    let (what, row, found) = match metric {
        Metric::Mae | Metric::Rmse => {
            let error =
                |row: &&ScoredRow| finite(row.prediction.as_deref()?).zip(finite(&row.truth)).map(|(one, other)| (one - other).abs());
            let wrong = rows.iter().filter(|row| error(row).is_some_and(|error| error > 0.0));
            // Of equal errors, the first.
            let row = wrong.reduce(|most, row| if error(&row) > error(&most) { row } else { most })?;
            ("largest error".to_owned(), row, &row.prediction)
        }
        Metric::Auc => {
            let positive = class(positive?);
            let score = |row: &ScoredRow| row.score.as_deref().and_then(finite);
            let positives = rows.iter().filter(|row| class(&row.truth) == positive);
            let row = positives.reduce(|least, row| if score(row) < score(least) { row } else { least })?;
            (format!("lowest score of the label `{positive}`"), row, &row.score)
        }
        _ => {
            let positive = positive.map(class);
            let is_positive = |class: Option<String>| class.is_some() && class == positive;
            let counts = |row: &&ScoredRow| match metric {
                Metric::Precision => is_positive(class_of(row)),
                Metric::Recall => is_positive(Some(class(&row.truth))),
                Metric::F1 => is_positive(class_of(row)) || is_positive(Some(class(&row.truth))),
                _ => true,
            };
            let wrong = || rows.iter().filter(|row| !is_right(row));
            let row = wrong().find(counts).or_else(|| wrong().next())?;
            ("first wrong row".to_owned(), row, &row.prediction)
        }
    };
    let found = found.as_deref().map_or_else(|| "nothing".to_owned(), |found| format!("`{}`", excerpt(found)));
    Some(format!("{what}: row {} (line {}), expected `{}`, found {found}", row.number, row.line, excerpt(&row.truth)))
}

/// The hint if no row has a usable value: then the wrong part of the responses is probably read.
pub(crate) fn hint(metric: Metric, rows: &[ScoredRow]) -> Option<String> {
    let is_number = |value: &Option<String>| value.as_deref().and_then(finite).is_some();
    let (key, what, is_unusable): (_, _, &dyn Fn(&ScoredRow) -> bool) = match metric {
        Metric::Auc => ("score", "the score", &|row| !is_number(&row.score)),
        Metric::Mae | Metric::Rmse => ("prediction", "the prediction", &|row| !is_number(&row.prediction)),
        _ => ("prediction", "the prediction", &|row| !is_right(row)),
    };
    let all = !rows.is_empty() && rows.iter().all(is_unusable);
    all.then(|| format!("every row is wrong: `{key}` must select {what} in the response"))
}
