//! The error type of this crate.

use std::fmt;

use crate::problem::{Problem, Severity};
use crate::store::StoreError;

/// Why a template could not be parsed, resolved or packaged: all problems, not only the first.
#[derive(thiserror::Error)]
#[error("{}", listed(problems, "; "))]
#[non_exhaustive]
pub struct Error {
    kind: ErrorKind,
    problems: Vec<Problem>,
    source: Option<StoreError>,
}

/// Which step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not a template: it does not parse, or it is not a single mapping.
    Template,
    /// The template could not be evaluated with the given parameters.
    Resolve,
    /// Local artifacts are missing or unusable. Nothing was uploaded.
    Artifacts,
    /// The artifact store returned an error or could not be reached. Completed uploads remain.
    Store,
    /// The rewritten template does not read back as expected. This is a defect of this crate;
    /// nothing is returned.
    Verification,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, problems: Vec<Problem>) -> Self {
        debug_assert!(!problems.is_empty(), "an error has at least one problem");
        Self { kind, problems, source: None }
    }

    pub(crate) fn store(problem: Problem, source: StoreError) -> Self {
        Self { kind: ErrorKind::Store, problems: vec![problem], source: Some(source) }
    }

    /// Fails if one of the problems is an error, and returns the others.
    pub(crate) fn unless_harmless(kind: ErrorKind, problems: Vec<Problem>) -> Result<Vec<Problem>, Self> {
        if problems.iter().any(|problem| problem.severity == Severity::Error) { Err(Self::new(kind, problems)) } else { Ok(problems) }
    }

    /// Which step failed.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// All problems, in the order of the templates' text; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The store's error, if the kind is [`ErrorKind::Store`].
    pub fn store_error(&self) -> Option<&StoreError> {
        self.source.as_ref()
    }
}

/// One problem per line: what `main` prints of an error that it returns.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&listed(&self.problems, "\n"))
    }
}

fn listed(problems: &[Problem], separator: &str) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}
