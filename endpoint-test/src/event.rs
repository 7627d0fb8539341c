//! The progress of a run.

use std::time::Duration;

use crate::report::CaseReport;
use crate::target::EndpointStatus;

/// A step of a run, for a display of progress.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The target is not in service yet; it is polled again after a while.
    Waiting {
        /// The current status.
        status: EndpointStatus,
        /// How long the wait has lasted.
        elapsed: Duration,
        /// The limit of the wait.
        limit: Duration,
    },
    /// The target could not be described, perhaps temporarily; it is tried again after a while.
    NotDescribed {
        /// The error.
        message: String,
        /// How long the wait has lasted.
        elapsed: Duration,
        /// The limit of the wait.
        limit: Duration,
    },
    /// The target is in service.
    InService {
        /// How long the wait lasted.
        elapsed: Duration,
    },
    /// A case's request is about to be sent.
    CaseStarted {
        /// The case's index in the suite, from zero.
        index: usize,
        /// The number of cases.
        of: usize,
        /// The case's name.
        name: String,
    },
    /// A row of a case with rows is done.
    RowFinished {
        /// The case's index in the suite, from zero.
        index: usize,
        /// The number of cases.
        of: usize,
        /// How many of the case's rows are done.
        done: usize,
        /// The number of rows of the case.
        rows: usize,
    },
    /// A case is done.
    CaseFinished {
        /// The case's index in the suite, from zero.
        index: usize,
        /// The number of cases.
        of: usize,
        /// Its result.
        case: Box<CaseReport>,
    },
    /// The load begins.
    LoadStarted {
        /// How many counted requests are planned; `None` if that depends on the responses.
        planned: Option<u64>,
        /// Its planned duration.
        duration: Duration,
    },
    /// The progress of the load: every second, and at its end.
    LoadProgress {
        /// The time since the load began.
        elapsed: Duration,
        /// Its planned duration.
        of: Duration,
        /// Requests sent, including those of the warm-up.
        sent: u64,
        /// Requests that failed.
        errors: u64,
        /// Arrivals dropped.
        dropped: u64,
    },
}
