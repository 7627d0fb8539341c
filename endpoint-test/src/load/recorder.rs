//! The figures of a running load.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::failure::{Failure, FailureKind};
use super::plan::LoadPlan;

/// From a microsecond to two minutes, longer than the time limit of AWS for a model.
const MAX_MICROSECONDS: u64 = 120_000_000;

/// A request that is sent later than this is late. Timers of this machine are up to a millisecond
/// late.
pub(super) const MAX_LAG: Duration = Duration::from_millis(20);

/// The most steps of a series: as many as a chart can show.
const MAX_STEPS: u32 = 90;

/// Step lengths that are readable on an axis.
const STEPS: [Duration; 10] = [
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_mins(1),
];

/// Latencies in microseconds, to three digits.
#[derive(Debug, Clone)]
pub(super) struct Distribution(pub(super) Histogram<u64>);

impl Default for Distribution {
    fn default() -> Self {
        Self::with_digits(3)
    }
}

impl Distribution {
    fn with_digits(digits: u8) -> Self {
        Self(Histogram::new_with_bounds(1, MAX_MICROSECONDS, digits).expect("the bounds are valid"))
    }

    pub(super) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(MAX_MICROSECONDS).clamp(1, MAX_MICROSECONDS));
    }

    /// How many are above this limit.
    pub(super) fn above(&self, limit: Duration) -> u64 {
        let limit = u64::try_from(limit.as_micros()).unwrap_or(MAX_MICROSECONDS).clamp(1, MAX_MICROSECONDS);
        self.0.len() - self.0.count_between(0, limit)
    }

    fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("both have the same bounds");
    }

    /// In milliseconds; zero if there are none.
    pub(super) fn at(&self, quantile: f64) -> f64 {
        if self.0.is_empty() { 0.0 } else { milliseconds(self.0.value_at_quantile(quantile).min(self.0.max())) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "two minutes at most")]
pub(super) fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}

/// The results of one or several phases.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) sent: u64,
    pub(super) passed: u64,
    pub(super) dropped: u64,
    /// The dropped arrivals that would have been sent if the generator had kept pace.
    pub(super) dropped_by_generator: u64,
    pub(super) failures: BTreeMap<(FailureKind, Option<String>), (u64, Failure)>,
    pub(super) response: Distribution,
    pub(super) service: Distribution,
    /// The part of the service time that is the target's for certain.
    pub(super) proven: Distribution,
    /// How late requests were sent.
    pub(super) lag: Distribution,
    /// How many of the finished requests were sent later than [`MAX_LAG`].
    pub(super) late: u64,
    /// From the start of the load; the end includes the last response.
    pub(super) start: Duration,
    pub(super) end: Duration,
}

impl Tally {
    pub(super) fn errors(&self) -> u64 {
        self.failures.values().map(|(count, _)| count).sum()
    }

    /// The number of requests with an outcome.
    pub(super) fn finished(&self) -> u64 {
        self.passed + self.errors()
    }

    /// The number of failures of these kinds.
    pub(super) fn errors_that(&self, is: impl Fn(FailureKind) -> bool) -> u64 {
        self.failures.iter().filter(|((kind, _), _)| is(*kind)).map(|(_, (count, _))| count).sum()
    }

    /// Several phases together.
    pub(super) fn sum<'a>(tallies: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut tallies = tallies.into_iter();
        let Some(mut sum) = tallies.next().cloned() else { return Self::default() };
        for tally in tallies {
            sum.sent += tally.sent;
            sum.passed += tally.passed;
            sum.dropped += tally.dropped;
            sum.dropped_by_generator += tally.dropped_by_generator;
            sum.late += tally.late;
            for (key, (count, first)) in &tally.failures {
                sum.failures.entry(key.clone()).or_insert_with(|| (0, first.clone())).0 += count;
            }
            sum.response.add(&tally.response);
            sum.service.add(&tally.service);
            sum.proven.add(&tally.proven);
            sum.lag.add(&tally.lag);
            sum.start = sum.start.min(tally.start);
            sum.end = sum.end.max(tally.end);
        }
        sum
    }
}

/// One step of the series.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) sent: u64,
    pub(super) errors: u64,
    pub(super) dropped: u64,
    pub(super) response: Distribution,
}

/// A finished request.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) phase: usize,
    /// All three from the start of the load.
    pub(super) intended: Duration,
    pub(super) started: Duration,
    pub(super) ended: Duration,
    pub(super) failure: Option<Failure>,
}

#[derive(Debug)]
pub(super) struct Recorder {
    /// One for each phase of the plan.
    pub(super) phases: Vec<Tally>,
    pub(super) steps: Vec<Step>,
    pub(super) step: Duration,
}

impl Recorder {
    pub(super) fn new(plan: &LoadPlan) -> Self {
        let duration = plan.duration();
        let step = STEPS.into_iter().find(|step| *step * MAX_STEPS >= duration).unwrap_or(Duration::from_mins(1));
        Self { phases: vec![Tally::default(); plan.phases.len()], steps: Vec::new(), step }
    }

    pub(super) fn sent(&mut self, phase: usize, intended: Duration) {
        self.phases[phase].sent += 1;
        self.step(intended).sent += 1;
    }

    pub(super) fn dropped(&mut self, phase: usize, intended: Duration, own_fault: bool) {
        self.phases[phase].dropped += 1;
        self.phases[phase].dropped_by_generator += u64::from(own_fault);
        self.step(intended).dropped += 1;
    }

    /// Records a finished request, with the proven part of its service time.
    pub(super) fn done(&mut self, done: Done, proven: Duration) {
        let response = done.ended.saturating_sub(done.intended);
        // A refusal may be fast: it would improve the target's latencies.
        let counts = done.failure.as_ref().is_none_or(|failure| failure.kind.has_latency());
        let step = self.step(done.intended);
        step.errors += u64::from(done.failure.is_some());
        if counts {
            step.response.record(response);
        }
        let tally = &mut self.phases[done.phase];
        let lag = done.started.saturating_sub(done.intended);
        tally.lag.record(lag);
        tally.late += u64::from(lag > MAX_LAG);
        tally.end = tally.end.max(done.ended);
        if counts {
            tally.response.record(response);
            tally.service.record(done.ended.saturating_sub(done.started));
            tally.proven.record(proven);
        }
        match done.failure {
            None => tally.passed += 1,
            Some(failure) => tally.failures.entry((failure.kind, failure.code.clone())).or_insert((0, failure)).0 += 1,
        }
    }

    fn step(&mut self, at: Duration) -> &mut Step {
        // At most an hour in steps of a tenth of a second.
        let index = usize::try_from(at.as_nanos() / self.step.as_nanos()).unwrap_or(usize::MAX).min(1000);
        while self.steps.len() <= index {
            // Two digits suffice for a chart, and there are many of these.
            self.steps.push(Step { sent: 0, errors: 0, dropped: 0, response: Distribution::with_digits(2) });
        }
        &mut self.steps[index]
    }
}
