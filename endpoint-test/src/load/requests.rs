//! The requests of a load, in turn.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::expect::Expectation;
use crate::rows::Row;
use crate::suite::Case;
use crate::target::{ModelResponse, Request};

/// A case of a load: one request, or one for each of its rows.
#[derive(Debug)]
pub(crate) struct LoadCase<'a> {
    case: &'a Case,
    timeout: Duration,
    /// Whether responses are checked. They are not if the case tolerates wrong rows.
    check: bool,
    /// The last response that was right, of a case without rows: the same bytes are right again.
    right: Mutex<Option<ModelResponse>>,
    input: Input,
}

#[derive(Debug)]
enum Input {
    One(Box<Request>),
    /// So many rows: each request is made from its row when it is sent.
    Rows(usize),
}

/// The requests of all cases, one after another, and then from the first again.
#[derive(Debug, Default)]
pub(crate) struct LoadRequests<'a> {
    cases: Vec<LoadCase<'a>>,
    /// How many requests there are up to the end of each case.
    ends: Vec<u64>,
}

/// A request's place: its case, and its row from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    case: usize,
    row: usize,
}

impl<'a> LoadCase<'a> {
    /// `None` if the case's payload was not read.
    pub(crate) fn new(case: &'a Case, timeout: Option<Duration>, case_timeout: Duration, check_replies: bool) -> Option<Self> {
        let usual = timeout.unwrap_or(case_timeout);
        let first = case.request(usual)?;
        let timeout = timeout.unwrap_or(first.timeout);
        let input = match case.rows() {
            Some(count) => Input::Rows(count),
            None => Input::One(Box::new(sent(first, timeout))),
        };
        let rows = if let Input::Rows(count) = input { count } else { 1 };
        Some(Self {
            case,
            timeout,
            check: check_replies && (case.whole.at_least.value >= 1.0 || rows == 1),
            right: Mutex::default(),
            input,
        })
    }

    pub(super) fn name(&self) -> &'a str {
        self.case.name()
    }

    pub(super) fn expectation(&self) -> &'a Expectation {
        &self.case.expectation
    }

    /// Whether responses are checked against it.
    pub(super) fn is_checked(&self) -> bool {
        self.check
    }

    /// Whether the response is the same as one that was right.
    pub(super) fn is_known(&self, response: &ModelResponse) -> bool {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |right: &ModelResponse| {
            (right.status, &right.content_type, &right.body) == (response.status, &response.content_type, &response.body)
        };
        right.as_ref().is_some_and(is_same)
    }

    /// Keeps a response that was right, for the next ones.
    pub(super) fn keep(&self, response: ModelResponse) {
        if matches!(self.input, Input::One(_)) {
            *self.right.lock().unwrap_or_else(PoisonError::into_inner) = Some(response);
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// The request as a load sends it.
fn sent(request: Request, timeout: Duration) -> Request {
    Request { timeout, reuse_connection: true, ..request }
}

impl<'a> LoadRequests<'a> {
    pub(crate) fn push(&mut self, case: LoadCase<'a>) {
        let count = if let Input::Rows(count) = case.input { count } else { 1 };
        let before = self.ends.last().copied().unwrap_or_default();
        self.ends.push(before + count as u64);
        self.cases.push(case);
    }

    /// The turn of the request with this number, from zero.
    pub(super) fn turn(&self, number: u64) -> Turn {
        let number = number % self.ends.last().copied().unwrap_or(1).max(1);
        let case = self.ends.partition_point(|end| *end <= number);
        let before = if case == 0 { 0 } else { self.ends[case - 1] };
        Turn { case, row: usize::try_from(number - before).unwrap_or_default() }
    }

    pub(super) fn case(&self, turn: Turn) -> &LoadCase<'a> {
        &self.cases[turn.case]
    }

    /// The row that is sent, for a case with rows.
    pub(super) fn row(&self, turn: Turn) -> Option<Row> {
        self.case(turn).case.row(turn.row)
    }

    pub(super) fn request(&self, turn: Turn) -> Cow<'_, Request> {
        let case = self.case(turn);
        match &case.input {
            Input::One(request) => Cow::Borrowed(request),
            Input::Rows(_) => {
                Cow::Owned(case.case.row_request(turn.row, case.timeout).map(|request| sent(request, case.timeout)).unwrap_or_default())
            }
        }
    }
}
