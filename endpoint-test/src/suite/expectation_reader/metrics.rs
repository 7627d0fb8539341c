//! Reads `metrics`: the metrics over all rows and their limits.

use super::tabular::column;
use crate::expect::address::Address;
use crate::expect::metrics::{Bounds, Metric, MetricLimit, MetricsExpectation, Segment, Source};
use crate::problem::Place;
use crate::rows::MAX_ROWS;
use crate::suite::document::{Content, Node};
use crate::suite::limits_reader;
use crate::suite::reader::{Fields, Reader};

pub(in crate::suite) const METRICS_KEYS: &[&str] = &[
    "label",
    "prediction",
    "score",
    "positive",
    "segment",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "mae",
    "rmse",
    "auc",
];
pub(in crate::suite) const SOURCE_KEYS: &[&str] = &["column"];
pub(in crate::suite) const LIMIT_KEYS: &[&str] = &["at_least", "at_most", "each_segment", "observe"];
pub(in crate::suite) const BOUNDS_KEYS: &[&str] = &["at_least", "at_most", "observe"];
pub(in crate::suite) const SEGMENT_KEYS: &[&str] = &["column", "min_rows"];

pub(super) fn read(reader: &mut Reader, node: &Node, columns: &mut Vec<(String, Place)>) -> Option<MetricsExpectation> {
    let fields = reader.fields(node, "`metrics`", METRICS_KEYS)?;
    let before = reader.problems.len();
    fields.require(reader, "label");
    let label = fields.text(reader, "label").map(str::to_owned);
    columns.extend(label.clone().map(|label| (label, fields.place("label"))));
    let prediction = source(reader, &fields, "prediction");
    let score = source(reader, &fields, "score");
    let positive = match fields.get("positive").and_then(Node::number) {
        Some(number) => Some(number.to_string()),
        None => fields.text(reader, "positive").map(str::to_owned),
    };
    let segment = segment(reader, &fields);
    columns.extend(segment.as_ref().map(|segment| (segment.column.clone(), segment.place)));
    let mut limits = Vec::new();
    for (name, metric) in Metric::ALL {
        let Some(node) = fields.get(name) else { continue };
        limits.extend(limit(reader, node, name, metric, fields.get("segment").is_some()));
        let lacks = |reader: &mut Reader, what: &str, why: &str| {
            reader.problem(fields.key_place(name), format!("`{name}` needs `{what}`")).hint = Some(why.to_owned());
        };
        if metric.needs_positive() && fields.get("positive").is_none() {
            lacks(reader, "positive", "the class of the metric, as in the label column; `macro_…` covers all classes");
        }
        if metric.needs_score() && fields.get("score").is_none() {
            lacks(reader, "score", "the location of the positive class's score in each response, such as `score: /predictions/0/score`");
        }
        if !metric.needs_score() && fields.get("prediction").is_none() {
            lacks(
                reader,
                "prediction",
                "the location of the prediction in each response, such as `prediction: /predictions/0/label`, `{ column: 0 }` of a CSV response, or `text` for the whole response",
            );
        }
    }
    let names: Vec<_> = Metric::ALL.iter().map(|(name, _)| *name).collect();
    if fields.lacks_all(&names) {
        reader.problem(node.place, "`metrics` has no metric").hint = Some("such as `accuracy: { at_least: 0.95 }`".to_owned());
    }
    let read = MetricsExpectation { label: label?, prediction, score, positive, segment, limits };
    (reader.problems.len() == before).then_some(read)
}

/// `text`, a JSON Pointer, a JSONPath, or `{ column: 1 }` of a CSV response.
pub(in crate::suite) fn source(reader: &mut Reader, fields: &Fields<'_>, key: &str) -> Option<Source> {
    if let Some(node @ Node { content: Content::Map(_), .. }) = fields.get(key) {
        let what = format!("`{key}`");
        let fields = reader.fields(node, &what, SOURCE_KEYS)?;
        fields.require(reader, "column")?;
        return column(reader, &fields).map(Source::Csv);
    }
    let text = fields.text(reader, key)?;
    if text == "text" {
        return Some(Source::Text);
    }
    match Address::parse(text) {
        Ok(address) => Some(Source::Json(address)),
        Err((message, hint)) => {
            reader.problem(fields.place(key), message).hint = Some(format!("{hint}; `text` is the whole response"));
            None
        }
    }
}

/// The column that names segments: alone, or with the least number of rows.
fn segment(reader: &mut Reader, fields: &Fields<'_>) -> Option<Segment> {
    let node = fields.get("segment")?;
    let named = |column: &str, place, min_rows| Segment { column: column.to_owned(), place, min_rows };
    match &node.content {
        Content::Map(_) => {
            let fields = reader.fields(node, "`segment`", SEGMENT_KEYS)?;
            fields.require(reader, "column")?;
            let min_rows = fields.whole(reader, "min_rows", 1, MAX_ROWS as u64).and_then(|rows| usize::try_from(rows).ok());
            let (column, place) = fields.texts(reader, "column").into_iter().next()?;
            Some(named(&column, place, min_rows.unwrap_or(Segment::MIN_ROWS)))
        }
        // Columns without a header go by their number.
        Content::Number(number) => Some(named(number.as_str(), node.place, Segment::MIN_ROWS)),
        _ => Some(named(fields.text(reader, "segment")?, node.place, Segment::MIN_ROWS)),
    }
}

fn limit(reader: &mut Reader, node: &Node, name: &str, metric: Metric, has_segments: bool) -> Option<MetricLimit> {
    let what = format!("`{name}`");
    let fields = reader.fields(node, &what, LIMIT_KEYS)?;
    if fields.lacks_all(LIMIT_KEYS) {
        reader.problem(node.place, format!("`{name}` has no limit")).hint =
            Some("give `at_least`, `at_most` or `each_segment`; `observe: true` reports the metric without a limit".to_owned());
    }
    let all = bounds(reader, &fields, node.place, name);
    let mut each_segment = Bounds::default();
    if let Some(node) = fields.get("each_segment") {
        if !has_segments {
            reader.problem(fields.key_place("each_segment"), "`each_segment` needs `segment` beside the metrics").hint =
                Some("name the column with the segments, such as `segment: region`".to_owned());
        }
        let fields = reader.fields(node, "`each_segment`", BOUNDS_KEYS)?;
        if fields.lacks_all(&["at_least", "at_most"]) {
            reader.problem(node.place, "`each_segment` has no limit").hint = Some("give `at_least` or `at_most`".to_owned());
        }
        each_segment = bounds(reader, &fields, node.place, name);
        each_segment.observe |= all.observe;
    }
    Some(MetricLimit { metric, all, each_segment })
}

fn bounds(reader: &mut Reader, fields: &Fields<'_>, place: Place, name: &str) -> Bounds {
    let (at_least, at_most) = (limits_reader::limit(reader, fields, "at_least"), limits_reader::limit(reader, fields, "at_most"));
    if let (Some(low), Some(high)) = (at_least, at_most)
        && low.value > high.value
    {
        reader.problem(place, format!("`{name}` cannot be at least {} and at most {}", low.value, high.value));
    }
    Bounds { at_least, at_most, observe: limits_reader::observe(reader, fields) }
}
