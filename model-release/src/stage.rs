//! The stages of a release.

use std::str::FromStr;

/// One of the two stages of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The staging accounts.
    Staging,
    /// The production accounts.
    Prod,
}

/// The error for a text that is not a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseStageError;

impl Stage {
    /// Both stages, in deployment order.
    pub const ALL: [Self; 2] = [Self::Staging, Self::Prod];

    /// The stage's name in files and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stage {
    type Err = ParseStageError;

    fn from_str(text: &str) -> Result<Self, ParseStageError> {
        Self::ALL.into_iter().find(|stage| stage.name() == text).ok_or(ParseStageError)
    }
}

impl std::fmt::Display for ParseStageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a stage is `staging` or `prod`")
    }
}

impl std::error::Error for ParseStageError {}
