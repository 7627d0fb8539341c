//! Reads a suite and the files that it names, and nothing outside its folder.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::case::{Case, Input, Payload, PendingFile, PendingKind};
use super::errors::{Source, SuiteErrors};
use super::reader::MAX_SIZE;
use super::{Suite, SuiteOptions, payload, rows_reader};
use crate::expect::Expectation;
use crate::expect::schema::{MAX_SCHEMA, SchemaExpectation};
use crate::json::unambiguous;
use crate::problem::{Problem, ProblemCode};
use crate::target::MAX_BODY;

/// A file that could not be read.
#[derive(Debug, Clone)]
pub(super) struct Unread {
    problem: Problem,
    /// Whether the file does not exist.
    missing: bool,
}

impl From<Problem> for Unread {
    fn from(problem: Problem) -> Self {
        Self { problem, missing: false }
    }
}

pub(super) fn load(path: &Path, options: &SuiteOptions) -> Result<Suite, SuiteErrors> {
    let failed = |problem| SuiteErrors::new(Source::new(path, ""), vec![problem]);
    let bytes = read_bounded(path, MAX_SIZE, &path.display().to_string()).map_err(|unread| failed(unread.problem))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
        failed(Problem::new(format!("line {line} is not UTF-8 text")).with_hint("save the file as UTF-8"))
    })?;
    let (suite, mut problems) = super::reader::read_partly(&text, path, options);
    let Some(suite) = suite else { return Err(SuiteErrors::new(Source::new(path, &text), problems)) };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let suite = add_files(suite, &mut problems, |file| read_inside(&folder, file));
    if problems.is_empty() { Ok(suite) } else { Err(SuiteErrors::new(suite.source, problems)) }
}

/// Adds every file's content to the suite; each file is read once.
pub(super) fn load_files(suite: Suite, read: impl FnMut(&str) -> Result<Vec<u8>, Unread>) -> Result<Suite, SuiteErrors> {
    let mut problems = Vec::new();
    let suite = add_files(suite, &mut problems, read);
    if problems.is_empty() { Ok(suite) } else { Err(SuiteErrors::new(suite.source, problems)) }
}

fn add_files(mut suite: Suite, problems: &mut Vec<Problem>, mut read: impl FnMut(&str) -> Result<Vec<u8>, Unread>) -> Suite {
    let mut files: HashMap<String, Result<Bytes, Unread>> = HashMap::new();
    for case in &mut suite.cases {
        let names: Vec<String> = case.missing_files().map(|(path, _)| path.to_owned()).collect();
        for name in names {
            files.entry(name).or_insert_with_key(|name| read(name).map(Bytes::from));
        }
        add_input(case, &files, &mut suite.warnings, problems);
        for pending in std::mem::take(&mut case.pending) {
            if let Err(problem) = add_file(case, &pending, &files[&pending.path], suite.golden_files_may_be_missing) {
                problems.push(problem);
            }
        }
    }
    suite
}

fn add_input(case: &mut Case, files: &HashMap<String, Result<Bytes, Unread>>, warnings: &mut Vec<Problem>, problems: &mut Vec<Problem>) {
    match &mut case.input {
        Input::One(Payload::File { path, place }) => {
            let loaded = files[path].clone().map_err(|unread| unread.problem.at(Some(*place)));
            match loaded.and_then(|content| payload::sized(content, *place)) {
                Ok((body, warning)) => {
                    // A file is reported once, even if several cases send it.
                    warnings.extend(warning.filter(|warning| !warnings.iter().any(|known| known.message == warning.message)));
                    case.input = Input::One(Payload::Loaded(body));
                }
                Err(problem) => problems.push(problem),
            }
        }
        Input::Rows(rows) if rows.table.is_none() => match &files[&rows.file] {
            Ok(content) if content.len() <= MAX_BODY => match rows_reader::load(rows, &case.whole, content) {
                Ok(found) => warnings.extend(found),
                Err(found) => problems.extend(found),
            },
            Ok(_) => problems.push(Problem::new(format!("`{}` has more than {MAX_BODY} bytes", rows.file)).at(Some(rows.place))),
            Err(unread) => problems.push(unread.problem.clone().at(Some(rows.place))),
        },
        Input::One(_) | Input::Rows(_) => {}
    }
}

