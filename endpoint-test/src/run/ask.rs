//! One request, sent once, and what came of it.

use std::time::Duration;

use crate::clock::Clock;
use crate::target::{InvokeError, ModelFailure, Reply, Request, Target, TargetError};

/// What came of a request.
pub(super) enum Answer {
    Reply(Reply),
    Model(ModelFailure),
    Error(TargetError),
    /// Nothing came in time.
    Late,
}

/// An answer, and how long it took.
pub(super) struct Asked {
    pub(super) answer: Answer,
    pub(super) latency: Duration,
}

/// Sends a request once and waits for its answer as long as the request says.
pub(super) async fn ask<T: Target, C: Clock>(target: &T, request: &Request, clock: &C) -> Asked {
    let start = clock.now();
    let answer = tokio::select! {
        biased;
        answer = target.invoke(request) => match answer {
            Ok(reply) => Answer::Reply(reply),
            Err(InvokeError::Model(failure)) => Answer::Model(failure),
            Err(InvokeError::Target(error)) => Answer::Error(error),
        },
        () = clock.sleep(request.timeout) => Answer::Late,
    };
    Asked { answer, latency: clock.now().saturating_sub(start) }
}
