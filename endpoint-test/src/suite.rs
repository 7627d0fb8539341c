//! The suite: the file in which a team says what its model must answer.

mod case;
mod document;
mod endpoint;
mod errors;
mod expectation_reader;
mod files;
#[cfg(feature = "load")]
mod load;
mod payload;
mod reader;
mod rows_reader;
mod samples;
#[cfg(feature = "schema")]
mod schema;
mod variables;

use std::collections::BTreeMap;
use std::path::Path;

pub use self::case::Case;
pub(crate) use self::case::{Input, WholeExpectation};
pub use self::endpoint::EndpointSection;
pub use self::errors::SuiteErrors;
#[cfg(feature = "schema")]
pub use self::schema::json_schema;
use crate::expect::address::Address;
use crate::expect::number::Tolerance;
#[cfg(feature = "load")]
use crate::load::LoadPlan;
use crate::problem::Problem;
use crate::samples::Samples;

/// The version of the suite format that this crate reads.
pub const FORMAT_VERSION: u32 = 1;

/// A checked suite: every key known, every value in range, every pattern compiled.
#[derive(Debug, Clone)]
pub struct Suite {
    name: Option<String>,
    endpoint: EndpointSection,
    compare: CompareSettings,
    cases: Vec<Case>,
    #[cfg(feature = "load")]
    load: Option<LoadPlan>,
    warnings: Vec<Problem>,
    golden_files_may_be_missing: bool,
    source: errors::Source,
}

/// What a suite is read with, besides its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SuiteOptions {
    /// What `${name}` stands for. Nothing else is looked at: no environment, no shell.
    pub variables: BTreeMap<String, String>,
    /// Whether a golden file need not exist, since it is about to be written.
    pub golden_files_may_be_missing: bool,
}

/// How two endpoints' answers to the same questions are compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CompareSettings {
    pub(crate) tolerance: Tolerance,
    /// Places that may differ.
    pub(crate) ignore: Vec<Address>,
    /// The part of the requests whose answers may differ; more is a failure.
    pub(crate) at_most: Option<f64>,
}

impl Default for CompareSettings {
    /// Different machines add up in different orders: the last digits of a number are of no account.
    fn default() -> Self {
        Self { tolerance: Tolerance { abs: 1e-9, rel: 1e-6 }, ignore: Vec::new(), at_most: None }
    }
}

/// The one of these names that a misspelt one probably means.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |known: &str| strsim::damerau_levenshtein(known, name);
    known.into_iter().min_by_key(|known| distance(known)).filter(|known| distance(known) <= 1 + known.len() / 4)
}

impl Suite {
    /// Reads a suite from text. `path` is for messages only: nothing is read from disk, so that files that the suite names
    /// are still to be handed in with [`Suite::load_files`].
    ///
    /// # Errors
    ///
    /// All that is wrong with the text, each with its place. Only broken YAML stops the reading: it is reported alone.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SuiteErrors> {
        Self::parse_with(text, path, &SuiteOptions::default())
    }

    /// [`Suite::parse`] with variables and other options.
    ///
    /// # Errors
    ///
    /// As [`Suite::parse`], and every variable that has no value.
    pub fn parse_with(text: &str, path: &Path, options: &SuiteOptions) -> Result<Self, SuiteErrors> {
        reader::read(text, path, options)
    }

    /// Reads a suite and the files that it names from disk.
    ///
    /// These files lie beside the suite file or below its folder. One that leaves that folder, by `..` or by a symbolic
    /// link, is refused: a suite is often somebody else's, and what it names is sent over the network.
    ///
    /// # Errors
    ///
    /// All that is wrong with the suite; all files that cannot be read, are too large, lie elsewhere, or do not hold what
    /// they should.
    pub fn load(path: &Path) -> Result<Self, SuiteErrors> {
        Self::load_with(path, &SuiteOptions::default())
    }

    /// [`Suite::load`] with variables and other options.
    ///
    /// # Errors
    ///
    /// As [`Suite::load`], and every variable that has no value.
    pub fn load_with(path: &Path, options: &SuiteOptions) -> Result<Self, SuiteErrors> {
        files::load(path, options)
    }

    /// The files that are still to be read, relative to the suite file's folder, each once: payloads, rows of data, JSON
    /// Schemas and golden answers.
    pub fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.cases.iter().flat_map(Case::missing_files).map(|(path, _)| path).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Hands in the files: `read` gets each path of [`Suite::files`] once, relative to the suite file's folder. The paths
    /// have no `..` and do not start at the root; whether symbolic links are followed is the caller's decision.
    ///
    /// # Errors
    ///
    /// Every file that could not be read, is larger than [`MAX_BODY`](crate::MAX_BODY), or does not hold what it should.
    pub fn load_files(self, mut read: impl FnMut(&str) -> std::io::Result<Vec<u8>>) -> Result<Self, SuiteErrors> {
        files::load_files(self, |path| read(path).map_err(|error| files::unread(path, &error)))
    }

    /// The programs of the suite's own checks (`check: { command: … }`), each with the name of its case. They are the one part of
    /// a suite that runs code on the machine that tests.
    pub fn own_checks(&self) -> Vec<(&str, &[String])> {
        self.cases.iter().flat_map(|case| case.commands().map(move |check| (case.name(), check.command.as_slice()))).collect()
    }

    /// Whether a case sends the sample payloads of the model package, which are to be handed in with
    /// [`Suite::with_samples`]; else such a case is an error.
    pub fn wants_samples(&self) -> bool {
        self.cases.iter().any(Case::wants_sample)
    }

    /// Hands in the model package's sample payloads. A case of `sample: all` becomes one case for each of them.
    #[must_use]
    pub fn with_samples(self, samples: &Samples) -> Self {
        samples::hand_in(self, Ok(samples))
    }

    /// Records why there are no sample payloads: the cases that send them are errors that say so.
    #[must_use]
    pub fn without_samples(self, why: &str) -> Self {
        samples::hand_in(self, Err(why))
    }

    /// What the suite is about, in the team's words.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the suite says of the endpoint itself.
    pub fn endpoint(&self) -> &EndpointSection {
        &self.endpoint
    }

    /// The cases, in the file's order. A suite without any is allowed; a run of it comes to
    /// [`Verdict::Empty`](crate::Verdict::Empty).
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The load that the suite asks for.
    #[cfg(feature = "load")]
    pub fn load_plan(&self) -> Option<&LoadPlan> {
        self.load.as_ref()
    }

    /// What is allowed but may go wrong, such as a payload that not every endpoint takes.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    pub(crate) fn compare(&self) -> &CompareSettings {
        &self.compare
    }
}
