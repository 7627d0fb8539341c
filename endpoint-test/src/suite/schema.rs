//! The JSON Schema of a suite file, for editors: they complete keys and mark mistakes while a suite is written.
//!
//! The types here only describe the file: it is read by [`reader`](super::reader), which says more about what is wrong
//! than a derived reader could. A test keeps the two together.

#![expect(dead_code, reason = "the fields are read by the derived code alone, for their names and types")]

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
    /// What every case inherits unless it says otherwise.
    defaults: Option<Defaults>,
    /// The cases, run one after another. Empty: nothing is tested, which is not success.
    cases: Option<Vec<Case>>,
    /// How the endpoint must answer when many ask at once. It comes after the cases, and only when they passed.
    load: Option<Load>,
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
    /// `X-Amzn-SageMaker-Custom-Attributes`: at most 1024 printable ASCII characters.
    custom_attributes: Option<CustomAttributes>,
    /// What the answer must be. Without it: a reply with a body.
    expect: Option<Expect>,
}

/// What is sent: one of `csv`, `json`, `text` and `file`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Payload {
    /// CSV rows, as they go over the wire (`text/csv`).
    csv: Option<String>,
    /// Any value, sent as JSON (`application/json`).
    json: Option<Value>,
    /// Text (`text/plain`, unless said otherwise).
    text: Option<String>,
    /// A file beside the suite file or below its folder.
    file: Option<String>,
    /// The payload's media type.
    content_type: Option<MediaType>,
}

/// What the answer must be.
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
    /// How fast the answer must come.
    latency: Option<Latency>,
    /// The model must refuse.
    model_error: Option<ModelError>,
}

/// What the reply's text must be.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1))]
struct Text {
    /// The same text, line breaks at its end aside.
    equals: Option<String>,
    /// Text that must be in it.
    contains: Option<String>,
    /// A regular expression that must match somewhere in it.
    matches: Option<String>,
}

/// What must be at one place of a JSON reply.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 2))]
struct Json {
    /// The place: a JSON Pointer such as `/predictions/0/score`, or nothing for the whole reply.
    at: String,
    /// The same value.
    equals: Option<Value>,
    /// One of these values.
    #[schemars(length(min = 1))]
    one_of: Option<Vec<Value>>,
    /// A number from the first to the second, both included.
    between: Option<[f64; 2]>,
    /// Text in which this regular expression matches somewhere.
    matches: Option<String>,
    /// The value's type.
    #[schemars(rename = "type")]
    kind: Option<Type>,
    /// Of text in characters, of a list or an object in members.
    length: Option<u64>,
    /// How far numbers in `equals` may be off.
    #[schemars(range(min = 0.0))]
    abs: Option<f64>,
    /// How far numbers in `equals` may be off, as a part of the expected number.
    #[schemars(range(min = 0.0))]
    rel: Option<f64>,
}

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
    use std::collections::BTreeMap;

    use super::super::{expectation_reader, load, payload, reader};
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
            ("Payload", payload::PAYLOAD_KEYS),
            ("Expect", expectation_reader::EXPECT_KEYS),
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
