//! The suite: the file with a team's requests and expected responses.

mod case;
mod compare_reader;
mod document;
mod endpoint;
mod errors;
mod expectation_reader;
mod files;
#[cfg(feature = "load")]
mod find_rate_reader;
mod limits_reader;
mod lines;
#[cfg(feature = "load")]
mod load;
mod outlook;
mod payload;
pub(crate) mod quoting;
mod reader;
mod replay_reader;
mod rows_reader;
mod samples;
#[cfg(feature = "schema")]
mod schema;
mod sections;
mod selection;
mod target;
mod variables;

use std::collections::BTreeMap;
use std::path::Path;

pub use self::case::Case;
pub(crate) use self::case::{Input, WholeExpectation};
pub use self::endpoint::EndpointSection;
pub use self::errors::SuiteErrors;
pub use self::outlook::{GateOutlook, LoadOutlook, Outlook};
pub(crate) use self::rows_reader::is_json_lines;
#[cfg(feature = "schema")]
pub use self::schema::json_schema;
use self::selection::Selection;
pub use self::selection::{CaseListing, SuiteListing, UnknownCase};
use crate::expect::address::Address;
use crate::expect::latency::Percentile;
use crate::expect::limit::Limit;
use crate::expect::metrics::Metric;
use crate::expect::number::Tolerance;
#[cfg(feature = "load")]
use crate::load::LoadPlan;
use crate::problem::{Place, Problem};
use crate::replay::ReplaySettings;
use crate::samples::Samples;
use crate::target::TargetKind;

/// The version of the suite format that this crate reads.
pub const FORMAT_VERSION: u32 = 1;

/// A checked suite: every key known, every value in range, every pattern compiled.
#[derive(Debug, Clone)]
pub struct Suite {
    name: Option<String>,
    endpoint: EndpointSection,
    compare: CompareSettings,
    replay: Option<ReplaySettings>,
    cases: Vec<Case>,
    #[cfg(feature = "load")]
    load: Option<LoadPlan>,
    warnings: Vec<Problem>,
    golden_files_may_be_missing: bool,
    /// The selection, if it has only some of its cases.
    partial: Option<Selection>,
    source: errors::Source,
}

/// Options for reading a suite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SuiteOptions {
    /// The values of `${name}`. There is no other source: no environment, no shell.
    pub variables: BTreeMap<String, String>,
    /// Whether a golden file may be missing, because it is about to be written.
    pub golden_files_may_be_missing: bool,
}

/// How the responses of two endpoints to the same requests are compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CompareSettings {
    pub(crate) tolerance: Tolerance,
    /// Locations that may differ.
    pub(crate) ignore: Vec<Address>,
    /// The part of the requests whose responses may differ; more is a failure.
    pub(crate) at_most: Option<Limit>,
    /// Whether that limit is reported and decides nothing.
    pub(crate) observe: bool,
    pub(crate) metrics: Vec<MetricGate>,
    pub(crate) latency: Vec<LatencyGate>,
}

/// How much worse a metric may be than the other endpoint's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MetricGate {
    pub(crate) metric: Metric,
    pub(crate) margin: f64,
    pub(crate) confidence: f64,
    /// The share of rows on which exactly one of the two is right, for planning.
    pub(crate) flips: f64,
    /// Whether the gate is reported and decides nothing.
    pub(crate) observe: bool,
    pub(crate) place: Place,
}

/// How many times the other endpoint's a percentile of the latency may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LatencyGate {
    pub(crate) percentile: Percentile,
    pub(crate) times: f64,
    pub(crate) confidence: f64,
    /// Whether the gate is reported and decides nothing.
    pub(crate) observe: bool,
    pub(crate) place: Place,
}

impl Default for CompareSettings {
    /// Machines differ in the order of additions, and so in the last digits of a number.
    fn default() -> Self {
        Self {
            tolerance: Tolerance { abs: 1e-9, rel: 1e-6 },
            ignore: Vec::new(),
            at_most: None,
            observe: false,
            metrics: Vec::new(),
            latency: Vec::new(),
        }
    }
}

/// The known name that a misspelt one probably means.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similar = |known: &&str| is_similar(name, known);
    known.into_iter().filter(similar).min_by_key(|known| strsim::damerau_levenshtein(known, name))
}

