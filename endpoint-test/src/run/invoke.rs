//! Sends one request once.

use std::time::Duration;

use crate::clock::{Clock, in_time};
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
    let outcome = match in_time(target.invoke(request), clock, request.timeout).await {
        Some(Ok(response)) => InvokeOutcome::Response(response),
        Some(Err(InvokeError::Model(failure))) => InvokeOutcome::ModelError(failure),
        Some(Err(InvokeError::Target(error))) => InvokeOutcome::TargetError(error),
        None => InvokeOutcome::Timeout,
    };
    TimedResponse { outcome, latency: clock.now().saturating_sub(start) }
}
