//! Reads a suite and the payload files that it names, and nothing outside its folder.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::errors::{Source, SuiteErrors};
use super::{Payload, Suite, payload};
use crate::problem::Problem;
use crate::target::MAX_BODY;

/// Reads a suite from its file, with its payloads.
pub(super) fn load(path: &Path) -> Result<Suite, SuiteErrors> {
    let unread = |problem| SuiteErrors::new(Source::new(path, ""), vec![problem]);
    let bytes = read_bounded(path).map_err(|error| unread(unreadable(&path.display().to_string(), &error)))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
        unread(Problem::new(format!("line {line} is not UTF-8 text")).hint("save the file as UTF-8"))
    })?;
    let suite = super::reader::read(&text, path)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    load_payloads(suite, |file| read_inside(&folder, file))
}

/// Puts every payload file's content in its place; the same file is read once.
pub(super) fn load_payloads(mut suite: Suite, mut read: impl FnMut(&str) -> Result<Vec<u8>, Problem>) -> Result<Suite, SuiteErrors> {
    let mut problems = Vec::new();
    let mut files: HashMap<String, Result<Payload, Problem>> = HashMap::new();
    for case in &mut suite.cases {
        let Payload::File { path, place } = &case.payload else { continue };
        let loaded = files.entry(path.clone()).or_insert_with(|| {
            let (payload, warning) = payload::sized(read(path)?, *place)?;
            suite.warnings.extend(warning);
            Ok(payload)
        });
        match loaded {
            Ok(payload) => case.payload = payload.clone(),
            Err(problem) => problems.push(problem.clone().at(Some(*place))),
        }
    }
    if problems.is_empty() { Ok(suite) } else { Err(SuiteErrors::new(suite.source, problems)) }
}

/// Reads a file of the suite's folder. Symbolic links are followed as long as they stay in the folder.
fn read_inside(folder: &Path, file: &str) -> Result<Vec<u8>, Problem> {
    let read = |error: io::Error| unreadable(file, &error);
    let path = fs::canonicalize(folder.join(file)).map_err(read)?;
    if !path.starts_with(fs::canonicalize(folder).map_err(read)?) {
        return Err(Problem::new(format!("`{file}` is a link that leaves the suite's folder")).hint("copy the file into the folder"));
    }
    // Looked at before it is opened: opening a pipe would wait for its other end.
    if !fs::metadata(&path).map_err(read)?.is_file() {
        return Err(Problem::new(format!("`{file}` is not a file")));
    }
    read_bounded(&path).map_err(read)
}

/// Reads a file, but no more than one byte above the limit: that is enough to refuse it.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BODY as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that could not be read, in the operating system's words.
pub(super) fn unreadable(path: &str, error: &io::Error) -> Problem {
    let problem = Problem::new(format!("cannot read `{path}`: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => problem.hint("paths are relative to the suite file"),
        _ => problem,
    }
}
