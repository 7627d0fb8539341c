//! The JSON Schema of `expect` and `expect_each`.

use schemars::JsonSchema;
use serde_json::Value;

use super::{Duration, MediaType, OneOrMore, VariableValue};

/// The expected response; for a payload of `rows`, the expectations for all of them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Expect {
    /// The response's status; 2xx by default.
    #[schemars(range(min = 200, max = 399))]
    status: Option<u16>,
    /// The response's media type. Parameters are compared only if given here.
    content_type: Option<MediaType>,
    /// The response's text.
    text: Option<Text>,
    /// Values in a JSON response.
    #[schemars(length(min = 1))]
    json: Option<Vec<Json>>,
    /// Cells in a CSV response.
    #[schemars(length(min = 1))]
    csv: Option<Vec<Csv>>,
    /// Values in a JSON Lines response.
    #[schemars(length(min = 1))]
    jsonl: Option<Vec<JsonLines>>,
    /// A JSON Schema that the response must conform to: a file's path, or the schema itself.
    schema: Option<SchemaOrPath>,
    /// A right response, stored in a file.
    golden: Option<Golden>,
    /// A program that checks the response, or all rows.
    check: Option<OwnCheck>,
    /// Metrics over all rows.
    metrics: Option<Metrics>,
    /// How fast the response must be; for a payload of `rows`, percentiles over all of them.
    latency: Option<Percentiles>,
    /// The error that the model must return.
    model_error: Option<ModelError>,
}

/// The expected response to each row.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ExpectEach {
    /// The response's status; 2xx by default.
    #[schemars(range(min = 200, max = 399))]
    status: Option<u16>,
    /// The response's media type. Parameters are compared only if given here.
    content_type: Option<MediaType>,
    /// The response's text.
    text: Option<Text>,
    /// Values in a JSON response.
    #[schemars(length(min = 1))]
    json: Option<Vec<Json>>,
    /// Cells in a CSV response.
    #[schemars(length(min = 1))]
    csv: Option<Vec<Csv>>,
    /// Values in a JSON Lines response.
    #[schemars(length(min = 1))]
    jsonl: Option<Vec<JsonLines>>,
    /// A JSON Schema that the response must conform to: a file's path, or the schema itself.
    schema: Option<SchemaOrPath>,
    /// A program that checks the response.
    check: Option<OwnCheck>,
    /// How fast each response must be.
    latency: Option<Latency>,
    /// The part of the rows that must pass; 1 by default: all of them.
    at_least: Option<Share>,
    /// Whether that part is reported and decides nothing.
    observe: Option<bool>,
}

/// A file's path, or a JSON Schema.
#[derive(JsonSchema)]
struct SchemaOrPath(#[schemars(extend("type" = ["string", "object", "boolean"]))] Value);

/// A right response, stored in a file.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Golden {
    /// The file, in the suite file's folder or below it.
    file: String,
    /// How far numbers may be off.
    #[schemars(range(min = 0.0))]
    abs: Option<f64>,
    /// How far numbers may be off, as a part of the golden number.
    #[schemars(range(min = 0.0))]
    rel: Option<f64>,
    /// Locations that may differ: JSON Pointers or JSONPaths.
    ignore: Option<OneOrMore>,
}

/// A program that reads one JSON document and writes its verdict as another.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OwnCheck {
    /// The program and its arguments, without a shell. Relative paths start in the project's
    /// folder.
    #[schemars(length(min = 1))]
    command: Vec<String>,
    /// The program's timeout; 10s by default.
    timeout: Option<Duration>,
}

/// Metrics over all rows, as scikit-learn defines them, and their limits.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 2))]
struct Metrics {
    /// The column with the label.
    label: String,
    /// The location of the prediction: a JSON Pointer, a JSONPath, a column of a CSV response, or
    /// `text` for the whole response.
    prediction: Option<Source>,
    /// The location of the positive class's score in each response.
    score: Option<Source>,
    /// The class of precision, recall, F1 and AUC, as in the label column.
    positive: Option<VariableValue>,
    /// The column that names segments, such as a region or a customer group.
    segment: Option<Segment>,
    /// The part of the rows with the right prediction.
    accuracy: Option<Limit>,
    /// The part of the rows predicted as positive that are positive.
    precision: Option<Limit>,
    /// The part of the positive rows that are predicted as positive.
    recall: Option<Limit>,
    /// The harmonic mean of precision and recall.
    f1: Option<Limit>,
    /// The mean precision of all classes.
    macro_precision: Option<Limit>,
    /// The mean recall of all classes.
    macro_recall: Option<Limit>,
    /// The mean F1 of all classes.
    macro_f1: Option<Limit>,
    /// The mean absolute error.
    mae: Option<Limit>,
    /// The root of the mean squared error.
    rmse: Option<Limit>,
    /// The area under the ROC curve.
    auc: Option<Limit>,
}

/// A JSON Pointer, a JSONPath, `text` for the whole response, or a column of a CSV response.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Source {
    Json(String),
    Csv(CsvColumn),
}

/// A column in the first row of a CSV response.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct CsvColumn {
    /// Its number from 0, or its name in the response's first line.
    column: ColumnOf,
}

/// The limits of a metric.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Limit {
    /// The minimum.
    at_least: Option<Number>,
    /// The maximum.
    at_most: Option<Number>,
    /// The limits for the rows of each segment.
    each_segment: Option<Bounds>,
    /// Whether the metric is reported and decides nothing.
    observe: Option<bool>,
}

/// A limit for the measured value, or for a bound that proves it.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Number {
    Measured(f64),
    Proven(Proof),
}

/// A part from 0 to 1: a limit for the measured one, or for a bound that proves it.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Share {
    Measured(#[schemars(range(min = 0.0, max = 1.0))] f64),
    Proven(Proof),
}

