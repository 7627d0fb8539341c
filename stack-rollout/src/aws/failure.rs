//! Converts errors of the SDK into [`CallError`]s.

use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use call_fault::{Fault, sdk};

use crate::call_error::CallError;

pub use call_fault::sdk::innermost;

/// Converts an error of the SDK. Keeps the code, message and request id that AWS returned.
pub fn failed<E>(operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| {
        let sdk::Failed { fault, code, message, request_id, status } = sdk::failed(&error);
        // Without AWS's error code: a broken response, or one of an intermediary, such as a proxy
        // that is starting. Missing credentials are not temporary.
        let is_broken = fault == Some(Fault::NotOfAws) && matches!(error, SdkError::ResponseError(_));
        let unreachable = code.is_none() && (is_broken || fault.is_some_and(Fault::is_temporary));
        // Another response that is not from AWS, such as a proxy's error page, still has a status.
        let status = status.filter(|status| *status >= 300 && code.is_none() && !unreachable);
        let code = code.or_else(|| status.map(|status| format!("HTTP {status}")));
        CallError { operation, code, message, request_id, unreachable, cause: fault, region: None }
    }
}
