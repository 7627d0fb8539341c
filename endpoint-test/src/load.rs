//! Load: how a target responds to many callers at once.
//!
//! In an *open* phase requests arrive by a schedule, whether or not others got a response: callers
//! of a real endpoint do not wait for each other. Latency is measured from the scheduled time, so
//! that if a target stops for a second, the delay of every caller in that second is visible. In a
//! *closed* phase each user sends a request, waits for the response and sends the next. There such
//! a stop costs one slow request for each user and is hardly visible.

mod drive;
mod failure;
mod in_flight;
mod judge;
pub(crate) mod plan;
mod proof;
mod rates;
mod recent;
mod recorder;
mod requests;
mod schedule;
pub(crate) mod search;
mod spectrum;
mod stalls;
pub(crate) mod threshold;

pub use self::plan::{LoadPlan, MAX_CONTAINER_REQUESTS, MAX_IN_FLIGHT, MAX_LOAD, MAX_REQUESTS};
pub(crate) use self::requests::{LoadCase, LoadRequests};

use std::sync::atomic::AtomicU64;

use crate::clock::Clock;
use crate::event::Event;
use crate::interruption::Interruption;
use crate::report::LoadReport;
use crate::target::Target;

/// Runs the plan's load on a target and reports the results. Nothing is sent twice.
pub(crate) async fn run<T: Target, C: Clock>(
    target: &T,
    plan: &LoadPlan,
    requests: &LoadRequests<'_>,
    interruption: &Interruption,
    clock: &C,
    on_event: &mut impl FnMut(Event),
) -> LoadReport {
    let (planned, most) = (plan.planned_arrivals(), plan.most(target.kind()));
    if planned > most {
        // The suite itself is within its `max_requests`.
        let message = format!("the load sends {planned} requests; the limit for an endpoint is {MAX_REQUESTS}, because each costs money");
        return LoadReport::errored(message, "make the load shorter or slower, or run it on a container");
    }
    let looks = AtomicU64::new(0);
    let results = drive::drive(target, plan, requests, interruption, clock, &looks, on_event).await;
    judge::report(plan, &results)
}

/// Why a load ended before its plan did.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ended {
    /// Too many requests failed: `failed` of the last `of`.
    Hopeless { failed: usize, of: usize, proven: bool },
    /// The run was interrupted.
    Interrupted,
    /// The next request would have exceeded this limit of requests.
    TooMany(u64),
}