/// A limit that the rows must prove: a one-sided bound is compared with it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Proof {
    /// The limit.
    value: f64,
    /// How sure it must be that the true value is on this side.
    #[schemars(range(min = 0.5, max = 0.9999))]
    confidence: f64,
    /// The value that is expected, for planning the number of rows.
    expected: Option<f64>,
}

/// The limits for the rows of each segment.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Bounds {
    /// The minimum.
    at_least: Option<Number>,
    /// The maximum.
    at_most: Option<Number>,
    /// Whether the limits are reported and decide nothing.
    observe: Option<bool>,
}

/// The column that names segments.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Segment {
    Name(ColumnOf),
    Column(SegmentColumn),
}

/// The column that names segments, and the least number of rows of a segment that is judged.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct SegmentColumn {
    /// The column.
    column: ColumnOf,
    /// A segment with fewer rows is named, and not judged; 30 by default.
    #[schemars(range(min = 1))]
    min_rows: Option<u64>,
}

/// Rules for the response's text.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Text {
    /// The same text, except for line breaks at its end.
    equals: Option<String>,
    /// The row's value in this column.
    equals_column: Option<String>,
    /// Text that it must contain.
    contains: Option<String>,
    /// A regular expression that must match in it.
    matches: Option<String>,
}

/// Rules for one location in a JSON response.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 2))]
struct Json {
    /// The location: a JSON Pointer such as `/predictions/0/score`, empty for the whole response;
    /// or a JSONPath such as `$.predictions[*].score`, and then every location that it matches must
    /// satisfy the rules.
    at: String,
    #[schemars(flatten)]
    rules: Rules,
}

/// Rules for one or several cells of a CSV response.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Csv {
    /// The row, from 0; without it, the rules must hold in every row.
    row: Option<u64>,
    /// The column, from 0, or its name in the response's first line, which is then no row; without
    /// it, the rules must hold in every column.
    column: Option<ColumnOf>,
    #[schemars(flatten)]
    rules: Rules,
}

/// A column: its number from 0, or its name.
#[derive(JsonSchema)]
struct ColumnOf(#[schemars(extend("type" = ["integer", "string"], "minimum" = 0))] Value);

/// Rules for one or several places of a JSON Lines response.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 2))]
struct JsonLines {
    /// The line, from 0, without blank lines; without it, the rules must hold in every line.
    line: Option<u64>,
    /// The location in the line: a JSON Pointer or a JSONPath.
    at: String,
    #[schemars(flatten)]
    rules: Rules,
}

/// Rules for a value; numbers in CSV are numbers.
#[derive(JsonSchema)]
struct Rules {
    /// The same value.
    equals: Option<Value>,
    /// The row's value in this column.
    equals_column: Option<String>,
    /// One of these values.
    #[schemars(length(min = 1))]
    one_of: Option<Vec<Value>>,
    /// A number from the first to the second, both included.
    between: Option<[f64; 2]>,
    /// A number less than this.
    less_than: Option<f64>,
    /// A number of at most this.
    at_most: Option<f64>,
    /// A number greater than this.
    greater_than: Option<f64>,
    /// A number of at least this.
    at_least: Option<f64>,
    /// Text in which this regular expression matches.
    matches: Option<String>,
    /// Text that contains this, a list with this member, or an object with this key.
    contains: Option<Value>,
    /// The value's type.
    #[schemars(rename = "type")]
    kind: Option<Type>,
    /// The length: of text in characters, of a list or an object in members.
    length: Option<u64>,
    /// The number of locations that a JSONPath matches.
    count: Option<u64>,
    /// The location does not exist.
    absent: Option<True>,
    /// How far numbers in `equals` may be off.
    #[schemars(range(min = 0.0))]
    abs: Option<f64>,
    /// How far numbers in `equals` may be off, as a part of the expected number.
    #[schemars(range(min = 0.0))]
    rel: Option<f64>,
}

/// Only `true` is allowed.
#[derive(JsonSchema)]
struct True(#[schemars(extend("const" = true))] bool);

/// A type of JSON.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Type {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

/// How fast the response must be, measured by the client.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Latency {
    /// The longest time for this one request.
    max: Max,
}

/// The longest time, or with how it counts.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Max {
    Time(Duration),
    Limit(MaxLimit),
}

/// The longest time, and how it counts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct MaxLimit {
    /// The longest time.
    at_most: Duration,
    /// Whether it is reported and decides nothing.
    observe: Option<bool>,
}

/// The longest time for a part of the rows, or with how it counts.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Percentile {
    Time(Duration),
    Limit(PercentileLimit),
}

/// The longest time for a part of the rows, and how it counts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct PercentileLimit {
    /// The longest time.
    at_most: Duration,
    /// How sure it must be that so many of all requests are as fast; without it, the rows decide.
    #[schemars(range(min = 0.5, max = 0.9999))]
    confidence: Option<f64>,
    /// Whether it is reported and decides nothing.
    observe: Option<bool>,
}

/// How fast the response must be. The percentiles are for a payload of `rows`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Percentiles {
    /// The longest time for the faster half of the rows.
    p50: Option<Percentile>,
    /// The longest time for 90% of the rows.
    p90: Option<Percentile>,
    /// The longest time for 95% of the rows.
    p95: Option<Percentile>,
    /// The longest time for 99% of the rows.
    p99: Option<Percentile>,
    /// The longest time for one response, or for all rows.
    max: Option<Max>,
}

/// The error that the model must return.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ModelError {
    /// The container's status.
    #[schemars(range(min = 400, max = 599))]
    status: Option<u16>,
    /// Text that the container's message must contain.
    message_contains: Option<String>,
}
