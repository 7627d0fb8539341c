//! Errors of the stand-in.

use std::io;
use std::path::PathBuf;

/// An error of the stand-in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no Python that can run the stand-in, and no uv to download one.
    #[error("no Python from 3.10 to 3.14 is on the PATH{}", found_text(.found))]
    NoPython {
        /// The unsupported ones, such as `python3 is cpython 3.8.10`.
        found: Vec<String>,
    },
    /// A command that creates the environment failed.
    #[error("creating the stand-in's Python environment failed: `{command}` {outcome}\n{output}")]
    Install {
        /// The command line.
        command: String,
        /// How it ended.
        outcome: String,
        /// The end of its output.
        output: String,
    },
    /// A file or folder of the environment could not be written or read.
    #[error("cannot access the stand-in's file `{}`: {source}", .path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The launcher ended or did not start to serve.
    #[error("the stand-in did not start: {reason}\n{output}")]
    Start {
        /// The reason.
        reason: String,
        /// The end of its standard error.
        output: String,
    },
    /// A request failed, or its response could not be read.
    #[error("the request to the stand-in at `{url}` failed: {source}")]
    Request {
        /// The address.
        url: String,
        /// The cause.
        source: io::Error,
    },
    /// The stand-in returned an error.
    #[error("`{operation}` failed with status {status} {code}: {message}")]
    Refused {
        /// The operation, such as `sagemaker DescribeEndpoint`.
        operation: String,
        /// The HTTP status.
        status: u16,
        /// The error code, such as `ValidationException`; empty if the response has none.
        code: String,
        /// The error message, or the whole response.
        message: String,
    },
}

impl Error {
    /// A hint, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoPython { .. } => Some(format!("install Python with `{}`", super::environment::install_python())),
            Self::Install { output, .. } if output.contains("ensurepip") => {
                Some("install Python's venv module with `sudo apt-get install -y python3-venv`".to_owned())
            }
            Self::Install { output, .. } if output.contains("hash") => {
                Some("the package index does not serve the pinned files: check the index in pip's configuration".to_owned())
            }
            Self::Install { .. } => {
                Some("the packages are downloaded from the Python package index of pip or uv: check that it can be reached".to_owned())
            }
            _ => None,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

fn found_text(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) }
}
