//! The JSON Schema of a suite file, for editors: they complete keys and mark mistakes while a suite is written.
//!
//! The types here only describe the file: it is read by [`reader`](super::reader), which says more about what is wrong
//! than a derived reader could. A test keeps the two together.

#![expect(dead_code, reason = "the fields are read by the derived code alone, for their names and types")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

/// The JSON Schema of a suite file, version 1.
pub fn json_schema() -> Value {
    schemars::schema_for!(SuiteFile).to_value()
}

/// Tests of a model endpoint.
#[derive(JsonSchema)]
#[schemars(title = "Endpoint test suite", deny_unknown_fields)]
struct SuiteFile {
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    /// What the suite is about.
    name: Option<String>,
    /// What `${name}` stands for in a value, when `--var` gives no other value. A name without a value has to be given.
    variables: Option<BTreeMap<String, Option<VariableValue>>>,
    /// What is so of the endpoint itself.
    endpoint: Option<Endpoint>,
    /// What every case inherits unless it says otherwise.
    defaults: Option<Defaults>,
    /// The cases, run one after another. Empty: nothing is tested, which is not success.
    cases: Option<Vec<Case>>,
    /// How the endpoint must answer when many ask at once. It comes after the cases, and only when they passed.
    load: Option<Load>,
    /// How answers are compared with those of another endpoint, with `--compare-with`.
    compare: Option<Compare>,
}

/// A variable's value.
#[derive(JsonSchema)]
struct VariableValue(#[schemars(extend("type" = ["string", "number", "boolean"]))] Value);

/// What is so of the endpoint itself.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Endpoint {
    /// The endpoint that the suite is for; every endpoint of the stage where none is named.
    name: Option<String>,
    /// How long to wait for the endpoint.
    ready: Option<Ready>,
    /// Variants that must exist and take traffic.
    #[schemars(length(min = 1))]
    variants: Option<Vec<VariantName>>,
}

/// How long to wait for the endpoint.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Ready {
    /// The longest time until the endpoint is in service.
    within: Duration,
}

/// How answers are compared with those of another endpoint.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Compare {
    /// How far numbers may be off.
    #[schemars(range(min = 0.0))]
    abs: Option<f64>,
    /// How far numbers may be off, as a part of the other endpoint's number.
    #[schemars(range(min = 0.0))]
    rel: Option<f64>,
    /// Places that may differ: JSON Pointers or JSONPaths.
    ignore: Option<OneOrMore>,
    /// The part of the requests whose answers may differ; more is a failure.
    #[schemars(range(min = 0.0, max = 1.0))]
    at_most: Option<f64>,
}

/// What every case inherits unless it says otherwise.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Defaults {
    /// The media type asked for.
    accept: Option<MediaType>,
    /// The media type of payloads given as `text` or `file`.
    content_type: Option<MediaType>,
    /// How long a case waits for its reply.
    timeout: Option<Duration>,
    /// The production variant that must answer.
    target_variant: Option<VariantName>,
    /// The model of a multi-model endpoint that must answer.
    #[schemars(length(min = 1, max = 1024))]
    target_model: Option<String>,
    /// The container of a direct multi-container endpoint that must answer.
    target_container: Option<VariantName>,
    /// The inference component that must answer.
    inference_component: Option<VariantName>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    custom_attributes: Option<CustomAttributes>,
}

