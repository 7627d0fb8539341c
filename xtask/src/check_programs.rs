//! Working folder and environment, without credentials, for the programs of a suite's own checks.

use std::ffi::OsString;
use std::path::Path;

use endpoint_test::CheckPrograms;
use tempfile::TempDir;

use model_release::{Diagnostic, Failure};

/// The variables of the caller's environment that a check gets. None of them is for AWS.
const INHERITED: &[&str] = &["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT"];

/// An environment for checks, with a temporary home folder.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) settings: CheckPrograms,
    _home: TempDir,
}

impl Programs {
    /// `HOME` is an empty folder, so that checks find no credentials and leave nothing behind.
    ///
    /// With a user id, checks run as this user. If changing the folder's owner fails, they cannot.
    pub(crate) fn in_folder(folder: &Path, uid: Option<u32>) -> Result<Self, Failure> {
        let home = tempfile::tempdir().map_err(|error| {
            Failure::from(
                Diagnostic::error(format!("cannot create a temporary folder: {error}")).with_hint("set TMPDIR to a writable folder"),
            )
        })?;
        if let Some(uid) = uid {
            change_owner(home.path(), uid)?;
        }
        let mut environment: Vec<(OsString, OsString)> =
            INHERITED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?))).collect();
        environment.push(("HOME".into(), home.path().into()));
        Ok(Self { settings: CheckPrograms { folder: folder.to_owned(), environment, uid }, _home: home })
    }
}

#[cfg(unix)]
fn change_owner(home: &Path, uid: u32) -> Result<(), Failure> {
    std::os::unix::fs::chown(home, Some(uid), Some(uid)).map_err(|error| another_user(uid, &error.to_string()))
}

#[cfg(not(unix))]
fn change_owner(_: &Path, uid: u32) -> Result<(), Failure> {
    Err(another_user(uid, "this system has no user ids"))
}

fn another_user(uid: u32, why: &str) -> Failure {
    Diagnostic::error(format!("own checks cannot run as user id {uid}: {why}"))
        .named("--own-checks-uid, OWN_CHECKS_UID")
        .with_hint("run as root, as CodeBuild does, or forbid own checks with --own-checks forbidden")
        .into()
}
