//! Why nothing was rolled out.

use crate::{CallError, Operation, Problems, StackSetName};

/// Why a rollout or a look at a stack set came to nothing.
///
/// Once an operation was started, a rollout ends with a [`Rollout`](crate::Rollout) that says what happened, not with an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The release cannot be rolled out as it is. Nothing was changed.
    #[error("the release for stack set `{stack_set}` cannot be rolled out: {problems}")]
    Release {
        /// The stack set.
        stack_set: StackSetName,
        /// Everything that is wrong.
        problems: Problems,
    },
    /// Another operation works on the stack set, and operations on one set run one at a time. Nothing was changed.
    #[error(
        "stack set `{stack_set}` is in the hands of operation `{}` ({} {})", operation.id, operation.action, operation.status
    )]
    OperationInProgress {
        /// The stack set.
        stack_set: StackSetName,
        /// The operation that runs.
        operation: Box<Operation>,
    },
    /// A call to AWS failed before any operation was started.
    #[error("stack set `{stack_set}`: {source}")]
    Call {
        /// The stack set.
        stack_set: StackSetName,
        /// What failed.
        source: CallError,
    },
}

impl Error {
    /// What a person can do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Release { .. } => None,
            Self::OperationInProgress { operation, .. } => Some(format!(
                "wait until operation `{}` has ended, or stop it with `aws cloudformation stop-stack-set-operation`",
                operation.id
            )),
            Self::Call { source, .. } => source.hint(),
        }
    }
}
