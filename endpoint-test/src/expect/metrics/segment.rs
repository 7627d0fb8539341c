//! The segments of labelled rows, named by a column.

use std::collections::BTreeMap;

use super::{MetricsExpectation, ScoredRow};
use crate::problem::Place;

/// The most segments of a file: more would be an identifier of rows.
const MAX_SEGMENTS: usize = 100;

/// The column that names segments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) column: String,
    pub(crate) place: Place,
    /// A smaller segment is named, and not judged.
    pub(crate) min_rows: usize,
}

impl Segment {
    /// The default of `min_rows`: with fewer rows, one of them changes a share by more than 3%.
    pub(crate) const MIN_ROWS: usize = 30;

    /// Why the rows, in these segments, cannot be judged by segment, if they cannot.
    pub(crate) fn unfit(&self, names: impl Iterator<Item = String>, metrics: &MetricsExpectation) -> Option<String> {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for name in names {
            *sizes.entry(name.trim().to_owned()).or_default() += 1;
        }
        let column = &self.column;
        if sizes.len() > MAX_SEGMENTS {
            return Some(format!("the column `{column}` has {} different values; the limit of segments is {MAX_SEGMENTS}", sizes.len()));
        }
        let is_judged = metrics.limits.iter().any(|limit| !limit.each_segment.is_empty());
        // Otherwise a limit would pass that no segment was compared with.
        (is_judged && sizes.values().all(|rows| *rows < self.min_rows))
            .then(|| format!("no segment of the column `{column}` has {} rows; set `min_rows` to judge smaller ones", self.min_rows))
    }
}

/// The rows of each segment, by its name.
pub(crate) fn split(rows: &[ScoredRow]) -> BTreeMap<String, Vec<ScoredRow>> {
    let mut segments: BTreeMap<String, Vec<ScoredRow>> = BTreeMap::new();
    for row in rows {
        if let Some(name) = &row.segment {
            let name = if name.is_empty() { "(empty)" } else { name };
            segments.entry(name.to_owned()).or_default().push(row.clone());
        }
    }
    segments
}
