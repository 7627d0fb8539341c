//! Reading and writing the files of a release: bounded, atomic, all or nothing.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::diagnostic::{Diagnostic, Failure};

/// No file that this program reads as text is sensibly larger.
const MAX_TEXT: u64 = 16 * 1024 * 1024;

/// A registry of ten thousand packages, each with its description, is some 25 MiB.
const MAX_REGISTRY: u64 = 256 * 1024 * 1024;

/// Reads a text file that a person or an earlier step wrote.
pub(crate) fn read_text(path: &Path) -> Result<String, Diagnostic> {
    text(path, MAX_TEXT)
}

/// Reads a registry snapshot, which may be as large as a registry.
pub(crate) fn read_registry(path: &Path) -> Result<String, Diagnostic> {
    text(path, MAX_REGISTRY)
}

fn text(path: &Path, limit: u64) -> Result<String, Diagnostic> {
    let bytes = read_bounded(path, limit)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Diagnostic::error(format!("`{}` is not UTF-8 text: byte {at} is not valid", path.display()))
            .hinting("save the file as UTF-8")
            .file(path)
    })
}

/// Reads a file of bytes that a person named, unless it is larger than this.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Diagnostic> {
    read_bounded(path, limit)
}

fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() as u64 > limit => Err(Diagnostic::error(format!("`{}` is larger than {} MiB", path.display(), limit >> 20))),
        Ok(_) => Ok(bytes),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

/// The SHA-256 of a text as the release manifest writes it.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::from("sha256:"), |text, byte| format!("{text}{byte:02x}"))
}

/// The SHA-256 of a file of any size.
pub(crate) fn digest_file(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&hasher.finalize())),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Files that appear together: all are written beside their places first, and only when that worked are they moved there, in order.
#[derive(Debug, Default)]
pub(crate) struct FileSet {
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl FileSet {
    pub(crate) fn add(&mut self, path: PathBuf, bytes: impl Into<Vec<u8>>) {
        self.files.push((path, bytes.into()));
    }

    /// Writes the files in the order in which they were added; the last one is therefore the one that vouches for the others.
    pub(crate) fn write(self) -> Result<(), Failure> {
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

/// Makes sure that a file can be written, before work is done for it whose result would be lost.
pub(crate) fn check_writable(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Diagnostic::error(format!("cannot write `{}`: it is a folder", shown(path))).hinting("name a file").into());
    }
    stage(path, b"").map(drop).map_err(|error| Failure::bad_input(cannot_write(path, &error)))
}

/// Writes one file as a whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut set = FileSet::default();
    set.add(path.to_owned(), bytes);
    set.write()
}

fn stage(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
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
            Diagnostic::error(format!("cannot write `{}`: a file stands where a folder should be", shown(path)))
        }
        _ => cannot("write", path, error),
    };
    diagnostic.file(path).hinting("name another folder, or make this one writable")
}

/// A path as a person in the working directory would name it.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let relative = here.as_deref().and_then(|here| path.strip_prefix(here).ok()).filter(|relative| !relative.as_os_str().is_empty());
    relative.unwrap_or(path).display().to_string()
}

/// What went wrong with a file, with its path and what to do.
pub(crate) fn cannot(verb: &str, path: &Path, error: &io::Error) -> Diagnostic {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    Diagnostic::error(format!("cannot {verb} `{}`: {reason}", shown(path)))
}

/// `NAME='value'` lines that a POSIX shell can source.
pub(crate) fn shell_variables(variables: &[(&str, &str)]) -> String {
    variables
        .iter()
        .fold(String::new(), |text, (name, value)| format!("{text}{name}='{}'\n", value.replace('\'', r"'\''").replace('\n', " ")))
}
