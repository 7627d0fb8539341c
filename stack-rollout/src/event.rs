//! Progress events of a rollout.

use std::time::Duration;

use crate::call_error::CallError;
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::plan::Plan;
use crate::release_before::ReleaseBefore;
use crate::stack_sets::Operation;
use crate::stacks::FailedResource;
use crate::status::{DetailedStatus, OperationAction, OperationStatus};
use crate::waves::Wave;

/// A progress event of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The plan is ready. Nothing has been changed yet.
    Planned(Plan),
    /// A wave of the rollout starts.
    WaveStarted {
        /// The wave.
        wave: Wave,
        /// The number of waves.
        of: usize,
    },
    /// What the next run needs to roll a failed wave back, if this one is killed: store it. `None`: it
    /// is no longer needed.
    ReleaseBefore(Option<Box<ReleaseBefore>>),
    /// The release before is rolled out again to what a failed wave has changed.
    RollingBack {
        /// The number of targets.
        targets: usize,
    },
    /// The stack set was created, without instances.
    StackSetCreated {
        /// Its name.
        stack_set: StackSetName,
    },
    /// Waits for a running operation that an earlier run of this release started.
    Resumed {
        /// The operation.
        operation: Operation,
    },
    /// An operation that does not belong to this release is running. The rollout waits for it.
    WaitingForOther {
        /// The operation.
        operation: Operation,
    },
    /// A running operation is stopped.
    Stopping {
        /// The operation.
        operation: Operation,
    },
    /// CloudFormation started an operation.
    OperationStarted {
        /// Its id.
        operation_id: OperationId,
        /// What it does.
        action: OperationAction,
        /// The number of targets; `None` for an operation on the stack set as a whole.
        targets: Option<usize>,
    },
    /// The rollout waits for an operation.
    Waiting {
        /// Its id.
        operation_id: OperationId,
        /// The time since the start of the run.
        elapsed: Duration,
        /// The time until the deadline.
        remaining: Duration,
    },
    /// An operation has a new status.
    OperationStatus {
        /// Its id.
        operation_id: OperationId,
        /// The status.
        status: OperationStatus,
    },
    /// A target has a new status.
    InstanceStatus {
        /// The target.
        target: Target,
        /// The status.
        status: DetailedStatus,
        /// The status reason from CloudFormation, if any.
        reason: Option<String>,
    },
    /// A call failed with a transient error and is retried after a pause.
    Tolerated {
        /// The error.
        error: CallError,
        /// The number of consecutive failures, from 1.
        attempt: u32,
    },
    /// The events of a failed stack were read.
    Explained {
        /// The target.
        target: Target,
        /// The resources that failed first.
        causes: Vec<FailedResource>,
    },
}

/// Reports a long wait from time to time, for output that cannot be redrawn, such as a log.
#[derive(Debug, Clone)]
pub struct WaitReports {
    every: Duration,
    next: Duration,
}

impl WaitReports {
    /// A report after each `every`.
    pub fn new(every: Duration) -> Self {
        Self { every, next: every }
    }

    /// The report after this time of waiting, if one is due: the elapsed and the remaining time.
    pub fn due(&mut self, elapsed: Duration, remaining: Duration) -> Option<String> {
        if elapsed < self.next {
            return None;
        }
        self.next = elapsed + self.every;
        let minutes = |time: Duration| format!("{} min", time.as_secs() / 60);
        Some(format!("{} so far, at most {} more", minutes(elapsed), minutes(remaining)))
    }
}
