//! The JSON result of packaging a template: the template, and its uploaded artifacts.

use std::collections::BTreeMap;
use std::path::Path;

use cfn_render::{Packaged, Place, Problem, Severity};
use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::manifest::Tool;

const SCHEMA_VERSION: u32 = 1;

/// The result of packaging a template.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackageResult {
    schema_version: u32,
    tool: Tool,
    /// The packaged template; null if it was written to a file.
    template: Option<String>,
    /// The file with the packaged template.
    output_template_file: Option<String>,
    /// The artifacts: files and folders in the order of their first reference, then nested
    /// templates.
    uploads: Vec<Upload>,
    /// Warnings and notes.
    notes: Vec<Note>,
}

/// One artifact in the bucket.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Upload {
    /// The object's key.
    key: String,
    /// The object's https URL.
    url: String,
    /// The object's version; null if the bucket has no versioning.
    version: Option<String>,
    /// The SHA-256 checksum of the object, in hexadecimal digits.
    sha256: String,
    bytes: u64,
    /// Whether the bucket already had the object with this checksum.
    existed: bool,
    /// The local file or folder.
    source: String,
    /// All references to it.
    places: Vec<At>,
}

/// A warning or note.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Note {
    /// `warning` or `note`.
    severity: &'static str,
    /// A stable code for this kind of finding.
    code: &'static str,
    message: String,
    hint: Option<String>,
    place: At,
}

/// A location in a template.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct At {
    file: String,
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
    /// The JSON pointer in the template's long form.
    pointer: String,
    logical_id: Option<String>,
    property: Option<String>,
}

impl PackageResult {
    /// The result of `tool`. `text` is the packaged template in its output format.
    pub fn new(packaged: &Packaged, text: &str, output: Option<&Path>, tool: Tool) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool,
            template: output.is_none().then(|| text.to_owned()),
            output_template_file: output.map(|path| path.display().to_string()),
            uploads: packaged.uploads.iter().map(Upload::new).collect(),
            notes: packaged.notes.iter().map(Note::new).collect(),
        }
    }
}

impl Upload {
    fn new(upload: &cfn_render::Upload) -> Self {
        Self {
            key: upload.key.clone(),
            url: upload.url.clone(),
            version: upload.version.clone(),
            sha256: upload.sha256.clone(),
            bytes: upload.bytes,
            existed: upload.existed,
            source: upload.source.display().to_string(),
            places: upload.places.iter().map(At::new).collect(),
        }
    }
}

impl Note {
    fn new(problem: &Problem) -> Self {
        Self {
            severity: if problem.severity == Severity::Note { "note" } else { "warning" },
            code: problem.code.as_str(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            place: At::new(&problem.place),
        }
    }
}

impl At {
    fn new(place: &Place) -> Self {
        Self {
            file: place.path.display().to_string(),
            line: place.line,
            column: place.column,
            pointer: place.pointer.clone(),
            logical_id: place.logical_id(),
            property: place.property(),
        }
    }
}

/// Reads `KEY=VALUE,KEY=VALUE`, or a JSON object of strings, as for the AWS CLI.
pub fn artifact_metadata(text: &str) -> Result<BTreeMap<String, String>, Diagnostic> {
    let wrong = |reason: String| {
        Diagnostic::error(format!("the metadata cannot be read: {reason}"))
            .with_hint("write comma-separated KEY=VALUE pairs, or a JSON object")
    };
    let text = text.trim();
    if text.starts_with('{') {
        return serde_json::from_str(text).map_err(|error| wrong(error.to_string()));
    }
    let pairs = text.split(',').filter(|_| !text.is_empty());
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
            _ => Err(wrong(format!("`{pair}` is not KEY=VALUE"))),
        })
        .collect()
}
