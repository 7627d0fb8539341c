//! The port to versioned storage.

use crate::diagnostic::Failure;

/// What became of an object that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It was written.
    Written,
    /// An object with this key exists. It was not changed.
    Exists,
}

/// A page of keys, in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The keys.
    pub keys: Vec<String>,
    /// Whether there are more.
    pub is_cut_off: bool,
}

/// Versioned storage, such as a bucket of Amazon S3.
pub trait HistoryStore: Sync {
    /// Writes an object, unless one with this key exists.
    fn put_new(&self, key: &str, bytes: &[u8]) -> impl Future<Output = Result<Put, Failure>> + Send;

    /// Reads an object; `None` if it does not exist.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, Failure>> + Send;

    /// Up to `most` keys with a prefix, after a key.
    fn list(&self, prefix: &str, after: Option<&str>, most: u16) -> impl Future<Output = Result<Listing, Failure>> + Send;
}