/// Adds a file of an expectation to the case.
fn add_file(case: &mut Case, pending: &PendingFile, file: &Result<Bytes, Unread>, may_be_missing: bool) -> Result<(), Problem> {
    let Expectation::Response(expected) = &mut case.expectation else { return Ok(()) };
    let located = |problem: Problem| problem.at(Some(pending.place));
    match (pending.kind, file) {
        (PendingKind::Golden, Ok(content)) => {
            if let Some(golden) = &mut expected.golden {
                golden.content = Some(content.clone());
            }
        }
        (PendingKind::Golden, Err(unread)) if unread.missing && may_be_missing => {}
        (PendingKind::Golden, Err(unread)) if unread.missing => {
            let problem = Problem::new(format!("the golden file `{}` does not exist", pending.path));
            return Err(located(problem.with_hint("record it from a right response").code(ProblemCode::GoldenFileMissing)));
        }
        (PendingKind::Schema, Ok(content)) => {
            if content.len() > MAX_SCHEMA {
                let problem =
                    Problem::new(format!("`{}` has {} bytes; the limit of a JSON Schema is {MAX_SCHEMA}", pending.path, content.len()));
                return Err(located(problem));
            }
            let schema = unambiguous(content).map_err(|error| located(Problem::new(format!("`{}` is not JSON: {error}", pending.path))))?;
            let compiled = SchemaExpectation::compile(&schema, &pending.path)
                .map_err(|message| located(Problem::new(format!("`{}`: {message}", pending.path))))?;
            expected.schema = Some(compiled);
        }
        (_, Err(unread)) => return Err(located(unread.problem.clone())),
    }
    Ok(())
}

/// Reads a file of the suite's folder, also through symbolic links within it.
fn read_inside(folder: &Path, file: &str) -> Result<Vec<u8>, Unread> {
    let failed = |error: io::Error| unread(file, &error);
    let path = fs::canonicalize(folder.join(file)).map_err(failed)?;
    if !path.starts_with(fs::canonicalize(folder).map_err(failed)?) {
        let problem = Problem::new(format!("`{file}` is a link that leaves the suite's folder")).with_hint("copy the file into the folder");
        return Err(problem.into());
    }
    // Check before opening: opening a pipe waits for its other end.
    if !fs::metadata(&path).map_err(failed)?.is_file() {
        return Err(Problem::new(format!("`{file}` is not a file")).into());
    }
    read_bounded(&path, MAX_BODY, file)
}

/// Reads a file of at most `most` bytes. A larger one is refused by its size; one that has no size,
/// or grows, after that many bytes.
fn read_bounded(path: &Path, most: usize, name: &str) -> Result<Vec<u8>, Unread> {
    let failed = |error: io::Error| unread(name, &error);
    let limit = most as u64;
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    if size <= limit {
        file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    let size = size.max(bytes.len() as u64);
    if size <= limit { Ok(bytes) } else { Err(too_large(name, size, most).into()) }
}

fn too_large(name: &str, size: u64, most: usize) -> Problem {
    let problem = Problem::new(format!("`{name}` has {size} bytes; the limit is {most}"));
    let hint = if most == MAX_BODY { "a real-time endpoint has no larger requests and responses" } else { "put large payloads into files" };
    problem.with_hint(hint)
}

/// A file that could not be read, with the operating system's message.
pub(super) fn unread(path: &str, error: &io::Error) -> Unread {
    let problem = Problem::new(format!("cannot read `{path}`: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => Unread { problem: problem.with_hint("paths are relative to the suite file"), missing: true },
        _ => problem.into(),
    }
}