/// Whether a name is probably a misspelling of a known one.
fn is_similar(name: &str, known: &str) -> bool {
    let most = 1 + known.len() / 4;
    // The distance is at least the difference in length, and costs the product of the lengths.
    name.len().abs_diff(known.len()) <= 4 * most && strsim::damerau_levenshtein(known, name) <= most
}

impl Suite {
    /// Parses a suite. `path` is only for messages: nothing is read from disk, and the files that
    /// the suite names must be supplied with [`Suite::load_files`].
    ///
    /// # Errors
    ///
    /// All problems in the text, each with its location; invalid YAML alone.
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
    /// These files must be in the suite file's folder or below it. A path that leaves that folder,
    /// by `..` or by a symbolic link, is refused: the suite may be untrusted, and its files are
    /// sent over the network.
    ///
    /// # Errors
    ///
    /// All problems in the suite, and all files that are unreadable, too large, outside, or
    /// invalid.
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

    /// The files that are still to be read, relative to the suite file's folder and without
    /// duplicates: payloads, rows of data, JSON Schemas and golden files.
    pub fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.cases.iter().flat_map(Case::missing_files).map(|(path, _)| path).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Supplies the files: `read` gets each path of [`Suite::files`] once, relative to the suite
    /// file's folder. The paths have no `..` and are not absolute; whether to follow symbolic links
    /// is the caller's decision.
    ///
    /// # Errors
    ///
    /// Every file that is unreadable, larger than [`MAX_BODY`](crate::MAX_BODY), or invalid.
    pub fn load_files(self, mut read: impl FnMut(&str) -> std::io::Result<Vec<u8>>) -> Result<Self, SuiteErrors> {
        files::load_files(self, |path| read(path).map_err(|error| files::unread(path, &error)))
    }

    /// Checks that a target of this kind can honour every setting of the suite's cases. A setting
    /// that it would ignore makes a response prove something else.
    ///
    /// A container cannot select a variant, a model, a container or an inference component. An
    /// endpoint reports status 200 for every response of its model.
    ///
    /// # Errors
    ///
    /// Every such setting, with its location.
    pub fn check_for(&self, target: TargetKind) -> Result<(), SuiteErrors> {
        target::check(self, target)
    }

    /// The suite's check programs (`check: { command: … }`), each with the name of its case. They
    /// are the only part of a suite that runs code on the test machine.
    pub fn own_checks(&self) -> Vec<(&str, &[String])> {
        self.cases.iter().flat_map(|case| case.commands().map(move |check| (case.name(), check.command.as_slice()))).collect()
    }

    /// Whether a case sends the model package's sample payloads, which must be supplied with
    /// [`Suite::with_samples`]; otherwise such a case is an error.
    pub fn wants_samples(&self) -> bool {
        self.cases.iter().any(Case::sends_sample)
    }

    /// Supplies the sample payloads. A case with `sample: all` becomes one case for each of them.
    #[must_use]
    pub fn with_samples(self, samples: &Samples) -> Self {
        samples::add(self, Ok(samples))
    }

    /// Records why there are no sample payloads: cases that send them are errors with this reason.
    #[must_use]
    pub fn without_samples(self, why: &str) -> Self {
        samples::add(self, Err(why))
    }

    /// The suite's own name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The suite's section about the endpoint.
    pub fn endpoint(&self) -> &EndpointSection {
        &self.endpoint
    }

    /// The cases, in the file's order. A suite without cases is allowed; the verdict of its run is
    /// [`Verdict::Empty`](crate::Verdict::Empty).
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The suite's load.
    #[cfg(feature = "load")]
    pub fn load_plan(&self) -> Option<&LoadPlan> {
        self.load.as_ref()
    }

    /// Warnings, for example about a payload that some endpoints refuse.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Where the suite's captured requests are: a folder relative to that of its file, or an S3 URI.
    pub fn replay_from(&self) -> Option<&str> {
        self.replay.as_ref()?.from.as_deref()
    }

    pub(crate) fn replay(&self) -> Option<&ReplaySettings> {
        self.replay.as_ref()
    }

    pub(crate) fn compare(&self) -> &CompareSettings {
        &self.compare
    }
}
