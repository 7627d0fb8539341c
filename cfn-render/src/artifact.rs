//! The artifacts that are uploaded.

use std::fmt::{self, Write as _};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tempfile::{SpooledData, SpooledTempFile};

/// Artifacts up to this size are kept in memory, larger ones in a temporary file.
const IN_MEMORY: usize = 8 << 20;

/// The bytes of one file, folder or nested template, and their key.
///
/// The bytes are copied when the artifact is created: the uploaded bytes are the hashed bytes, even
/// if the file changes in between. Clones share them.
#[derive(Clone)]
pub struct Artifact {
    key: String,
    sha256: String,
    len: u64,
    source: PathBuf,
    body: Arc<Body>,
}

enum Body {
    Memory(Vec<u8>),
    // All readers share one file handle with one position, hence the lock.
    Disk(Mutex<std::fs::File>),
}

impl Artifact {
    /// A template as an artifact, with a key for its content. `source` is for messages.
    ///
    /// # Errors
    ///
    /// If the temporary file of a large template cannot be written.
    pub fn of_template(text: &str, source: &Path) -> io::Result<Self> {
        Self::of_text(text, source, ".template")
    }

    /// A text as an artifact; the suffix belongs to its key.
    pub(crate) fn of_text(text: &str, source: &Path, suffix: &str) -> io::Result<Self> {
        let mut writer = ArtifactWriter::new();
        writer.write_all(text.as_bytes())?;
        writer.finish(source, |sha256| format!("{sha256}{suffix}"))
    }

    /// The key: a hash of the content in hex, followed by `.template` for nested templates. Stores
    /// add their prefix.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The SHA-256 of the bytes, in hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The number of bytes.
    #[allow(clippy::len_without_is_empty, reason = "whether an artifact is empty is of no interest")]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The file or folder that it was created from.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// All bytes.
    ///
    /// # Errors
    ///
    /// If the temporary file of a large artifact cannot be read.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        self.read_range(0..self.len)
    }

    /// Some of the bytes, for uploads in parts. The range is cut at the end of the artifact.
    ///
    /// # Errors
    ///
    /// If the temporary file of a large artifact cannot be read.
    pub fn read_range(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let range = range.start.min(self.len)..range.end.min(self.len);
        let length = range.end.saturating_sub(range.start);
        match &*self.body {
            Body::Memory(bytes) => {
                // Offsets of bytes in memory fit into a `usize`.
                let start = usize::try_from(range.start).map_err(io::Error::other)?;
                let length = usize::try_from(length).map_err(io::Error::other)?;
                Ok(bytes[start..start + length].to_vec())
            }
            Body::Disk(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(range.start))?;
                let mut bytes = Vec::new();
                (&mut *file).take(length).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// Writes all bytes, part by part.
    ///
    /// # Errors
    ///
    /// If the temporary file of a large artifact cannot be read, or the destination cannot be
    /// written.
    pub fn copy_to(&self, to: &mut impl Write) -> io::Result<()> {
        let mut start = 0;
        while start < self.len {
            let part = self.read_range(start..start + IN_MEMORY as u64)?;
            to.write_all(&part)?;
            start += part.len() as u64;
        }
        Ok(())
    }
}

impl fmt::Debug for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artifact").field("key", &self.key).field("len", &self.len).field("source", &self.source).finish_non_exhaustive()
    }
}

/// Receives the bytes of an artifact. Seekable, as the zip writer requires.
pub(crate) struct ArtifactWriter {
    spool: SpooledTempFile,
}

impl ArtifactWriter {
    pub(crate) fn new() -> Self {
        Self { spool: tempfile::spooled_tempfile(IN_MEMORY) }
    }

    /// The artifact, with the key that `key` returns for the SHA-256 of its bytes.
    pub(crate) fn finish(mut self, source: &Path, key: impl FnOnce(&str) -> String) -> io::Result<Artifact> {
        self.spool.seek(SeekFrom::Start(0))?;
        let mut hasher = HashWriter::default();
        let len = io::copy(&mut self.spool, &mut hasher)?;
        let sha256 = hasher.finish();
        let body = match self.spool.into_inner() {
            SpooledData::InMemory(bytes) => Body::Memory(bytes.into_inner()),
            SpooledData::OnDisk(file) => Body::Disk(Mutex::new(file)),
        };
        Ok(Artifact { key: key(&sha256), sha256, len, source: source.to_owned(), body: Arc::new(body) })
    }
}

impl Write for ArtifactWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.spool.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.spool.flush()
    }
}

impl io::Seek for ArtifactWriter {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.spool.seek(to)
    }
}

/// Hashes what is written to it.
#[derive(Default)]
pub(crate) struct HashWriter(Sha256);

impl HashWriter {
    pub(crate) fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

impl Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(bytes: &[u8]) -> Artifact {
        let mut writer = ArtifactWriter::new();
        writer.write_all(bytes).unwrap();
        writer.finish(Path::new("source"), str::to_owned).unwrap()
    }

    #[test]
    fn the_key_is_derived_from_the_sha256_of_the_bytes() {
        let artifact = artifact(b"abc");
        assert_eq!(artifact.sha256(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((artifact.key(), artifact.len()), (artifact.sha256(), 3));
    }

    #[test]
    fn ranges_beyond_the_end_are_cut() {
        let artifact = artifact(b"abc");
        assert_eq!(artifact.read_range(1..99).unwrap(), b"bc");
        assert_eq!(artifact.read_range(7..9).unwrap(), b"");
    }

    #[test]
    fn large_artifacts_read_the_same_from_disk() {
        let bytes: Vec<u8> = (0..=250).cycle().take(IN_MEMORY + 1000).collect();
        let artifact = artifact(&bytes);
        assert!(matches!(*artifact.body, Body::Disk(_)));
        assert_eq!(artifact.read().unwrap(), bytes);
        let at = IN_MEMORY as u64;
        assert_eq!(artifact.read_range(at..at + 5).unwrap(), bytes[IN_MEMORY..IN_MEMORY + 5]);
        let mut copy = Vec::new();
        artifact.copy_to(&mut copy).unwrap();
        assert_eq!(copy, bytes);
    }
}
