//! What a rollout tells while it goes on.

use crate::call_error::CallError;
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::plan::Plan;
use crate::stack_sets::Operation;
use crate::stacks::FailedResource;
use crate::status::{DetailedStatus, OperationAction, OperationStatus};

/// Something that happened during a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It is known what will be done. Nothing was changed yet.
    Planned(Plan),
    /// The stack set was created; it has no instances yet.
    StackSetCreated {
        /// Its name.
        stack_set: StackSetName,
    },
    /// An operation of this release goes on that this run has not started: it is waited for.
    Resumed {
        /// The operation.
        operation: Operation,
    },
    /// An operation of someone else goes on, and is waited for.
    WaitingForOther {
        /// The operation.
        operation: Operation,
    },
    /// CloudFormation took on an operation.
    OperationStarted {
        /// Its id.
        operation_id: OperationId,
        /// What it does.
        action: OperationAction,
        /// How many targets it works on.
        targets: usize,
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
        /// Where.
        target: Target,
        /// The status.
        status: DetailedStatus,
        /// Why, where CloudFormation says so.
        reason: Option<String>,
    },
    /// A call failed in a way that passes, and is made again after a pause.
    Tolerated {
        /// What failed.
        error: CallError,
        /// How many times in a row, from 1.
        attempt: u32,
    },
    /// The events of a failed stack were read.
    Explained {
        /// Where.
        target: Target,
        /// The resources that failed first.
        causes: Vec<FailedResource>,
    },
}
