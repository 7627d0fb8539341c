//! One request, sent once, and what came of it.

use std::time::Duration;

use crate::clock::Clock;
use crate::target::{InvokeError, ModelFailure, Reply, Request, Target, TargetError};

/// The response to a request.
pub(super) enum Response {
    Reply(Reply),
    Model(ModelFailure),
    Error(TargetError),
    /// Nothing came in time.
    Late,
}

/// A response, and how long it took.
pub(super) struct TimedResponse {
    pub(super) response: Response,
    pub(super) latency: Duration,
}

/// Sends a request once and waits for its response as long as the request says.
pub(super) async fn invoke<T: Target, C: Clock>(target: &T, request: &Request, clock: &C) -> TimedResponse {
    let start = clock.now();
    let response = tokio::select! {
        biased;
        invoked = target.invoke(request) => match invoked {
            Ok(reply) => Response::Reply(reply),
            Err(InvokeError::Model(failure)) => Response::Model(failure),
            Err(InvokeError::Target(error)) => Response::Error(error),
        },
        () = clock.sleep(request.timeout) => Response::Late,
    };
    TimedResponse { response, latency: clock.now().saturating_sub(start) }
}
