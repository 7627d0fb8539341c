//! The sample payloads that travel with a model package: an archive that somebody else made, read with care.

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
/// All that an archive may hold once it is unpacked, in bytes.
const MAX_CONTENT: u64 = 200 * 1000 * 1000;
/// The most files in an archive: each is a request.
const MAX_FILES: usize = 1000;
/// The longest name of a file in an archive.
const LONGEST_NAME: usize = 200;

/// Where a model package's sample payloads are fetched from.
pub trait SampleStore: Sync {
    /// Fetches the archive at a URL such as `s3://bucket/samples.tar.gz`, of at most [`MAX_ARCHIVE`] bytes.
    fn fetch(&self, url: &str) -> impl Future<Output = Result<Bytes, TargetError>> + Send;
}

/// The sample payloads of a model package (`SamplePayloadUrl`: one tar archive, compressed with gzip).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    files: BTreeMap<String, Bytes>,
    /// The media type of files whose ending says nothing: the model package's first one.
    pub content_type: Option<String>,
}

/// Why an archive is not read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// It is no tar archive that is compressed with gzip.
    #[error("the sample payloads are no tar.gz archive: {0}")]
    Broken(#[from] std::io::Error),
    /// A file's path leads out of the archive.
    #[error("the archive of sample payloads holds the path `{0}`, which leads out of it")]
    Outside(String),
    /// Something that is no file, such as a link.
    #[error("the archive of sample payloads holds `{0}`, which is neither a file nor a folder")]
    NotAFile(String),
    /// Two files have one name.
    #[error("the archive of sample payloads holds `{0}` twice")]
    Twice(String),
    /// There is more in it than any test needs.
    #[error("the archive of sample payloads is too large: {0}")]
    TooLarge(String),
    /// There is nothing in it.
    #[error("the archive of sample payloads holds no files")]
    Empty,
}

impl fmt::Debug for SampleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug::chain(self, formatter)
    }
}

impl Samples {
    /// Reads an archive, whoever made it: nothing is written to disk, links and paths that lead out of it are refused, and
    /// it is not unpacked beyond what a test may need, however small it was.
    ///
    /// # Errors
    ///
    /// The first thing in it that is not as it should be.
    pub fn read(archive: &[u8]) -> Result<Self, SampleError> {
        if archive.len() > MAX_ARCHIVE {
            return Err(SampleError::TooLarge(format!("{} bytes, and {MAX_ARCHIVE} are read", archive.len())));
        }
        Self::read_within(archive, MAX_CONTENT)
    }

    /// Reads an archive that unpacks to no more than this.
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
            // What macOS adds to the archives that it makes is no payload.
            let last = name.rsplit('/').next().unwrap_or_default();
            if last.starts_with("._") || last == ".DS_Store" {
                continue;
            }
            let limit = MAX_BODY as u64;
            if entry.size() > limit {
                return Err(SampleError::TooLarge(format!("`{name}` has {} bytes, and an endpoint takes {limit}", entry.size())));
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

    /// The files by their paths in the archive, in their order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.files.iter().map(|(name, body)| (name.as_str(), body))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Bytes> {
        self.files.get(name)
    }
}

/// A path that stays in the archive; `./` before it is dropped.
fn name(path: &[u8]) -> Result<String, SampleError> {
    let shown = String::from_utf8_lossy(&path[..path.len().min(LONGEST_NAME)]).into_owned();
    let text = std::str::from_utf8(path).ok().filter(|text| text.len() <= LONGEST_NAME && !text.chars().any(char::is_control));
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

/// A reader that fails, and does not end, when more comes than may.
struct Bounded<R> {
    inner: R,
    left: u64,
}

/// The error of a [`Bounded`] reader.
#[derive(Debug, thiserror::Error)]
#[error("more comes out of the archive than is read")]
struct BoundExceeded;

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| std::io::Error::other(BoundExceeded))?;
        Ok(read)
    }
}

/// Tells an archive that is too large from a broken one.
fn too_large(error: std::io::Error) -> SampleError {
    if exceeds_bound(&error) {
        return SampleError::TooLarge("it unpacks to more than a test may need".to_owned());
    }
    SampleError::Broken(error)
}

/// Looks through the errors in which the `tar` crate wraps the reader's own.
fn exceeds_bound(error: &(dyn Error + 'static)) -> bool {
    let inner = match error.downcast_ref::<std::io::Error>() {
        // An `io::Error` does not have what it wraps as its source.
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
    fn what_is_skipped_counts_as_unpacked_too() {
        // Folders, of which nothing is kept, with sizes that no folder has.
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
