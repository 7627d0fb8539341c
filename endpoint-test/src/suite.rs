//! The suite: the file in which a team says what its model must answer.

mod document;
mod duration;
mod errors;
mod expectation_reader;
mod files;
mod load;
mod media_type;
mod payload;
mod reader;
#[cfg(feature = "schema")]
mod schema;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

pub(crate) use self::duration::{display as display_duration, parse as parse_duration};
pub use self::errors::SuiteErrors;
pub(crate) use self::media_type::matches as media_type_matches;
#[cfg(feature = "schema")]
pub use self::schema::json_schema;
use crate::expect::Expectation;
use crate::load::LoadPlan;
use crate::problem::{Place, Problem};
use crate::target::Request;

/// The version of the suite format that this crate reads.
pub const FORMAT_VERSION: u32 = 1;

/// A checked suite: every key known, every value in range, every pattern compiled.
#[derive(Debug, Clone)]
pub struct Suite {
    cases: Vec<Case>,
    load: Option<LoadPlan>,
    warnings: Vec<Problem>,
    source: errors::Source,
}

/// One question to the model, and what its answer must be.
#[derive(Debug, Clone)]
pub struct Case {
    pub(crate) name: String,
    pub(crate) payload: Payload,
    pub(crate) content_type: String,
    pub(crate) accept: Option<String>,
    pub(crate) custom_attributes: Option<String>,
    pub(crate) target_variant: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) expectation: Expectation,
}

/// What a case sends.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// Given in the suite, or read from its file.
    Loaded(Bytes),
    /// A file that nobody has read yet.
    File { path: String, place: Place },
}

impl Suite {
    /// Reads a suite from text. `path` is for messages only: nothing is read from disk, so that payloads in files are
    /// still to be handed in with [`Suite::load_payloads`].
    ///
    /// # Errors
    ///
    /// All that is wrong with the text, each with its place. Only broken YAML stops the reading: it is reported alone.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SuiteErrors> {
        reader::read(text, path)
    }

    /// Reads a suite and its payload files from disk.
    ///
    /// Payload files lie beside the suite file or below its folder. One that leaves that folder, by `..` or by a
    /// symbolic link, is refused: a suite is often somebody else's, and what it names is sent over the network.
    ///
    /// # Errors
    ///
    /// All that is wrong with the suite; all payload files that cannot be read, are too large or lie elsewhere.
    pub fn load(path: &Path) -> Result<Self, SuiteErrors> {
        files::load(path)
    }

    /// The payload files that are still to be read, relative to the suite file's folder, each once.
    pub fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.cases.iter().filter_map(Case::missing_file).map(|(path, _)| path).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Hands in the payload files: `read` gets each path of [`Suite::files`] once, relative to the suite file's folder.
    /// The paths have no `..` and do not start at the root; whether symbolic links are followed is the caller's decision.
    ///
    /// # Errors
    ///
    /// Every file that could not be read or is larger than [`MAX_BODY`](crate::MAX_BODY).
    pub fn load_payloads(self, mut read: impl FnMut(&str) -> std::io::Result<Vec<u8>>) -> Result<Self, SuiteErrors> {
        files::load_payloads(self, |path| read(path).map_err(|error| files::unreadable(path, &error)))
    }

    /// The cases, in the file's order. A suite without any is allowed; a run of it comes to
    /// [`Verdict::Empty`](crate::Verdict::Empty).
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The load that the suite asks for.
    pub fn load_plan(&self) -> Option<&LoadPlan> {
        self.load.as_ref()
    }

    /// What is allowed but may go wrong, such as a payload that not every endpoint takes.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl Case {
    /// The case's name, unique in its suite.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The request that the case sends, `timeout` being what it waits when the suite names no other time. `None` while
    /// the payload's file has not been handed in.
    pub fn request(&self, timeout: Duration) -> Option<Request> {
        let Payload::Loaded(body) = &self.payload else { return None };
        Some(Request {
            body: body.clone(),
            content_type: self.content_type.clone(),
            accept: self.accept.clone(),
            custom_attributes: self.custom_attributes.clone(),
            target_variant: self.target_variant.clone(),
            timeout: self.timeout.unwrap_or(timeout),
        })
    }

    fn missing_file(&self) -> Option<(&str, Place)> {
        match &self.payload {
            Payload::File { path, place } => Some((path, *place)),
            Payload::Loaded(_) => None,
        }
    }
}
