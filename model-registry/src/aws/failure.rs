//! Converts the SDK's errors to this crate's.

use aws_sdk_sagemaker::config::http::HttpResponse;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use call_fault::{Fault, sdk};

use crate::error::{RegistryError, RegistryErrorKind};

pub(super) fn malformed(operation: &'static str, message: String) -> RegistryError {
    RegistryError::new(operation, RegistryErrorKind::Malformed, message)
}

pub(super) fn sdk_error<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> RegistryError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let sdk::Failed { fault, code, message, request_id, .. } = sdk::failed(error);
    let message = match fault {
        Some(Fault::MissingCredentials) => "none in the environment, in the profile, or from a role of this machine".to_owned(),
        Some(Fault::CutOff) => format!("the response ended early: {message}"),
        _ => message,
    };
    let kind = match (fault, &code) {
        (Some(fault), _) => RegistryErrorKind::of_fault(fault),
        (None, Some(code)) => kind(code, &message),
        (None, None) => RegistryErrorKind::Other,
    };
    RegistryError { fault, code, request_id, ..RegistryError::new(operation, kind, message) }
}

/// SageMaker returns `ValidationException` for a missing group, for an existing group and for an
/// invalid name: only the message distinguishes them.
fn kind(code: &str, message: &str) -> RegistryErrorKind {
    let text = message.to_lowercase();
    match code {
        "ConflictException" => RegistryErrorKind::Conflict,
        "ResourceNotFound" | "ResourceNotFoundException" => RegistryErrorKind::NotFound,
        "ValidationException" if text.contains("already exist") => RegistryErrorKind::AlreadyExists,
        "ValidationException"
            if ["does not exist", "not found", "could not find", "cannot find"].iter().any(|words| text.contains(words)) =>
        {
            RegistryErrorKind::NotFound
        }
        "ValidationException" => RegistryErrorKind::Invalid,
        _ => RegistryErrorKind::Other,
    }
}
