//! Converts errors of the SDK into [`CallError`]s.

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::RequestId;

use crate::call_error::CallError;

/// Converts an error of the SDK. Keeps the code, message and request id that AWS returned.
pub fn failed<E>(operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| {
        let unreachable = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
            // Without a kind: missing credentials, which no retry fixes.
            SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout() || failure.as_other().is_some(),
            // Without an AWS error code: from an intermediary, such as a proxy that is starting.
            SdkError::ServiceError(response) => error.code().is_none() && response.raw().status().is_server_error(),
            _ => false,
        };
        // A response that is not from AWS, such as a proxy's error page, still has a status.
        let status = error.raw_response().map(|response| response.status().as_u16()).filter(|_| error.code().is_none() && !unreachable);
        CallError {
            operation,
            code: error.code().map(str::to_owned).or_else(|| status.map(|status| format!("HTTP {status}"))),
            message: match (error.message(), status) {
                (Some(message), _) => message.to_owned(),
                (None, Some(_)) => "the response has no AWS error code".to_owned(),
                (None, None) => innermost(&error),
            },
            request_id: error.request_id().map(str::to_owned),
            unreachable,
            region: None,
        }
    }
}

/// The message of the innermost cause. The SDK's full message would include raw headers.
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}
