//! Captured requests in Amazon S3, read with the caller's credentials.

use endpoint_test::CapturedRequests;
use endpoint_test::aws::S3Captures;

use super::Session;

/// The captured requests below an S3 URI, in the session's region; `None` if it is not one.
pub fn captured_requests(session: &Session, uri: &str) -> Option<CapturedRequests> {
    S3Captures::from_config(session.config(), uri).map(CapturedRequests::S3)
}
