//! Why a target could not be tested, and the error that a model returns: two different things.

use std::error::Error;
use std::fmt;

use crate::debug;

/// Why a target could not be reached, described or invoked. It proves nothing about the model.
#[non_exhaustive]
pub struct TargetError {
    /// The kind of error.
    pub kind: TargetErrorKind,
    /// The operation: AWS's name of it, or the method and path of a container.
    pub operation: Option<String>,
    /// AWS's error code.
    pub code: Option<String>,
    /// The message of AWS or of the network.
    pub message: String,
    /// AWS's request id, for a support case.
    pub request_id: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of error between a test and its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetErrorKind {
    /// The endpoint does not exist in this account and region.
    NotFound,
    /// The role is not allowed to do this.
    AccessDenied,
    /// The session has expired, or the machine's clock is wrong.
    ExpiredCredentials,
    /// There are no credentials at all.
    NoCredentials,
    /// AWS throttled the request.
    Throttled,
    /// The service or the model is not ready for requests.
    Unavailable,
    /// No connection, or a broken one.
    Network,
    /// No response in time.
    Timeout,
    /// The request was refused as invalid.
    Refused,
    /// Anything else.
    Other,
}

impl TargetErrorKind {
    /// Whether the same call may succeed later.
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Network | Self::Timeout)
    }
}

impl TargetError {
    /// An error with its message.
    pub fn new(kind: TargetErrorKind, message: impl Into<String>) -> Self {
        Self { kind, operation: None, code: None, message: message.into(), request_id: None, hint: None, source: None }
    }

    /// Sets the operation.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Sets AWS's error code.
    #[must_use]
    pub fn code(mut self, code: Option<String>) -> Self {
        self.code = code;
        self
    }

    /// Sets AWS's request id.
    #[must_use]
    pub fn request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// Appends the object of the message.
    #[cfg(feature = "aws")]
    pub(crate) fn about(self, what: &str) -> Self {
        Self { message: format!("{} ({what})", self.message), ..self }
    }

    /// Sets the hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with_hint_opt(Some(hint.into()))
    }

    /// Sets the hint, if there is one.
    #[must_use]
    pub fn with_hint_opt(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Sets the error that was the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for TargetError {
    /// `DescribeEndpoint: AccessDeniedException: … (request 1234)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.operation {
            write!(formatter, "{operation}: ")?;
        }
        if let Some(code) = &self.code {
            write!(formatter, "{code}: ")?;
        }
        formatter.write_str(&self.message)?;
        match &self.request_id {
            Some(request_id) => write!(formatter, " (request {request_id})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TargetError {
    /// The message, its causes, and the hint.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug::chain(self, formatter)?;
        self.hint.iter().try_for_each(|hint| write!(formatter, "\n  hint: {hint}"))
    }
}

impl Error for TargetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Why a request got no response that can be checked.
#[derive(thiserror::Error)]
pub enum InvokeError {
    /// The model itself returned an error: a proven failure, unless the case expects it.
    #[error("{0}")]
    Model(ModelFailure),
    /// The model could not be invoked: nothing is proven.
    #[error(transparent)]
    Target(#[from] TargetError),
}

impl fmt::Debug for InvokeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(failure) => write!(formatter, "{failure}"),
            Self::Target(error) => write!(formatter, "{error:?}"),
        }
    }
}

/// A model's own error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelFailure {
    /// The container's HTTP status.
    pub status: Option<u16>,
    /// The container's message, or SageMaker's if there is none.
    pub message: String,
    /// The ARN of the CloudWatch log stream of the container.
    pub log_stream_arn: Option<String>,
    /// AWS's request id.
    pub request_id: Option<String>,
}

impl fmt::Display for ModelFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(formatter, "the model returned status {status}: {}", self.message),
            None => write!(formatter, "the model returned an error: {}", self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_that_returns_an_error_shows_its_message_causes_and_hint() {
        let network = std::io::Error::other("connection reset");
        let error = TargetError::new(TargetErrorKind::Network, "no response").operation("InvokeEndpoint").caused_by(network);
        assert_eq!(format!("{error:?}"), "InvokeEndpoint: no response\n  caused by: connection reset");
        let error = InvokeError::from(error.with_hint("check the network"));
        assert_eq!(format!("{error:?}"), "InvokeEndpoint: no response\n  caused by: connection reset\n  hint: check the network");
    }
}
