//! The repository of a team: about ten files and a pinned binary, without this workspace.
//!
//! [`NewRepository`] has the files of a new one, with tests made from a model package. [`Seed`] reads
//! a repository of the Python seed and carries over what belongs to the team. [`Upgrade`] merges the
//! files that the program owns ([`owned_files`]) with those of another version: the base of the
//! three-way merge is what the earlier version wrote, and [`Lock`] (`xtask.lock`) keeps it.
//!
//! The crate writes nothing and calls nothing. It reads files only to find conflicts, and those of a
//! seed repository.

mod conflicts;
mod lock;
mod new_repository;
mod owned;
mod pin;
mod seed;
mod upgrade;

pub use conflicts::{conflicts, read_text};
pub use lock::{LOCK, Lock, check_version};
pub use new_repository::{Model, NewRepository};
pub use owned::{TEMPLATE, owned_files};
pub use pin::Pin;
pub use seed::{Action, Finding, Seed};
pub use upgrade::{FileChange, Outcome, Upgrade};

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The suite's path.
pub const SUITE: &str = "test/endpoint-tests.yaml";

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamFile {
    /// The path in the repository, with `/`.
    pub path: String,
    /// The content.
    pub content: Vec<u8>,
}

impl TeamFile {
    /// A file.
    pub fn new(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: content.into() }
    }
}

/// The examples of the README are compiled and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
