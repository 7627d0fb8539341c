//! Findings as data: what is wrong, where, and how to fix it. The caller formats them.

use std::fmt;
use std::path::Path;

use aws_names::{AccountId, Region};

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
    /// A name: a file, an option, a target.
    Named(String),
    /// An account and a region that was called. What is not set is that of the session: a library
    /// does not call AWS again to report an error, and [`Failure::of_session`] sets it.
    Aws {
        /// The account, such as `111111111111`.
        account: Option<String>,
        /// The region, such as `us-east-1`.
        region: Option<String>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source { path, line, column, .. } => write!(f, "{path}:{line}:{column}"),
            Self::Named(name) => f.write_str(name),
            Self::Aws { account, region } => {
                let parts = [("account", account), ("region", region)];
                let known: Vec<_> = parts.iter().filter_map(|(word, name)| Some(format!("{word} {}", name.as_ref()?))).collect();
                f.write_str(&known.join(", "))
            }
        }
    }
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
        let place = match &problem.place {
            // Its account and region are those of the session.
            Some(stack_rollout::Place::Call) => Some(Place::Aws { account: None, region: None }),
            _ => subject.clone().map(Place::Named),
        };
        let diagnostic = Self::error(&problem.message).code(problem.code).with_hint_opt(problem.hint.clone());
        Self { subject, place, ..diagnostic }
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

    /// Sets the called account and region; what is `None` is that of the session.
    #[must_use]
    pub fn in_aws(mut self, account: Option<impl ToString>, region: Option<impl ToString>) -> Self {
        let (account, region) = (account.map(|account| account.to_string()), region.map(|region| region.to_string()));
        self.place = Some(Place::Aws { account, region });
        self
    }

    /// Whether the finding is about a call whose account or region is not set.
    pub fn lacks_session(&self) -> bool {
        matches!(&self.place, Some(Place::Aws { account, region }) if account.is_none() || region.is_none())
    }

    /// Sets the account and region of a call that were not set.
    pub fn of_session(&mut self, session_account: &str, session_region: &str) {
        if let Some(Place::Aws { account, region }) = &mut self.place {
            account.get_or_insert_with(|| session_account.to_owned());
            region.get_or_insert_with(|| session_region.to_owned());
        }
    }

    /// Sets the account and region that were called as the location; without an account, that of the
    /// session.
    #[must_use]
    pub fn called(self, account: Option<&AccountId>, region: &Region) -> Self {
        Self { place: Some(Place::Aws { account: account.map(ToString::to_string), region: Some(region.to_string()) }), ..self }
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

    /// Whether an error of a failed call has no place, or a place without the session's account or
    /// region.
    pub fn lacks_session(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.lacks_session() || is_call_without_place(self.kind, diagnostic))
    }

    /// Sets the account and region of the session in every error of a failed call that lacks them.
    /// An error in a file keeps its place, and has them as a detail.
    pub fn of_session(&mut self, account: &str, region: &str) {
        let kind = self.kind;
        for diagnostic in &mut self.diagnostics {
            if is_call_without_place(kind, diagnostic) {
                let called = Place::Aws { account: Some(account.to_owned()), region: Some(region.to_owned()) };
                match diagnostic.place {
                    None => diagnostic.place = Some(called),
                    Some(_) => diagnostic.details.push(called.to_string()),
                }
            }
            diagnostic.of_session(account, region);
        }
    }

    /// A call to AWS or a target failed.
    pub fn unreachable(diagnostic: Diagnostic) -> Self {
        Self::new(FailureKind::Unreachable, vec![diagnostic])
    }
}

fn is_call_without_place(kind: FailureKind, diagnostic: &Diagnostic) -> bool {
    let is_call = kind == FailureKind::Unreachable && diagnostic.level == Level::Error;
    is_call && matches!(diagnostic.place, None | Some(Place::Source { .. }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_call_gets_the_account_and_region_of_the_session_unless_it_has_its_own() {
        let unset: Option<&str> = None;
        let of_region = Diagnostic::error("a").in_aws(unset, Some("eu-west-1"));
        let of_target = Diagnostic::error("b").in_aws(Some("222222222222"), Some("us-east-1"));
        let in_file = Diagnostic::error("c").source("template.yml", 1, 1, "Resources:");
        let mut failure =
            Failure::new(FailureKind::Unreachable, vec![of_region, of_target, in_file, Diagnostic::error("d"), Diagnostic::warning("e")]);
        assert!(failure.lacks_session());
        failure.of_session("111111111111", "us-east-1");
        let place = |index: usize| failure.diagnostics[index].place.as_ref().map(ToString::to_string);
        assert_eq!(place(0).as_deref(), Some("account 111111111111, region eu-west-1"));
        assert_eq!(place(1).as_deref(), Some("account 222222222222, region us-east-1"));
        assert_eq!(place(2).as_deref(), Some("template.yml:1:1"));
        assert_eq!(failure.diagnostics[2].details, ["account 111111111111, region us-east-1"]);
        assert_eq!(place(3).as_deref(), Some("account 111111111111, region us-east-1"));
        assert_eq!(place(4), None, "a warning is not about a call unless it says so");
    }

    #[test]
    fn invalid_input_is_not_about_an_account() {
        let mut failure = Failure::bad_input(Diagnostic::error("a"));
        assert!(!failure.lacks_session());
        failure.of_session("111111111111", "us-east-1");
        assert_eq!(failure.diagnostics[0].place, None);
    }
}
