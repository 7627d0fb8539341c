//! The release that a command works on: where it is, and whether it is the one that was approved.

use model_release::{Diagnostic, Failure, Release};

use crate::cli::{ReleaseOptions, given};
use crate::project::Project;

/// Where the approved digest comes from, for messages.
const RELEASE_SHA256: &str = "--release-sha256, RELEASE_MANIFEST_SHA256";

/// Opens the release that the options name.
pub(crate) fn release(project: &Project, options: &ReleaseOptions) -> Result<Release, Failure> {
    Release::open_approved(&project.folder(options.build_dir.as_deref(), "deploy"), approved(options)?.as_deref())
}

/// The digest of the manifest that was approved, as the manifest's own digest is written, where one was given.
fn approved(options: &ReleaseOptions) -> Result<Option<String>, Failure> {
    let Some(text) = given(options.release_sha256.as_ref()) else { return Ok(None) };
    let digest = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    if digest.len() == 64 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(Some(format!("sha256:{digest}")));
    }
    Err(Diagnostic::error(format!("`{text}` is not a SHA-256 checksum of 64 hexadecimal digits"))
        .named(RELEASE_SHA256)
        .with_hint("`build` writes it to release.env as RELEASE_MANIFEST_SHA256")
        .into())
}

#[cfg(test)]
#[path = "../../tests/in_process/approved_release.rs"]
mod tests;
