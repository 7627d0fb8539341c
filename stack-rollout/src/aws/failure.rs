//! The SDK's errors as this crate's.

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::operation::RequestId;

use crate::call_error::CallError;

/// Turns an error of the SDK into one of this crate, with what AWS said: code, message, request id.
pub fn failed<E>(operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| {
        let unreachable = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
            // A dispatch also fails for want of credentials, which no waiting mends: that one comes without a kind, while a
            // connection that breaks in the middle has one.
            SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout() || failure.as_other().is_some(),
            // An response without a code of AWS comes from something in between, such as a proxy that is starting.
            SdkError::ServiceError(response) => error.code().is_none() && response.raw().status().is_server_error(),
            _ => false,
        };
        // An response that is not AWS's own, such as a proxy's page, has a status at least.
        let status = error.raw_response().map(|response| response.status().as_u16()).filter(|_| error.code().is_none() && !unreachable);
        CallError {
            operation,
            code: error.code().map(str::to_owned).or_else(|| status.map(|status| format!("HTTP {status}"))),
            message: match (error.message(), status) {
                (Some(message), _) => message.to_owned(),
                (None, Some(_)) => "and no response that AWS documents".to_owned(),
                (None, None) => innermost(&error),
            },
            request_id: error.request_id().map(str::to_owned),
            unreachable,
        }
    }
}

/// What went wrong first, in words. The SDK's own full text would show raw headers.
pub fn innermost(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    text
}
