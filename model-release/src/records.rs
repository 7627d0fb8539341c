//! Signed records of a release: its provenance, the results of its tests, and that it is allowed in
//! a stage. They are statements of [`release_records`] about the release's manifest.
//!
//! A record is a file of its own: the manifest cannot have the checksum of its own signature.

mod binary;
mod provenance;
mod subjects;
mod test_result;
mod trusted_key;
mod verification_summary;

#[cfg(feature = "signatures")]
mod chain;
#[cfg(feature = "signatures")]
mod verified;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

pub use binary::{Binary, BinaryRecord};
use release_records::ResourceDescriptor;
pub use release_records::{Bundle, Predicate, PublicKey, Signer, Statement, sign};

#[cfg(feature = "signatures")]
pub use chain::Chain;
pub use provenance::provenance;
pub use test_result::test_result;
pub use trusted_key::{TrustedKey, TrustedKeys};
pub use verification_summary::verification_summary;
#[cfg(feature = "signatures")]
pub use verified::{RecordKind, VerifiedRecord, verify_record};

use crate::manifest::Tool;

/// What every record of a release is about: its manifest.
pub(crate) fn release_subject(digest: &str) -> ResourceDescriptor {
    subjects::release(digest)
}

/// The name of the provenance's file in a release folder.
pub const PROVENANCE: &str = "release-provenance.sigstore.json";

/// The name of the file that states that a release is allowed in a stage.
pub const VERIFICATION_SUMMARY: &str = "release-verification.sigstore.json";

/// The record of a results file: `test-results.sigstore.json` beside `test-results.json`.
pub fn record_of_results(results: &Path) -> PathBuf {
    results.with_extension("sigstore.json")
}

/// The run of the program that states something.
#[derive(Debug, Clone)]
pub struct RecordingRun {
    /// The program.
    pub tool: Tool,
    /// When it ended.
    pub at: SystemTime,
    /// The build of the build service, such as the ARN of a build of CodeBuild.
    pub invocation: Option<String>,
}

impl RecordingRun {
    /// The time: RFC 3339 in UTC, in seconds, whatever the time zone of the machine.
    fn time(&self) -> String {
        let time = Timestamp::try_from(self.at).ok().and_then(|time| Timestamp::from_second(time.as_second()).ok());
        time.unwrap_or(Timestamp::UNIX_EPOCH).to_string()
    }

    /// The program as a package URL.
    fn program(&self) -> String {
        format!("pkg:cargo/{}", self.tool.name)
    }

    /// The program's version.
    fn version(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(self.tool.name.clone(), self.tool.version.clone())])
    }
}
