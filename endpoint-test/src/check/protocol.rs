//! What is said between this crate and a program that checks: one JSON document each way.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::Exchange;
use crate::format::milliseconds;
use crate::json::{Document, Json};
use crate::report::TargetInfo;
use crate::rows::Row;

/// The version of both documents.
const VERSION: u32 = 1;

/// What a check's program reads from its standard input.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct CheckInput {
    /// The version of this document: 1.
    schema_version: u32,
    /// The case.
    case: CaseDocument,
    /// The target that was asked.
    target: TargetDocument,
    /// What was asked. Absent for a check over all rows, as are `reply` and `row`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestDocument>,
    /// What was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<ReplyDocument>,
    /// The row that was sent, for a case with rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<RowDocument>,
    /// For a check over all rows, each row that was answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<RowExchange>,
}

/// The case.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CaseDocument {
    /// Its name.
    name: String,
}

/// Where the target is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct TargetDocument {
    /// The AWS account, or `local`.
    account_id: String,
    /// The AWS region.
    region: String,
    /// The endpoint's name, or the container's URL.
    endpoint: String,
}

/// What was asked.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RequestDocument {
    /// The payload's media type.
    content_type: String,
    /// The media type asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    accept: Option<String>,
    /// The payload, where it is UTF-8 text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The payload's value, where it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    json: Option<Json>,
    /// The payload, where it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// What was answered.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ReplyDocument {
    /// The status, 2xx or 3xx.
    status: u16,
    /// The reply's media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// The production variant that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    /// AWS's id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// In milliseconds, as the client saw it.
    latency_ms: f64,
    /// The reply, where it is UTF-8 text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The reply's value, where it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    json: Option<Json>,
    /// The reply, where it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// The row that was sent.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RowDocument {
    /// Its number, from one.
    number: usize,
    /// All its fields as they are in the file, those included that are not sent.
    columns: BTreeMap<String, String>,
}

/// A row with what was asked and answered.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct RowExchange {
    /// The row that was sent.
    row: RowDocument,
    /// What was asked.
    request: RequestDocument,
    /// What was answered.
    reply: ReplyDocument,
}

/// What a check's program writes to its standard output.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckOutput {
    /// What was found.
    pub(crate) verdict: ProgramVerdict,
    /// Why, for whoever reads the report.
    #[serde(default)]
    pub(crate) messages: Vec<String>,
}

/// What a check's program found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProgramVerdict {
    /// The reply is as it should be.
    Passed,
    /// The reply is proven wrong.
    Failed,
    /// It could not be found out.
    Errored,
    /// The check has nothing to say of this reply.
    Skipped,
}

/// A body in each form that it has.
struct Body {
    text: Option<String>,
    json: Option<Json>,
    base64: Option<String>,
}

impl CheckInput {
    /// The document of one exchange.
    pub(crate) fn of(exchange: &Exchange<'_>) -> Self {
        Self {
            request: Some(request(exchange)),
            reply: Some(reply(exchange)),
            row: exchange.row.map(row),
            ..Self::new(exchange.case, exchange.target)
        }
    }

    /// The document of all rows of a case.
    pub(crate) fn of_rows(case: &str, target: &TargetInfo, rows: Vec<RowExchange>) -> Self {
        Self { rows, ..Self::new(case, target) }
    }

    fn new(case: &str, target: &TargetInfo) -> Self {
        Self {
            schema_version: VERSION,
            case: CaseDocument { name: case.to_owned() },
            target: TargetDocument {
                account_id: target.account_id.clone(),
                region: target.region.clone(),
                endpoint: target.endpoint.clone(),
            },
            request: None,
            reply: None,
            row: None,
            rows: Vec::new(),
        }
    }
}

impl RowExchange {
    /// The part of one row; `None` when it belongs to none.
    pub(crate) fn of(exchange: &Exchange<'_>) -> Option<Self> {
        Some(Self { row: row(exchange.row?), request: request(exchange), reply: reply(exchange) })
    }
}

fn request(exchange: &Exchange<'_>) -> RequestDocument {
    let request = exchange.request;
    let Body { text, json, base64 } = body(&request.body);
    RequestDocument { content_type: request.content_type.clone(), accept: request.accept.clone(), text, json, base64 }
}

fn reply(exchange: &Exchange<'_>) -> ReplyDocument {
    let reply = exchange.reply;
    let Body { text, json, base64 } = body(&reply.body);
    ReplyDocument {
        status: reply.status,
        content_type: reply.content_type.clone(),
        variant: reply.variant.clone(),
        request_id: reply.request_id.clone(),
        latency_ms: milliseconds(exchange.latency),
        text,
        json,
        base64,
    }
}

fn row(row: &Row) -> RowDocument {
    let columns = row.fields().map(|(name, field)| (name.to_owned(), field.to_owned())).collect();
    RowDocument { number: row.number(), columns }
}

fn body(bytes: &[u8]) -> Body {
    match std::str::from_utf8(bytes) {
        Ok(text) => Body { text: Some(text.to_owned()), json: Document::read(bytes).ok().map(|document| document.json), base64: None },
        Err(_) => Body { text: None, json: None, base64: Some(STANDARD.encode(bytes)) },
    }
}
