//! The protocol between this crate and a check program: one JSON document each way.

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

/// What a check program reads from standard input.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct CheckInput {
    /// The version of this document: 1.
    schema_version: u32,
    /// The case.
    case: CaseDocument,
    /// The target that was invoked.
    target: TargetDocument,
    /// The request. Absent for a check over all rows, as are `reply` and `row`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<RequestDocument>,
    /// The response.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<ReplyDocument>,
    /// The row that was sent, for a case with rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<RowDocument>,
    /// For a check over all rows, each row that got a response.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<RowExchange>,
}

/// The case.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CaseDocument {
    /// The case's name.
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

/// The request.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RequestDocument {
    /// The payload's media type.
    content_type: String,
    /// The requested media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    accept: Option<String>,
    /// The payload, if it is UTF-8 text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The payload's value, if it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    json: Option<Json>,
    /// The payload, if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// The response.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ReplyDocument {
    /// The status, 2xx or 3xx.
    status: u16,
    /// The response's media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// The production variant that responded.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    /// AWS's request id.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// In milliseconds, as measured by the client.
    latency_ms: f64,
    /// The response, if it is UTF-8 text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The response's value, if it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    json: Option<Json>,
    /// The response, if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// The row that was sent.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RowDocument {
    /// Its number, from one.
    number: usize,
    /// All fields of the row in the file, including those that are not sent.
    columns: BTreeMap<String, String>,
}

/// A row with its request and response.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct RowExchange {
    /// The row that was sent.
    row: RowDocument,
    /// The request.
    request: RequestDocument,
    /// The response.
    reply: ReplyDocument,
}

/// What a check program writes to standard output.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckOutput {
    /// The verdict.
    pub(crate) verdict: ProgramVerdict,
    /// The reasons, for the report.
    #[serde(default)]
    pub(crate) messages: Vec<String>,
}

/// The verdict of a check program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProgramVerdict {
    /// The response is right.
    Passed,
    /// The response is proven wrong.
    Failed,
    /// The check could not be completed.
    Errored,
    /// The check does not apply to this response.
    Skipped,
}

/// A body in every form that it has.
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
    /// The document for one row; `None` if the exchange has no row.
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
    let response = exchange.response;
    let Body { text, json, base64 } = body(&response.body);
    ReplyDocument {
        status: response.status,
        content_type: response.content_type.clone(),
        variant: response.variant.clone(),
        request_id: response.request_id.clone(),
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
