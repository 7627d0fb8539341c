//! All problems in a suite, shown with their lines.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::problem::{Place, Problem};

#[derive(Debug, Clone)]
pub(super) struct Source {
    path: PathBuf,
    text: Arc<str>,
}

/// All problems in a suite, shown with their lines, carets and hints.
pub struct SuiteErrors {
    source: Source,
    problems: Vec<Problem>,
}

/// Longer lines are cut around the marked part.
const WIDTH: usize = 100;

impl Source {
    pub(super) fn new(path: &Path, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }
}

impl SuiteErrors {
    /// `problems` in the file's order; there is at least one.
    pub(super) fn new(source: Source, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place);
        Self { source, problems }
    }

    /// The problems in the file's order; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
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
                snippet(formatter, &self.source.text, place)?;
            }
            if let Some(hint) = &problem.hint {
                write!(formatter, "\n  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

fn snippet(formatter: &mut fmt::Formatter<'_>, text: &str, place: Place) -> fmt::Result {
    let Some(line) = text.lines().nth(place.line.saturating_sub(1)) else { return Ok(()) };
    let line: Vec<char> =
        line.trim_start_matches('\u{feff}').chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let column = place.column.saturating_sub(1).min(line.len());
    let start = if line.len() > WIDTH { column.saturating_sub(WIDTH / 2) } else { 0 };
    let shown: String = line.iter().skip(start).take(WIDTH).collect();
    let carets = "^".repeat(place.length.clamp(1, (line.len() - column).max(1)).min(WIDTH));
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let indent = " ".repeat(column - start);
    write!(formatter, "\n {margin} |\n {number} | {}\n {margin} | {indent}{carets}", shown.trim_end())
}
