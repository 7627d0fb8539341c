//! Reads the errors of the AWS SDK.

mod required;

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId as _;

pub use required::{MissingMember, Required, boxed};

use crate::Fault;

/// A failed call, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What went wrong; `None` for an error of this service only.
    pub fault: Option<Fault>,
    /// AWS's error code.
    pub code: Option<String>,
    /// AWS's message, or why there is none, without the raw headers of the SDK's own message.
    pub message: String,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// The HTTP status of the response, if there was one.
    pub status: Option<u16>,
}

/// A response has more than this many bytes. A client that limits its responses returns this as the
/// cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong(pub usize);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the response has more than {} MiB", self.0 >> 20)
    }
}

impl Error for TooLong {}

/// A response ended before its last byte, although its connection may show no error.
#[derive(Debug)]
pub struct CutOff(pub Option<Box<dyn Error + Send + Sync>>);

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response is not complete")?;
        self.0.iter().try_for_each(|error| write!(f, ": {error}"))
    }
}

impl Error for CutOff {}

/// Whether a text is a whole XML document: every element is closed, and the last tag closes the
/// first one. The SDK's parser takes the part of a document that it needs, and a missing rest for
/// values that are not set.
pub fn is_whole_xml(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let (mut open, mut elements) = (Vec::new(), 0_usize);
    for tag in text.split('<').skip(1).filter(|tag| !tag.starts_with(['?', '!'])) {
        let Some((tag, _)) = tag.split_once('>') else { return false };
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim_end()) {
                return false;
            }
        } else {
            elements += 1;
            open.extend(tag.split_ascii_whitespace().next().filter(|_| !tag.ends_with('/')));
        }
    }
    elements > 0 && open.is_empty()
}

/// Reads an error of any service.
pub fn failed<E>(error: &SdkError<E, HttpResponse>) -> Failed
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (code, fault) = (error.code(), fault_of(error, error.code()));
    // Every error of AWS has a message; a response of another server may have a code in a header.
    let fault = fault.or((code.is_some() && error.message().is_none()).then_some(Fault::NotOfAws));
    let status = error.raw_response().map(|response| response.status().as_u16());
    let message = match (error.message(), code, status) {
        (Some(message), ..) => message.to_owned(),
        (None, Some(_), _) => "(no message)".to_owned(),
        (None, None, Some(status)) if status >= 300 => format!("HTTP status {status} without an error code of AWS"),
        _ => innermost(error),
    };
    let request_id = error.request_id().map(str::to_owned);
    Failed { fault, code: code.map(str::to_owned), message, request_id, status }
}

/// The fault of an error without an error code of AWS.
pub fn fault<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> Option<Fault> {
    fault_of(error, None)
}

fn fault_of<E: Error + 'static>(error: &SdkError<E, HttpResponse>, code: Option<&str>) -> Option<Fault> {
    let status = error.raw_response().map(|response| response.status().as_u16());
    Some(match error {
        _ if has_source::<TooLong>(error) => Fault::TooLong,
        _ if has_source::<CutOff>(error) => Fault::CutOff,
        // The body is not there if reading it failed.
        SdkError::ResponseError(context) if context.raw().body().bytes().is_none() => Fault::CutOff,
        SdkError::ServiceError(_) | SdkError::ResponseError(_) if status.is_some_and(|status| status >= 300) => {
            let status = status.unwrap_or_default();
            return match code {
                Some(code) => Fault::of_code(code).or((status >= 500).then_some(Fault::Unavailable)),
                None => Some(Fault::of_status(status)),
            };
        }
        SdkError::TimeoutError(_) => Fault::Timeout,
        SdkError::DispatchFailure(_) if has_source::<CredentialsError>(error) => Fault::MissingCredentials,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Fault::Timeout,
        SdkError::DispatchFailure(_) => Fault::Connection,
        // The SDK reports a body that it cannot parse as an unknown error of the service.
        SdkError::ResponseError(_) | SdkError::ServiceError(_) => Fault::NotOfAws,
        _ => return None,
    })
}

/// The fault of a body whose response had begun, and that could not be read to its end.
pub fn body_fault(error: &(dyn Error + 'static)) -> Fault {
    if has_source::<TooLong>(error) {
        Fault::TooLong
    } else if innermost(error).contains("checksum") {
        // The SDK compares the body with the checksum in the response's own headers.
        Fault::NotOfAws
    } else {
        Fault::CutOff
    }
}

fn has_source<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(<dyn Error>::is::<T>)
}

/// An error and its causes, outermost first.
pub fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// The message of the innermost cause. The SDK's full message would include raw headers.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    sources(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests;
