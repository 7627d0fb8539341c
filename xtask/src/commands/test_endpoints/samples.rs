//! The sample payloads of the release's model package, for suites that use them.

use std::path::Path;

use endpoint_test::{MAX_ARCHIVE, Samples};

use model_release::Release;
use model_release::{Diagnostic, Failure};
use terminal::files;

/// Reads the archive that the command line names.
pub(super) fn from_file(path: &Path) -> Result<Samples, Failure> {
    let archive =
        files::read_bytes(path, MAX_ARCHIVE as u64).map_err(|diagnostic| diagnostic.with_hint("--sample-payloads names a tar.gz file"))?;
    Samples::read(&archive).map_err(|error| Diagnostic::error(error.to_string()).file(path).into())
}

/// Fetches the archive that the release's model package names; the error is the reason for a skip.
#[cfg(feature = "aws")]
pub(super) async fn from_model_package(release: &Release) -> Result<Samples, String> {
    let session = crate::session::open()
        .await
        .map_err(|failure| failure.diagnostics.first().map_or_else(String::new, |diagnostic| diagnostic.message.clone()))?;
    model_release::aws::sample_payloads(&session, release).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
pub(super) async fn from_model_package(_: &Release) -> Result<Samples, String> {
    Err("this program was built without AWS: name the sample payloads with --sample-payloads".to_owned())
}
