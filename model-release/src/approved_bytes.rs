//! Which images, model artifacts and environment variables were approved, and whether they are still
//! the same.
//!
//! The build records them in the manifest. Later commands compare them with what S3, Amazon ECR and
//! the registry return. A HEAD request proves what an object is, and not what a running container
//! has loaded from it. What cannot be read is not known, which is never the same as unchanged.

mod compare;
mod current;
mod preflight;
mod record;

use stack_rollout::CallError;
use stack_rollout::preflight::{ArtifactName, ArtifactReader, ArtifactState, ImageName, Presence};

pub use compare::package_changes;
pub use current::{CurrentBytes, Scope, current_comparisons};
pub use preflight::compare_checks;
pub(crate) use record::{Recorded, record};

use crate::diagnostic::{Diagnostic, Level};
use endpoint_test::Comparison;

/// The code of a finding about bytes that are not the approved ones.
pub const DIFFERS: &str = "approved-bytes-differ";
/// The code of a finding about bytes of which it is not known whether they are the approved ones.
pub const NOT_KNOWN: &str = "approved-bytes-not-known";

/// Why nothing is known about the bytes of a release without containers.
pub(crate) const UNRECORDED: &str = "the release, which an older version built, does not record it";

const DIFFERS_HINT: &str = "restore what was approved, or register the model again and build a release of the new version";
const NOT_KNOWN_HINT: &str = "restore what is missing, or build the release again";

/// No images and artifacts can be read: AWS is not called.
#[derive(Debug, Clone, Copy)]
pub enum NoArtifacts {}

impl ArtifactReader for NoArtifacts {
    async fn image(&self, _: &ImageName) -> Result<Presence<Option<String>>, CallError> {
        match *self {}
    }

    async fn artifact(&self, _: &ArtifactName) -> Result<Presence<ArtifactState>, CallError> {
        match *self {}
    }
}

/// The findings of comparisons: an error for each difference, and a warning for what is not known,
/// or an error if `blocks_unknown`.
pub fn findings(comparisons: &[Comparison], blocks_unknown: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for comparison in comparisons {
        let diagnostic = match comparison {
            Comparison::Same => continue,
            Comparison::Differs { expected, actual, .. } => Diagnostic::error(comparison.to_string())
                .code(DIFFERS)
                .detail(format!("approved: {expected}"))
                .detail(format!("found:    {actual}"))
                .with_hint(DIFFERS_HINT),
            Comparison::NotKnown { call, .. } => {
                let level = if blocks_unknown { Level::Error } else { Level::Warning };
                let hint = call.as_ref().and_then(|call| call.hint.as_deref()).unwrap_or(NOT_KNOWN_HINT);
                let mut diagnostic = Diagnostic::new(level, comparison.to_string()).code(NOT_KNOWN).with_hint(hint);
                diagnostic.details.extend(call.as_ref().map(|call| call.error.clone()));
                if blocks_unknown { diagnostic.detail("the release policy requires that this is known") } else { diagnostic }
            }
        };
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }
    found
}
