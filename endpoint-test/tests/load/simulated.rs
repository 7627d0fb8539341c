//! A target whose answers and their times are a function of when it is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use endpoint_test::{Clock, Description, EndpointStatus, InvokeError, Reply, Request, Target, TargetError, Variant};

use crate::virtual_time::VirtualClock;

/// What becomes of a request: its number, from zero, and the time at which it came.
type Behaviour<'a> = Box<dyn Fn(u64, Duration) -> (Duration, Result<Reply, InvokeError>) + Send + Sync + 'a>;

/// A target in virtual time.
pub(crate) struct Simulated<'a> {
    clock: &'a VirtualClock,
    behaviour: Behaviour<'a>,
    asked: AtomicU64,
}

impl<'a> Simulated<'a> {
    pub(crate) fn new(
        clock: &'a VirtualClock,
        behaviour: impl Fn(u64, Duration) -> (Duration, Result<Reply, InvokeError>) + Send + Sync + 'a,
    ) -> Self {
        Self { clock, behaviour: Box::new(behaviour), asked: AtomicU64::new(0) }
    }

    /// Answers right after so many milliseconds.
    pub(crate) fn steady(clock: &'a VirtualClock, milliseconds: u64) -> Self {
        Self::new(clock, move |_, _| (Duration::from_millis(milliseconds), Ok(reply("setosa"))))
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Target for Simulated<'_> {
    async fn describe(&self) -> Result<Description, TargetError> {
        let variant = Variant { name: "AllTraffic".to_owned(), weight: Some(1.0), ..Variant::default() };
        Ok(Description { status: EndpointStatus::InService, variants: vec![variant], data_capture: Some(false), ..Description::default() })
    }

    async fn invoke(&self, _: &Request) -> Result<Reply, InvokeError> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        let (time, answer) = (self.behaviour)(number, self.clock.now());
        self.clock.sleep(time).await;
        answer
    }
}

pub(crate) fn reply(body: &str) -> Reply {
    Reply {
        status: 200,
        content_type: Some("text/csv".to_owned()),
        body: body.to_owned().into(),
        variant: Some("AllTraffic".to_owned()),
        request_id: Some("req-1".to_owned()),
    }
}
