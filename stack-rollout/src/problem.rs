//! Problems: what is wrong, where, and how to fix it.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::identifiers::Target;

/// A problem with a release or with its stack set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// A stable code for this kind of problem, such as `template-too-large`.
    pub code: &'static str,
    /// What is wrong: a lowercase fragment that names the object in backticks.
    pub message: String,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where the problem is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// What a problem is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The stack set as a whole.
    StackSet,
    /// A call in the stack set's account that failed.
    Call,
    /// The release's template.
    Template,
    /// A parameter of the release, by its key.
    Parameter(String),
    /// A tag of the release, by its key.
    Tag(String),
    /// An operation preference, by its name in the API.
    Preference(&'static str),
    /// One account and region.
    Target(Target),
}

/// All problems of one step, as an error.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problem {
    pub(crate) fn new(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, place: Some(place) }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_hint_opt(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StackSet | Self::Call => f.write_str("stack set"),
            Self::Template => f.write_str("template"),
            Self::Parameter(key) => write!(f, "parameter `{key}`"),
            Self::Tag(key) => write!(f, "tag `{key}`"),
            Self::Preference(name) => f.write_str(name),
            Self::Target(target) => target.fmt(f),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}
