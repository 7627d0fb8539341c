//! Exit codes.

use std::process::{ExitCode, Termination};

use model_release::FailureKind;

/// The exit code of the process.
///
/// If a command has several outcomes, a proven failure ([`Exit::Failed`]) outranks a result that
/// proves too little ([`Exit::NotProven`]), that an unknown one ([`Exit::Unreachable`]), and that
/// [`Exit::Nothing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// 0: done, or passed.
    Done,
    /// 1: an expectation, a threshold or a check failed.
    Failed,
    /// 2: an invalid command line or input file.
    BadInput,
    /// 3: AWS or a target is unreachable, or denied a request.
    Unreachable,
    /// 4: nothing to do, or nothing ran.
    Nothing,
    /// 5: the rows are too few to prove a limit.
    NotProven,
}

impl Exit {
    /// The numeric exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::BadInput => 2,
            Self::Unreachable => 3,
            Self::Nothing => 4,
            Self::NotProven => 5,
        }
    }

    /// The outcome if its results could not be written: a proven failure is still one.
    #[must_use]
    pub fn without_results(self) -> Self {
        if self == Self::Failed { self } else { Self::BadInput }
    }

    /// The higher-ranking one of two outcomes.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Done => 0,
            Self::Nothing => 1,
            Self::Unreachable => 2,
            Self::NotProven => 3,
            Self::Failed => 4,
            Self::BadInput => 5,
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
mod tests;
