//! Documents in a folder that mirrors S3, for builds without AWS.

use std::fs::File;
use std::future::{Future, ready};
use std::io::{ErrorKind, Read as _};
use std::path::{Component, Path, PathBuf};

use super::{DocumentError, DocumentErrorKind, Documents, MAX_BYTES};
use crate::s3_uri::S3Uri;

/// A folder that mirrors S3: `s3://BUCKET/KEY` is the file `BUCKET/KEY`, as `aws s3 cp` creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    folder: PathBuf,
}

impl Mirror {
    /// The mirror in this folder, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The file for an object; none if the key would lead out of the folder.
    pub fn path(&self, uri: &S3Uri) -> Option<PathBuf> {
        let key = Path::new(uri.key());
        let inside = key.components().all(|component| matches!(component, Component::Normal(_)));
        // A backslash belongs to a key here and is a separator on Windows: no file name fits both.
        (inside && !uri.key().contains('\\') && !uri.key().ends_with('/')).then(|| self.folder.join(uri.bucket()).join(key))
    }
}

impl Documents for Mirror {
    fn read(&self, uri: &S3Uri) -> impl Future<Output = Result<Vec<u8>, DocumentError>> + Send {
        ready(read(self.path(uri), uri))
    }
}

fn read(path: Option<PathBuf>, uri: &S3Uri) -> Result<Vec<u8>, DocumentError> {
    let Some(path) = path else {
        return Err(DocumentError::new(uri, DocumentErrorKind::Other, "its key is not a valid file name"));
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    match File::open(&path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)) {
        Ok(_) if bytes.len() > MAX_BYTES => {
            Err(DocumentError::new(uri, DocumentErrorKind::TooLarge, format!("it is larger than {} MiB", MAX_BYTES >> 20)))
        }
        Ok(_) => Ok(bytes),
        Err(error) => {
            let reason = if error.kind() == ErrorKind::NotFound { "does not exist".to_owned() } else { error.to_string() };
            let mut error = DocumentError::new(uri, DocumentErrorKind::NotInSnapshot, format!("`{}`: {reason}", path.display()));
            error.hint = Some(format!("without AWS it is read from `{}`: copy it there", path.display()));
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mirror;

    #[test]
    fn no_key_leads_out_of_the_folder() {
        let mirror = Mirror::new("mirror");
        let path = |uri: &str| mirror.path(&uri.parse().unwrap());
        assert_eq!(path("s3://models/13/evaluation.json").unwrap().to_str(), Some("mirror/models/13/evaluation.json"));
        for uri in
            ["s3://models/../../etc/passwd", "s3://models//etc/passwd", "s3://models/a/../../../x", "s3://models/a\\b", "s3://models/a/"]
        {
            assert_eq!(path(uri), None, "{uri}");
        }
    }
}
