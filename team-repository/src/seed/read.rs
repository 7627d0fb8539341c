//! Reads the files of a repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use model_release::files::{cannot, read_bytes};
use model_release::{Diagnostic, Failure, stop_on_errors};

/// The largest file that is carried over, and the most files: a model artifact does not belong into
/// a repository, and a home folder is not one.
const MAX_FILE: u64 = 16 * 1024 * 1024;
const MAX_FILES: usize = 2000;

/// Folders that are made by programs, or are not files of the repository.
const SKIPPED: [&str; 7] = [".git", "__pycache__", ".pytest_cache", "node_modules", ".venv", "venv", ".idea"];

/// Every file below a folder by its path with `/`.
pub(super) fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    if !folder.is_dir() {
        return Err(Diagnostic::error(format!("`{}` is not a folder", folder.display())).code("not-a-seed").into());
    }
    let (mut found, mut errors) = (BTreeMap::new(), Vec::new());
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let path = folder.join(&below);
        let entries = fs::read_dir(&path).map_err(|error| Failure::from(cannot("read", &path, &error)))?;
        for entry in entries.flatten() {
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                errors.push(Diagnostic::error(format!("the name of `{}` is not UTF-8", entry.path().display())));
                continue;
            };
            let relative = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    if !SKIPPED.contains(&name.as_str()) {
                        folders.push(relative);
                    }
                }
                Ok(kind) if kind.is_symlink() => errors.push(
                    Diagnostic::error(format!("`{relative}` is a link, which is not carried over"))
                        .file(&entry.path())
                        .with_hint("replace it by its target, or remove it"),
                ),
                _ if relative.rsplit('.').next() == Some("pyc") || name == ".DS_Store" => {}
                _ => match read_bytes(&entry.path(), MAX_FILE) {
                    Ok(bytes) => drop(found.insert(relative, bytes)),
                    Err(error) => errors.push(error),
                },
            }
            if found.len() > MAX_FILES {
                let message = format!("`{}` has more than {MAX_FILES} files: this is not a seed repository", folder.display());
                return Err(Diagnostic::error(message).code("not-a-seed").into());
            }
        }
    }
    stop_on_errors(errors)?;
    Ok(found)
}
