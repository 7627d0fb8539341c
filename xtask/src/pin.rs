//! The pinned binary, from options.

use command_line::{PinOptions, non_empty};
use model_release::{Diagnostic, Failure};
use team_repository::Pin;
use terminal::files;

/// A limit for the program's own size.
const MAX_PROGRAM: u64 = 1024 * 1024 * 1024;

pub(crate) fn read(options: &PinOptions) -> Result<Option<Pin>, Failure> {
    if let Some(name) = non_empty(options.from_parameter.as_ref()) {
        return Ok(Some(Pin::parameter(name)?));
    }
    let Some(url) = non_empty(options.url.as_ref()) else { return Ok(None) };
    let sha256 = non_empty(options.sha256.as_ref()).map_or_else(own_sha256, |sha256| Ok(sha256.to_owned()))?;
    Ok(Some(Pin::binary(url, &sha256)?))
}

/// The SHA-256 of this program.
fn own_sha256() -> Result<String, Failure> {
    let bytes = std::env::current_exe()
        .map_err(|error| {
            Diagnostic::error(format!("this program's file is not known: {error}")).with_hint("name its SHA-256 with --sha256")
        })
        .and_then(|path| files::read_bytes(&path, MAX_PROGRAM))?;
    Ok(files::digest(&bytes).trim_start_matches("sha256:").to_owned())
}
