//! The error of a failed call to AWS.

use call_fault::Fault;
use serde::Serialize;

/// A failed call to AWS, with everything that AWS returned.
#[derive(Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("`{operation}` failed: {}{message}{}", code.as_deref().map(|code| format!("{code}: ")).unwrap_or_default(), request_id.as_deref().map(|id| format!(" (request id {id})")).unwrap_or_default())]
pub struct CallError {
    /// The operation's name in the API, such as `UpdateStackSet`.
    pub operation: &'static str,
    /// AWS's error code, such as `StaleRequestException`. `None` without a usable response.
    pub code: Option<String>,
    /// AWS's message, or why there was no response.
    pub message: String,
    /// The request id, which AWS support asks for.
    pub request_id: Option<String>,
    /// Whether the network failed before a response. AWS may have received the request.
    pub unreachable: bool,
    /// What went wrong, if AWS's error code does not say it.
    #[serde(skip)]
    pub cause: Option<Fault>,
    /// The region that was called.
    #[serde(skip)]
    pub region: Option<String>,
}

/// What a [`CallError`] means for a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The rate limit was exceeded, or AWS is overloaded. The request can be retried later.
    Throttled,
    /// No response. The request can be retried, because every change has an idempotency id.
    Unreachable,
    /// Another operation is running on the stack set.
    OperationInProgress,
    /// An operation with this id already exists: an earlier attempt of the same request succeeded.
    OperationIdAlreadyExists,
    /// The set has no operation with this id, or the read is not yet consistent.
    OperationNotFound,
    /// The operation does not permit this, for example because it has already ended.
    InvalidOperation,
    /// The request is based on outdated data: another operation has changed the instances.
    Stale,
    /// A stack set with this name already exists.
    NameAlreadyExists,
    /// No stack set with this name exists.
    StackSetNotFound,
    /// The caller is not allowed to call the operation.
    AccessDenied,
    /// The credentials have expired.
    ExpiredToken,
    /// Any other error. A retry would fail again.
    Refused,
}

impl CallError {
    /// An error response from AWS.
    pub fn error_response(operation: &'static str, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            operation,
            code: Some(code.into()),
            message: message.into(),
            request_id: None,
            unreachable: false,
            cause: None,
            region: None,
        }
    }

    /// A network failure without a response.
    pub fn unreachable(operation: &'static str, message: impl Into<String>) -> Self {
        let cause = Some(Fault::Connection);
        Self { operation, code: None, message: message.into(), request_id: None, unreachable: true, cause, region: None }
    }

    /// A response that is not usable, or a request that could not be built.
    pub fn unusable(operation: &'static str, message: impl Into<String>) -> Self {
        Self { unreachable: false, cause: Some(Fault::NotOfAws), ..Self::unreachable(operation, message) }
    }

    /// Sets the region that was called.
    #[must_use]
    pub fn in_region(self, region: Option<impl ToString>) -> Self {
        Self { region: region.map(|region| region.to_string()).or(self.region), ..self }
    }

    /// What went wrong, if it can go wrong with every call.
    pub fn fault(&self) -> Option<Fault> {
        self.code.as_deref().and_then(Fault::of_code).or(self.cause)
    }

    /// Classifies the error by AWS's error code.
    pub fn kind(&self) -> CallErrorKind {
        // The Query protocol omits "Exception" from some codes; moto keeps it.
        match self.code.as_deref().map(|code| code.strip_suffix("Exception").unwrap_or(code)) {
            None if self.unreachable => return CallErrorKind::Unreachable,
            Some("OperationInProgress") => return CallErrorKind::OperationInProgress,
            Some("OperationIdAlreadyExists") => return CallErrorKind::OperationIdAlreadyExists,
            Some("OperationNotFound") => return CallErrorKind::OperationNotFound,
            Some("InvalidOperation") => return CallErrorKind::InvalidOperation,
            Some("StaleRequest" | "AlreadyExists" | "StackInstanceNotFound") => return CallErrorKind::Stale,
            Some("NameAlreadyExists") => return CallErrorKind::NameAlreadyExists,
            Some("StackSetNotFound") => return CallErrorKind::StackSetNotFound,
            _ => {}
        }
        match self.fault() {
            Some(Fault::AccessDenied) => CallErrorKind::AccessDenied,
            Some(Fault::ExpiredCredentials) => CallErrorKind::ExpiredToken,
            Some(fault) if self.code.is_some() && fault.is_temporary() => CallErrorKind::Throttled,
            _ => CallErrorKind::Refused,
        }
    }

    /// Whether a retry of the same request may succeed.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), CallErrorKind::Throttled | CallErrorKind::Unreachable)
    }

    /// How to fix the problem, if known.
    pub fn hint(&self) -> Option<String> {
        // Most operations are CloudFormation's; the callers of others have hints of their own.
        self.fault().map(|fault| fault.hint(&format!("cloudformation:{}", self.operation)))
    }
}
