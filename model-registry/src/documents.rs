//! The port to the documents that model packages refer to, such as their metrics.

mod mirror;

use std::fmt;
use std::future::{Future, ready};

use crate::s3_uri::S3Uri;

pub use mirror::Mirror;

/// The largest document that is read: metrics are some kilobytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Where documents are kept: S3, or a stand-in for it.
pub trait Documents: Sync {
    /// A whole document, of at most [`MAX_BYTES`].
    fn read(&self, uri: &S3Uri) -> impl Future<Output = Result<Vec<u8>, DocumentError>> + Send;
}

/// No documents at all: every document is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoDocuments;

/// A document that could not be read.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct DocumentError {
    /// The document.
    pub uri: S3Uri,
    /// What kind of failure it is.
    pub kind: DocumentErrorKind,
    /// AWS's code for it, such as `AccessDenied`.
    pub code: Option<String>,
    /// AWS's message, or what went wrong on the way.
    pub message: String,
    /// AWS's id of the request.
    pub request_id: Option<String>,
    /// What to do about it, where the kind does not say it.
    pub hint: Option<String>,
}

/// What kind of failure a [`DocumentError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DocumentErrorKind {
    /// There is no such document.
    NotFound,
    /// The caller may not read it.
    AccessDenied,
    /// It is larger than [`MAX_BYTES`].
    TooLarge,
    /// S3 could not be reached, or did not answer in time.
    Unreachable,
    /// It is to be read offline, and is not there: no matter of AWS's.
    NotInSnapshot,
    /// Anything else.
    Other,
}

impl DocumentError {
    /// An error without anything from AWS.
    pub fn new(uri: &S3Uri, kind: DocumentErrorKind, message: impl Into<String>) -> Self {
        Self { uri: uri.clone(), kind, code: None, message: message.into(), request_id: None, hint: None }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        if self.hint.is_some() {
            return self.hint.clone();
        }
        let text = match self.kind {
            DocumentErrorKind::AccessDenied => {
                "allow `s3:GetObject` on the document, and `kms:Decrypt` on its key, to the role that runs this; S3 says the same of an \
                 object that is not there to a role without `s3:ListBucket`"
            }
            DocumentErrorKind::NotFound => "the package names a document that is not there: register the model again, or put it back",
            DocumentErrorKind::TooLarge => "name a document of metrics: 8 MiB are read at most",
            DocumentErrorKind::Unreachable => "check the network, and AWS_ENDPOINT_URL when it is set",
            DocumentErrorKind::NotInSnapshot | DocumentErrorKind::Other => return None,
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` could not be read: ", self.uri)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl Documents for NoDocuments {
    fn read(&self, uri: &S3Uri) -> impl Future<Output = Result<Vec<u8>, DocumentError>> + Send {
        ready(Err(DocumentError::new(uri, DocumentErrorKind::NotInSnapshot, "no documents are at hand")))
    }
}
