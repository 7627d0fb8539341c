//! Why a request under load failed.

use super::requests::LoadCase;
use crate::expect::{self, Expectation};
use crate::format::{display_duration, excerpt};
use crate::report::Outcome;
use crate::rows::Row;
use crate::target::{InvokeError, ModelFailure, ModelResponse, TargetError, TargetErrorKind};

#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    /// AWS's error code, or the model's status.
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) case: String,
    pub(super) request_id: Option<String>,
}

/// The kinds of failure, by what they mean for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FailureKind {
    /// The response is not what the case expects.
    WrongResponse,
    /// The model returned an error.
    ModelError,
    /// No response in time.
    Timeout,
    /// The service throttled the request.
    Throttled,
    /// The service or the model was not ready.
    Unavailable,
    /// No connection, or a broken one.
    Network,
    /// A missing permission, or a resource that does not exist.
    Refused,
    /// Anything else.
    Other,
}

impl FailureKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::WrongResponse => "wrong answer",
            Self::ModelError => "model error",
            Self::Timeout => "timeout",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Network => "network",
            Self::Refused => "refused",
            Self::Other => "other",
        }
    }

    /// Whether it proves that the target could not cope. A network error proves nothing.
    pub(super) fn is_of_target(self) -> bool {
        matches!(self, Self::WrongResponse | Self::ModelError | Self::Timeout | Self::Throttled | Self::Unavailable)
    }

    /// Whether the time until the failure counts as a latency.
    pub(super) fn has_latency(self) -> bool {
        matches!(self, Self::WrongResponse | Self::Timeout)
    }
}

/// A request without a response in time.
pub(super) fn of_timeout(case: &LoadCase<'_>) -> Failure {
    let message = format!("no response within {}", display_duration(case.timeout()));
    Failure { kind: FailureKind::Timeout, code: None, message, case: case.name().to_owned(), request_id: None }
}

/// What is wrong with a response; `None` if it is right. Any response is right if it is not checked.
pub(super) fn of_response(response: Result<ModelResponse, InvokeError>, case: &LoadCase<'_>, row: Option<&Row>) -> Option<Failure> {
    let (expectation, check) = (case.expectation(), case.is_checked());
    let failure = |kind, code, message, request_id| {
        let message = match row {
            Some(row) => format!("row {} (line {}): {message}", row.number(), row.line()),
            None => message,
        };
        Some(Failure { kind, code, message, case: case.name().to_owned(), request_id })
    };
    match response {
        Ok(response) => {
            if check && case.is_known(&response) {
                return None;
            }
            let Some(wrong) = wrong_response(&response, expectation, row, check) else {
                case.keep(response);
                return None;
            };
            failure(FailureKind::WrongResponse, None, wrong, response.request_id)
        }
        Err(InvokeError::Model(error)) => {
            let wrong = wrong_refusal(&error, expectation, check)?;
            // A container may report by itself that it gets too many requests.
            let kind = if error.status == Some(429) { FailureKind::Throttled } else { wrong };
            let code = error.status.map(|status| status.to_string());
            failure(kind, code, excerpt(&error.message), error.request_id)
        }
        Err(InvokeError::Target(error)) => failure(kind_of(&error), error.code.clone(), excerpt(&error.message), error.request_id.clone()),
    }
}

fn wrong_response(response: &ModelResponse, expectation: &Expectation, row: Option<&Row>, check: bool) -> Option<String> {
    let checks = match expectation {
        Expectation::Response(expected) if check => expect::check_response(expected, response, row),
        Expectation::Response(_) => return None,
        Expectation::ModelError { .. } => return Some("the model responded without the expected error".to_owned()),
    };
    let wrong = checks.into_iter().find(|check| check.outcome.is_wrong())?;
    let place = wrong.at.map(|at| format!(" at {at}")).unwrap_or_default();
    let found = match (wrong.expected, wrong.actual) {
        (Some(expected), Some(actual)) => format!(": expected {expected}, found {actual}"),
        _ => String::new(),
    };
    Some(excerpt(&format!("{}{place}: {}{found}", wrong.name, wrong.message.unwrap_or_default())))
}

fn wrong_refusal(error: &ModelFailure, expectation: &Expectation, check: bool) -> Option<FailureKind> {
    match expectation {
        Expectation::Response(_) => Some(FailureKind::ModelError),
        Expectation::ModelError { .. } if !check => None,
        Expectation::ModelError { expected, .. } => {
            let wrong = expect::check_model_error(expected, error).iter().any(|check| check.outcome == Outcome::Failed);
            wrong.then_some(FailureKind::WrongResponse)
        }
    }
}

fn kind_of(error: &TargetError) -> FailureKind {
    match error.kind {
        TargetErrorKind::Timeout => FailureKind::Timeout,
        TargetErrorKind::Throttled => FailureKind::Throttled,
        TargetErrorKind::Unavailable => FailureKind::Unavailable,
        TargetErrorKind::Network => FailureKind::Network,
        TargetErrorKind::NotFound
        | TargetErrorKind::AccessDenied
        | TargetErrorKind::ExpiredCredentials
        | TargetErrorKind::NoCredentials
        | TargetErrorKind::Refused => FailureKind::Refused,
        TargetErrorKind::Other => FailureKind::Other,
    }
}
