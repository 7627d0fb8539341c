//! What is already where files are to be written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model_release::Diagnostic;

use crate::TeamFile;

/// Every file that exists and would be overwritten, and everything else that is in the way: a link,
/// or a file in place of a folder.
pub fn conflicts(folder: &Path, files: &[TeamFile]) -> Vec<Diagnostic> {
    let mut ways: Vec<(PathBuf, bool)> = vec![(folder.to_owned(), true)];
    for file in files {
        let path = Path::new(&file.path);
        ways.extend(path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()).map(|parent| (folder.join(parent), true)));
        ways.push((folder.join(path), false));
    }
    ways.sort();
    ways.dedup();
    let in_the_way = |(path, is_folder): (PathBuf, bool)| {
        let found = fs::symlink_metadata(&path).ok()?;
        // The folder itself can be a link; one below it would lead the files elsewhere.
        let is_usable = is_folder && if path == folder { path.is_dir() } else { found.is_dir() };
        (!is_usable).then(|| {
            let what = match (is_folder, found.is_symlink()) {
                (true, true) => "is a link where a folder is needed",
                (true, false) => "is a file where a folder is needed",
                (false, _) => "exists",
            };
            Diagnostic::error(format!("`{}` {what}", path.display())).code("file-exists")
        })
    };
    ways.into_iter().filter_map(in_the_way).collect()
}

/// The text of a file, if it exists.
///
/// # Errors
///
/// A file that cannot be read, is not text, or is a link.
pub fn read_text(path: &Path) -> Result<Option<String>, Diagnostic> {
    match fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Ok(found) if found.is_symlink() => Err(Diagnostic::error(format!("`{}` is a link", path.display()))
            .code("owned-file-is-a-link")
            .file(path)
            .with_hint("replace it by a file: an upgrade would write to its target")),
        _ => model_release::files::read_text(path).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_the_way_is_named_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["a.yml", "new/b.yml", "test/c.yml", "linked/d.yml", "dangling"].map(|path| TeamFile::new(path, "x"));
        let found = |root: &Path| conflicts(root, &files).into_iter().map(|found| found.message).collect::<Vec<_>>();
        assert!(found(folder.path()).is_empty() && found(&folder.path().join("new")).is_empty());
        fs::write(folder.path().join("a.yml"), "").unwrap();
        fs::write(folder.path().join("other.md"), "").unwrap();
        fs::write(folder.path().join("test"), "").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/nowhere", folder.path().join("dangling")).unwrap();
            std::os::unix::fs::symlink(std::env::temp_dir(), folder.path().join("linked")).unwrap();
        }
        let all = found(folder.path()).join("\n");
        assert!(all.contains("a.yml` exists") && all.contains("test` is a file where a folder"), "{all}");
        #[cfg(unix)]
        assert!(all.contains("dangling` exists") && all.contains("linked` is a link") && all.lines().count() == 4, "{all}");
        assert!(found(&folder.path().join("a.yml"))[0].contains("is a file where a folder"));
    }

    #[test]
    fn a_missing_file_has_no_text_and_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_text(&folder.path().join("no/file")), Ok(None));
        fs::write(folder.path().join("file"), "text").unwrap();
        assert_eq!(read_text(&folder.path().join("file")), Ok(Some("text".to_owned())));
        assert_eq!(read_text(&folder.path().join("file/below")), Ok(None));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("file", folder.path().join("link")).unwrap();
            assert_eq!(read_text(&folder.path().join("link")).unwrap_err().code, Some("owned-file-is-a-link"));
        }
    }
}
