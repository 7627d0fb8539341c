//! Artifact stores: the port, and the offline store.

mod directory;

use std::error::Error as _;
use std::fmt::{self, Write as _};
use std::future::Future;

pub use directory::Directory;
#[cfg(feature = "aws")]
pub(crate) use directory::clean_prefix;

use crate::artifact::Artifact;
use crate::code::Code;
use crate::pseudo_parameters::Partition;

/// A store from which CloudFormation can read artifacts. The crate's documentation has [an
/// example](crate#a-store-of-your-own).
pub trait ArtifactStore: Sync {
    /// Stores the artifact and returns its location.
    ///
    /// Keys depend on content, but anyone who can write to the store can store other bytes under a
    /// key: an existing object is the artifact only if the store confirms its
    /// [`sha256`](Artifact::sha256). Otherwise it is replaced.
    fn put(&self, artifact: &Artifact) -> impl Future<Output = Result<Location, StoreError>> + Send;
}

/// The location of an artifact, in the forms that templates use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, including the store's prefix.
    pub key: String,
    /// The object's https address, for properties such as `TemplateURL`.
    pub url: String,
    /// The object's version, in a store with versioning. Properties that accept a version contain
    /// it, so that an object that later replaces this one is not deployed.
    pub version: Option<String>,
    /// Whether the object already existed and nothing was uploaded.
    pub existed: bool,
    /// Something to warn about.
    pub note: Option<StoreNote>,
}

/// A warning about how an artifact was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreNote {
    /// A stable name for this kind of warning, such as `uploaded-unseen`.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Location {
    /// An object in a region's bucket. The address is the path-style one of the bucket's own region
    /// and partition, which also works for bucket names with dots.
    pub fn new(bucket: impl Into<String>, region: &str, key: impl Into<String>) -> Self {
        let (bucket, key) = (bucket.into(), key.into());
        let url = format!("https://s3.{region}.{}/{bucket}/{}", Partition::of_region(region).url_suffix, encode_path(&key));
        Self { bucket, key, url, version: None, existed: false, note: None }
    }

    /// The `s3://bucket/key` form.
    pub fn uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// Percent-encodes the characters that a URL's path cannot contain (RFC 3986), except slashes.
pub(crate) fn encode_path(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Why a store could not store an artifact.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub struct StoreError {
    /// The operation that failed, such as `PutObject`.
    pub operation: String,
    /// The service's error code, such as `NoSuchBucket`.
    pub code: Option<String>,
    /// The service's message.
    pub message: String,
    /// The service's request id, for its support.
    pub request_id: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// An operation and its error message.
    pub fn new(operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self { operation: operation.into(), code: None, message: message.into(), request_id: None, hint: None, source: None }
    }

    /// Adds the service's error code.
    #[must_use]
    pub fn code(self, code: Option<impl Into<String>>) -> Self {
        Self { code: code.map(Into::into), ..self }
    }

    /// Adds the service's request id.
    #[must_use]
    pub fn request_id(self, request_id: Option<impl Into<String>>) -> Self {
        Self { request_id: request_id.map(Into::into), ..self }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(self, hint: Option<impl Into<String>>) -> Self {
        Self { hint: hint.map(Into::into), ..self }
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed", self.operation)?;
        if let Some(code) = &self.code {
            write!(f, " with {code}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(request_id) = &self.request_id {
            write!(f, " (request id {request_id})")?;
        }
        Ok(())
    }
}

/// The message and its causes: what `main` prints of an error that it returns.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !self.message.contains(&text) {
                write!(f, "\ncaused by: {text}")?;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_buckets_region_and_partition() {
        assert_eq!(Location::new("b.c", "eu-west-1", "p/k").url, "https://s3.eu-west-1.amazonaws.com/b.c/p/k");
        assert_eq!(Location::new("b", "cn-north-1", "k").url, "https://s3.cn-north-1.amazonaws.com.cn/b/k");
        assert_eq!(Location::new("b", "us-east-1", "a b/é").url, "https://s3.us-east-1.amazonaws.com/b/a%20b/%C3%A9");
        assert_eq!(Location::new("b", "us-east-1", "p/k").uri(), "s3://b/p/k");
    }

    #[test]
    fn a_store_error_has_operation_code_message_and_request_id() {
        let error = StoreError::new("PutObject", "no such bucket").code(Some("NoSuchBucket")).request_id(Some("R1"));
        assert_eq!(error.to_string(), "`PutObject` failed with NoSuchBucket: no such bucket (request id R1)");
    }
}
