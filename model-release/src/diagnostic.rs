//! What was found wrong, as data: what, where, and what to do. How it looks is the caller's.

use std::path::Path;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Nothing can be done before it is fixed.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Diagnostic {
    /// How much it matters.
    pub level: Level,
    /// What kind of finding it is, such as `missing-parameter`; `None` where no program needs to know.
    pub code: Option<&'static str>,
    /// What the finding is about, where a caller's hint names it: a region, an operation, a file.
    pub subject: Option<String>,
    /// What is wrong, with the object in backticks.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What else there is to know, such as the request that AWS refused.
    pub details: Vec<String>,
    /// What to do.
    pub hint: Option<String>,
}

/// Where a finding is.
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
        /// How many characters are meant.
        width: usize,
        /// The text of the line, where it may be shown.
        text: Option<String>,
    },
    /// Anything else that has a name: a file, an option, an account and region.
    Named(String),
}

/// Why something ended: what kind of failure it is, and every finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind, which a command line turns into its exit code.
    pub kind: FailureKind,
    /// Every finding.
    pub diagnostics: Vec<Diagnostic>,
}

/// What kind of failure something ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// An expectation, a threshold or a check failed.
    Failed,
    /// The input is wrong; found before any work.
    BadInput,
    /// AWS or a target could not be reached, or refused.
    Unreachable,
    /// There was nothing to do.
    Nothing,
}

impl Diagnostic {
    /// A finding of this level.
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

    /// With the kind of finding that it is.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// With what it is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// With what to do.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with_hint_opt(Some(hint.into()))
    }

    /// With what to do, if anything is known.
    #[must_use]
    pub fn with_hint_opt(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// With something else that there is to know.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// At a place that has a name.
    #[must_use]
    pub fn named(mut self, place: impl Into<String>) -> Self {
        self.place = Some(Place::Named(place.into()));
        self
    }

    /// In a file as a whole.
    #[must_use]
    pub fn file(self, path: &Path) -> Self {
        self.named(path.display().to_string())
    }

    /// At a place in a text, so that its line can be shown.
    #[must_use]
    pub fn source(mut self, path: &str, line: usize, column: usize, text: &str) -> Self {
        let text = text.lines().nth(line.saturating_sub(1)).map(str::to_owned);
        self.place = Some(Place::Source { path: path.to_owned(), line, column, width: 1, text });
        self
    }

    /// Marks so many characters of the line, and not only the first.
    #[must_use]
    pub fn underlining(mut self, characters: usize) -> Self {
        if let Some(Place::Source { width, .. }) = &mut self.place {
            *width = characters;
        }
        self
    }
}

impl Failure {
    /// A failure of this kind, with what was found.
    pub fn new(kind: FailureKind, diagnostics: Vec<Diagnostic>) -> Self {
        Self { kind, diagnostics }
    }

    /// The input is wrong.
    pub fn bad_input(diagnostic: Diagnostic) -> Self {
        Self::new(FailureKind::BadInput, vec![diagnostic])
    }

    /// AWS or a target could not be reached, or refused.
    pub fn unreachable(diagnostic: Diagnostic) -> Self {
        Self::new(FailureKind::Unreachable, vec![diagnostic])
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::bad_input(diagnostic)
    }
}

/// Ends with bad input when a finding is an error; otherwise returns the findings, which are worth showing.
pub fn stop_on_errors(diagnostics: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Failure> {
    if diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error) {
        return Err(Failure::new(FailureKind::BadInput, diagnostics));
    }
    Ok(diagnostics)
}
