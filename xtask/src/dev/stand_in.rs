//! The local AWS that the tests and the demonstration run against.

use std::path::PathBuf;

use sandbox::{model_server, stand_in};

use crate::project::Project;
use model_release::{Diagnostic, Failure};

/// Makes the stand-in's Python environment below the target folder, unless it is there; its folder.
pub(crate) fn prepare(project: &Project) -> Result<PathBuf, Failure> {
    stand_in::prepare(&project.target("stand-in"))
        .map_err(|error| Failure::unreachable(Diagnostic::error(error.to_string()).hint(error.hint())))
}

/// Makes the environment of the model servers that nobody here wrote and trains their models below the target folder, unless they are
/// there; its folder, and why AWS's own server is left out, if it is.
pub(crate) fn prepare_model_servers(project: &Project) -> Result<(PathBuf, Option<String>), Failure> {
    let failed = |error: stand_in::Error| Failure::unreachable(Diagnostic::error(error.to_string()).hint(error.hint()));
    let servers = model_server::prepare(&project.target("model-servers")).map_err(failed)?;
    Ok((servers.environment().to_owned(), model_server::why_without_java()))
}
