//! The stages of a release.

/// One of the two stages of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Stage {
    /// The staging accounts.
    Staging,
    /// The production accounts.
    Prod,
}

impl Stage {
    pub(crate) const ALL: [Self; 2] = [Self::Staging, Self::Prod];

    /// The stage's name in files and options.
    pub(crate) fn name(self) -> &'static str {
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
