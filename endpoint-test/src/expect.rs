//! Checks responses against their expectations.

pub(crate) mod address;
pub(crate) mod csv;
pub(crate) mod difference;
pub(crate) mod golden;
pub(crate) mod json;
pub(crate) mod json_lines;
pub(crate) mod latency;
pub(crate) mod limit;
pub(crate) mod metrics;
pub(crate) mod number;
pub(crate) mod schema;
mod text;

use std::ops::RangeInclusive;
use std::time::Duration;

use regex::Regex;

use self::csv::CsvExpectation;
use self::golden::GoldenExpectation;
use self::json::JsonExpectation;
use self::json_lines::JsonLinesExpectation;
use self::schema::SchemaExpectation;
use crate::format::{display_duration, excerpt};
use crate::json::Json;
use crate::media_type;
use crate::report::CheckReport;
use crate::rows::Row;
use crate::target::{ModelFailure, ModelResponse};

/// The statuses of a response that a suite may expect.
pub(crate) const RESPONSE_STATUSES: RangeInclusive<u64> = 200..=399;

/// The statuses of a model's error.
pub(crate) const ERROR_STATUSES: RangeInclusive<u64> = 400..=599;

#[derive(Debug, Clone)]
pub(crate) enum Expectation {
    /// A response.
    Response(Box<ResponseExpectation>),
    /// The model's own error.
    ModelError { expected: ModelErrorExpectation, latency_max: Option<LatencyMax> },
}

/// What a response must be. By default: status 2xx and a body that is not empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct ResponseExpectation {
    pub(crate) status: Option<u16>,
    pub(crate) content_type: Option<String>,
    pub(crate) text: Vec<TextRule>,
    pub(crate) json: Vec<JsonExpectation>,
    pub(crate) csv: Vec<CsvExpectation>,
    pub(crate) jsonl: Vec<JsonLinesExpectation>,
    pub(crate) schema: Option<SchemaExpectation>,
    pub(crate) golden: Option<GoldenExpectation>,
    /// A team's own check. It runs separately: it is a program.
    pub(crate) command: Option<CommandExpectation>,
    pub(crate) latency_max: Option<LatencyMax>,
}

/// The longest time that a response may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LatencyMax {
    pub(crate) limit: Duration,
    /// Whether the limit is reported and decides nothing.
    pub(crate) observe: bool,
}

/// A program that checks the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandExpectation {
    /// The program and its arguments; no shell interprets them.
    pub(crate) command: Vec<String>,
    /// The program's time limit.
    pub(crate) timeout: Duration,
}

/// A rule for the response's text.
#[derive(Debug, Clone)]
pub(crate) enum TextRule {
    /// Equal, except for line breaks at the end.
    Equals(String),
    /// Equal to the value of this column in the row.
    EqualsColumn(String),
    /// Contains this text.
    Contains(String),
    /// Contains a match.
    Matches(Regex),
}

/// The error that the model must return.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelErrorExpectation {
    pub(crate) status: Option<u16>,
    pub(crate) message_contains: Option<String>,
}

impl Default for Expectation {
    fn default() -> Self {
        Self::Response(Box::default())
    }
}

impl Expectation {
    /// The longest time that a response or an error may take.
    pub(crate) fn latency_max(&self) -> Option<LatencyMax> {
        match self {
            Self::Response(expected) => expected.latency_max,
            Self::ModelError { latency_max, .. } => *latency_max,
        }
    }
}

