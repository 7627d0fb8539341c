//! Finds the bucket that a build uploads to.

use aws_sdk_s3::operation::RequestId as _;
use call_fault::Fault;

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
            // Another server's page proves nothing about the bucket.
            Some(404) if error.request_id().is_some() => Ok(BucketPlace::Missing),
            Some(301 | 307) if error.request_id().is_some() => Ok(BucketPlace::OtherRegion(None)),
            status => {
                let diagnostic = diagnose("s3:HeadBucket", session.region(), &error).about("s3:ListBucket");
                let unexplained = status.filter(|status| *status == 400).map(Fault::of_head_status);
                Err(diagnostic.with_hint_opt(unexplained.map(|fault| fault.hint("s3:ListBucket"))))
            }
        },
    }
}
