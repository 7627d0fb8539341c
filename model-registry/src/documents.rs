//! The port for documents that model packages refer to, such as their metrics.

mod mirror;

use std::fmt;
use std::future::{Future, ready};

use crate::s3_uri::S3Uri;

pub use mirror::Mirror;

/// The size limit of a document: metrics are some kilobytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Where documents are stored: S3, or a substitute.
pub trait Documents: Sync {
    /// Reads a whole document of at most [`MAX_BYTES`].
    fn read(&self, uri: &S3Uri) -> impl Future<Output = Result<Vec<u8>, DocumentError>> + Send;
}

/// No documents: every document is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoDocuments;

/// A document that could not be read.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct DocumentError {
    /// The document.
    pub uri: S3Uri,
    /// The kind of failure.
    pub kind: DocumentErrorKind,
    /// AWS's error code, such as `AccessDenied`.
    pub code: Option<String>,
    /// AWS's message, or what failed before AWS responded.
    pub message: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// What to do about it, if the kind does not determine it.
    pub hint: Option<String>,
}

/// What kind of failure a [`DocumentError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DocumentErrorKind {
    /// There is no such document.
    NotFound,
    /// The caller is not allowed to read it.
    AccessDenied,
    /// It is larger than [`MAX_BYTES`].
    TooLarge,
    /// S3 could not be reached, or did not respond in time.
    Unreachable,
    /// It is read offline and does not exist there: AWS is not involved.
    NotInSnapshot,
    /// Anything else.
    Other,
}

impl DocumentError {
    /// An error without anything from AWS.
    pub fn new(uri: &S3Uri, kind: DocumentErrorKind, message: impl Into<String>) -> Self {
        Self { uri: uri.clone(), kind, code: None, message: message.into(), request_id: None, hint: None }
    }

    /// Whether S3 was called, and did not return the document.
    fn is_of_aws(&self) -> bool {
        self.code.is_some() || self.request_id.is_some() || self.kind == DocumentErrorKind::Unreachable
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        if self.hint.is_some() {
            return self.hint.clone();
        }
        let text = match self.kind {
            DocumentErrorKind::AccessDenied => {
                "allow `s3:GetObject` on the document, and `kms:Decrypt` on its key, for the role that runs this; S3 returns the same error for an \
                 object that does not exist if the role lacks `s3:ListBucket`"
            }
            DocumentErrorKind::NotFound => {
                "the package refers to a document that does not exist: register the model again, or restore the document"
            }
            DocumentErrorKind::TooLarge => "use a document of at most 8 MiB",
            DocumentErrorKind::Unreachable => "check the network, and AWS_ENDPOINT_URL if it is set",
            DocumentErrorKind::NotInSnapshot | DocumentErrorKind::Other => return None,
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` could not be read", self.uri)?;
        if self.is_of_aws() {
            f.write_str(" with `s3:GetObject`")?;
        }
        f.write_str(": ")?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl Documents for NoDocuments {
    fn read(&self, uri: &S3Uri) -> impl Future<Output = Result<Vec<u8>, DocumentError>> + Send {
        ready(Err(DocumentError::new(uri, DocumentErrorKind::NotInSnapshot, "no documents are available")))
    }
}
