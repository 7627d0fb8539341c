//! Sends one request once.

use std::time::Duration;

use crate::clock::Clock;
use crate::target::{InvokeError, ModelFailure, ModelResponse, Request, Target, TargetError};

pub(super) enum InvokeOutcome {
    Response(ModelResponse),
    ModelError(ModelFailure),
    TargetError(TargetError),
    /// No response in time.
    Timeout,
}

/// The outcome of a request and its latency.
pub(super) struct TimedResponse {
    pub(super) outcome: InvokeOutcome,
    pub(super) latency: Duration,
}

/// Sends a request once and waits for its response until the request's timeout.
pub(super) async fn invoke<T: Target, C: Clock>(target: &T, request: &Request, clock: &C) -> TimedResponse {
    let start = clock.now();
    let outcome = tokio::select! {
        biased;
        invoked = target.invoke(request) => match invoked {
            Ok(response) => InvokeOutcome::Response(response),
            Err(InvokeError::Model(failure)) => InvokeOutcome::ModelError(failure),
            Err(InvokeError::Target(error)) => InvokeOutcome::TargetError(error),
        },
        () = clock.sleep(request.timeout) => InvokeOutcome::Timeout,
    };
    TimedResponse { outcome, latency: clock.now().saturating_sub(start) }
}
