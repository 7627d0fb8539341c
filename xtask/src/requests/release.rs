//! Opens the release of a command, and checks that it is the approved one.

use model_release::{Diagnostic, Failure, Release};

use command_line::{ReleaseOptions, non_empty};
use terminal::Project;

/// The option and variable of the approved digest, for messages.
const RELEASE_SHA256: &str = "--release-sha256, RELEASE_MANIFEST_SHA256";

/// Opens the release that the options name.
pub(crate) fn release(project: &Project, options: &ReleaseOptions) -> Result<Release, Failure> {
    Release::open_approved(&project.folder(options.build_dir.as_deref(), "deploy"), approved(options)?.as_deref())
}

/// The approved digest of the manifest, if it is set, in the notation of reports.
fn approved(options: &ReleaseOptions) -> Result<Option<String>, Failure> {
    let Some(text) = non_empty(options.release_sha256.as_ref()) else { return Ok(None) };
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
#[path = "../../tests/in_process/requests_release.rs"]
mod tests;
