//! Why nothing was rolled out.

use crate::call_error::CallError;
use crate::identifiers::StackSetName;
use crate::problem::Problems;
use crate::release::CallAs;
use crate::stack_sets::Operation;

/// Why a rollout or a look at a stack set came to nothing.
///
/// Once an operation was started, a rollout ends with a [`Rollout`](crate::Rollout) that says what happened, not with an error.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
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
            Self::OperationInProgress { operation, .. } => {
                let stop = self.stop_command(CallAs::Itself).unwrap_or_default();
                Some(format!("wait until operation `{}` has ended, or stop it: `{stop}`", operation.id))
            }
            Self::Call { source, .. } => source.hint(),
        }
    }

    /// The command of the AWS CLI that stops the running operation, where one is in the way.
    pub fn stop_command(&self, call_as: CallAs) -> Option<String> {
        let Self::OperationInProgress { stack_set, operation } = self else { return None };
        let call_as = match call_as {
            CallAs::Itself => "",
            CallAs::DelegatedAdmin => " --call-as DELEGATED_ADMIN",
        };
        Some(format!("aws cloudformation stop-stack-set-operation --stack-set-name {stack_set} --operation-id {}{call_as}", operation.id))
    }
}
