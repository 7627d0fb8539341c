//! A first suite, made from labelled rows or from sample payloads.

mod baseline;
mod source;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

use self::baseline::Baseline;
use self::source::SourceFile;
use crate::expect::address::Address;
use crate::media_type;
use crate::rows::{Row, Table};
use crate::suite::{Suite, SuiteErrors, is_json_lines};

/// What a draft cannot know from the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftOptions {
    /// The column with the labels, if the source is a file of labelled rows.
    pub label: Option<String>,
    /// Where the prediction is in a response: `text` (the default), a JSON Pointer or a JSONPath.
    pub prediction: Option<String>,
}

/// A suite and the files that it names.
#[derive(Debug, Clone)]
pub struct SuiteDraft {
    /// The suite file's text.
    pub text: String,
    /// The files to write: payloads that are not in the suite's folder yet, and last the suite.
    pub files: Vec<(PathBuf, Bytes)>,
    /// The number of cases.
    pub cases: usize,
}

/// Why there is no draft.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// A file or folder cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// Its path.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The source has nothing to make cases of.
    #[error("{0}")]
    Unsuitable(String),
    /// No column has the name of the label.
    #[error("`{file}` has no column `{label}`; its columns are {}", columns.join(", "))]
    NoLabel {
        /// The file.
        file: String,
        /// The name.
        label: String,
        /// The columns' names.
        columns: Vec<String>,
    },
    /// The draft is not a valid suite, for example because a payload is too large.
    #[error("{0}")]
    Invalid(#[from] SuiteErrors),
}

impl fmt::Debug for DraftError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::debug::chain(self as &dyn Error, formatter)
    }
}

impl SuiteDraft {
    /// Makes a suite from a file of labelled rows (CSV or JSON Lines), from a payload file, or from
    /// all payload files of a folder or a tar.gz archive. `suite` is the suite's future path: files
    /// in its folder stay where they are, others are to be copied to `payloads` there. Nothing is
    /// written.
    ///
    /// The draft is a valid suite. For labelled rows its limit is what a constant prediction
    /// reaches, so that only a useless model fails.
    ///
    /// # Errors
    ///
    /// Files that cannot be read or used, and a label that is not a column.
    pub fn read(source: &Path, suite: &Path, options: &DraftOptions) -> Result<Self, DraftError> {
        let files = source::read(source, suite)?;
        let cases = match (&options.label, files.as_slice()) {
            (Some(label), [file]) => vec![labelled(file, label, options.prediction.as_deref().unwrap_or("text"))?],
            (Some(_), _) => {
                return Err(DraftError::Unsuitable(format!("a label is a column of one file, and `{}` is not a file", source.display())));
            }
            (None, files) => files.iter().map(payload).collect(),
        };
        let name = source.file_name().unwrap_or(source.as_os_str()).to_string_lossy();
        let text = format!(
            "# A first suite, made from {}. Replace what does not fit the model.\nversion: 1\n\ndefaults:\n  timeout: 10s\n\ncases:\n{}",
            quoted(&name),
            cases.join("\n")
        );
        let content = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.content.to_vec());
        Suite::parse(&text, suite)?.load_files(|path| content(path).ok_or_else(|| std::io::ErrorKind::NotFound.into()))?;
        let folder = suite.parent().unwrap_or(suite);
        let payloads = files.into_iter().filter(|file| file.is_new).map(|file| (folder.join(file.path), file.content));
        let files = payloads.chain([(suite.to_owned(), Bytes::from(text.clone()))]).collect();
        Ok(Self { text, files, cases: cases.len() })
    }

    /// The files that exist with another content, and would be replaced.
    pub fn replaced(&self) -> Vec<&Path> {
        let differs = |(path, content): &&(PathBuf, Bytes)| path.exists() && std::fs::read(path).ok().as_ref() != Some(&content.to_vec());
        self.files.iter().filter(differs).map(|(path, _)| path.as_path()).collect()
    }
}

/// A case that sends each labelled row.
fn labelled(file: &SourceFile, label: &str, prediction: &str) -> Result<String, DraftError> {
    let unsuitable = |message: String| DraftError::Unsuitable(format!("`{}` cannot be read as labelled rows: {message}", file.source));
    let table =
        if is_json_lines(&file.path) { Table::read_json_lines(&file.content, None) } else { Table::read(&file.content, true, None) };
    let table = std::sync::Arc::new(table.map_err(unsuitable)?);
    if table.position(label).is_none() {
        let columns = table.names().iter().take(20).map(|name| format!("`{name}`")).collect();
        return Err(DraftError::NoLabel { file: file.source.clone(), label: label.to_owned(), columns });
    }
    let labels = (0..table.len()).map(|index| {
        let row = Row::new(&table, index);
        let text = row.column(label).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        text.ok_or_else(|| unsuitable(format!("line {} has no `{label}`", row.line())))
    });
    let labels = labels.collect::<Result<Vec<_>, _>>()?;
    let baseline = Baseline::of(&labels).map_err(|message| DraftError::Unsuitable(format!("the labels `{label}`: {message}")))?;
    let accept = match prediction {
        "text" => "text/csv",
        place => {
            Address::parse(place).map_err(|(message, hint)| DraftError::Unsuitable(format!("{message}: {hint}")))?;
            "application/json"
        }
    };
    let (column, path) = (quoted(label), quoted(&file.path));
    let form = if is_json_lines(&file.path) {
        "    # `as: json_object` sends each row as application/json instead of application/jsonlines.\n"
    } else {
        "    # `as` sends the rows in another format, such as json_instances or json_records.\n"
    };
    Ok(format!(
        "  # Each row of the file is a request. Its label, {column}, is not sent.
  - name: labelled rows are predicted
{form}    payload: {{ rows: {{ file: {path}, drop: {column} }} }}
    accept: {accept}
    expect:
      metrics:
        label: {column}
        # Where the prediction is in a response: a place such as /predictions/0/label, a column of CSV
        # such as {{ column: 0 }}, or text for all of it.
        prediction: {}
        # {}
        # Set the limit that the model must keep.
        {}
",
        quoted(prediction),
        baseline.reason,
        baseline.limit,
    ))
}

/// A case that sends a payload file.
fn payload(file: &SourceFile) -> String {
    let name: String = file.name.chars().map(|character| if character.is_control() { '_' } else { character }).collect();
    let (name, path) = (quoted(&format!("{name} gets a response")), quoted(&file.path));
    let content_type = match media_type::of_file(&file.path) {
        Some(_) => String::new(),
        None => ", content_type: application/octet-stream".to_owned(),
    };
    format!(
        "  - name: {name}
    payload: {{ file: {path}{content_type} }}
    # expect:
    #   latency: {{ max: 1s }}
    #   json: [{{ at: /predictions/0/score, between: [0, 1] }}]
"
    )
}

/// A text as YAML: as it is if it can only be text, and otherwise in quotes. It has no variable.
fn quoted(text: &str) -> String {
    let is_plain = text.len() > 5
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./ ()".contains(&byte))
        && !text.ends_with(' ');
    let short = !text.is_empty() && text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text);
    if is_plain || (short && !word) {
        return text.to_owned();
    }
    Value::from(text.replace("${", "$${")).to_string()
}
