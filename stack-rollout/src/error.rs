//! Errors of operations on a stack set.

use crate::call_error::CallError;
use crate::identifiers::StackSetName;
use crate::problem::Problems;
use crate::stack_sets::Operation;

/// Why a rollout, or reading a stack set, failed.
///
/// Once an operation has started, a rollout returns a [`Rollout`](crate::Rollout) instead.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The release cannot be rolled out. Nothing was changed.
    #[error("the release for stack set `{stack_set}` cannot be rolled out: {problems}")]
    Release {
        /// The stack set.
        stack_set: StackSetName,
        /// All problems.
        problems: Problems,
    },
    /// Another operation is running; a set runs one at a time. Nothing was changed.
    #[error(
        "stack set `{stack_set}` already has a running operation `{}` ({} {})", operation.id, operation.action, operation.status
    )]
    OperationInProgress {
        /// The stack set.
        stack_set: StackSetName,
        /// The running operation.
        operation: Box<Operation>,
    },
    /// The stack set is no longer the release's, which an earlier wave of the same run has got.
    #[error("stack set `{stack_set}` was changed by another caller between two waves")]
    ChangedBetweenWaves {
        /// The stack set.
        stack_set: StackSetName,
    },
    /// A call to AWS failed before an operation was started.
    #[error("stack set `{stack_set}`: {source}")]
    Call {
        /// The stack set.
        stack_set: StackSetName,
        /// The error of the call.
        source: CallError,
    },
}

impl Error {
    /// How to fix the problem, if known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Release { .. } => None,
            Self::ChangedBetweenWaves { .. } => {
                Some("find out which release is to be deployed; to continue with this one, run the command again".to_owned())
            }
            Self::OperationInProgress { stack_set, operation } => {
                let id = &operation.id;
                let stop = format!("aws cloudformation stop-stack-set-operation --stack-set-name {stack_set} --operation-id {id}");
                Some(format!("wait for operation `{id}` to finish, or stop it: `{stop}`"))
            }
            Self::Call { source, .. } => source.hint(),
        }
    }
}
