//! Converts S3's errors to this crate's.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use call_fault::{Fault, sdk};

use crate::store::StoreError;

/// The HTTP status of an error response.
pub(super) fn status_of<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// The bucket's region, which S3 also returns with errors.
pub(super) fn bucket_region_of<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    error.raw_response()?.headers().get("x-amz-bucket-region").map(str::to_owned)
}

/// Keeps operation, code, message and request id, and adds a hint.
pub(super) fn failure<E>(operation: &str, bucket: &str, key: Option<&str>, error: SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let status = status_of(&error);
    // Responses to HEAD have no body, so only the status is known.
    let code = match (error.meta().code(), status) {
        (None | Some("NotFound"), Some(404)) if key.is_none() => Some("NoSuchBucket".to_owned()),
        (Some(code), _) => Some(code.to_owned()),
        (None, Some(301)) => Some("PermanentRedirect".to_owned()),
        (None, Some(403)) => Some("AccessDenied".to_owned()),
        (None, status) => status.filter(|status| *status >= 300).map(|status| status.to_string()),
    };
    let object = key.map_or_else(|| format!("s3://{bucket}"), |key| format!("s3://{bucket}/{key}"));
    let failed = sdk::failed(&error);
    let message = match (error.meta().message(), status) {
        (Some(message), _) => message.to_owned(),
        (None, Some(status)) if status >= 300 => format!("S3 returned status {status}"),
        _ => chain(&error),
    };
    let hint = match code.as_deref() {
        // An access point's ARN is not a bucket name, and is created differently.
        Some("NoSuchBucket" | "NotFound") if bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) => {
            Some(format!("create the bucket (`aws s3 mb s3://{bucket}`), or use another one"))
        }
        Some("NoSuchBucket" | "NotFound") => Some("use another bucket".to_owned()),
        Some("AccessDenied" | "403" | "Forbidden") => Some(format!(
            "allow `s3:PutObject`, `s3:GetObject` and `s3:ListBucket` on the bucket `{bucket}`, and the use of its KMS key; check that it belongs to the expected account"
        )),
        _ if operation.starts_with("Head") && status == Some(400) => Some(Fault::Unexplained.hint(operation)),
        _ => failed.fault.map(|fault| fault.hint(&format!("s3:{operation}"))),
    };
    StoreError::new(operation, format!("`{object}`: {message}")).code(code).request_id(failed.request_id).hint(hint).caused_by(error)
}

/// The messages of an error and all its causes: the SDK's own message has only the outermost.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
