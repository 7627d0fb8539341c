//! Where the captured requests of a replay are stored.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Failure};

/// Where captured requests are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CapturedLocation {
    /// A folder.
    Folder(PathBuf),
    /// An S3 URI.
    S3(String),
}

/// The named location, else that of the suite: a folder below that of its file, or an S3 URI.
///
/// What a suite names can be untrusted, and it is sent over the network: a symbolic link that leaves
/// the suite's folder is refused.
pub fn location(named: Option<&str>, of_suite: Option<&str>, suite: &Path) -> Result<Option<CapturedLocation>, Failure> {
    let hint = "name a folder with the files of SageMaker's data capture, or an S3 URI";
    let Some(place) = named.or(of_suite) else { return Ok(None) };
    if place.starts_with("s3://") {
        let has_bucket = place.strip_prefix("s3://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        let refused = || Diagnostic::error(format!("`{place}` names no bucket")).code("captured-requests").with_hint(hint).into();
        return has_bucket.then(|| Some(CapturedLocation::S3(place.to_owned()))).ok_or_else(refused);
    }
    let unreadable = |folder: &Path, error: std::io::Error| {
        Failure::from(
            Diagnostic::error(format!("the captured requests cannot be read: {error}"))
                .file(folder)
                .code("captured-requests")
                .with_hint(hint),
        )
    };
    if named.is_some() {
        let folder = Path::new(place);
        return match folder.metadata() {
            Ok(found) if found.is_dir() => Ok(Some(CapturedLocation::Folder(folder.to_owned()))),
            Ok(_) => Err(unreadable(folder, std::io::Error::other("it is not a folder"))),
            Err(error) => Err(unreadable(folder, error)),
        };
    }
    let parent = suite.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = parent.join(place);
    let real = |path: &Path| path.canonicalize().map_err(|error| unreadable(path, error));
    if !real(&folder)?.starts_with(real(parent)?) {
        return Err(Diagnostic::error(format!("`{place}` leads out of the folder of the tests"))
            .file(suite)
            .code("captured-requests")
            .into());
    }
    Ok(Some(CapturedLocation::Folder(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_wins_over_the_suite_whose_folder_must_be_below_its_file() {
        let root = tempfile::tempdir().unwrap();
        let suite = root.path().join("test/endpoint-tests.yaml");
        std::fs::create_dir_all(root.path().join("test/captured")).unwrap();
        std::fs::create_dir_all(root.path().join("outside")).unwrap();
        let other = root.path().join("outside").display().to_string();
        let of = |named: Option<&str>, from: Option<&str>| {
            location(named, from, &suite).map_err(|failure| failure.diagnostics[0].message.clone())
        };
        assert_eq!(of(None, None), Ok(None));
        assert_eq!(of(None, Some("captured")), Ok(Some(CapturedLocation::Folder(root.path().join("test/captured")))));
        assert_eq!(of(Some(&other), Some("captured")), Ok(Some(CapturedLocation::Folder(root.path().join("outside")))));
        assert_eq!(of(None, Some("s3://captured/iris")), Ok(Some(CapturedLocation::S3("s3://captured/iris".to_owned()))));
        assert_eq!(of(Some("s3:///iris"), None).unwrap_err(), "`s3:///iris` names no bucket");
        assert!(of(None, Some("missing")).unwrap_err().starts_with("the captured requests cannot be read"));
        assert!(of(Some(&suite.display().to_string()), None).is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.path().join("outside"), root.path().join("test/link")).unwrap();
            assert_eq!(of(None, Some("link")).unwrap_err(), "`link` leads out of the folder of the tests");
        }
    }
}
