//! Progress events of a rollout.

use crate::call_error::CallError;
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::plan::Plan;
use crate::stack_sets::Operation;
use crate::stacks::FailedResource;
use crate::status::{DetailedStatus, OperationAction, OperationStatus};

/// A progress event of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The plan is ready. Nothing has been changed yet.
    Planned(Plan),
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
    /// CloudFormation started an operation.
    OperationStarted {
        /// Its id.
        operation_id: OperationId,
        /// What it does.
        action: OperationAction,
        /// The number of targets of the operation.
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
