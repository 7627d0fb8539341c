//! Findings as data: what is wrong, where, and how to fix it. The caller formats them.

use std::path::Path;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Information.
    Note,
    /// Probably a mistake.
    Warning,
    /// An error that must be fixed first.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Diagnostic {
    /// The severity.
    pub level: Level,
    /// A stable code, such as `missing-parameter`; `None` if no program needs it.
    pub code: Option<&'static str>,
    /// The object for the caller's hint: a region, an operation, a file.
    pub subject: Option<String>,
    /// The message, with the object in backticks.
    pub message: String,
    /// The location.
    pub place: Option<Place>,
    /// Details, such as the rejected request.
    pub details: Vec<String>,
    /// How to fix it.
    pub hint: Option<String>,
}

/// The location of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In a file.
    Source {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// The number of marked characters.
        width: usize,
        /// The text of the line, if it can be shown.
        text: Option<String>,
    },
    /// A name: a file, an option, an account and region.
    Named(String),
}

/// A failure: its kind and findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind, which determines the exit code.
    pub kind: FailureKind,
    /// The findings.
    pub diagnostics: Vec<Diagnostic>,
}

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// An expectation, a threshold or a check failed.
    Failed,
    /// The input is invalid.
    BadInput,
    /// A call to AWS or a target failed.
    Unreachable,
    /// There is nothing to do.
    Nothing,
}

impl From<&stack_rollout::Problem> for Diagnostic {
    fn from(problem: &stack_rollout::Problem) -> Self {
        let subject = problem.place.as_ref().map(ToString::to_string);
        let diagnostic = Self::error(&problem.message).code(problem.code).with_hint_opt(problem.hint.clone());
        Self { place: subject.clone().map(Place::Named), subject, ..diagnostic }
    }
}

impl Diagnostic {
    /// A finding with this severity.
    pub fn new(level: Level, message: impl Into<String>) -> Self {
        Self { level, code: None, subject: None, message: message.into(), place: None, details: Vec::new(), hint: None }
    }

    /// An error.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Level::Error, message)
    }

    /// A warning.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Level::Warning, message)
    }

    /// Sets the code.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Sets the object for the caller's hint.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with_hint_opt(Some(hint.into()))
    }

    /// Sets the hint, if there is one.
    #[must_use]
    pub fn with_hint_opt(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }

    /// Adds a detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Sets a named location.
    #[must_use]
    pub fn named(mut self, place: impl Into<String>) -> Self {
        self.place = Some(Place::Named(place.into()));
        self
    }

    /// Sets the file as the location.
    #[must_use]
    pub fn file(self, path: &Path) -> Self {
        self.named(path.display().to_string())
    }

    /// Sets a location in a text, with its line.
    #[must_use]
    pub fn source(mut self, path: &str, line: usize, column: usize, text: &str) -> Self {
        let text = text.lines().nth(line.saturating_sub(1)).map(str::to_owned);
        self.place = Some(Place::Source { path: path.to_owned(), line, column, width: 1, text });
        self
    }

    /// Sets the number of marked characters.
    #[must_use]
    pub fn underlining(mut self, characters: usize) -> Self {
        if let Some(Place::Source { width, .. }) = &mut self.place {
            *width = characters;
        }
        self
    }
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, diagnostics: Vec<Diagnostic>) -> Self {
        Self { kind, diagnostics }
    }

    /// The input is invalid.
    pub fn bad_input(diagnostic: Diagnostic) -> Self {
        Self::new(FailureKind::BadInput, vec![diagnostic])
    }

    /// The results of two independent checks. If both failed, the failure has the findings of both,
    /// and its kind is the higher-ranking one: invalid input, then a failed check, then a failed call.
    pub fn both<A, B>(first: Result<A, Self>, second: Result<B, Self>) -> Result<(A, B), Self> {
        let rank = |kind| match kind {
            FailureKind::Nothing => 0,
            FailureKind::Unreachable => 1,
            FailureKind::Failed => 2,
            FailureKind::BadInput => 3,
        };
        match (first, second) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
            (Err(mut first), Err(second)) => {
                first.diagnostics.extend(second.diagnostics);
                let kind = if rank(second.kind) > rank(first.kind) { second.kind } else { first.kind };
                Err(Self { kind, ..first })
            }
        }
    }

    /// A call to AWS or a target failed.
    pub fn unreachable(diagnostic: Diagnostic) -> Self {
        Self::new(FailureKind::Unreachable, vec![diagnostic])
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::bad_input(diagnostic)
    }
}

/// Returns an error if a finding is an error; otherwise returns the findings.
pub fn stop_on_errors(diagnostics: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Failure> {
    if diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error) {
        return Err(Failure::new(FailureKind::BadInput, diagnostics));
    }
    Ok(diagnostics)
}
