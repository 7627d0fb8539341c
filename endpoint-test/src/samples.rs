//! The sample payloads of a model package: an untrusted archive.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::Read;
use std::path::Component;

use bytes::Bytes;
use flate2::read::GzDecoder;
use tar::EntryType;

use crate::debug;
use crate::target::{MAX_BODY, TargetError};

/// The largest archive, in bytes.
pub const MAX_ARCHIVE: usize = 100 * 1000 * 1000;
/// The limit of an archive's unpacked content, in bytes.
const MAX_CONTENT: u64 = 200 * 1000 * 1000;
/// The most files in an archive: each is a request.
const MAX_FILES: usize = 1000;
/// The longest name of a file in an archive.
const MAX_NAME: usize = 200;

/// Fetches a model package's sample payloads.
pub trait SampleStore: Sync {
    /// Fetches the archive at a URL such as `s3://bucket/samples.tar.gz`, of at most [`MAX_ARCHIVE`] bytes.
    fn fetch(&self, url: &str) -> impl Future<Output = Result<Bytes, TargetError>> + Send;
}

/// The sample payloads of a model package (`SamplePayloadUrl`: a tar archive with gzip).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    files: BTreeMap<String, Bytes>,
    /// The media type of files without a known extension: the model package's first one.
    pub content_type: Option<String>,
}

/// Why an archive is refused.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// It is not a tar archive compressed with gzip.
    #[error("the sample payloads are not a tar.gz archive: {0}")]
    Broken(#[from] std::io::Error),
    /// A file's path leads out of the archive.
    #[error("the archive of sample payloads has the path `{0}`, which leads out of it")]
    Outside(String),
    /// An entry that is not a file, such as a link.
    #[error("the archive of sample payloads has the entry `{0}`, which is neither a file nor a folder")]
    NotAFile(String),
    /// Two files have one name.
    #[error("the archive of sample payloads has `{0}` twice")]
    Twice(String),
    /// Its content exceeds a limit.
    #[error("the archive of sample payloads is too large: {0}")]
    TooLarge(String),
    /// It has no files.
    #[error("the archive of sample payloads has no files")]
    Empty,
}

impl fmt::Debug for SampleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug::chain(self, formatter)
    }
}

impl Samples {
    /// Reads an untrusted archive. Nothing is written to disk, links and paths that lead out of it
    /// are refused, and the unpacked size is limited.
    ///
    /// # Errors
    ///
    /// The first problem in it.
    pub fn read(archive: &[u8]) -> Result<Self, SampleError> {
        if archive.len() > MAX_ARCHIVE {
            return Err(SampleError::TooLarge(format!("{} bytes; the limit is {MAX_ARCHIVE}", archive.len())));
        }
        Self::read_within(archive, MAX_CONTENT)
    }

    /// Reads an archive whose unpacked size is at most `most`.
    fn read_within(archive: &[u8], most: u64) -> Result<Self, SampleError> {
        let mut files = BTreeMap::new();
        let content = Bounded { inner: GzDecoder::new(archive), left: most };
        let mut archive = tar::Archive::new(content);
        for entry in archive.entries().map_err(too_large)? {
            let mut entry = entry.map_err(too_large)?;
            let name = name(&entry.path_bytes())?;
            match entry.header().entry_type() {
                EntryType::Directory => continue,
                EntryType::Regular | EntryType::Continuous => {}
                _ => return Err(SampleError::NotAFile(name)),
            }
            // Metadata files that macOS adds to archives are not payloads.
            let last = name.rsplit('/').next().unwrap_or_default();
            if last.starts_with("._") || last == ".DS_Store" {
                continue;
            }
            let limit = MAX_BODY as u64;
            if entry.size() > limit {
                return Err(SampleError::TooLarge(format!("`{name}` has {} bytes; an endpoint accepts {limit}", entry.size())));
            }
            if files.len() >= MAX_FILES {
                return Err(SampleError::TooLarge(format!("more than {MAX_FILES} files")));
            }
            let mut body = Vec::new();
            entry.read_to_end(&mut body).map_err(too_large)?;
            if files.insert(name.clone(), Bytes::from(body)).is_some() {
                return Err(SampleError::Twice(name));
            }
        }
        if files.is_empty() { Err(SampleError::Empty) } else { Ok(Self { files, content_type: None }) }
    }

    /// The files by their paths in the archive, sorted.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.files.iter().map(|(name, body)| (name.as_str(), body))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Bytes> {
        self.files.get(name)
    }
}

/// A path within the archive, without a leading `./`.
fn name(path: &[u8]) -> Result<String, SampleError> {
    let shown = String::from_utf8_lossy(&path[..path.len().min(MAX_NAME)]).into_owned();
    let text = std::str::from_utf8(path).ok().filter(|text| text.len() <= MAX_NAME && !text.chars().any(char::is_control));
    let Some(text) = text.filter(|text| !text.contains(['\\', ':'])) else { return Err(SampleError::Outside(shown)) };
    let mut parts = Vec::new();
    for component in std::path::Path::new(text).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir => {}
            _ => return Err(SampleError::Outside(shown)),
        }
    }
    Ok(parts.join("/"))
}

/// A reader that fails, instead of ending, if its input exceeds the limit.
struct Bounded<R> {
    inner: R,
    left: u64,
}

/// The error of a [`Bounded`] reader.
#[derive(Debug, thiserror::Error)]
#[error("the unpacked archive exceeds the limit")]
struct BoundExceeded;

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| std::io::Error::other(BoundExceeded))?;
        Ok(read)
    }
}

/// Separates an archive that is too large from a broken one.
fn too_large(error: std::io::Error) -> SampleError {
    if exceeds_bound(&error) {
        return SampleError::TooLarge("its unpacked size exceeds the limit".to_owned());
    }
    SampleError::Broken(error)
}

/// Searches the errors in which the `tar` crate wraps the reader's own.
fn exceeds_bound(error: &(dyn Error + 'static)) -> bool {
    let inner = match error.downcast_ref::<std::io::Error>() {
        // An `io::Error` does not return the error that it wraps as its source.
        Some(error) => error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    };
    error.is::<BoundExceeded>() || inner.is_some_and(exceeds_bound)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::Header;

    use super::*;

    #[test]
    fn skipped_entries_count_towards_the_limit() {
        // Directories, whose content is not kept, with a size that no directory has.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        for number in 0..4 {
            let mut header = Header::new_gnu();
            header.set_path(format!("{number}/")).unwrap();
            header.set_entry_type(EntryType::Directory);
            header.set_size(1 << 18);
            header.set_cksum();
            encoder.write_all(header.as_bytes()).unwrap();
            encoder.write_all(&vec![0; 1 << 18]).unwrap();
        }
        let bomb = encoder.finish().unwrap();
        assert!(matches!(Samples::read_within(&bomb, 1 << 19), Err(SampleError::TooLarge(_))));
        assert!(matches!(Samples::read_within(&bomb, 1 << 22), Err(SampleError::Empty)));
    }
}
