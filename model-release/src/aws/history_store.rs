//! The history in a bucket of Amazon S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use call_fault::{Fault, sdk};
use sha2::{Digest as _, Sha256};

use super::{Session, diagnose};
use crate::diagnostic::{Diagnostic, Failure};
use crate::history::{HistoryPlace, HistoryStore, Listing, Put};
use aws_names::Region;

/// The largest object that is read: a results file with many endpoints.
const MAX_OBJECT: i64 = 256 << 20;

/// A bucket. Every object is written with `If-None-Match: *`, so that none is ever replaced, and with
/// its SHA-256, which a bucket with Object Lock requires. The bucket's default retention applies.
#[derive(Debug, Clone)]
pub struct S3History {
    client: Client,
    region: Region,
    bucket: String,
}

impl S3History {
    /// The bucket of a history, in the session's region.
    pub fn new(session: &Session, place: &HistoryPlace) -> Self {
        Self { client: Client::new(session.config()), region: session.region().clone(), bucket: place.bucket.clone() }
    }

    /// A successful response without a member that S3 always returns.
    fn not_of_s3(&self, operation: &str, key: &str, member: &str) -> Failure {
        let diagnostic = Diagnostic::error(format!("the response of `{operation}` does not have {member}, so it is not one of S3"));
        self.failed(key, diagnostic.in_aws(None::<&str>, Some(&self.region)).with_hint(Fault::NotOfAws.hint(operation)))
    }

    fn failed(&self, key: &str, diagnostic: Diagnostic) -> Failure {
        Failure::unreachable(diagnostic.detail(format!("s3://{}/{key}", self.bucket)))
    }
}

impl HistoryStore for S3History {
    async fn put_new(&self, key: &str, bytes: &[u8]) -> Result<Put, Failure> {
        let sha256 = STANDARD.encode(Sha256::digest(bytes));
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .if_none_match("*")
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(&sha256)
            .body(ByteStream::from(bytes.to_vec()));
        match Box::pin(request.send()).await {
            Ok(object) if object.checksum_sha256() == Some(&sha256) => Ok(Put::Written),
            Ok(_) => Err(self.not_of_s3("s3:PutObject", key, "its SHA-256")),
            // Another writer of the same object can be ahead: what it wrote is compared by the caller.
            Err(error) if matches!(error.code(), Some("PreconditionFailed" | "ConditionalRequestConflict")) => Ok(Put::Exists),
            Err(error) => Err(self.failed(key, diagnose("s3:PutObject", &self.region, &error))),
        }
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        const OPERATION: &str = "s3:GetObject";
        let object = match Box::pin(self.client.get_object().bucket(&self.bucket).key(key).send()).await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => return Ok(None),
            Err(error) => return Err(self.failed(key, diagnose(OPERATION, &self.region, &error))),
        };
        if object.content_length().is_some_and(|length| length > MAX_OBJECT) {
            let diagnostic = Diagnostic::error(format!("the object has more than {} MiB", MAX_OBJECT >> 20));
            return Err(self.failed(key, diagnostic));
        }
        let bytes = object.body.collect().await.map_err(|error| {
            let diagnostic = Diagnostic::error(format!("the response of `{OPERATION}` could not be read: {}", sdk::innermost(&error)));
            let hint = sdk::body_fault(&error).hint(OPERATION);
            self.failed(key, diagnostic.in_aws(None::<&str>, Some(&self.region)).with_hint(hint))
        })?;
        Ok(Some(bytes.to_vec()))
    }

    async fn list(&self, prefix: &str, after: Option<&str>, most: u16) -> Result<Listing, Failure> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_start_after(after.map(str::to_owned))
            .max_keys(most.into());
        let page =
            Box::pin(request.send()).await.map_err(|error| self.failed(prefix, diagnose("s3:ListObjectsV2", &self.region, &error)))?;
        let keys = page.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect();
        Ok(Listing { keys, is_cut_off: page.is_truncated() == Some(true) })
    }
}