/// One question to the model, and what its answer must be.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Case {
    /// What the case shows; unique in its suite.
    #[schemars(length(min = 1, max = 300))]
    name: String,
    /// What is sent.
    payload: Payload,
    /// The media type asked for.
    accept: Option<MediaType>,
    /// The payload's media type, when its kind does not say it.
    content_type: Option<MediaType>,
    /// How long the case waits for its reply.
    timeout: Option<Duration>,
    /// The production variant that must answer, whatever its weight.
    target_variant: Option<VariantName>,
    /// The model of a multi-model endpoint that must answer.
    #[schemars(length(min = 1, max = 1024))]
    target_model: Option<String>,
    /// The container of a direct multi-container endpoint that must answer.
    target_container: Option<VariantName>,
    /// The inference component that must answer.
    inference_component: Option<VariantName>,
    /// An id under which captured data keeps the request.
    #[schemars(length(min = 1, max = 64))]
    inference_id: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`: at most 1024 printable ASCII characters.
    custom_attributes: Option<CustomAttributes>,
    /// What the answer must be. Without it: a reply with a body.
    expect: Option<Expect>,
    /// What each row's answer must be, for a payload of `rows`.
    expect_each: Option<ExpectEach>,
}

/// What is sent: one of `csv`, `json`, `text`, `base64`, `file`, `rows` and `sample`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Payload {
    /// CSV rows, as they go over the wire (`text/csv`).
    csv: Option<String>,
    /// Any value, sent as JSON (`application/json`).
    json: Option<Value>,
    /// Text (`text/plain`, unless said otherwise).
    text: Option<String>,
    /// Any bytes, as base64.
    base64: Option<String>,
    /// A file beside the suite file or below its folder.
    file: Option<String>,
    /// The rows of a CSV file, each of which is a request.
    rows: Option<Rows>,
    /// A sample payload of the model package: a file of its archive, or `all`.
    sample: Option<String>,
    /// The payload's media type.
    content_type: Option<MediaType>,
}

/// The rows of a CSV file, each of which is a request.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rows {
    /// The file, beside the suite file or below its folder.
    file: String,
    /// Whether the first line names the columns; if not, they go by their numbers, from 0. Without it, yes.
    header: Option<bool>,
    /// Columns that are not sent, such as the label.
    drop: Option<OneOrMore>,
    /// Columns that are sent, in this order.
    columns: Option<OneOrMore>,
    /// How many rows are sent, from the first.
    #[schemars(range(min = 1))]
    first: Option<u64>,
    /// How a row goes over the wire; `csv` when not given.
    #[schemars(rename = "as")]
    form: Option<RowForm>,
    /// How many requests are under way at once; 1 when not given.
    #[schemars(range(min = 1, max = 64))]
    at_once: Option<u64>,
}

/// How a row goes over the wire.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum RowForm {
    Csv,
    CsvWithHeader,
    JsonInstances,
    JsonRecords,
    DataframeSplit,
}

/// What the answer must be; for a payload of `rows`, what must hold of all of them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Expect {
    /// The reply's status; 2xx when not given.
    #[schemars(range(min = 200, max = 399))]
    status: Option<u16>,
    /// The reply's media type. Parameters count only when given here.
    content_type: Option<MediaType>,
    /// What the reply's text must be.
    text: Option<Text>,
    /// What must be at some places of a JSON reply.
    #[schemars(length(min = 1))]
    json: Option<Vec<Json>>,
    /// A JSON Schema that the reply must be valid by: a file's path, or the schema itself.
    schema: Option<SchemaOrPath>,
    /// An answer that was good, in a file.
    golden: Option<Golden>,
    /// A program that looks at the reply, or at all rows.
    check: Option<OwnCheck>,
    /// What is measured over all rows.
    metrics: Option<Metrics>,
    /// How fast the answer must come.
    latency: Option<Latency>,
    /// The model must refuse.
    model_error: Option<ModelError>,
}

/// What each row's answer must be.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ExpectEach {
    /// The reply's status; 2xx when not given.
    #[schemars(range(min = 200, max = 399))]
    status: Option<u16>,
    /// The reply's media type. Parameters count only when given here.
    content_type: Option<MediaType>,
    /// What the reply's text must be.
    text: Option<Text>,
    /// What must be at some places of a JSON reply.
    #[schemars(length(min = 1))]
    json: Option<Vec<Json>>,
    /// A JSON Schema that the reply must be valid by: a file's path, or the schema itself.
    schema: Option<SchemaOrPath>,
    /// A program that looks at the reply.
    check: Option<OwnCheck>,
    /// How fast each answer must come.
    latency: Option<Latency>,
    /// The part of the rows that must hold; 1 when not given: all of them.
    #[schemars(range(min = 0.0, max = 1.0))]
    at_least: Option<f64>,
}

/// A file's path, or a JSON Schema.
#[derive(JsonSchema)]
struct SchemaOrPath(#[schemars(extend("type" = ["string", "object", "boolean"]))] Value);

/// An answer that was good, in a file. `--update-golden` writes it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Golden {
    /// The file, beside the suite file or below its folder.
    file: String,
    /// How far numbers may be off.
    #[schemars(range(min = 0.0))]
    abs: Option<f64>,
    /// How far numbers may be off, as a part of the golden number.
    #[schemars(range(min = 0.0))]
    rel: Option<f64>,
    /// Places that may differ: JSON Pointers or JSONPaths.
    ignore: Option<OneOrMore>,
}

/// A program that reads one JSON document and writes its verdict as another.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OwnCheck {
    /// The program and its arguments; no shell reads them. Relative paths start in the project's folder.
    #[schemars(length(min = 1))]
    command: Vec<String>,
    /// How long the program may take; 10s when not given.
    timeout: Option<Duration>,
}

/// What is measured over all rows, as scikit-learn defines it, and which values are good enough.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 2))]
struct Metrics {
    /// The column with the truth.
    label: String,
    /// Where the prediction is in each reply: a JSON Pointer, a JSONPath, or `text` for the whole reply.
    prediction: Option<String>,
    /// Where the score of the positive class is in each reply.
    score: Option<String>,
    /// The class that precision, recall, F1 and AUC are about, as it is in the label's column.
    positive: Option<VariableValue>,
    /// The part of the rows that are right.
    accuracy: Option<Limit>,
    /// Of the rows predicted as positive, the part that are.
    precision: Option<Limit>,
    /// Of the positive rows, the part predicted so.
    recall: Option<Limit>,
    /// The harmonic mean of precision and recall.
    f1: Option<Limit>,
    /// The mean of all classes' precision.
    macro_precision: Option<Limit>,
    /// The mean of all classes' recall.
    macro_recall: Option<Limit>,
    /// The mean of all classes' F1.
    macro_f1: Option<Limit>,
    /// The mean absolute error.
    mae: Option<Limit>,
    /// The root of the mean squared error.
    rmse: Option<Limit>,
    /// The area under the ROC curve.
    auc: Option<Limit>,
}

/// Which values are good enough.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Limit {
    /// The least.
    at_least: Option<f64>,
    /// The largest.
    at_most: Option<f64>,
}

/// One text, or a list of them.
#[derive(JsonSchema)]
struct OneOrMore(#[schemars(extend("type" = ["string", "array"], "items" = { "type": ["string", "number"] }))] Value);

/// What the reply's text must be.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Text {
    /// The same text, line breaks at its end aside.
    equals: Option<String>,
    /// What the row's column of this name holds.
    equals_column: Option<String>,
    /// Text that must be in it.
    contains: Option<String>,
    /// A regular expression that must match somewhere in it.
    matches: Option<String>,
}

/// What must be at one place of a JSON reply.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 2))]
struct Json {
    /// The place: a JSON Pointer such as `/predictions/0/score`, or nothing for the whole reply; or a JSONPath such as
    /// `$.predictions[*].score`, and then every place that it leads to must hold.
    at: String,
    /// The same value.
    equals: Option<Value>,
    /// What the row's column of this name holds.
    equals_column: Option<String>,
    /// One of these values.
    #[schemars(length(min = 1))]
    one_of: Option<Vec<Value>>,
    /// A number from the first to the second, both included.
    between: Option<[f64; 2]>,
    /// A number below this one.
    less_than: Option<f64>,
    /// A number that is no larger.
    at_most: Option<f64>,
    /// A number above this one.
    greater_than: Option<f64>,
    /// A number that is no smaller.
    at_least: Option<f64>,
    /// Text in which this regular expression matches somewhere.
    matches: Option<String>,
    /// Text with this in it, a list with this member, or an object with this key.
    contains: Option<Value>,
    /// The value's type.
    #[schemars(rename = "type")]
    kind: Option<Type>,
    /// Of text in characters, of a list or an object in members.
    length: Option<u64>,
    /// A JSONPath leads to so many places.
    count: Option<u64>,
    /// Nothing is there.
    absent: Option<True>,
    /// How far numbers in `equals` may be off.
    #[schemars(range(min = 0.0))]
    abs: Option<f64>,
    /// How far numbers in `equals` may be off, as a part of the expected number.
    #[schemars(range(min = 0.0))]
    rel: Option<f64>,
}

/// Only `true` makes sense.
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

/// How fast the answer must come, as the client sees it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Latency {
    /// The longest time for this one request.
    max: Duration,
}

/// The model must refuse.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ModelError {
    /// The container's status.
    #[schemars(range(min = 400, max = 599))]
    status: Option<u16>,
    /// Text that must be in the container's message.
    message_contains: Option<String>,
}

/// How the endpoint must answer when many ask at once.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Load {
    /// The names of the cases whose requests are sent, in turn; all that expect an answer when not given.
    #[schemars(rename = "use", length(min = 1))]
    cases: Option<Vec<String>>,
    /// Requests like those of the first phase that are in no figure.
    warmup: Option<Warmup>,
    /// The phases, one after another.
    #[schemars(length(min = 1, max = 50))]
    phases: Vec<Phase>,
    /// How requests arrive: in even steps, or at random as independent callers do.
    arrivals: Option<Arrivals>,
    /// What random arrivals are made from: the same seed gives the same moments. 1 when not given.
    seed: Option<u64>,
    /// Arrivals over it are dropped, and counted as such; 64 when not given.
    #[schemars(range(min = 1, max = 4096))]
    max_in_flight: Option<u64>,
    /// How long a request waits for its reply; as long as its case does when not given.
    timeout: Option<Duration>,
    /// Whether replies are held against the cases' expectations; they are when not given.
    check_replies: Option<bool>,
    /// When the load is given up: `errors > 50%` of the last hundred requests when not given, or `never`.
    #[schemars(regex(pattern = r"^\s*(never|errors\s*>\s*[0-9]+(\.[0-9]+)?\s*%)\s*$"))]
    abort_when: Option<String>,
    /// What must hold of all counted phases together. Without one on errors, `errors < 1%` must.
    #[schemars(length(min = 1))]
    thresholds: Option<Vec<Threshold>>,
}

/// Requests like those of the first phase that are in no figure.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
struct Warmup {
    /// So many.
    #[schemars(range(min = 1, max = 10_000))]
    requests: Option<u64>,
    /// For so long.
    #[schemars(rename = "for")]
    duration: Option<Duration>,
}

/// One stretch of a load, with one of `rate` and `users`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Phase {
    /// What the phase is called in reports.
    #[schemars(length(min = 1, max = 80))]
    name: Option<String>,
    /// Requests a second, whatever becomes of the answers: `5/s`, `90/m`, or `5/s..25/s` from one rate to another.
    #[schemars(regex(pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|m|min)\s*(\.\.\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|m|min)\s*)?$"))]
    rate: Option<String>,
    /// So many users, each of whom waits for an answer before sending the next request.
    #[schemars(range(min = 1, max = 4096))]
    users: Option<u64>,
    /// How long.
    #[schemars(rename = "for")]
    duration: Duration,
    /// What must hold of this phase alone.
    #[schemars(length(min = 1))]
    thresholds: Option<Vec<Threshold>>,
}

/// How requests arrive.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Arrivals {
    Even,
    Poisson,
}

/// A condition such as `p95 < 250ms`, `errors < 1%`, `dropped == 0` or `throughput > 20/s`.
#[derive(JsonSchema)]
struct Threshold(
    #[schemars(regex(
        pattern = r"^\s*((service )?(p[0-9]+(\.[0-9]+)?|min|mean|max)|errors|dropped|wrong_answers|timeouts|throttles|throughput)\s*(<|<=|>|>=|==)\s*[0-9].*$"
    ))]
    String,
);

/// A number with a unit: `250ms`, `5s`, `15m`; at most an hour.
#[derive(JsonSchema)]
struct Duration(#[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)? *(ms|s|m|h)$"))] String);

/// A media type such as `text/csv`.
#[derive(JsonSchema)]
struct MediaType(#[schemars(regex(pattern = r"^[^/\s]+/[^/\s]+"))] String);

/// A production variant's name.
#[derive(JsonSchema)]
struct VariantName(#[schemars(regex(pattern = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"))] String);

/// Printable ASCII.
#[derive(JsonSchema)]
struct CustomAttributes(#[schemars(length(max = 1024), regex(pattern = r"^[ -~]*$"))] String);

#[cfg(test)]
mod tests {
    use super::super::{endpoint, expectation_reader, load, payload, reader, rows_reader};
    use super::*;

    /// The keys of each object in the schema, by the name of its type.
    fn keys() -> BTreeMap<String, Vec<String>> {
        let schema = json_schema();
        let of = |schema: &Value| schema["properties"].as_object().map(|properties| properties.keys().cloned().collect::<Vec<_>>());
        let definitions = schema["$defs"].as_object().unwrap().iter();
        let mut keys: BTreeMap<_, _> = definitions.filter_map(|(name, schema)| Some((name.clone(), of(schema)?))).collect();
        keys.insert("Suite".to_owned(), of(&schema).unwrap());
        keys
    }

    #[test]
    fn the_schema_knows_the_same_keys_as_the_reader() {
        let expected = [
            ("Suite", reader::SUITE_KEYS),
            ("Defaults", reader::DEFAULTS_KEYS),
            ("Case", reader::CASE_KEYS),
            ("Compare", reader::COMPARE_KEYS),
            ("Endpoint", endpoint::ENDPOINT_KEYS),
            ("Ready", endpoint::READY_KEYS),
            ("Payload", payload::PAYLOAD_KEYS),
            ("Rows", rows_reader::ROWS_KEYS),
            ("Expect", expectation_reader::EXPECT_KEYS),
            ("ExpectEach", expectation_reader::EXPECT_EACH_KEYS),
            ("Golden", expectation_reader::GOLDEN_KEYS),
            ("OwnCheck", expectation_reader::CHECK_KEYS),
            ("Metrics", expectation_reader::METRICS_KEYS),
            ("Limit", expectation_reader::LIMIT_KEYS),
            ("Text", expectation_reader::TEXT_KEYS),
            ("Json", expectation_reader::JSON_KEYS),
            ("Latency", expectation_reader::LATENCY_KEYS),
            ("ModelError", expectation_reader::MODEL_ERROR_KEYS),
            ("Load", load::LOAD_KEYS),
            ("Warmup", load::WARMUP_KEYS),
            ("Phase", load::PHASE_KEYS),
        ];
        let sorted = |keys: &[&str]| {
            let mut keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
            keys.sort();
            keys
        };
        let expected: BTreeMap<_, _> = expected.into_iter().map(|(name, keys)| (name.to_owned(), sorted(keys))).collect();
        let mut found = keys();
        for keys in found.values_mut() {
            keys.sort();
        }
        assert_eq!(found, expected);
    }
}
