//! The environments of the local AWS and of the model servers.

use std::path::PathBuf;

use sandbox::{model_server, stand_in};

use model_release::{Diagnostic, Failure};
use terminal::Project;

/// Creates the stand-in's Python environment in the target folder if it is missing; its folder.
pub(crate) fn prepare(project: &Project) -> Result<PathBuf, Failure> {
    stand_in::prepare(&project.target("stand-in"))
        .map_err(|error| Failure::unreachable(Diagnostic::error(error.to_string()).with_hint_opt(error.hint())))
}

/// Installs the third-party model servers and trains their models in the target folder if they are
/// missing; the folder, and the reason if AWS's server is skipped.
pub(crate) fn prepare_model_servers(project: &Project) -> Result<(PathBuf, Option<String>), Failure> {
    let failed = |error: stand_in::Error| Failure::unreachable(Diagnostic::error(error.to_string()).with_hint_opt(error.hint()));
    let servers = model_server::prepare(&project.target("model-servers")).map_err(failed)?;
    Ok((servers.environment().to_owned(), model_server::why_without_java()))
}
