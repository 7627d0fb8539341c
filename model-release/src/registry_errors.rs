//! Converts the registry's errors to failures.

use model_registry::{RegistryError, RegistryErrorKind, SelectError};

use crate::FailureKind;
use crate::diagnostic::{Diagnostic, Failure, Level};

/// Converts an error of the selection.
pub fn of_selection(error: &SelectError) -> Failure {
    let (kind, diagnostic) = match error {
        SelectError::Registry(error) => return of_registry(error),
        SelectError::NothingToDeploy { .. } => (FailureKind::Nothing, Diagnostic::new(Level::Warning, error.to_string())),
        SelectError::Gate { error: gate, .. } => {
            let kind = if gate.refused_by_aws { FailureKind::Unreachable } else { FailureKind::BadInput };
            let diagnostic = Diagnostic::error(error.to_string());
            let diagnostic = if gate.refused_by_aws { diagnostic.in_aws(None::<&str>, None::<&str>) } else { diagnostic };
            (kind, gate.request_id.iter().fold(diagnostic, |diagnostic, id| diagnostic.detail(format!("request id {id}"))))
        }
        _ => (FailureKind::BadInput, Diagnostic::error(error.to_string())),
    };
    let diagnostic = if matches!(error, SelectError::NoSuchPackage { .. }) { diagnostic.code("no-such-package") } else { diagnostic };
    Failure::new(kind, vec![diagnostic.with_hint_opt(error.hint())])
}

/// Describes an error of the registry, with the account and region that were called.
pub(crate) fn diagnostic(error: &RegistryError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.to_string()).with_hint_opt(error.hint());
    let diagnostic = diagnostic.in_aws(error.account.as_ref(), error.region.as_ref());
    match &error.request_id {
        Some(id) => diagnostic.detail(format!("request id {id}")),
        None => diagnostic,
    }
}

/// Converts an error of the registry.
pub fn of_registry(error: &RegistryError) -> Failure {
    // A snapshot is a file, so a missing package is an input error.
    let is_of_file = matches!(error.kind, RegistryErrorKind::NotInSnapshot | RegistryErrorKind::CutOff);
    let kind = if is_of_file { FailureKind::BadInput } else { FailureKind::Unreachable };
    let diagnostic = diagnostic(error);
    Failure::new(kind, vec![Diagnostic { place: diagnostic.place.filter(|_| !is_of_file), ..diagnostic }])
}

/// Converts an error of sharing a group.
pub fn of_sharing(error: &model_registry::sharing::SharingError, group: &model_registry::ModelPackageGroup) -> Failure {
    use model_registry::sharing::{PolicyError, SharingError};

    match error {
        SharingError::Registry(error) => of_registry(error),
        other => {
            let hint = match other {
                SharingError::Policy(PolicyError::TooLong { .. }) => {
                    "share the group with fewer accounts, or with all roles of each account; nothing was changed".to_owned()
                }
                _ => format!(
                    "check the policy with `aws sagemaker get-model-package-group-policy --model-package-group-name {group}`; nothing was changed"
                ),
            };
            Failure::bad_input(Diagnostic::error(other.to_string()).with_hint(hint))
        }
    }
}
