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
    ///
    /// With a user id, checks run as this user. That the folder can be handed over to the user shows that they will be able to.
    pub(crate) fn in_folder(folder: &Path, uid: Option<u32>) -> Result<Self, Failure> {
        let home = tempfile::tempdir().map_err(|error| {
            Failure::from(Diagnostic::error(format!("there is no folder for temporary files: {error}")).with_hint("set TMPDIR to one"))
        })?;
        if let Some(uid) = uid {
            hand_over(home.path(), uid)?;
        }
        let mut environment: Vec<(OsString, OsString)> =
            PASSED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?))).collect();
        environment.push(("HOME".into(), home.path().into()));
        Ok(Self { settings: CheckPrograms { folder: folder.to_owned(), environment, uid }, _home: home })
    }
}

#[cfg(unix)]
fn hand_over(home: &Path, uid: u32) -> Result<(), Failure> {
    std::os::unix::fs::chown(home, Some(uid), Some(uid)).map_err(|error| another_user(uid, &error.to_string()))
}

#[cfg(not(unix))]
fn hand_over(_: &Path, uid: u32) -> Result<(), Failure> {
    Err(another_user(uid, "this system has no user ids"))
}

fn another_user(uid: u32, why: &str) -> Failure {
    Diagnostic::error(format!("own checks cannot run as user id {uid}: {why}"))
        .named("--own-checks-uid, OWN_CHECKS_UID")
        .with_hint("run as root, as CodeBuild does, or forbid own checks with --own-checks forbidden")
        .into()
}
