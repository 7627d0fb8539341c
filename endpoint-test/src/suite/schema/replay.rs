//! The JSON Schema of `replay`.

use schemars::JsonSchema;

use super::VariantName;
use super::expectation::{Share, Source};

/// Captured requests that are sent again, and what must hold.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Replay {
    /// Where the captured requests are: a folder beside this file, or an S3 URI.
    from: Option<String>,
    /// The most requests; 10000 by default.
    #[schemars(range(min = 1, max = 1_000_000))]
    requests: Option<u64>,
    /// The most requests in a second; 20 by default.
    #[schemars(range(max = 1000.0), extend("exclusiveMinimum" = 0))]
    per_second: Option<f64>,
    /// Requests at the same time; 4 by default.
    #[schemars(range(min = 1, max = 64))]
    at_once: Option<u32>,
    /// The shadow variant whose captured responses are compared with those of production, by event
    /// id. Then nothing is sent.
    shadow: Option<VariantName>,
    /// Fields that never leave the process nor appear in a report.
    #[schemars(length(min = 1))]
    redact: Option<Vec<RedactedField>>,
    /// The score, or the class, in each response.
    score: Option<Source>,
    /// The part of the responses that may differ from the captured ones; more is a failure.
    at_most: Option<Share>,
    /// Whether `at_most` is reported and decides nothing.
    observe: Option<bool>,
    /// The largest population stability index of the scores.
    psi: Option<Drift>,
    /// The largest distance of the distributions of the scores (Kolmogorov and Smirnov).
    ks: Option<Drift>,
}

/// A field to redact: a JSON Pointer or JSONPath alone, or with its settings.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum RedactedField {
    Location(String),
    Field(Redaction),
}

/// A field to redact.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Redaction {
    /// Its location in JSON requests and responses: a JSON Pointer or JSONPath.
    at: Option<String>,
    /// Its column in CSV requests, from zero.
    #[schemars(range(max = 100_000))]
    column: Option<u32>,
    /// What it is replaced with; null or an empty cell by default.
    replace_with: Option<String>,
    /// Whether the key is removed from its JSON object.
    drop: Option<bool>,
    /// Whether a request without it is sent.
    optional: Option<bool>,
}

/// A limit of drift: a number alone, or with its settings.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Drift {
    Limit(#[schemars(range(min = 0.0))] f64),
    Settings(DriftLimit),
}

/// A limit of drift.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct DriftLimit {
    /// The limit.
    #[schemars(range(min = 0.0))]
    at_most: f64,
    /// Whether it is reported and decides nothing.
    observe: Option<bool>,
}
