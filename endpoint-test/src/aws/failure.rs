//! Translates the SDK's errors: the operation, AWS's message, and what to do about it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemaker::operation::RequestId;

use super::bounded::is_cut_off;
use super::required::MissingMember;
use crate::target::{TargetError, TargetErrorKind};

/// Translates an error of the operation with this name.
pub(super) fn target_error<E>(operation: &str, error: SdkError<E>) -> TargetError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let (code, request_id) = (error.code().map(str::to_owned), error.request_id().map(str::to_owned));
    let status = error.raw_response().map(|response| response.status().as_u16());
    let incomplete = sources(&error).find_map(|error| error.downcast_ref::<MissingMember>()).map(ToString::to_string);
    let message = error.message().map(str::to_owned).or(incomplete).unwrap_or_else(|| chain(&error));
    let kind = match &error {
        SdkError::TimeoutError(_) => TargetErrorKind::Timeout,
        _ if lacks_credentials(&error) => TargetErrorKind::NoCredentials,
        SdkError::DispatchFailure(failure) => match assuming(&error) {
            // The session could not be renewed. Report that, and not that no request was sent.
            Some(kind) => kind,
            None if failure.is_timeout() => TargetErrorKind::Timeout,
            None if failure.is_io() => TargetErrorKind::Network,
            None => TargetErrorKind::Other,
        },
        // The body is not there if reading it failed.
        SdkError::ResponseError(context) if context.raw().body().bytes().is_none() && !is_cut_off(&error) => TargetErrorKind::Network,
        SdkError::ResponseError(_) if status.is_none_or(|status| status < 500) => TargetErrorKind::Other,
        _ => kind(code.as_deref(), &message, status),
    };
    TargetError::new(kind, message)
        .operation(operation)
        .code(code)
        .request_id(request_id)
        .with_hint_opt(hint(kind, operation))
        .caused_by(error)
}

/// The kind of error for AWS's code. Codes of several services and generations mean the same.
fn kind(code: Option<&str>, message: &str, status: Option<u16>) -> TargetErrorKind {
    match code.unwrap_or_default() {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "NotAuthorized" | "OptInRequired" => {
            TargetErrorKind::AccessDenied
        }
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken" => TargetErrorKind::ExpiredCredentials,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown" => TargetErrorKind::Throttled,
        "ModelNotReadyException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalDependencyException" => TargetErrorKind::Unavailable,
        "ResourceNotFound" | "ResourceNotFoundException" | "ValidationException" | "ValidationError"
            if is_about_missing_resource(message) =>
        {
            TargetErrorKind::NotFound
        }
        "ResourceNotFound" | "ResourceNotFoundException" => TargetErrorKind::NotFound,
        "ValidationException" | "ValidationError" => TargetErrorKind::Refused,
        _ if status == Some(429) => TargetErrorKind::Throttled,
        _ if status.is_some_and(|status| status >= 500) => TargetErrorKind::Unavailable,
        _ => TargetErrorKind::Other,
    }
}

/// SageMaker has no code for a missing resource: only the `ValidationException` message shows it.
fn is_about_missing_resource(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("could not find") || message.contains("not found") || message.contains("does not exist")
}

fn hint(kind: TargetErrorKind, operation: &str) -> Option<String> {
    let hint = match kind {
        TargetErrorKind::AccessDenied if operation == "AssumeRole" => {
            "the role's trust policy must name the caller, and the caller's own policy must allow `sts:AssumeRole` on the role"
        }
        TargetErrorKind::AccessDenied if operation.contains("InferenceComponent") => {
            "an endpoint with inference components also needs `sagemaker:ListInferenceComponents` and `DescribeInferenceComponent`"
        }
        TargetErrorKind::AccessDenied => {
            "the role needs `sagemaker:DescribeEndpoint`, `DescribeEndpointConfig`, `DescribeModel` and `InvokeEndpoint` on this endpoint"
        }
        TargetErrorKind::ExpiredCredentials => "renew the credentials, and check that this machine's clock is right",
        TargetErrorKind::NoCredentials => "sign in, for example with `aws sso login`, or name a profile with AWS_PROFILE",
        TargetErrorKind::NotFound => {
            "check the account, the region and the endpoint's name, which is case-sensitive; has the stage been deployed there?"
        }
        TargetErrorKind::Throttled => "test fewer targets at once",
        TargetErrorKind::Unavailable => "AWS or the model is not available at the moment: run the tests again",
        TargetErrorKind::Other => "run the tests again; if it happens again, check the proxy, and AWS_ENDPOINT_URL if it is set",
        TargetErrorKind::Network | TargetErrorKind::Timeout => {
            "check the network, the region's spelling and, in a closed VPC, its SageMaker and STS endpoints"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// Whether the request was not sent because there are no credentials.
fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(|error| {
        matches!(error.downcast_ref(), Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)))
            // The SDK's error for a configuration without any provider of credentials is not public.
            || error.to_string().contains("there was no identity resolver")
    })
}

/// Why a role could not be assumed, if the call was waiting for that.
fn assuming(error: &(dyn Error + 'static)) -> Option<TargetErrorKind> {
    sources(error).find_map(|error| error.downcast_ref::<TargetError>()).map(|error| error.kind)
}

/// The whole chain on one line: the SDK's own message is only `dispatch failure`.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in sources(error).map(ToString::to_string) {
        if !text.is_empty() && !texts.iter().any(|earlier| earlier.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

pub(super) fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validation_exception_about_a_missing_resource_is_not_found() {
        let message = "Could not find endpoint \"arn:aws:sagemaker:us-east-1:222222222222:endpoint/iris\".";
        assert_eq!(kind(Some("ValidationException"), message, Some(400)), TargetErrorKind::NotFound);
        assert_eq!(kind(Some("ValidationException"), "1 validation error detected", Some(400)), TargetErrorKind::Refused);
    }

    #[test]
    fn an_unknown_code_is_classified_by_its_status() {
        assert_eq!(kind(Some("Surprise"), "", Some(503)), TargetErrorKind::Unavailable);
        assert_eq!(kind(None, "", Some(429)), TargetErrorKind::Throttled);
        assert_eq!(kind(Some("Surprise"), "", Some(418)), TargetErrorKind::Other);
    }
}
