//! Reads files of projects and releases with size limits, and computes digests.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::diagnostic::Diagnostic;

/// The maximum size of a text file.
const MAX_TEXT: u64 = 16 * 1024 * 1024;

/// The maximum size of a template that CloudFormation reads from S3.
const MAX_TEMPLATE: u64 = 1024 * 1024;

/// The maximum size of a registry snapshot. Ten thousand packages have about 25 MiB.
const MAX_REGISTRY: u64 = 256 * 1024 * 1024;

/// Reads a text file.
pub fn read_text(path: &Path) -> Result<String, Diagnostic> {
    text(path, MAX_TEXT)
}

/// Reads a template, which is not read if it is larger than CloudFormation accepts: parsing it would
/// take long.
pub fn read_template(path: &Path) -> Result<String, Diagnostic> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > MAX_TEMPLATE) {
        return Err(
            too_large(path, MAX_TEMPLATE).with_hint("CloudFormation reads templates of at most 1 MiB: move resources into nested stacks")
        );
    }
    text(path, MAX_TEMPLATE)
}

/// Reads a registry snapshot.
pub fn read_registry(path: &Path) -> Result<String, Diagnostic> {
    text(path, MAX_REGISTRY)
}

fn text(path: &Path, limit: u64) -> Result<String, Diagnostic> {
    let bytes = read_bounded(path, limit)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::error(format!("`{}` is not UTF-8 text: byte {at} is not valid", path.display()))
            .with_hint("save the file as UTF-8")
            .file(path)
    })
}

/// Reads a binary file of at most `limit` bytes.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Diagnostic> {
    read_bounded(path, limit)
}

fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| {
        let size = file.metadata()?.len();
        // A file that has no size, such as a pipe, is read up to the limit.
        if size <= limit { file.take(limit + 1).read_to_end(&mut bytes).map(|read| read as u64) } else { Ok(size) }
    });
    match read {
        Ok(size) if size > limit => Err(too_large(path, limit)),
        Ok(_) => Ok(bytes),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

fn too_large(path: &Path, limit: u64) -> Diagnostic {
    Diagnostic::error(format!("`{}` is larger than {} MiB", path.display(), limit >> 20))
}

/// The SHA-256 digest in the format of the release manifest.
pub fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The bytes of a digest in the same format.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::from("sha256:"), |text, byte| format!("{text}{byte:02x}"))
}

/// Describes an I/O error of a file.
pub fn cannot(verb: &str, path: &Path, error: &io::Error) -> Diagnostic {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    Diagnostic::error(format!("cannot {verb} `{}`: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of this size that has no blocks on the disk.
    fn sparse(folder: &tempfile::TempDir, size: u64) -> std::path::PathBuf {
        let path = folder.path().join(format!("{size}"));
        fs::File::create(&path).unwrap().set_len(size).unwrap();
        path
    }

    #[test]
    fn each_kind_of_file_is_refused_by_its_size_and_one_at_the_limit_is_read() {
        type Read = fn(&Path) -> Result<usize, Diagnostic>;
        let folder = tempfile::tempdir().unwrap();
        let kinds: [(u64, Read); 3] = [
            (MAX_TEMPLATE, |path| read_template(path).map(|text| text.len())),
            (MAX_TEXT, |path| read_text(path).map(|text| text.len())),
            (4, |path| read_bytes(path, 4).map(|bytes| bytes.len())),
        ];
        for (limit, read) in kinds {
            assert_eq!(read(&sparse(&folder, limit)).unwrap() as u64, limit);
            let refused = read(&sparse(&folder, limit + 1)).unwrap_err();
            assert!(refused.message.ends_with(&format!("is larger than {} MiB", limit >> 20)), "{refused:?}");
            // Far more than the machine could hold.
            read(&sparse(&folder, 1 << 36)).unwrap_err();
        }
        let template = read_template(&sparse(&folder, 11 << 20)).unwrap_err();
        assert!(template.hint.unwrap().contains("move resources into nested stacks"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_a_size_is_read_up_to_the_limit() {
        let endless = Path::new("/dev/zero");
        assert!(read_template(endless).unwrap_err().message.contains("is larger than 1 MiB"));
        assert!(read_text(endless).unwrap_err().message.contains("is larger than 16 MiB"));
    }
}
