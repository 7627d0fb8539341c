//! What a run tells while it goes on.

use std::time::Duration;

use crate::report::CaseReport;
use crate::target::EndpointStatus;

/// A step of a run, for whoever shows progress.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The target is not in service yet and is looked at again after a while.
    Waiting {
        /// The status now.
        status: EndpointStatus,
        /// How long the wait has lasted.
        elapsed: Duration,
        /// How long it may last.
        limit: Duration,
    },
    /// The target could not be described, for a reason that may pass; it is tried again after a while.
    NotDescribed {
        /// What went wrong.
        message: String,
        /// How long the wait has lasted.
        elapsed: Duration,
        /// How long it may last.
        limit: Duration,
    },
    /// The target is in service.
    InService {
        /// How long the wait lasted.
        elapsed: Duration,
    },
    /// A case's request is about to be sent.
    CaseStarted {
        /// The case's place in the suite, from zero.
        index: usize,
        /// How many cases there are.
        of: usize,
        /// The case's name.
        name: String,
    },
    /// A row of a case with rows is done.
    RowFinished {
        /// The case's place in the suite, from zero.
        index: usize,
        /// How many cases there are.
        of: usize,
        /// How many of the case's rows are done.
        done: usize,
        /// How many rows the case has.
        rows: usize,
    },
    /// A case is done.
    CaseFinished {
        /// The case's place in the suite, from zero.
        index: usize,
        /// How many cases there are.
        of: usize,
        /// What became of it.
        case: Box<CaseReport>,
    },
    /// The load begins.
    LoadStarted {
        /// How many counted requests are planned; `None` when that depends on the answers.
        planned: Option<u64>,
        /// How long it lasts.
        duration: Duration,
    },
    /// The load goes on: told every second, and at its end.
    LoadProgress {
        /// How long it has lasted.
        elapsed: Duration,
        /// How long it lasts.
        of: Duration,
        /// Requests that were sent, those of the warm-up included.
        sent: u64,
        /// Requests that failed.
        errors: u64,
        /// Arrivals that were dropped.
        dropped: u64,
    },
}
