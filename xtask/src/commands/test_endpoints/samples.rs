//! The sample payloads of the release's model package, for suites that send them.

use std::path::Path;

use endpoint_test::{MAX_ARCHIVE, Samples};

use crate::diagnostic::{Diagnostic, Failure};
use crate::files;
use crate::manifest::Release;

/// Reads an archive that the command line names.
pub(crate) fn from_file(path: &Path) -> Result<Samples, Failure> {
    let archive =
        files::read_bytes(path, MAX_ARCHIVE as u64).map_err(|diagnostic| diagnostic.hinting("--sample-payloads names a tar.gz file"))?;
    Samples::read(&archive).map_err(|error| Diagnostic::error(error.to_string()).file(path).into())
}

/// Fetches the archive that the model package names. Why there is none is the result of the cases that send it, and no more: the others
/// have their own.
#[cfg(feature = "aws")]
pub(crate) async fn from_model_package(release: &Release) -> Result<Samples, String> {
    use endpoint_test::SampleStore as _;
    use endpoint_test::aws::{S3Samples, sample_location};

    use crate::aws::Session;

    let arn = &release.manifest.model_package.arn;
    let session = Session::open().await.map_err(|failure| words(&failure))?;
    let region = arn.split(':').nth(3).unwrap_or(&session.region).to_owned();
    let config = session.in_region(&region);
    let location = sample_location(&config, arn).await.map_err(|error| error.to_string())?;
    let Some(url) = location.url else {
        return Err(format!(
            "the model package `{arn}` has no `SamplePayloadUrl`: register it with one, or name a file with --sample-payloads"
        ));
    };
    let archive = S3Samples::from_config(&config).fetch(&url).await.map_err(|error| error.to_string())?;
    let mut samples = Samples::read(&archive).map_err(|error| format!("{error} ({url})"))?;
    samples.content_type = location.content_type;
    Ok(samples)
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the one with AWS awaits")]
pub(crate) async fn from_model_package(_: &Release) -> Result<Samples, String> {
    Err("this program was built without AWS: name the sample payloads with --sample-payloads".to_owned())
}

#[cfg(feature = "aws")]
fn words(failure: &Failure) -> String {
    failure.diagnostics.first().map_or_else(String::new, |diagnostic| diagnostic.message.clone())
}
