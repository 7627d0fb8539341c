//! A target whose responses and latencies are a function of number and time of the request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use endpoint_test::{Clock, Description, EndpointStatus, InvokeError, ModelResponse, Request, Target, TargetError, Variant};

use crate::virtual_time::VirtualClock;

/// The outcome of a request, from its number, starting at zero, and its time.
type Behaviour<'a> = Box<dyn Fn(u64, Duration, &[u8]) -> (Duration, Result<ModelResponse, InvokeError>) + Send + Sync + 'a>;

/// A target in virtual time.
pub(crate) struct Simulated<'a> {
    clock: &'a VirtualClock,
    behaviour: Behaviour<'a>,
    requests: AtomicU64,
}

impl<'a> Simulated<'a> {
    pub(crate) fn new(
        clock: &'a VirtualClock,
        behaviour: impl Fn(u64, Duration) -> (Duration, Result<ModelResponse, InvokeError>) + Send + Sync + 'a,
    ) -> Self {
        Self { clock, behaviour: Box::new(move |number, now, _| behaviour(number, now)), requests: AtomicU64::new(0) }
    }

    /// Responds rightly after this number of milliseconds.
    pub(crate) fn steady(clock: &'a VirtualClock, milliseconds: u64) -> Self {
        Self::new(clock, move |_, _| (Duration::from_millis(milliseconds), Ok(response("setosa"))))
    }

    /// Responds by the request's body, after five milliseconds.
    pub(crate) fn of_body(clock: &'a VirtualClock, respond: impl Fn(&[u8]) -> ModelResponse + Send + Sync + 'a) -> Self {
        let behaviour = move |_: u64, _: Duration, body: &[u8]| (Duration::from_millis(5), Ok(respond(body)));
        Self { clock, behaviour: Box::new(behaviour), requests: AtomicU64::new(0) }
    }

    /// The number of requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Target for Simulated<'_> {
    async fn describe(&self) -> Result<Description, TargetError> {
        let variant = Variant { name: "AllTraffic".to_owned(), weight: Some(1.0), ..Variant::default() };
        Ok(Description { status: EndpointStatus::InService, variants: vec![variant], data_capture: Some(false), ..Description::default() })
    }

    async fn invoke(&self, request: &Request) -> Result<ModelResponse, InvokeError> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let (time, returned) = (self.behaviour)(number, self.clock.now(), &request.body);
        self.clock.sleep(time).await;
        returned
    }
}

pub(crate) fn response(body: &str) -> ModelResponse {
    ModelResponse {
        status: 200,
        content_type: Some("text/csv".to_owned()),
        body: body.to_owned().into(),
        variant: Some("AllTraffic".to_owned()),
        request_id: Some("req-1".to_owned()),
    }
}
