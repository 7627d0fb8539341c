//! What the registry answered, as the terminal shows it.

use model_registry::{RegistryError, SelectError};

#[cfg(feature = "aws")]
use crate::diagnostic::Failure;
use crate::diagnostic::{Diagnostic, Level};

/// Why no model package was chosen.
pub(crate) fn of_selection(error: &SelectError) -> Diagnostic {
    let level = if matches!(error, SelectError::NothingToDeploy { .. }) { Level::Warning } else { Level::Error };
    match error {
        SelectError::Registry(error) => diagnostic(error),
        _ => Diagnostic::new(level, error.to_string()).hint(error.hint()),
    }
}

fn diagnostic(error: &RegistryError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.to_string()).hint(error.hint());
    match &error.request_id {
        Some(id) => diagnostic.detail(format!("request id {id}")),
        None => diagnostic,
    }
}

/// A refusal of the registry.
#[cfg(feature = "aws")]
pub(crate) fn of_registry(error: &RegistryError) -> Failure {
    Failure::unreachable(diagnostic(error))
}

/// Why a group was not shared.
#[cfg(feature = "aws")]
pub(crate) fn of_sharing(error: &model_registry::sharing::SharingError) -> Failure {
    match error {
        model_registry::sharing::SharingError::Registry(error) => of_registry(error),
        other => Failure::bad_input(
            Diagnostic::error(other.to_string()).hinting("look at it: `aws sagemaker get-model-package-group-policy`; nothing was changed"),
        ),
    }
}
