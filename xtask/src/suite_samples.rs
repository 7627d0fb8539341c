//! The sample payloads of the release's model package, for suites that use them.

use std::path::Path;

use endpoint_test::{MAX_ARCHIVE, Samples, Suite};

use model_release::Release;
use model_release::{Diagnostic, Failure};
use terminal::files;

/// The suite with the model package's sample payloads, if it uses them.
pub(crate) async fn with_samples(suite: Suite, file: Option<&Path>, release: Option<&Release>) -> Result<Suite, Failure> {
    if !suite.wants_samples() {
        return Ok(suite);
    }
    let samples = match (file, release) {
        (Some(path), _) => Ok(from_file(path)?),
        (None, Some(release)) => from_model_package(release).await,
        (None, None) => Err("there is no release whose sample payloads could be sent: name a file with --sample-payloads".to_owned()),
    };
    Ok(match samples {
        Ok(samples) => suite.with_samples(&samples),
        Err(why) => suite.without_samples(&why),
    })
}

/// Reads the archive that the command line names.
fn from_file(path: &Path) -> Result<Samples, Failure> {
    let archive =
        files::read_bytes(path, MAX_ARCHIVE as u64).map_err(|diagnostic| diagnostic.with_hint("--sample-payloads names a tar.gz file"))?;
    Samples::read(&archive).map_err(|error| Diagnostic::error(error.to_string()).file(path).into())
}

/// Fetches the archive that the release's model package names; the error is the reason for a skip.
#[cfg(feature = "aws")]
async fn from_model_package(release: &Release) -> Result<Samples, String> {
    let session = crate::session::open()
        .await
        .map_err(|failure| failure.diagnostics.first().map_or_else(String::new, |diagnostic| diagnostic.message.clone()))?;
    model_release::aws::sample_payloads(&session, release).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
async fn from_model_package(_: &Release) -> Result<Samples, String> {
    Err("this program was built without AWS: name the sample payloads with --sample-payloads".to_owned())
}
