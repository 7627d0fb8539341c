//! What the registry answered, as the terminal shows it.

use model_registry::{RegistryError, RegistryErrorKind, SelectError};

use crate::FailureKind;
use crate::diagnostic::{Diagnostic, Failure, Level};

/// Why no model package was chosen.
pub fn of_selection(error: &SelectError) -> Failure {
    let (exit, diagnostic) = match error {
        SelectError::Registry(error) => return of_registry(error),
        SelectError::NothingToDeploy { .. } => (FailureKind::Nothing, Diagnostic::new(Level::Warning, error.to_string())),
        SelectError::Gate { error: gate, .. } => {
            let exit = if gate.refused_by_aws { FailureKind::Unreachable } else { FailureKind::BadInput };
            let diagnostic = Diagnostic::error(error.to_string());
            (exit, gate.request_id.iter().fold(diagnostic, |diagnostic, id| diagnostic.detail(format!("request id {id}"))))
        }
        _ => (FailureKind::BadInput, Diagnostic::error(error.to_string())),
    };
    let diagnostic = if matches!(error, SelectError::NoSuchPackage { .. }) { diagnostic.code("no-such-package") } else { diagnostic };
    Failure::new(exit, vec![diagnostic.with_hint_opt(error.hint())])
}

fn diagnostic(error: &RegistryError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.to_string()).with_hint_opt(error.hint());
    match &error.request_id {
        Some(id) => diagnostic.detail(format!("request id {id}")),
        None => diagnostic,
    }
}

/// A refusal of the registry.
pub fn of_registry(error: &RegistryError) -> Failure {
    // A snapshot is a file: AWS has nothing to do with what it lacks.
    let is_of_file = matches!(error.kind, RegistryErrorKind::NotInSnapshot | RegistryErrorKind::CutOff);
    let exit = if is_of_file { FailureKind::BadInput } else { FailureKind::Unreachable };
    Failure::new(exit, vec![diagnostic(error)])
}

/// Why a group was not shared.
pub fn of_sharing(error: &model_registry::sharing::SharingError, group: &model_registry::ModelPackageGroup) -> Failure {
    use model_registry::sharing::{PolicyError, SharingError};

    match error {
        SharingError::Registry(error) => of_registry(error),
        other => {
            let hint = match other {
                SharingError::Policy(PolicyError::TooLong { .. }) => {
                    "share it with fewer accounts, or with all roles of each in place of named ones; nothing was changed".to_owned()
                }
                _ => format!(
                    "look at it: `aws sagemaker get-model-package-group-policy --model-package-group-name {group}`; nothing was changed"
                ),
            };
            Failure::bad_input(Diagnostic::error(other.to_string()).with_hint(hint))
        }
    }
}
