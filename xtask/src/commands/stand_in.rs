//! The local AWS that the tests and the demonstration run against.

use std::path::PathBuf;

use test_support::stand_in;

use crate::diagnostic::{Diagnostic, Failure};
use crate::project::Project;

/// Makes the stand-in's Python environment below the target folder, unless it is there; its folder.
pub(crate) fn prepare(project: &Project) -> Result<PathBuf, Failure> {
    stand_in::prepare(&project.target("stand-in"))
        .map_err(|error| Failure::unreachable(Diagnostic::error(error.to_string()).hint(error.hint())))
}
