//! What a load is: phases of traffic, what bounds it, and what must hold.

use std::time::Duration;

use super::threshold::Threshold;

/// The most requests that one load may send to one target, warm-up included: each costs money, and an hour of 250 a
/// second comes to it.
pub const MOST_REQUESTS: u64 = 1_000_000;

/// The longest load, warm-up included: an assumed role lasts no longer when a role assumed it.
pub const LONGEST_LOAD: Duration = Duration::from_hours(1);

/// The highest rate, in requests a second.
pub const HIGHEST_RATE: f64 = 10_000.0;

/// The most requests under way at once, and the most users.
pub const MOST_IN_FLIGHT: u64 = 4096;

/// Requests under way at once, where the suite does not say.
pub(crate) const DEFAULT_IN_FLIGHT: usize = 64;

/// The part of failed requests above which a load is given up, where the suite does not say.
pub(crate) const DEFAULT_ABORT: f64 = 0.5;

/// How a load is put on a target. Made by [`Suite::parse`](crate::Suite::parse) from the key `load`.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadPlan {
    /// The names of the cases whose requests are sent, in turn; at least one.
    pub(crate) cases: Vec<String>,
    /// All phases, the warm-up first; at least one of them is counted.
    pub(crate) phases: Vec<Phase>,
    pub(crate) arrivals: Arrivals,
    /// Arrivals over it are dropped, and counted as such.
    pub(crate) max_in_flight: usize,
    /// How long a request waits for its reply; `None` for as long as its case does.
    pub(crate) timeout: Option<Duration>,
    /// Whether replies are held against the case's expectations.
    pub(crate) check_replies: bool,
    /// The part of failed requests above which the load is given up.
    pub(crate) abort_above: Option<f64>,
    pub(crate) thresholds: Vec<Threshold>,
}

/// One stretch of a load.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) traffic: Traffic,
    pub(crate) duration: Duration,
    /// False for a warm-up: its requests are in no figure.
    pub(crate) counted: bool,
}

/// What sends requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Traffic {
    /// Requests arrive whether or not others were answered: from one rate a second to another, in a straight line.
    Open { from: f64, to: f64 },
    /// Each user sends a request, waits for the answer and sends the next. `requests` ends it earlier.
    Closed { users: usize, requests: Option<u64> },
}

/// How requests arrive in open phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrivals {
    /// In even steps.
    Even,
    /// At random, as independent callers do: a Poisson process of the phase's rate.
    Poisson { seed: u64 },
}

impl Phase {
    /// How many requests the phase sends, on average for random arrivals; `None` when that depends on the answers.
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

    /// How long the load lasts, the last answers aside.
    pub fn duration(&self) -> Duration {
        self.phases.iter().map(|phase| phase.duration).sum()
    }

    /// How many counted requests the plan sends; `None` when that depends on the answers.
    pub fn planned(&self) -> Option<u64> {
        planned(self.phases.iter().filter(|phase| phase.counted))
    }
}

/// How many requests these phases send together.
pub(crate) fn planned<'a>(phases: impl IntoIterator<Item = &'a Phase>) -> Option<u64> {
    let sum = phases.into_iter().map(Phase::planned).sum::<Option<f64>>()?;
    Some(whole(sum))
}

/// Arrivals come at 0, 1, 2 and so on of the integral, the end excluded: a part of one counts as one. What is less than
/// a thousand-millionth over is not the plan's but the arithmetic's.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by MOST_REQUESTS before it is used")]
fn whole(number: f64) -> u64 {
    (number - 1e-9 * number.max(1.0)).max(0.0).ceil() as u64
}
