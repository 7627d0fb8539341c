//! A request to the model, or one for each row of a file, with the expected responses.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::expect::latency::LatencyLimit;
use crate::expect::limit::Limit;
use crate::expect::metrics::MetricsExpectation;
use crate::expect::{CommandExpectation, Expectation};
use crate::problem::Place;
use crate::rows::{Row, RowFormat, Table};
use crate::target::Request;

/// A request to the model, or one for each row of a file, with the expected responses.
#[derive(Debug, Clone)]
pub struct Case {
    pub(crate) name: String,
    /// The parts of each request besides payload, media type and timeout.
    pub(super) request: Request,
    pub(super) timeout: Option<Duration>,
    pub(crate) content_type: String,
    pub(crate) input: Input,
    /// The expected response; for rows, of each row.
    pub(crate) expectation: Expectation,
    /// The expectations for all rows together.
    pub(crate) whole: WholeExpectation,
    /// Files of expectations that are still to be read.
    pub(super) pending: Vec<PendingFile>,
    /// The settings that select a part of an endpoint, with their locations.
    pub(super) selections: Vec<(&'static str, Place)>,
    /// Where the expected status of the response is.
    pub(super) status: Option<Place>,
}

#[derive(Debug, Clone)]
pub(crate) enum Input {
    One(Payload),
    Rows(RowsInput),
}

/// The body of one request.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// Given in the suite, or read from its file.
    Loaded(Bytes),
    /// A file that has not been read yet.
    File { path: String, place: Place },
    /// A sample payload of the model package: this file, or each. `problem` is why there is none.
    Sample { file: Option<String>, problem: Option<String> },
}

/// The rows of a CSV or JSON Lines file, each of which is a request.
#[derive(Debug, Clone)]
pub(crate) struct RowsInput {
    pub(super) file: String,
    pub(super) place: Place,
    /// Whether the file is JSON Lines and not CSV.
    pub(super) json_lines: bool,
    pub(super) header: bool,
    pub(super) drop: Vec<(String, Place)>,
    pub(super) columns: Option<Vec<(String, Place)>>,
    pub(super) first: Option<usize>,
    /// Columns in expectations.
    pub(super) used: Vec<(String, Place)>,
    /// The column among them that names segments: it may be sent, unlike a label.
    pub(super) segment: Option<Place>,
    pub(crate) format: RowFormat,
    /// How many requests are in flight at once.
    pub(crate) at_once: usize,
    /// The file's content, after it was read.
    pub(crate) table: Option<Arc<Table>>,
    pub(crate) sent: Vec<usize>,
}

/// The expectations for all rows together.
#[derive(Debug, Clone)]
pub(crate) struct WholeExpectation {
    /// The part of the rows that must pass.
    pub(crate) at_least: Limit,
    /// Whether that limit is reported and decides nothing.
    pub(crate) observe: bool,
    pub(crate) metrics: Option<MetricsExpectation>,
    /// Percentiles of the latency.
    pub(crate) latency: Vec<LatencyLimit>,
    pub(crate) command: Option<CommandExpectation>,
}

/// A file of an expectation that is still to be read.
#[derive(Debug, Clone)]
pub(super) struct PendingFile {
    pub(super) path: String,
    pub(super) place: Place,
    pub(super) kind: PendingKind,
}

/// The kind of an expectation's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PendingKind {
    Schema,
    Golden,
}

impl Default for WholeExpectation {
    fn default() -> Self {
        Self { at_least: Limit::ALL, observe: false, metrics: None, latency: Vec::new(), command: None }
    }
}

impl Case {
    /// The case's name, unique in its suite.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The programs that check its responses, one by one and all rows together.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &CommandExpectation> {
        let each = match &self.expectation {
            Expectation::Response(response) => response.command.as_ref(),
            Expectation::ModelError { .. } => None,
        };
        each.into_iter().chain(&self.whole.command)
    }

    /// The request that the case sends, with `timeout` unless the suite sets another; for a case
    /// with rows, the first row's. `None` until the payload has been supplied.
    pub fn request(&self, timeout: Duration) -> Option<Request> {
        match &self.input {
            Input::One(Payload::Loaded(body)) => Some(self.request_with(body.clone(), timeout)),
            Input::One(_) => None,
            Input::Rows(_) => self.row_requests(timeout).next().map(|(_, request)| request),
        }
    }

    /// Every request that the case sends, one or one for each row; empty without a payload.
    pub fn requests(&self, timeout: Duration) -> Vec<Request> {
        match &self.input {
            Input::One(_) => self.request(timeout).into_iter().collect(),
            Input::Rows(_) => self.row_requests(timeout).map(|(_, request)| request).collect(),
        }
    }

    /// Each row with its request.
    pub(crate) fn row_requests(&self, timeout: Duration) -> impl Iterator<Item = (Row, Request)> {
        let count = self.rows().unwrap_or_default();
        (0..count).filter_map(move |index| Some((self.row(index)?, self.row_request(index, timeout)?)))
    }

    /// How many rows were read, for a case with rows.
    pub(crate) fn rows(&self) -> Option<usize> {
        self.table().map(|(_, table)| table.len())
    }

    /// A row, from zero.
    pub(crate) fn row(&self, index: usize) -> Option<Row> {
        self.table().map(|(_, table)| Row::new(table, index))
    }

    /// The request of a row, from zero.
    pub(crate) fn row_request(&self, index: usize, timeout: Duration) -> Option<Request> {
        let (rows, table) = self.table()?;
        let request = self.request_with(Row::new(table, index).body(rows.format, &rows.sent), timeout);
        // There may be more rows than the machine has ports.
        Some(Request { reuse_connection: true, ..request })
    }

    fn table(&self) -> Option<(&RowsInput, &Arc<Table>)> {
        match &self.input {
            Input::Rows(rows) => rows.table.as_ref().map(|table| (rows, table)),
            Input::One(_) => None,
        }
    }

    fn request_with(&self, body: Bytes, timeout: Duration) -> Request {
        Request { body, content_type: self.content_type.clone(), timeout: self.timeout.unwrap_or(timeout), ..self.request.clone() }
    }

    /// Why [`Case::request`] has nothing to send, and a hint.
    pub(crate) fn why_there_is_no_payload(&self) -> (String, Option<String>) {
        match &self.input {
            Input::One(Payload::Sample { problem: Some(problem), .. }) => (problem.clone(), None),
            Input::One(Payload::Sample { .. }) => (
                "the model package's sample payloads were not fetched".to_owned(),
                Some("the model package's `SamplePayloadUrl` has their location".to_owned()),
            ),
            _ => ("the case's payload file was not read".to_owned(), None),
        }
    }

    pub(super) fn missing_files(&self) -> impl Iterator<Item = (&str, Place)> {
        let input = match &self.input {
            Input::One(Payload::File { path, place }) => Some((path.as_str(), *place)),
            Input::Rows(rows) if rows.table.is_none() => Some((rows.file.as_str(), rows.place)),
            _ => None,
        };
        input.into_iter().chain(self.pending.iter().map(|file| (file.path.as_str(), file.place)))
    }

    pub(super) fn sends_sample(&self) -> bool {
        matches!(&self.input, Input::One(Payload::Sample { .. }))
    }
}
