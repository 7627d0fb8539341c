//! Converts the SDK's errors to this crate's.

use aws_sdk_sagemaker::config::http::HttpResponse;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemaker::operation::RequestId;

use super::required::MissingMember;
use crate::error::{RegistryError, RegistryErrorKind};

pub(super) fn malformed(operation: &'static str, message: String) -> RegistryError {
    RegistryError::new(operation, RegistryErrorKind::Malformed, message)
}

pub(super) fn sdk_error<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> RegistryError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = error.code().map(str::to_owned);
    let (kind, message) = match error {
        SdkError::ServiceError(context) => match (&code, error.message()) {
            (Some(code), message) => (kind(code, message.unwrap_or_default()), message.unwrap_or("(no message)").to_owned()),
            // Not SageMaker's own response: a proxy's page, a gateway's error.
            (None, _) => of_status(context.raw().status().as_u16()),
        },
        SdkError::DispatchFailure(_) if mentions(error, "credential") => {
            (RegistryErrorKind::CredentialsMissing, "none in the environment, in the profile, or from a role of this machine".to_owned())
        }
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => (RegistryErrorKind::Unreachable, deepest(error)),
        // A response of SageMaker that is not complete.
        SdkError::ResponseError(_) if has_source::<MissingMember>(error) => (RegistryErrorKind::Malformed, deepest(error)),
        // The body is not there if reading it failed.
        SdkError::ResponseError(context) if context.raw().status().is_success() && context.raw().body().bytes().is_none() => {
            (RegistryErrorKind::Unreachable, format!("the response ended early: {}", deepest(error)))
        }
        SdkError::ResponseError(context) => of_status(context.raw().status().as_u16()),
        _ => (RegistryErrorKind::Other, deepest(error)),
    };
    RegistryError { code, request_id: error.request_id().map(str::to_owned), ..RegistryError::new(operation, kind, message) }
}

fn of_status(status: u16) -> (RegistryErrorKind, String) {
    let kind = match status {
        401 | 403 => RegistryErrorKind::AccessDenied,
        429 => RegistryErrorKind::Throttled,
        500.. => RegistryErrorKind::Unreachable,
        _ => RegistryErrorKind::Malformed,
    };
    (kind, format!("HTTP status {status} without an error that SageMaker documents"))
}

/// SageMaker returns `ValidationException` for a missing group, for an existing group and for an
/// invalid name: only the message distinguishes them.
fn kind(code: &str, message: &str) -> RegistryErrorKind {
    let text = message.to_lowercase();
    match code {
        "ExpiredTokenException" | "ExpiredToken" => RegistryErrorKind::CredentialsExpired,
        "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException" => RegistryErrorKind::CredentialsInvalid,
        code if code.starts_with("AccessDenied") => RegistryErrorKind::AccessDenied,
        code if code.contains("Throttl") || code == "TooManyRequestsException" => RegistryErrorKind::Throttled,
        "InternalFailure" | "InternalServerError" | "InternalServiceError" | "ServiceUnavailable" | "ServiceUnavailableException" => {
            RegistryErrorKind::Unreachable
        }
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

fn mentions(error: &(dyn std::error::Error + 'static), word: &str) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.to_string().contains(word))
}

fn has_source<T: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(<dyn std::error::Error>::is::<T>)
}

fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}
