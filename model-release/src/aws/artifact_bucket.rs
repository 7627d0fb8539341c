//! Finds the bucket that a build uploads to.

use aws_sdk_s3::operation::RequestId as _;

use super::{Session, diagnose};
use crate::diagnostic::Diagnostic;

/// Where a bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BucketPlace {
    /// In the session's region.
    SameRegion,
    /// In another region, if S3 reports which.
    OtherRegion(Option<String>),
    /// The bucket does not exist.
    Missing,
}

/// Checks that the bucket is in the session's region.
pub async fn artifact_bucket(session: &Session, bucket: &str) -> Result<BucketPlace, Diagnostic> {
    match aws_sdk_s3::Client::new(session.config()).head_bucket().bucket(bucket).send().await {
        Ok(found) => match found.bucket_region() {
            Some(region) if region != session.region().as_str() => Ok(BucketPlace::OtherRegion(Some(region.to_owned()))),
            _ => Ok(BucketPlace::SameRegion),
        },
        Err(error) => match error.raw_response().map(|response| response.status().as_u16()) {
            // Another server's page, which proves nothing about the bucket.
            _ if error.request_id().is_none() => Err(diagnose("s3:ListBucket", session.region(), &error)),
            Some(404) => Ok(BucketPlace::Missing),
            Some(301 | 307) => Ok(BucketPlace::OtherRegion(None)),
            _ => Err(diagnose("s3:ListBucket", session.region(), &error)),
        },
    }
}
