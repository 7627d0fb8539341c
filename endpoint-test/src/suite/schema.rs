//! The JSON Schema of a suite file, for editors: they complete keys and mark mistakes.
//!
//! The types here only describe the file. [`reader`](super::reader) reads it, with better messages
//! than a derived reader. A test compares the two.

#![expect(dead_code, reason = "only the derived code reads the fields, for their names and types")]

mod compare;
mod expectation;
mod replay;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use self::compare::Compare;
use self::expectation::{Expect, ExpectEach};
use self::replay::Replay;

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
    /// The suite's own name.
    name: Option<String>,
    /// Default values of `${name}`, which the caller may override. A name without one must be given.
    variables: Option<BTreeMap<String, Option<VariableValue>>>,
    /// The endpoint.
    endpoint: Option<Endpoint>,
    /// Defaults for every case.
    defaults: Option<Defaults>,
    /// The cases, run one after another. Without cases nothing is tested, which is not a success.
    cases: Option<Vec<Case>>,
    /// The load on the endpoint. It runs after the cases, and only if they passed.
    load: Option<Load>,
    /// How responses are compared with those of another endpoint.
    compare: Option<Compare>,
    /// Captured requests that are sent again.
    replay: Option<Replay>,
}

/// A variable's value.
#[derive(JsonSchema)]
struct VariableValue(#[schemars(extend("type" = ["string", "number", "boolean"]))] Value);

/// The endpoint.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Endpoint {
    /// The endpoint that the suite is for; every endpoint of the stage by default.
    name: Option<String>,
    /// How long to wait for the endpoint.
    ready: Option<Ready>,
    /// Variants that must exist and get traffic.
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

/// Defaults for every case.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Defaults {
    /// The requested media type.
    accept: Option<MediaType>,
    /// The media type of payloads given as `text` or `file`.
    content_type: Option<MediaType>,
    /// How long a case waits for its response.
    timeout: Option<Duration>,
    /// The production variant to invoke.
    target_variant: Option<VariantName>,
    /// The model of a multi-model endpoint to invoke.
    #[schemars(length(min = 1, max = 1024))]
    target_model: Option<String>,
    /// The container of a direct multi-container endpoint to invoke.
    target_container: Option<VariantName>,
    /// The inference component to invoke.
    inference_component: Option<VariantName>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    custom_attributes: Option<CustomAttributes>,
}

