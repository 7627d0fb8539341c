//! Exit codes.

use std::process::{ExitCode, Termination};

use model_release::FailureKind;

/// What the process says to the shell when it ends.
///
/// When several things happened, the one that says most wins: a proven failure ([`Exit::Failed`]) outranks an unknown ([`Exit::Unreachable`]),
/// and that outranks [`Exit::Nothing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Exit {
    /// 0: done, or passed.
    Done,
    /// 1: an expectation, a threshold or a check failed.
    Failed,
    /// 2: a bad command line or file, found before any work.
    BadInput,
    /// 3: AWS or a target could not be reached, or refused.
    Unreachable,
    /// 4: there was nothing to do, or nothing ran.
    Nothing,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::BadInput => 2,
            Self::Unreachable => 3,
            Self::Nothing => 4,
        }
    }

    /// The one of two outcomes that the process ends with.
    pub(crate) fn worst(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Done => 0,
            Self::Nothing => 1,
            Self::Unreachable => 2,
            Self::Failed => 3,
            Self::BadInput => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<FailureKind> for Exit {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Failed => Self::Failed,
            FailureKind::BadInput => Self::BadInput,
            FailureKind::Unreachable => Self::Unreachable,
            FailureKind::Nothing => Self::Nothing,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
#[path = "../tests/in_process/exit.rs"]
mod tests;
