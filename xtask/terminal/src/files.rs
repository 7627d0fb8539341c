//! Writes files atomically.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model_release::{Diagnostic, Failure};
use tempfile::NamedTempFile;

pub use model_release::files::{cannot, digest, read_bytes, read_registry, read_template, read_text};

/// The beginning of the names of files that are not complete.
const WRITING: &str = ".writing-";

/// The bytes that are written to find out whether results can be written.
const PROBE: usize = 64 * 1024;

/// Files that are written together: first all to temporary files, then renamed in order.
#[derive(Debug, Default)]
pub struct FileSet {
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl FileSet {
    /// Adds a file.
    pub fn add(&mut self, path: PathBuf, bytes: impl Into<Vec<u8>>) {
        self.files.push((path, bytes.into()));
    }

    /// Writes the files in the order in which they were added. If the last one exists, all do.
    pub fn write(self) -> Result<(), Failure> {
        // Two names of one folder are one lock: a second one would wait for the first for ever.
        let mut folders = BTreeSet::new();
        for (path, _) in &self.files {
            let folder = folder(path);
            let cannot = |error| Failure::bad_input(cannot_write(path, &error));
            fs::create_dir_all(folder).map_err(cannot)?;
            folders.insert(folder.canonicalize().map_err(cannot)?);
        }
        let mut locks = Vec::new();
        for folder in &folders {
            if let Some(lock) = lock(folder) {
                sweep(folder);
                locks.push(lock);
            }
        }
        let mut staged = Vec::with_capacity(self.files.len());
        for (path, bytes) in &self.files {
            staged.push((stage(path, bytes).map_err(|error| Failure::bad_input(cannot_write(path, &error)))?, path));
        }
        for (file, path) in staged {
            file.persist(path).map_err(|error| Failure::bad_input(cannot_write(path, &error.error)))?;
        }
        Ok(())
    }
}

/// Checks that a file can be written, before the work whose result goes into it.
pub fn check_writable(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Diagnostic::error(format!("cannot write `{}`: it is a folder", shown(path))).with_hint("name a file").into());
    }
    stage(path, b"").map(drop).map_err(|error| Failure::bad_input(cannot_write(path, &error)))
}

/// Checks that a result can be written, before the work that produces it. Leaves nothing behind, not
/// even a folder: the bytes are written to the nearest folder that exists.
pub fn check_result(path: &Path) -> Result<(), Failure> {
    let folder = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = folder.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("."));
    if path.is_dir() || !folder.is_dir() {
        return check_writable(path);
    }
    // A writable folder can be on a file system without space.
    let probed = tempfile::tempfile_in(folder).and_then(|mut file| file.write_all(&vec![0; PROBE]).and_then(|()| file.sync_all()));
    probed.map_err(|error| Failure::bad_input(cannot_write(path, &error)))
}

/// Writes one file atomically.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut set = FileSet::default();
    set.add(path.to_owned(), bytes);
    set.write()
}

/// Writes named files to a folder, together.
pub fn write_all(folder: &Path, named: Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
    let files = named.into_iter().map(|(name, bytes)| (folder.join(name), bytes)).collect();
    FileSet { files }.write()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits until no other process writes files into this folder. Where a folder cannot be locked, two
/// processes can mix their files; the checksums of a release show it.
fn lock(folder: &Path) -> Option<fs::File> {
    let handle = fs::File::open(folder).ok()?;
    handle.lock().ok()?;
    Some(handle)
}

/// Removes the files that a killed process left in a folder that this one has locked.
fn sweep(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(WRITING)) {
        let _ = fs::remove_file(entry.path());
    }
}

fn stage(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = folder(path);
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(WRITING);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn cannot_write(path: &Path, error: &io::Error) -> Diagnostic {
    let diagnostic = match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            Diagnostic::error(format!("cannot write `{}`: a file is where a folder should be", shown(path)))
        }
        _ => cannot("write", path, error),
    };
    diagnostic.file(path).with_hint("name another folder, or make this one writable")
}

/// The path relative to the working directory, if it is below that.
pub fn relative(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().ok();
    let relative = here.as_deref().and_then(|here| path.strip_prefix(here).ok()).filter(|relative| !relative.as_os_str().is_empty());
    relative.map(Path::to_owned).unwrap_or(path)
}

/// The relative path as text, for a message.
pub fn shown(path: &Path) -> String {
    relative(path.to_owned()).display().to_string()
}

/// `NAME='value'` lines that a POSIX shell can source.
pub fn shell_variables(variables: &[(&str, &str)]) -> String {
    variables
        .iter()
        .fold(String::new(), |text, (name, value)| format!("{text}{name}='{}'\n", value.replace('\'', r"'\''").replace('\n', " ")))
}

#[cfg(test)]
mod tests;
