//! All problems in a suite, shown with their lines.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lines::Lines;
use crate::format::ends;
use crate::problem::{Place, Problem};

#[derive(Debug, Clone)]
pub(super) struct Source {
    path: PathBuf,
    text: Arc<str>,
}

/// The problems in a suite, shown with their lines, carets and hints.
pub struct SuiteErrors {
    source: Source,
    problems: Vec<Problem>,
    more: usize,
}

/// The most problems that are kept: a suite can have a hundred thousand.
pub(super) const MAX_PROBLEMS: usize = 100;

/// The longest message and the longest hint, in characters: they have parts of the suite.
const MAX_TEXT: usize = 1000;

/// Longer lines are cut around the marked part.
const WIDTH: usize = 100;

impl Source {
    pub(super) fn new(path: &Path, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }
}

impl SuiteErrors {
    /// There is at least one problem.
    pub(super) fn new(source: Source, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place);
        let more = problems.len().saturating_sub(MAX_PROBLEMS);
        problems.truncate(MAX_PROBLEMS);
        for problem in &mut problems {
            problem.message = ends(&problem.message, MAX_TEXT);
            problem.hint = problem.hint.as_deref().map(|hint| ends(hint, MAX_TEXT));
        }
        Self { source, problems, more }
    }

    /// The problems in the file's order: at least one, and at most the first hundred.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The number of problems after those of [`problems`](Self::problems).
    pub fn more(&self) -> usize {
        self.more
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.source.path
    }
}

impl Error for SuiteErrors {}

impl fmt::Debug for SuiteErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

impl fmt::Display for SuiteErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = Lines::of(&self.source.text);
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n\n")?;
            }
            write!(formatter, "{}", self.source.path.display())?;
            if let Some(place) = problem.place {
                write!(formatter, ":{}:{}", place.line, place.column)?;
            }
            write!(formatter, ": {}", problem.message)?;
            if let Some(place) = problem.place {
                snippet(formatter, &lines, place)?;
            }
            if let Some(hint) = &problem.hint {
                write!(formatter, "\n  hint: {hint}")?;
            }
        }
        if self.more > 0 {
            write!(formatter, "\n\n{}: and {} more", self.source.path.display(), self.more)?;
        }
        Ok(())
    }
}

fn snippet(formatter: &mut fmt::Formatter<'_>, lines: &Lines<'_>, place: Place) -> fmt::Result {
    let Some(length) = lines.length(place.line) else { return Ok(()) };
    let column = place.column.saturating_sub(1).min(length);
    let start = if length > WIDTH { column.saturating_sub(WIDTH / 2) } else { 0 };
    let shown = lines.part(place.line, start, WIDTH).unwrap_or_default();
    let shown: String = shown.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let carets = "^".repeat(place.length.clamp(1, (length - column).max(1)).min(WIDTH));
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let indent = " ".repeat(column - start);
    write!(formatter, "\n {margin} |\n {number} | {}\n {margin} | {indent}{carets}", shown.trim_end())
}
