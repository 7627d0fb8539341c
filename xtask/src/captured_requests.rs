//! The captured requests that `test-staging` and `test-prod` send again.

use std::path::Path;

use endpoint_test::{CapturedRequests, Suite};
use model_release::Failure;
use model_release::captured::{CapturedLocation, location};

/// Those of --replay, else of the suite.
pub(crate) async fn captured_requests(named: Option<&str>, suite: &Suite, path: &Path) -> Result<Option<CapturedRequests>, Failure> {
    match location(named, suite.replay_from(), path)? {
        None => Ok(None),
        Some(CapturedLocation::Folder(folder)) => Ok(Some(CapturedRequests::Folder(folder))),
        Some(CapturedLocation::S3(uri)) => in_s3(&uri).await,
    }
}

#[cfg(feature = "aws")]
async fn in_s3(uri: &str) -> Result<Option<CapturedRequests>, Failure> {
    Ok(model_release::aws::captured_requests(&crate::session::open().await?, uri))
}

#[cfg(not(feature = "aws"))]
async fn in_s3(uri: &str) -> Result<Option<CapturedRequests>, Failure> {
    crate::without_aws(&format!("--replay {uri}"), "copy the captured requests to a folder, and name it with --replay").await
}