/// Checks a response; `row` is the row of data that was sent, if any.
///
/// The golden file comes last: the caller updates it only if everything else passes.
pub(crate) fn check_response(expected: &ResponseExpectation, response: &ModelResponse, row: Option<&Row>) -> Vec<CheckReport> {
    let mut checks = vec![check_status(expected.status, response.status)];
    if let Some(content_type) = &expected.content_type {
        checks.push(check_content_type(content_type, response.content_type.as_deref()));
    }
    if !expected.text.is_empty() {
        checks.extend(text::check(&expected.text, &response.body, row));
    }
    if !expected.json.is_empty() || expected.schema.is_some() {
        match json::read(&response.body, response.content_type.as_deref()) {
            Ok(document) => {
                checks.extend(json::check(&expected.json, &document, row));
                checks.extend(expected.schema.iter().flat_map(|schema| schema::check(schema, &document)));
            }
            Err(check) => checks.push(check),
        }
    }
    if !expected.csv.is_empty() {
        checks.extend(csv::check(&expected.csv, &response.body, row));
    }
    if !expected.jsonl.is_empty() {
        checks.extend(json_lines::check(&expected.jsonl, &response.body, row));
    }
    // Without expectations for the body it must not be empty: that is no prediction.
    if expected.ignores_the_body() {
        checks.push(CheckReport::judged("body", !response.body.is_empty(), || "the response has no body".to_owned()));
    }
    checks
}

/// Compares a response with the case's golden file, if it has one.
pub(crate) fn check_golden(expected: &ResponseExpectation, response: &ModelResponse) -> Vec<CheckReport> {
    expected.golden.iter().flat_map(|golden| golden::check(golden, &response.body)).collect()
}

impl ResponseExpectation {
    /// The suite's keys of what is expected, except for `latency`.
    pub(crate) fn keys(&self) -> Vec<&'static str> {
        let keys = [
            (self.status.is_some(), "status"),
            (self.content_type.is_some(), "content_type"),
            (!self.text.is_empty(), "text"),
            (!self.json.is_empty(), "json"),
            (!self.csv.is_empty(), "csv"),
            (!self.jsonl.is_empty(), "jsonl"),
            (self.schema.is_some(), "schema"),
            (self.golden.is_some(), "golden"),
            (self.command.is_some(), "check"),
        ];
        keys.into_iter().filter(|(is_set, _)| *is_set).map(|(_, key)| key).collect()
    }

    fn ignores_the_body(&self) -> bool {
        self.keys().iter().all(|key| *key == "content_type")
    }
}

pub(crate) fn check_model_error(expected: &ModelErrorExpectation, failure: &ModelFailure) -> Vec<CheckReport> {
    let mut checks = vec![CheckReport::passed("model_error")];
    if let Some(status) = expected.status {
        let actual = failure.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let is_fine = failure.status == Some(status);
        let check = CheckReport::judged("status", is_fine, || format!("the model's error has status {actual}, not {status}"));
        checks.push(check.expected(status.to_string()).actual(actual));
    }
    if let Some(part) = &expected.message_contains {
        let is_fine = failure.message.contains(part.as_str());
        let check = CheckReport::judged("message", is_fine, || format!("the model's message does not contain `{}`", excerpt(part)));
        checks.push(check.expected(excerpt(part)).actual(excerpt(&failure.message)));
    }
    checks
}

pub(crate) fn check_latency(max: LatencyMax, latency: Duration) -> CheckReport {
    let (max_text, latency_text) = (display_duration(max.limit), display_duration(latency));
    let check = if latency <= max.limit {
        CheckReport::passed("latency")
    } else {
        CheckReport::failed("latency", format!("the response took {latency_text}, more than {max_text}"))
            .with_hint("this is the time that the client measured, including the network")
    };
    check.expected(format!("at most {max_text}")).actual(latency_text).observed(max.observe)
}

fn check_status(expected: Option<u16>, actual: u16) -> CheckReport {
    let (fine, required) = match expected {
        Some(status) => (actual == status, status.to_string()),
        None => ((200..300).contains(&actual), "2xx".to_owned()),
    };
    let check = CheckReport::judged("status", fine, || format!("the response has status {actual}, not {required}"));
    check.expected(required).actual(actual.to_string())
}

fn check_content_type(expected: &str, actual: Option<&str>) -> CheckReport {
    let shown = actual.unwrap_or("none");
    let is_fine = actual.is_some_and(|actual| media_type::matches(expected, actual));
    let check = CheckReport::judged("content_type", is_fine, || format!("the response's media type is {shown}, not {expected}"));
    check.expected(expected).actual(excerpt(shown))
}

/// A JSON value on one line, for a report: its numbers as they were received.
pub(crate) fn excerpt_json(value: &Json) -> String {
    excerpt(&value.to_string())
}
