//! Load: how a target answers when many ask at once.
//!
//! In an *open* phase requests arrive by a schedule, whether or not others were answered: callers of a real endpoint do
//! not wait for each other. Latency counts from the moment at which a request was to be sent, so that a target which
//! stops for a second is seen to have kept everybody waiting who came in that second. In a *closed* phase some users
//! each send a request, wait for the answer and send the next: then such a stop costs one slow request for each user,
//! and hardly shows.

mod drive;
mod failure;
mod in_flight;
mod judge;
pub(crate) mod plan;
mod recorder;
mod schedule;
mod spectrum;
pub(crate) mod threshold;

pub(crate) use self::drive::LoadRequest;
pub use self::plan::{HIGHEST_RATE, LONGEST_LOAD, LoadPlan, MOST_IN_FLIGHT, MOST_REQUESTS};

use crate::clock::Clock;
use crate::event::Event;
use crate::interruption::Interruption;
use crate::report::LoadReport;
use crate::target::Target;

/// Puts the plan's load on a target, and reports what was found. Nothing is sent twice.
pub(crate) async fn run<T: Target, C: Clock>(
    target: &T,
    plan: &LoadPlan,
    requests: &[LoadRequest<'_>],
    interruption: &Interruption,
    clock: &C,
    on_event: &mut impl FnMut(Event),
) -> LoadReport {
    let driven = drive::drive(target, plan, requests, interruption, clock, on_event).await;
    judge::report(plan, &driven)
}

/// Why a load ended before its plan did.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ended {
    /// Too many requests failed: so many of the last so many.
    Hopeless { failed: usize, of: usize, proven: bool },
    /// Somebody interrupted the run.
    Interrupted,
    /// It was about to send more requests than a load may.
    TooMany,
}
