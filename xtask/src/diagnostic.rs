//! One finding as a person reads it: what, where, and what to do.

use std::fmt;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use endpoint_test::report::is_steering;

use crate::exit::Exit;

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Note,
    Warning,
    Error,
}

/// One finding.
#[derive(Debug, Clone)]
pub(crate) struct Diagnostic {
    pub(crate) level: Level,
    pub(crate) message: String,
    pub(crate) place: Option<Place>,
    /// What else there is to know, such as the request that AWS refused.
    pub(crate) details: Vec<String>,
    pub(crate) hint: Option<String>,
}

/// Where a finding is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// In a file, with the text of the line where it is known, of which `width` characters are meant.
    Source { path: String, line: usize, column: usize, width: usize, text: Option<String> },
    /// Anything else that has a name: a file, an option, an account and region.
    Named(String),
}

/// Why a command stopped: its exit code and every finding.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Diagnostic {
    pub(crate) fn new(level: Level, message: impl Into<String>) -> Self {
        Self { level, message: message.into(), place: None, details: Vec::new(), hint: None }
    }

    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::new(Level::Error, message)
    }

    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self::new(Level::Warning, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    pub(crate) fn hinting(self, hint: &str) -> Self {
        self.hint(hint.to_owned())
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    pub(crate) fn named(mut self, place: impl Into<String>) -> Self {
        self.place = Some(Place::Named(place.into()));
        self
    }

    pub(crate) fn file(self, path: &Path) -> Self {
        self.named(path.display().to_string())
    }

    /// Places the finding in a text whose line can be shown.
    pub(crate) fn source(mut self, path: &str, line: usize, column: usize, text: &str) -> Self {
        let text = text.lines().nth(line.saturating_sub(1)).map(str::to_owned);
        self.place = Some(Place::Source { path: path.to_owned(), line, column, width: 1, text });
        self
    }

    /// Marks so many characters of the line, and not only the first.
    pub(crate) fn underlining(mut self, characters: usize) -> Self {
        if let Some(Place::Source { width, .. }) = &mut self.place {
            *width = characters;
        }
        self
    }
}

impl Failure {
    pub(crate) fn new(exit: Exit, diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit, diagnostics }
    }

    pub(crate) fn bad_input(diagnostic: Diagnostic) -> Self {
        Self::new(Exit::BadInput, vec![diagnostic])
    }

    pub(crate) fn unreachable(diagnostic: Diagnostic) -> Self {
        Self::new(Exit::Unreachable, vec![diagnostic])
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::bad_input(diagnostic)
    }
}

/// Ends with bad input when a finding is an error; otherwise hands back the findings, which are worth showing.
pub(crate) fn stop_on_errors(diagnostics: Vec<Diagnostic>) -> Result<Vec<Diagnostic>, Failure> {
    if diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error) {
        return Err(Failure::new(Exit::BadInput, diagnostics));
    }
    Ok(diagnostics)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (style, word) = match self.level {
            Level::Error => (RED, "error"),
            Level::Warning => (YELLOW, "warning"),
            Level::Note => (CYAN, "note"),
        };
        writeln!(f, "{style}{word}{style:#}: {}", clean(&self.message))?;
        match &self.place {
            None => {}
            Some(Place::Named(name)) => writeln!(f, "  {BLUE}-->{BLUE:#} {}", clean(name))?,
            Some(Place::Source { path, line, column, width, text }) => {
                writeln!(f, "  {BLUE}-->{BLUE:#} {}:{line}:{column}", clean(path))?;
                if let Some(text) = text {
                    excerpt(f, *line, *column, *width, text)?;
                }
            }
        }
        for detail in &self.details {
            writeln!(f, "  {BLUE}={BLUE:#} {}", clean(detail))?;
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "  {CYAN}hint{CYAN:#}: {}", clean(hint))?;
        }
        Ok(())
    }
}

/// The line with a mark under what is meant; long lines are cut around it.
fn excerpt(f: &mut fmt::Formatter<'_>, line: usize, column: usize, width: usize, text: &str) -> fmt::Result {
    const WIDTH: usize = 100;
    let characters: Vec<char> = text.chars().map(|character| if is_steering(character) { ' ' } else { character }).collect();
    let column = column.clamp(1, characters.len() + 1);
    let start = column.saturating_sub(WIDTH / 2);
    let start = if characters.len() <= WIDTH { 0 } else { start };
    let shown: String = characters.iter().skip(start).take(WIDTH).collect();
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    writeln!(f, "  {gutter} {BLUE}|{BLUE:#}")?;
    writeln!(f, "  {BLUE}{number} |{BLUE:#} {}", shown.trim_end())?;
    let before = column - 1 - start;
    let marks = width.min(shown.trim_end().chars().count().saturating_sub(before)).max(1);
    writeln!(f, "  {gutter} {BLUE}|{BLUE:#} {}{RED}{}{RED:#}", " ".repeat(before), "^".repeat(marks))
}

/// What comes from files and replies must not steer the terminal.
pub(crate) fn clean(text: &str) -> String {
    let steers = |character: char| is_steering(character) && character != '\n';
    text.chars().map(|character| if steers(character) { '\u{fffd}' } else { character }).collect()
}
