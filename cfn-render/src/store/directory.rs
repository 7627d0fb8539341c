//! A folder instead of a bucket.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{ArtifactStore, Location, StoreError};
use crate::artifact::{Artifact, HashWriter};

/// Writes artifacts to a folder with the keys of a bucket: for dry runs, for tests, and for builds
/// that upload later (`aws s3 sync FOLDER s3://BUCKET`). The packaged template contains the
/// bucket's name.
#[derive(Debug, Clone)]
pub struct Directory {
    folder: PathBuf,
    bucket: String,
    region: String,
    prefix: String,
}

impl Directory {
    /// A folder, created if it is missing, and the bucket that it represents.
    pub fn new(folder: impl Into<PathBuf>, bucket: impl Into<String>, region: impl Into<String>) -> Self {
        Self { folder: folder.into(), bucket: bucket.into(), region: region.into(), prefix: String::new() }
    }

    /// Adds a prefix to every key.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: clean_prefix(prefix), ..self }
    }

    /// The file of an artifact.
    pub fn path_of(&self, artifact: &Artifact) -> PathBuf {
        self.folder.join(&self.prefix).join(artifact.key())
    }

    fn write(&self, artifact: &Artifact) -> Result<Location, StoreError> {
        let path = self.path_of(artifact);
        let location = Location::new(&self.bucket, &self.region, format!("{}{}", self.prefix, artifact.key()));
        // A file that cannot be read is replaced, like one with other bytes.
        if has_bytes_of(&path, artifact).unwrap_or(false) {
            return Ok(Location { existed: true, ..location });
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let failed = |operation: &'static str| {
            let path = path.display().to_string();
            move |error: io::Error| StoreError::new(operation, format!("`{path}`: {error}")).caused_by(error)
        };
        std::fs::create_dir_all(folder).map_err(failed("create folder"))?;
        // Written next to its final place and then renamed, so that a file with a key is always
        // complete.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed("create file"))?;
        artifact.copy_to(&mut file).map_err(failed("write file"))?;
        file.flush().map_err(failed("write file"))?;
        file.persist(&path).map_err(|error| failed("rename file")(error.error))?;
        Ok(location)
    }
}

impl ArtifactStore for Directory {
    async fn put(&self, artifact: &Artifact) -> Result<Location, StoreError> {
        self.write(artifact)
    }
}

/// Whether the file contains the bytes of the artifact.
fn has_bytes_of(path: &Path, artifact: &Artifact) -> io::Result<bool> {
    let metadata = path.metadata()?;
    if !metadata.is_file() || metadata.len() != artifact.len() {
        return Ok(false);
    }
    let mut hash = HashWriter::default();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hash.finish() == artifact.sha256())
}

/// A prefix without slashes around it and with one at its end; the empty prefix stays empty. Dots
/// that would lead out of the folder are removed: keys of a bucket have no parent.
pub(crate) fn clean_prefix(prefix: &str) -> String {
    let parts: Vec<&str> = prefix.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    if parts.is_empty() { String::new() } else { format!("{}/", parts.join("/")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::ArtifactWriter;

    #[test]
    fn a_prefix_ends_with_one_slash_and_stays_below_the_folder() {
        assert_eq!(
            [clean_prefix(""), clean_prefix("a"), clean_prefix("/a//b/"), clean_prefix("../../a")],
            ["", "a/", "a/b/", "a/"].map(String::from)
        );
    }
    #[test]
    fn a_file_is_the_artifact_only_if_its_bytes_match() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = ArtifactWriter::new();
        writer.write_all(b"abc").unwrap();
        let artifact = writer.finish(Path::new("source"), str::to_owned).unwrap();
        let store = Directory::new(folder.path(), "bucket", "eu-west-1").prefix("p");
        assert!(!store.write(&artifact).unwrap().existed);
        assert!(store.write(&artifact).unwrap().existed);
        for other in ["", "abd", "abcd"] {
            std::fs::write(store.path_of(&artifact), other).unwrap();
            assert!(!store.write(&artifact).unwrap().existed, "{other}");
            assert_eq!(std::fs::read(store.path_of(&artifact)).unwrap(), b"abc");
        }
    }
}
