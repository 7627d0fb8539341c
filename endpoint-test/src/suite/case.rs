//! One question to the model, or one for each row of a file, and what the answers must be.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::expect::metrics::MetricsExpectation;
use crate::expect::{CommandExpectation, Expectation};
use crate::problem::Place;
use crate::rows::{Row, RowFormat, Table};
use crate::target::Request;

/// One question to the model, or one for each row of a file, and what the answers must be.
#[derive(Debug, Clone)]
pub struct Case {
    pub(crate) name: String,
    /// What each request carries besides its payload, media type and timeout.
    pub(super) request: Request,
    pub(super) timeout: Option<Duration>,
    pub(crate) content_type: String,
    pub(crate) input: Input,
    /// What the reply must be; for rows, each row's.
    pub(crate) expectation: Expectation,
    /// What must hold of all rows together.
    pub(crate) whole: WholeExpectation,
    /// Files of expectations that are still to be read.
    pub(super) pending: Vec<PendingFile>,
}

/// What a case sends.
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
    /// A file that nobody has read yet.
    File { path: String, place: Place },
    /// A sample payload of the model package: this file of them, or each. `problem` says why there is none.
    Sample { file: Option<String>, problem: Option<String> },
}

/// The rows of a CSV file, each of which is a request.
#[derive(Debug, Clone)]
pub(crate) struct RowsInput {
    pub(super) file: String,
    pub(super) place: Place,
    pub(super) header: bool,
    pub(super) drop: Vec<(String, Place)>,
    pub(super) columns: Option<Vec<(String, Place)>>,
    pub(super) first: Option<usize>,
    /// Columns that expectations name.
    pub(super) wanted: Vec<(String, Place)>,
    pub(crate) format: RowFormat,
    /// How many requests are under way at once.
    pub(crate) at_once: usize,
    /// The file's content, once it was read.
    pub(crate) table: Option<Arc<Table>>,
    /// The columns that are sent.
    pub(crate) sent: Vec<usize>,
}

/// What must hold of all rows together.
#[derive(Debug, Clone)]
pub(crate) struct WholeExpectation {
    /// The part of the rows that must hold.
    pub(crate) at_least: f64,
    pub(crate) metrics: Option<MetricsExpectation>,
    pub(crate) command: Option<CommandExpectation>,
}

/// A file of an expectation that is still to be read.
#[derive(Debug, Clone)]
pub(super) struct PendingFile {
    pub(super) path: String,
    pub(super) place: Place,
    pub(super) kind: PendingKind,
}

/// What a file of an expectation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PendingKind {
    Schema,
    Golden,
}

impl Default for WholeExpectation {
    fn default() -> Self {
        Self { at_least: 1.0, metrics: None, command: None }
    }
}

impl Case {
    /// The case's name, unique in its suite.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The programs that look at its replies, each one's and those of all rows together.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &CommandExpectation> {
        let each = match &self.expectation {
            Expectation::Reply(reply) => reply.command.as_ref(),
            Expectation::ModelError { .. } => None,
        };
        each.into_iter().chain(&self.whole.command)
    }

    /// The request that the case sends, `timeout` being what it waits when the suite names no other time; of a case with
    /// rows, the first row's. `None` while the payload has not been handed in.
    pub fn request(&self, timeout: Duration) -> Option<Request> {
        match &self.input {
            Input::One(Payload::Loaded(body)) => Some(self.request_with(body.clone(), timeout)),
            Input::One(_) => None,
            Input::Rows(_) => self.row_requests(timeout).next().map(|(_, request)| request),
        }
    }

    /// Every request that the case sends: one, or one for each row. None while the payload has not been handed in.
    pub fn requests(&self, timeout: Duration) -> Vec<Request> {
        self.exchanges(timeout).into_iter().map(|(_, request)| request).collect()
    }

    /// Every request that the case sends, with its row.
    pub(crate) fn exchanges(&self, timeout: Duration) -> Vec<(Option<Row>, Request)> {
        match &self.input {
            Input::One(_) => self.request(timeout).map(|request| (None, request)).into_iter().collect(),
            Input::Rows(_) => self.row_requests(timeout).map(|(row, request)| (Some(row), request)).collect(),
        }
    }

    /// Each row with its request.
    pub(crate) fn row_requests(&self, timeout: Duration) -> impl Iterator<Item = (Row, Request)> {
        let rows = match &self.input {
            Input::Rows(rows) => rows.table.as_ref().map(|table| (rows, table)),
            Input::One(_) => None,
        };
        rows.into_iter().flat_map(move |(rows, table)| {
            (0..table.len()).map(move |index| {
                let row = Row::new(table, index);
                let request = self.request_with(row.body(rows.format, &rows.sent), timeout);
                (row, request)
            })
        })
    }

    fn request_with(&self, body: Bytes, timeout: Duration) -> Request {
        Request { body, content_type: self.content_type.clone(), timeout: self.timeout.unwrap_or(timeout), ..self.request.clone() }
    }

    /// Why [`Case::request`] has nothing to send, and what to do about it.
    pub(crate) fn why_there_is_no_payload(&self) -> (String, Option<String>) {
        match &self.input {
            Input::One(Payload::Sample { problem: Some(problem), .. }) => (problem.clone(), None),
            Input::One(Payload::Sample { .. }) => (
                "the model package's sample payloads were not fetched".to_owned(),
                Some("they are where the model package's `SamplePayloadUrl` says".to_owned()),
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

    pub(super) fn wants_sample(&self) -> bool {
        matches!(&self.input, Input::One(Payload::Sample { .. }))
    }
}