/// One request to the model, and the expected response.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Case {
    /// What the case tests; unique in its suite.
    #[schemars(length(min = 1, max = 300))]
    name: String,
    /// The payload.
    payload: Payload,
    /// The requested media type.
    accept: Option<MediaType>,
    /// The payload's media type, if its kind does not determine it.
    content_type: Option<MediaType>,
    /// How long the case waits for its response.
    timeout: Option<Duration>,
    /// The production variant to invoke, whatever its weight.
    target_variant: Option<VariantName>,
    /// The model of a multi-model endpoint to invoke.
    #[schemars(length(min = 1, max = 1024))]
    target_model: Option<String>,
    /// The container of a direct multi-container endpoint to invoke.
    target_container: Option<VariantName>,
    /// The inference component to invoke.
    inference_component: Option<VariantName>,
    /// The inference id, which is recorded with captured data.
    #[schemars(length(min = 1, max = 64))]
    inference_id: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`: at most 1024 printable ASCII characters.
    custom_attributes: Option<CustomAttributes>,
    /// The expected response. By default: a response with a body.
    expect: Option<Expect>,
    /// The expected response to each row, for a payload of `rows`.
    expect_each: Option<ExpectEach>,
}

/// The payload: one of `csv`, `json`, `text`, `base64`, `file`, `rows` and `sample`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Payload {
    /// CSV rows, as they are sent (`text/csv`).
    csv: Option<String>,
    /// Any value, sent as JSON (`application/json`).
    json: Option<Value>,
    /// Text (`text/plain` by default).
    text: Option<String>,
    /// Any bytes, as base64.
    base64: Option<String>,
    /// A file in the suite file's folder or below it.
    file: Option<String>,
    /// The rows of a CSV or JSON Lines file, each of which is a request.
    rows: Option<Rows>,
    /// A sample payload of the model package: a file of its archive, or `all`.
    sample: Option<String>,
    /// The payload's media type.
    content_type: Option<MediaType>,
}

/// The rows of a CSV or JSON Lines file, each of which is a request.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rows {
    /// The file, in the suite file's folder or below it: CSV, or JSON Lines if its name ends with
    /// `.jsonl`, `.jsonlines` or `.ndjson`.
    file: String,
    /// Whether the first line has the columns' names. If not, they are numbers from 0. `true` by
    /// default.
    header: Option<bool>,
    /// Columns that are not sent, such as the label.
    drop: Option<OneOrMore>,
    /// Columns that are sent, in this order.
    columns: Option<OneOrMore>,
    /// How many rows are sent, from the first.
    #[schemars(range(min = 1))]
    first: Option<u64>,
    /// The format in which a row is sent; `csv` by default, `jsonl` for a JSON Lines file.
    #[schemars(rename = "as")]
    form: Option<RowForm>,
    /// How many requests are in flight at once; 1 by default.
    #[schemars(range(min = 1, max = 64))]
    at_once: Option<u64>,
}

/// The format in which a row is sent.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum RowForm {
    Csv,
    CsvWithHeader,
    JsonInstances,
    JsonRecords,
    JsonObject,
    #[schemars(rename = "jsonl")]
    JsonLines,
    DataframeSplit,
}

/// One text, or a list of them.
#[derive(JsonSchema)]
struct OneOrMore(#[schemars(extend("type" = ["string", "array"], "items" = { "type": ["string", "number"] }))] Value);

/// The load on the endpoint.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("oneOf" = [{ "required": ["phases"] }, { "required": ["find_rate"] }]))]
struct Load {
    /// The names of the cases that are sent, in turn; by default all that expect a response.
    #[schemars(rename = "use", length(min = 1))]
    cases: Option<Vec<String>>,
    /// Requests like those of the first phase that are in no figure.
    warmup: Option<Warmup>,
    /// The phases, one after another.
    #[schemars(length(min = 1, max = 50))]
    phases: Option<Vec<Phase>>,
    /// Instead of phases: finds the rate at which the thresholds break.
    find_rate: Option<FindRate>,
    /// How requests arrive: at even intervals, or at random like independent callers.
    arrivals: Option<Arrivals>,
    /// The seed of random arrivals: the same seed gives the same times. 1 by default.
    seed: Option<u64>,
    /// The most requests in flight: further arrivals are dropped and counted; 64 by default.
    #[schemars(range(min = 1, max = 4096))]
    max_in_flight: Option<u64>,
    /// The most requests: a load that plans more is rejected, and one of users ends. 1,000,000 by
    /// default, which is also the limit of an endpoint.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    max_requests: Option<u64>,
    /// How long a request waits for its response; by default as long as its case.
    timeout: Option<Duration>,
    /// Whether responses are checked against the cases' expectations, which is the default.
    check_replies: Option<bool>,
    /// When the load is aborted: `errors > 50%` of the last hundred by default, or `never`.
    #[schemars(regex(pattern = r"^\s*(never|errors\s*>\s*[0-9]+(\.[0-9]+)?\s*%)\s*$"))]
    abort_when: Option<String>,
    /// Thresholds for all counted phases together. Without one on errors, `errors < 1%` is added.
    #[schemars(length(min = 1))]
    thresholds: Option<Vec<ThresholdOrObserved>>,
}

/// The rates that are tried: up from the lowest until the thresholds break, then between the last
/// rate that held and the first that broke.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct FindRate {
    /// The lowest rate, such as `50/s`.
    #[schemars(regex(pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|m|min)\s*$"))]
    from: String,
    /// The highest rate.
    #[schemars(regex(pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|m|min)\s*$"))]
    to: String,
    /// How the rate grows: by a part of it, `50%` by default, or by a rate such as `100/s`.
    #[schemars(regex(pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*(%|/\s*(s|m|min))\s*$"))]
    step: Option<String>,
    /// How long each rate is held; 20 seconds by default.
    hold: Option<Duration>,
    /// The search ends when the two rates are as close as this part of the lower one; `10%` by default.
    #[schemars(regex(pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$"))]
    precision: Option<String>,
}

/// Requests like those of the first phase that are in no figure.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
struct Warmup {
    /// The number of requests.
    #[schemars(range(min = 1, max = 10_000))]
    requests: Option<u64>,
    /// The duration.
    #[schemars(rename = "for")]
    duration: Option<Duration>,
}

/// One phase of a load, with one of `rate` and `users`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Phase {
    /// The phase's name in reports.
    #[schemars(length(min = 1, max = 80))]
    name: Option<String>,
    /// Requests per second, sent without waiting for responses: `5/s`, `90/m`, or `5/s..25/s` from
    /// one rate to another.
    #[schemars(regex(pattern = r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|m|min)\s*(\.\.\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|m|min)\s*)?$"))]
    rate: Option<String>,
    /// The number of users. Each waits for a response before sending the next request.
    #[schemars(range(min = 1, max = 4096))]
    users: Option<u64>,
    /// The duration.
    #[schemars(rename = "for")]
    duration: Duration,
    /// Thresholds for this phase alone.
    #[schemars(length(min = 1))]
    thresholds: Option<Vec<ThresholdOrObserved>>,
}

/// How requests arrive.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Arrivals {
    Even,
    Poisson,
}

/// A threshold, or with how it counts.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum ThresholdOrObserved {
    Threshold(Threshold),
    Observed(ObservedThreshold),
}

/// A threshold, and how it counts.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ObservedThreshold {
    /// The threshold.
    threshold: Threshold,
    /// Whether it is reported and decides nothing.
    observe: Option<bool>,
}

/// A threshold such as `p95 < 250ms`, `errors < 1%`, `dropped == 0` or `throughput > 20/s`.
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
    use super::super::{
        compare_reader, endpoint, expectation_reader, find_rate_reader, limits_reader, load, payload, reader, replay_reader, rows_reader,
    };
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
    fn the_schema_has_the_same_keys_as_the_reader() {
        let expected = [
            ("Suite", reader::SUITE_KEYS),
            ("Defaults", reader::DEFAULTS_KEYS),
            ("Case", reader::CASE_KEYS),
            ("Compare", compare_reader::COMPARE_KEYS),
            ("Replay", replay_reader::REPLAY_KEYS),
            ("Redaction", replay_reader::REDACTION_KEYS),
            ("DriftLimit", replay_reader::DRIFT_KEYS),
            ("MetricGates", compare_reader::METRIC_GATES_KEYS),
            ("MetricGate", compare_reader::METRIC_GATE_KEYS),
            ("LatencyGates", compare_reader::LATENCY_GATES_KEYS),
            ("LatencyGate", compare_reader::LATENCY_GATE_KEYS),
            ("Proof", limits_reader::PROOF_KEYS),
            ("PercentileLimit", limits_reader::PERCENTILE_LIMIT_KEYS),
            ("MaxLimit", limits_reader::MAX_LIMIT_KEYS),
            ("ObservedThreshold", load::THRESHOLD_KEYS),
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
            ("Csv", expectation_reader::CSV_KEYS),
            ("JsonLines", expectation_reader::JSON_LINES_KEYS),
            ("CsvColumn", expectation_reader::SOURCE_KEYS),
            ("Bounds", expectation_reader::BOUNDS_KEYS),
            ("SegmentColumn", expectation_reader::SEGMENT_KEYS),
            ("Latency", expectation_reader::LATENCY_KEYS),
            ("Percentiles", expectation_reader::PERCENTILE_KEYS),
            ("ModelError", expectation_reader::MODEL_ERROR_KEYS),
            ("Load", load::LOAD_KEYS),
            ("Warmup", load::WARMUP_KEYS),
            ("FindRate", find_rate_reader::FIND_RATE_KEYS),
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
