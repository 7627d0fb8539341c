//! What a reply must be, and what is found when it is looked at.

pub(crate) mod address;
pub(crate) mod difference;
pub(crate) mod golden;
pub(crate) mod json;
pub(crate) mod metrics;
pub(crate) mod number;
pub(crate) mod schema;
mod text;

use std::time::Duration;

use regex::Regex;

use self::golden::GoldenExpectation;
use self::json::JsonExpectation;
use self::schema::SchemaExpectation;
use crate::format::{display_duration, excerpt};
use crate::json::Json;
use crate::media_type;
use crate::report::CheckReport;
use crate::rows::Row;
use crate::target::{ModelFailure, Reply};

/// What a case expects.
#[derive(Debug, Clone)]
pub(crate) enum Expectation {
    /// A reply.
    Reply(Box<ReplyExpectation>),
    /// The model's own error.
    ModelError { expected: ModelErrorExpectation, latency_max: Option<Duration> },
}

/// What a reply must be. When nothing is said: a status of 2xx and a body that is not empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplyExpectation {
    pub(crate) status: Option<u16>,
    pub(crate) content_type: Option<String>,
    pub(crate) text: Vec<TextRule>,
    pub(crate) json: Vec<JsonExpectation>,
    pub(crate) schema: Option<SchemaExpectation>,
    pub(crate) golden: Option<GoldenExpectation>,
    /// A team's own check, which is run apart: it is a program.
    pub(crate) command: Option<CommandExpectation>,
    pub(crate) latency_max: Option<Duration>,
}

/// A program that looks at the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandExpectation {
    /// The program and its arguments; no shell reads them.
    pub(crate) command: Vec<String>,
    /// How long the program may take.
    pub(crate) timeout: Duration,
}

/// What the reply's text must be.
#[derive(Debug, Clone)]
pub(crate) enum TextRule {
    /// The same, line breaks at the end aside.
    Equals(String),
    /// What the row's column of this name holds.
    EqualsColumn(String),
    /// With this in it.
    Contains(String),
    /// With a match in it.
    Matches(Regex),
}

/// How the model must say no.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelErrorExpectation {
    pub(crate) status: Option<u16>,
    pub(crate) message_contains: Option<String>,
}

impl Default for Expectation {
    fn default() -> Self {
        Self::Reply(Box::default())
    }
}

impl Expectation {
    /// The longest time that a reply or an error may take.
    pub(crate) fn latency_max(&self) -> Option<Duration> {
        match self {
            Self::Reply(expected) => expected.latency_max,
            Self::ModelError { latency_max, .. } => *latency_max,
        }
    }
}

/// Looks at a reply; `row` is the row of data that it answers, if it does.
///
/// A golden file comes last, and the caller may want to know whether all else holds before it is written anew.
pub(crate) fn check_reply(expected: &ReplyExpectation, reply: &Reply, row: Option<&Row>) -> Vec<CheckReport> {
    let mut checks = vec![check_status(expected.status, reply.status)];
    if let Some(content_type) = &expected.content_type {
        checks.push(check_content_type(content_type, reply.content_type.as_deref()));
    }
    if !expected.text.is_empty() {
        checks.extend(text::check(&expected.text, &reply.body, row));
    }
    if !expected.json.is_empty() || expected.schema.is_some() {
        match json::read(&reply.body) {
            Ok(document) => {
                checks.extend(json::check(&expected.json, &document, row));
                checks.extend(expected.schema.iter().flat_map(|schema| schema::check(schema, &document)));
            }
            Err(check) => checks.push(check),
        }
    }
    // A case that says nothing of the body still wants one: an empty answer is no prediction.
    if expected.says_nothing_of_the_body() {
        checks.push(CheckReport::judged("body", !reply.body.is_empty(), || "the reply has no body".to_owned()));
    }
    checks
}

/// Compares a reply with the case's golden file, where it has one.
pub(crate) fn check_golden(expected: &ReplyExpectation, reply: &Reply) -> Vec<CheckReport> {
    expected.golden.iter().flat_map(|golden| golden::check(golden, &reply.body)).collect()
}

impl ReplyExpectation {
    fn says_nothing_of_the_body(&self) -> bool {
        let looks =
            !self.text.is_empty() || !self.json.is_empty() || self.schema.is_some() || self.golden.is_some() || self.command.is_some();
        !looks && self.status.is_none()
    }
}

/// Looks at a model's own error where one is expected.
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

/// Looks at the time that a reply took.
pub(crate) fn check_latency(max: Duration, latency: Duration) -> CheckReport {
    let (max_text, latency_text) = (display_duration(max), display_duration(latency));
    let check = if latency <= max {
        CheckReport::passed("latency")
    } else {
        CheckReport::failed("latency", format!("the reply took {latency_text}, and {max_text} are allowed"))
            .with_hint("this is the time that the client saw, the network included")
    };
    check.expected(format!("at most {max_text}")).actual(latency_text)
}

fn check_status(expected: Option<u16>, actual: u16) -> CheckReport {
    let (fine, wanted) = match expected {
        Some(status) => (actual == status, status.to_string()),
        None => ((200..300).contains(&actual), "2xx".to_owned()),
    };
    let check = CheckReport::judged("status", fine, || format!("the reply has status {actual}, not {wanted}"));
    check.expected(wanted).actual(actual.to_string())
}

fn check_content_type(expected: &str, actual: Option<&str>) -> CheckReport {
    let shown = actual.unwrap_or("none");
    let is_fine = actual.is_some_and(|actual| media_type::matches(expected, actual));
    let check = CheckReport::judged("content_type", is_fine, || format!("the reply's media type is {shown}, not {expected}"));
    check.expected(expected).actual(excerpt(shown))
}

/// A JSON value on one line, for a report: its numbers as they were received.
pub(crate) fn excerpt_json(value: &Json) -> String {
    excerpt(&value.to_string())
}
