//! Downloads the sample payloads of the release's model package, for suites that send them.

use endpoint_test::aws::{S3Samples, sample_location};
use endpoint_test::{SampleStore as _, Samples};

use super::Session;
use crate::Release;

/// Downloads the archive. An error affects only the cases that send sample payloads.
pub async fn sample_payloads(session: &Session, release: &Release) -> Result<Samples, String> {
    let arn = &release.manifest.model_package.arn;
    let config = session.in_region(arn.region());
    let location = sample_location(&config, arn.as_str()).await.map_err(|error| error.to_string())?;
    let Some(url) = location.url else {
        return Err(format!(
            "the model package `{arn}` has no `SamplePayloadUrl`: register it with one, or use a local file with sample payloads"
        ));
    };
    let archive = S3Samples::from_config(&config).fetch(&url).await.map_err(|error| error.to_string())?;
    let mut samples = Samples::read(&archive).map_err(|error| format!("{error} ({url})"))?;
    samples.content_type = location.content_type;
    Ok(samples)
}
