//! What is wrong with a file, and where.

use std::fmt;

/// A location in a text file. Lines and columns count from one, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
    /// The length in characters; at least one.
    pub length: usize,
}

/// The kinds of [`Problem`] that a program may want to recognise, to add a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemCode {
    /// The suite has a load, and this crate was built without its feature `load`.
    LoadNotSupported,
    /// A variable has no value, nor a similar name that has one. The subject is its name.
    VariableWithoutValue,
    /// A golden file does not exist.
    GoldenFileMissing,
}

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The kind of problem, for those that a program may want to recognise.
    pub code: Option<ProblemCode>,
    /// The name of the object, for some codes.
    pub subject: Option<String>,
    /// What is wrong: a lowercase fragment that names the object in backticks.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The location in the file; absent if it is about the whole file.
    pub place: Option<Place>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { code: None, subject: None, message: message.into(), hint: None, place: None }
    }

    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    pub(crate) fn code(mut self, code: ProblemCode) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}
