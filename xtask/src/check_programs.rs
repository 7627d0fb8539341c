//! What the programs of a suite's own checks run with: the project's folder, and an environment without credentials.

use std::ffi::OsString;
use std::path::Path;

use endpoint_test::CheckPrograms;
use tempfile::TempDir;

use model_release::{Diagnostic, Failure};

/// All of the caller's environment that a check sees. No variable of AWS is among them.
const PASSED: &[&str] = &["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT"];

/// An environment for checks, with a home that goes when they are done.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) settings: CheckPrograms,
    _home: TempDir,
}

impl Programs {
    /// `HOME` is an empty folder: credentials in the caller's own are nothing to a check, and what it leaves there goes with it.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self, Failure> {
        let home = tempfile::tempdir().map_err(|error| {
            Failure::from(Diagnostic::error(format!("there is no folder for temporary files: {error}")).hinting("set TMPDIR to one"))
        })?;
        let mut environment: Vec<(OsString, OsString)> =
            PASSED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?))).collect();
        environment.push(("HOME".into(), home.path().into()));
        Ok(Self { settings: CheckPrograms { folder: folder.to_owned(), environment }, _home: home })
    }
}
