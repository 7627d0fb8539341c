//! The plan of a load: phases of traffic, limits and thresholds.

use std::time::Duration;

use super::search::RateSearch;
use super::threshold::Threshold;
use crate::target::TargetKind;

/// The most requests that one load may send to one endpoint, including the warm-up: each costs
/// money. An hour of 250 a second stays below it. It is also the default for a container.
pub const MAX_REQUESTS: u64 = 1_000_000;

/// The most requests that one load may send to a container, which costs nothing, if the suite sets
/// `max_requests`: more than the load generator can send in an hour.
pub const MAX_CONTAINER_REQUESTS: u64 = 1_000_000_000;

/// The longest load, including the warm-up: no longer than a session of a chained role.
pub const MAX_LOAD: Duration = Duration::from_hours(1);

/// The most requests in flight, and the most users.
pub const MAX_IN_FLIGHT: u64 = 4096;

/// The default of `max_in_flight`.
pub(crate) const DEFAULT_IN_FLIGHT: usize = 64;

/// The default part of failed requests above which a load is aborted.
pub(crate) const DEFAULT_ABORT: f64 = 0.5;

/// The load on a target. [`Suite::parse`](crate::Suite::parse) makes it from the key `load`.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadPlan {
    /// The names of the cases whose requests are sent, in turn; at least one.
    pub(crate) cases: Vec<String>,
    /// All phases, the warm-up first; at least one of them is counted, unless a rate is searched.
    pub(crate) phases: Vec<Phase>,
    /// The rates that are tried after the phases.
    pub(crate) search: Option<RateSearch>,
    pub(crate) arrivals: Arrivals,
    /// Further arrivals are dropped and counted as such.
    pub(crate) max_in_flight: usize,
    /// The load ends before it sends more. For an endpoint the limit is also [`MAX_REQUESTS`].
    pub(crate) max_requests: u64,
    /// How long a request waits for its response; `None` for the timeout of its case.
    pub(crate) timeout: Option<Duration>,
    /// Whether responses are checked against the case's expectations.
    pub(crate) check_replies: bool,
    /// The part of failed requests above which the load is aborted.
    pub(crate) abort_above: Option<f64>,
    pub(crate) thresholds: Vec<Threshold>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) traffic: Traffic,
    pub(crate) duration: Duration,
    /// False for a warm-up: its requests are in no figure.
    pub(crate) counted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Traffic {
    /// Requests arrive whether or not others got a response, at a rate that changes linearly.
    Open { from: f64, to: f64 },
    /// Each user sends a request, waits for the response and sends the next, up to `requests`.
    Closed { users: usize, requests: Option<u64> },
}

/// How requests arrive in open phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrivals {
    /// At even intervals.
    Even,
    /// At random, like independent callers: a Poisson process with the phase's rate.
    Poisson { seed: u64 },
}

impl Phase {
    /// How many requests it sends, on average if random; `None` if that depends on the responses.
    pub(crate) fn planned(&self) -> Option<f64> {
        match self.traffic {
            Traffic::Open { from, to } => Some(f64::midpoint(from, to) * self.duration.as_secs_f64()),
            Traffic::Closed { .. } => None,
        }
    }
}

impl LoadPlan {
    /// The names of the cases whose requests are sent, in turn.
    pub fn cases(&self) -> &[String] {
        &self.cases
    }

    /// How long the load lasts, without the last responses; at most, if a rate is searched.
    pub fn duration(&self) -> Duration {
        let phases: Duration = self.phases.iter().map(|phase| phase.duration).sum();
        let search = self.search.as_ref().map(|search| search.hold.saturating_mul(u32::try_from(search.most().0).unwrap_or(u32::MAX)));
        phases.saturating_add(search.unwrap_or_default())
    }

    /// Whether the load searches the rate at which its thresholds break.
    pub fn searches_rate(&self) -> bool {
        self.search.is_some()
    }

    /// How many requests one target may get at most, including the warm-up.
    pub(crate) fn most(&self, kind: TargetKind) -> u64 {
        match kind {
            TargetKind::Container => self.max_requests,
            TargetKind::Endpoint => self.max_requests.min(MAX_REQUESTS),
        }
    }

    /// How many requests the phases with a rate send at most, including the warm-up.
    pub fn planned_arrivals(&self) -> u64 {
        let phases: f64 = self.phases.iter().filter_map(Phase::planned).sum();
        whole(phases + self.search.as_ref().map_or(0.0, |search| search.most().1))
    }

    /// How many counted requests the plan sends; `None` if that depends on the responses.
    pub fn planned(&self) -> Option<u64> {
        if self.search.is_some() {
            return None;
        }
        planned(self.phases.iter().filter(|phase| phase.counted))
    }
}

/// How many requests these phases send together.
pub(crate) fn planned<'a>(phases: impl IntoIterator<Item = &'a Phase>) -> Option<u64> {
    let sum = phases.into_iter().map(Phase::planned).sum::<Option<f64>>()?;
    Some(whole(sum))
}

/// Arrivals are at 0, 1, 2 and so on of the integral, excluding the end: a fraction counts as one
/// arrival. A fraction below 1e-9 is a rounding error.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by MAX_CONTAINER_REQUESTS before it is used")]
fn whole(number: f64) -> u64 {
    (number - 1e-9 * number.max(1.0)).max(0.0).ceil() as u64
}
