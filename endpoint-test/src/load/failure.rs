//! Why a request under load failed.

use crate::expect::{self, Expectation};
use crate::format::excerpt;
use crate::report::Outcome;
use crate::rows::Row;
use crate::target::{InvokeError, ModelFailure, Reply, TargetError, TargetErrorKind};

/// A request that failed.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    /// AWS's error code, or the model's status.
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) case: String,
    pub(super) request_id: Option<String>,
}

/// The kinds of failure, by what they say about the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FailureKind {
    /// The answer is not what the case expects.
    WrongAnswer,
    /// The model answered with an error.
    ModelError,
    /// No answer in time.
    Timeout,
    /// Refused as too many.
    Throttled,
    /// The service or the model was not ready.
    Unavailable,
    /// No connection, or a broken one.
    Network,
    /// The caller may not, or asked for what is not there.
    Refused,
    /// Something else.
    Other,
}

impl FailureKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::WrongAnswer => "wrong answer",
            Self::ModelError => "model error",
            Self::Timeout => "timeout",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Network => "network",
            Self::Refused => "refused",
            Self::Other => "other",
        }
    }

    /// Whether the target is proven not to have coped. A broken network or a missing permission proves nothing.
    pub(super) fn is_the_targets(self) -> bool {
        matches!(self, Self::WrongAnswer | Self::ModelError | Self::Timeout | Self::Throttled | Self::Unavailable)
    }

    /// Whether the time until the failure is a latency.
    pub(super) fn took_its_time(self) -> bool {
        matches!(self, Self::WrongAnswer | Self::Timeout)
    }
}

/// What is wrong with an answer; `None` for nothing. Without `check` any answer is right.
pub(super) fn of_answer(
    answer: Result<Reply, InvokeError>,
    expectation: &Expectation,
    row: Option<&Row>,
    case: &str,
    check: bool,
) -> Option<Failure> {
    let failure = |kind, code, message, request_id| Some(Failure { kind, code, message, case: case.to_owned(), request_id });
    match answer {
        Ok(reply) => {
            let wrong = wrong_answer(&reply, expectation, row, check)?;
            failure(FailureKind::WrongAnswer, None, wrong, reply.request_id)
        }
        Err(InvokeError::Model(error)) => {
            let wrong = wrong_refusal(&error, expectation, check)?;
            // A container of one's own says itself that it is asked too much.
            let kind = if error.status == Some(429) { FailureKind::Throttled } else { wrong };
            let code = error.status.map(|status| status.to_string());
            failure(kind, code, excerpt(&error.message), error.request_id)
        }
        Err(InvokeError::Target(error)) => failure(kind_of(&error), error.code.clone(), excerpt(&error.message), error.request_id.clone()),
    }
}

fn wrong_answer(reply: &Reply, expectation: &Expectation, row: Option<&Row>, check: bool) -> Option<String> {
    let checks = match expectation {
        Expectation::Reply(expected) if check => expect::check_reply(expected, reply, row),
        Expectation::Reply(_) => return None,
        Expectation::ModelError { .. } => return Some("the model answered, and should have refused".to_owned()),
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
        Expectation::Reply(_) => Some(FailureKind::ModelError),
        Expectation::ModelError { .. } if !check => None,
        Expectation::ModelError { expected, .. } => {
            let wrong = expect::check_model_error(expected, error).iter().any(|check| check.outcome == Outcome::Failed);
            wrong.then_some(FailureKind::WrongAnswer)
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
