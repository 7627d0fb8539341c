//! Why the stand-in could not be had, or did not do what was asked.

use std::io;
use std::path::PathBuf;

/// What went wrong with the stand-in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No Python that can run the stand-in, and no uv that could fetch one.
    #[error("no Python from 3.10 to 3.14 is on the PATH{}", tell_found(.found))]
    NoPython {
        /// What was looked at and does not do, such as `python3 is Python 3.8.10`.
        found: Vec<String>,
    },
    /// A command that makes the environment failed.
    #[error("making the stand-in's Python environment failed: `{command}` {outcome}\n{output}")]
    Install {
        /// The command line.
        command: String,
        /// How it ended.
        outcome: String,
        /// The last of what it said.
        output: String,
    },
    /// A file or folder of the environment could not be made or read.
    #[error("the stand-in's files: `{}`: {source}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The launcher ended, or said nothing, instead of serving.
    #[error("the stand-in did not start: {reason}\n{output}")]
    Start {
        /// What happened instead.
        reason: String,
        /// The last of its standard error.
        output: String,
    },
    /// A request did not get through, or its answer could not be read.
    #[error("the stand-in at `{url}` could not be asked: {source}")]
    Request {
        /// The address.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// The stand-in answered with an error.
    #[error("`{operation}` was answered with status {status} {code}: {message}")]
    Refused {
        /// What was asked, such as `sagemaker DescribeEndpoint`.
        operation: String,
        /// The HTTP status.
        status: u16,
        /// The error's code, such as `ValidationException`; empty for an answer of another form.
        code: String,
        /// The error's message, or the whole answer.
        message: String,
    },
}

impl Error {
    /// What to do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoPython { .. } => Some(format!("install Python with `{}`", super::environment::install_python())),
            Self::Install { output, .. } if output.contains("ensurepip") => {
                Some("install Python's venv module with `sudo apt-get install -y python3-venv`".to_owned())
            }
            Self::Install { output, .. } if output.contains("hash") => {
                Some("the package index does not serve the files that were pinned; look at the index that pip is set up with".to_owned())
            }
            Self::Install { .. } => Some(
                "the packages come from the Python package index that pip or uv is set up with: check that it can be reached".to_owned(),
            ),
            _ => None,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

fn tell_found(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) }
}
