//! A call to AWS that did not succeed.

use serde::Serialize;

/// A failed call to AWS, with all that AWS said about it.
#[derive(Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("`{operation}` failed: {}{message}{}", code.as_deref().map(|code| format!("{code}: ")).unwrap_or_default(), request_id.as_deref().map(|id| format!(" (request id {id})")).unwrap_or_default())]
pub struct CallError {
    /// The operation's name in the API, such as `UpdateStackSet`.
    pub operation: &'static str,
    /// AWS's code, such as `OperationInProgressException`. `None` when no answer of AWS was received or understood.
    pub code: Option<String>,
    /// What AWS said, or why there was no answer.
    pub message: String,
    /// The id by which AWS support finds the request.
    pub request_id: Option<String>,
    /// Whether no answer was received because of the network: the request may or may not have arrived.
    pub unreachable: bool,
}

/// What a [`CallError`] means for a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// Too many requests, or AWS is busy: the same request can be sent again later.
    Throttled,
    /// No answer was received: the request can be sent again, since every change carries an id.
    Unreachable,
    /// Another operation runs on the stack set.
    OperationInProgress,
    /// An operation with this id exists already: an earlier copy of the same request has arrived.
    OperationIdAlreadyExists,
    /// There is no operation of that id on the stack set, or not yet: what AWS tells right after a change may be older.
    OperationNotFound,
    /// What the request was made from is no longer so: another operation has changed the instances since.
    Stale,
    /// There is already a stack set of that name.
    NameAlreadyExists,
    /// There is no stack set of that name.
    StackSetNotFound,
    /// The caller may not do this.
    AccessDenied,
    /// The credentials are no longer valid.
    ExpiredToken,
    /// Anything else: sending it again would not help.
    Refused,
}

impl CallError {
    /// An answer of AWS that is an error.
    pub fn answered(operation: &'static str, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { operation, code: Some(code.into()), message: message.into(), request_id: None, unreachable: false }
    }

    /// No answer, because of the network.
    pub fn unreachable(operation: &'static str, message: impl Into<String>) -> Self {
        Self { operation, code: None, message: message.into(), request_id: None, unreachable: true }
    }

    /// An answer that cannot be right, or a request that could not be made.
    pub fn unusable(operation: &'static str, message: impl Into<String>) -> Self {
        Self { unreachable: false, ..Self::unreachable(operation, message) }
    }

    /// What this failure means, by AWS's code.
    pub fn kind(&self) -> CallErrorKind {
        // The Query protocol leaves "Exception" off some codes (`OperationInProgress`), and moto keeps it.
        let Some(code) = self.code.as_deref() else {
            return if self.unreachable { CallErrorKind::Unreachable } else { CallErrorKind::Refused };
        };
        match code.strip_suffix("Exception").unwrap_or(code) {
            "Throttling"
            | "ThrottledRequest"
            | "RequestLimitExceeded"
            | "TooManyRequests"
            | "RequestThrottled"
            | "SlowDown"
            | "ServiceUnavailable"
            | "InternalFailure"
            | "InternalError"
            | "InternalServerError"
            | "RequestTimeout" => CallErrorKind::Throttled,
            "OperationInProgress" => CallErrorKind::OperationInProgress,
            "OperationIdAlreadyExists" => CallErrorKind::OperationIdAlreadyExists,
            "OperationNotFound" => CallErrorKind::OperationNotFound,
            "StaleRequest" | "AlreadyExists" | "StackInstanceNotFound" => CallErrorKind::Stale,
            "NameAlreadyExists" => CallErrorKind::NameAlreadyExists,
            "StackSetNotFound" => CallErrorKind::StackSetNotFound,
            "AccessDenied" | "UnauthorizedOperation" | "HTTP 403" => CallErrorKind::AccessDenied,
            "ExpiredToken" | "RequestExpired" => CallErrorKind::ExpiredToken,
            _ => CallErrorKind::Refused,
        }
    }

    /// Whether the same request may succeed when it is sent again a little later.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind(), CallErrorKind::Throttled | CallErrorKind::Unreachable)
    }

    /// What a person can do about it, where that is known.
    pub fn hint(&self) -> Option<String> {
        Some(match self.kind() {
            CallErrorKind::AccessDenied => format!("the management session needs `cloudformation:{}` on the stack set", self.operation),
            CallErrorKind::ExpiredToken => "renew the credentials and run again: what was done so far is kept".to_owned(),
            CallErrorKind::Throttled => "AWS is limiting requests: run again later".to_owned(),
            CallErrorKind::Unreachable => "check the network, the region and the endpoint URL, then run again".to_owned(),
            _ => return None,
        })
    }
}
