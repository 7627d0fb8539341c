//! Reads the files that a draft is made from.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

use super::DraftError;
use crate::samples::{MAX_ARCHIVE, Samples};
use crate::target::MAX_BODY;

/// The most files of a folder: each is a request to every endpoint.
const MAX_FILES: usize = 1000;

/// A file of the draft.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) name: String,
    /// Where it was read, for messages.
    pub(super) source: String,
    /// Its path in the suite.
    pub(super) path: String,
    pub(super) content: Bytes,
    /// Whether it is not in the suite's folder yet.
    pub(super) is_new: bool,
}

/// The files of a folder or an archive, or the file itself.
pub(super) fn read(source: &Path, suite: &Path) -> Result<Vec<SourceFile>, DraftError> {
    let is_archive =
        source.to_string_lossy().to_lowercase().ends_with(".tar.gz") || source.extension().is_some_and(|ending| ending == "tgz");
    let files = if is_directory(source)? {
        of_folder(source, suite)?
    } else if is_archive {
        let samples = Samples::read(&content(source, MAX_ARCHIVE)?).map_err(|error| DraftError::Unsuitable(error.to_string()))?;
        let file = |(name, content): (&str, &Bytes)| SourceFile {
            name: name.to_owned(),
            source: format!("{name} in {}", source.display()),
            path: format!("payloads/{name}"),
            content: content.clone(),
            is_new: true,
        };
        samples.files().map(file).collect()
    } else {
        vec![of_file(source, suite)?]
    };
    if files.is_empty() {
        return Err(DraftError::Unsuitable(format!("the folder `{}` has no files", source.display())));
    }
    Ok(files)
}

fn is_directory(source: &Path) -> Result<bool, DraftError> {
    fs::metadata(source).map(|metadata| metadata.is_dir()).map_err(|error| unreadable(source, error))
}

/// The files of a folder in the order of their names, without hidden ones and without subfolders.
fn of_folder(folder: &Path, suite: &Path) -> Result<Vec<SourceFile>, DraftError> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // A suite in the folder itself is no payload.
        let is_suite = suite.canonicalize().is_ok_and(|suite| path.canonicalize().is_ok_and(|path| path == suite));
        if !is_hidden && !is_suite && path.is_file() {
            paths.push(path);
        }
    }
    if paths.len() > MAX_FILES {
        return Err(DraftError::Unsuitable(format!(
            "the folder `{}` has {} files; the limit is {MAX_FILES}",
            folder.display(),
            paths.len()
        )));
    }
    paths.sort();
    paths.iter().map(|path| of_file(path, suite)).collect()
}

fn of_file(path: &Path, suite: &Path) -> Result<SourceFile, DraftError> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let content = content(path, MAX_BODY)?;
    let inside = within(path, suite);
    Ok(SourceFile {
        path: inside.clone().unwrap_or_else(|| format!("payloads/{name}")),
        source: path.display().to_string(),
        name,
        content,
        is_new: inside.is_none(),
    })
}

/// The file's path relative to the suite's folder, with `/`, if it is below that.
fn within(path: &Path, suite: &Path) -> Option<String> {
    let folder = suite.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (path, folder): (PathBuf, PathBuf) = (path.canonicalize().ok()?, folder.canonicalize().ok()?);
    let steps = path.strip_prefix(folder).ok()?.components().map(|step| match step {
        Component::Normal(step) => step.to_str(),
        _ => None,
    });
    Some(steps.collect::<Option<Vec<_>>>()?.join("/"))
}

fn content(path: &Path, most: usize) -> Result<Bytes, DraftError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(path, error))?;
    if bytes.len() > most {
        return Err(DraftError::Unsuitable(format!("`{}` has more than {most} bytes", path.display())));
    }
    Ok(bytes.into())
}

fn unreadable(path: &Path, source: std::io::Error) -> DraftError {
    DraftError::Unreadable { path: path.display().to_string(), source }
}
