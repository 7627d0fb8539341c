//! Translates the SDK's errors: the operation, AWS's message, and what to do about it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use call_fault::Fault;
use call_fault::sdk::{self, sources};

use super::bounded::is_cut_off;
use crate::target::{TargetError, TargetErrorKind};

/// Translates an error of the operation with this name.
pub(super) fn target_error<E>(operation: &str, error: SdkError<E>) -> TargetError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let sdk::Failed { fault, code, request_id, .. } = sdk::failed(&error);
    let message = error.message().map_or_else(|| chain(&error), str::to_owned);
    let is_sent = !matches!(error, SdkError::DispatchFailure(_));
    let kind = match assuming(&error).filter(|_| !is_sent) {
        _ if lacks_credentials(&error) => TargetErrorKind::NoCredentials,
        // The session could not be renewed. Report that, and not that no request was sent.
        Some(kind) => kind,
        None if is_cut_off(&error) => TargetErrorKind::Other,
        None => kind(code.as_deref(), fault, &message),
    };
    let hint = hint(kind, fault, operation);
    TargetError::new(kind, message).operation(operation).code(code).request_id(request_id).with_hint_opt(hint).caused_by(error)
}

fn kind(code: Option<&str>, fault: Option<Fault>, message: &str) -> TargetErrorKind {
    match code.unwrap_or_default() {
        "ModelNotReadyException" => return TargetErrorKind::Unavailable,
        "ResourceNotFound" | "ResourceNotFoundException" => return TargetErrorKind::NotFound,
        "ValidationException" | "ValidationError" if is_about_missing_resource(message) => return TargetErrorKind::NotFound,
        "ValidationException" | "ValidationError" => return TargetErrorKind::Refused,
        _ => {}
    }
    match fault {
        Some(Fault::Throttled) => TargetErrorKind::Throttled,
        Some(Fault::Unavailable) => TargetErrorKind::Unavailable,
        Some(Fault::AccessDenied) => TargetErrorKind::AccessDenied,
        Some(Fault::ExpiredCredentials | Fault::InvalidCredentials) => TargetErrorKind::ExpiredCredentials,
        Some(Fault::MissingCredentials) => TargetErrorKind::NoCredentials,
        Some(Fault::Connection | Fault::CutOff) => TargetErrorKind::Network,
        Some(Fault::Timeout) => TargetErrorKind::Timeout,
        _ => TargetErrorKind::Other,
    }
}

/// SageMaker has no code for a missing resource: only the `ValidationException` message shows it.
fn is_about_missing_resource(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("could not find") || message.contains("not found") || message.contains("does not exist")
}

fn hint(kind: TargetErrorKind, fault: Option<Fault>, operation: &str) -> Option<String> {
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
        TargetErrorKind::Throttled => "AWS is throttling this account: wait a minute, or test fewer targets at once",
        TargetErrorKind::Unavailable => "AWS or the model is not available at the moment: run the tests again",
        TargetErrorKind::Other => "run the tests again; if it happens again, check the proxy, and AWS_ENDPOINT_URL if it is set",
        TargetErrorKind::Network if fault == Some(Fault::CutOff) => return Some(Fault::CutOff.hint(operation)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validation_exception_about_a_missing_resource_is_not_found() {
        let message = "Could not find endpoint \"arn:aws:sagemaker:us-east-1:222222222222:endpoint/iris\".";
        assert_eq!(kind(Some("ValidationException"), None, message), TargetErrorKind::NotFound);
        assert_eq!(kind(Some("ValidationException"), None, "1 validation error detected"), TargetErrorKind::Refused);
    }

    #[test]
    fn an_unknown_code_is_classified_by_its_fault() {
        assert_eq!(kind(Some("Surprise"), Some(Fault::Unavailable), ""), TargetErrorKind::Unavailable);
        assert_eq!(kind(None, Some(Fault::Throttled), ""), TargetErrorKind::Throttled);
        assert_eq!(kind(Some("Surprise"), None, ""), TargetErrorKind::Other);
    }

    #[test]
    fn a_cut_off_response_is_not_a_wrong_region() {
        let of_network = |fault| hint(TargetErrorKind::Network, Some(fault), "DescribeEndpoint").unwrap();
        assert!(of_network(Fault::CutOff).contains("cut off") && of_network(Fault::Connection).contains("the region's spelling"));
    }
}
