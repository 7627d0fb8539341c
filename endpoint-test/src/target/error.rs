//! Why a target could not be tested, and how a model says no: two different things.

use std::error::Error;
use std::fmt;

use crate::debug;

/// Why a target could not be reached, described or invoked. It says nothing about the model.
#[non_exhaustive]
pub struct TargetError {
    /// What kind of obstacle it is.
    pub kind: TargetErrorKind,
    /// What was attempted: AWS's name of the operation, or the method and path of a container.
    pub operation: Option<String>,
    /// AWS's error code.
    pub code: Option<String>,
    /// What AWS or the network said.
    pub message: String,
    /// AWS's id of the request, for a support case.
    pub request_id: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of obstacle between a test and its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetErrorKind {
    /// There is no such endpoint in this account and region.
    NotFound,
    /// The role may not do this.
    AccessDenied,
    /// The session has run out, or its clock is wrong.
    ExpiredCredentials,
    /// There are no credentials at all.
    NoCredentials,
    /// AWS asked to slow down.
    Throttled,
    /// The service or the model is not ready for requests.
    Unavailable,
    /// No connection, or a broken one.
    Network,
    /// No reply in time.
    Timeout,
    /// The request was refused as wrong.
    Refused,
    /// Something else.
    Other,
}

impl TargetErrorKind {
    /// Whether the same call may well succeed later.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Network | Self::Timeout)
    }
}

impl TargetError {
    /// An obstacle with the words of whoever reported it.
    pub fn new(kind: TargetErrorKind, message: impl Into<String>) -> Self {
        Self { kind, operation: None, code: None, message: message.into(), request_id: None, hint: None, source: None }
    }

    /// Names what was attempted.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Keeps AWS's error code.
    #[must_use]
    pub fn code(mut self, code: Option<String>) -> Self {
        self.code = code;
        self
    }

    /// Keeps AWS's request id.
    #[must_use]
    pub fn request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    /// Names what the message is about, behind it.
    #[cfg(feature = "aws")]
    pub(crate) fn about(self, what: &str) -> Self {
        Self { message: format!("{} ({what})", self.message), ..self }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with_hint_opt(Some(hint.into()))
    }

    /// Adds what to do about it, where that is known.
    #[must_use]
    pub fn with_hint_opt(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// Keeps the error that was the cause.
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
    /// The message, what caused it, and the hint.
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

/// Why a request got no reply that can be checked.
#[derive(thiserror::Error)]
pub enum InvokeError {
    /// The model itself answered with an error: a proven failure, unless the case expects it.
    #[error("{0}")]
    Model(ModelFailure),
    /// The model could not be asked: nothing is proven.
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
    /// What the container answered, or what SageMaker says in its place.
    pub message: String,
    /// The ARN of the CloudWatch log stream with the container's own account of it.
    pub log_stream_arn: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

impl fmt::Display for ModelFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(formatter, "the model answered with status {status}: {}", self.message),
            None => write!(formatter, "the model answered with an error: {}", self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_that_returns_an_error_shows_its_words_its_causes_and_its_hint() {
        let network = std::io::Error::other("connection reset");
        let error = TargetError::new(TargetErrorKind::Network, "no response").operation("InvokeEndpoint").caused_by(network);
        assert_eq!(format!("{error:?}"), "InvokeEndpoint: no response\n  caused by: connection reset");
        let error = InvokeError::from(error.with_hint("check the network"));
        assert_eq!(format!("{error:?}"), "InvokeEndpoint: no response\n  caused by: connection reset\n  hint: check the network");
    }
}
