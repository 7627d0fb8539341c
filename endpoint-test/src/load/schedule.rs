//! When the requests of an open phase are sent: it depends only on the plan, not on the target.

use std::time::Duration;

use super::plan::{Arrivals, Phase, Traffic};

/// The arrival times over the open phases of a plan.
///
/// The number of arrivals up to a time is the integral of the rate. Arrival *k* is where it reaches
/// *k*. It continues from one phase into the next, so that no phase begins with a jump.
#[derive(Debug)]
pub(super) struct Schedule {
    random: Option<fastrand::Rng>,
    /// The integral at the next arrival.
    next: f64,
    /// The integral at the start of the current phase.
    before: f64,
}

impl Schedule {
    pub(super) fn new(arrivals: Arrivals) -> Self {
        match arrivals {
            Arrivals::Even => Self { random: None, next: 0.0, before: 0.0 },
            Arrivals::Poisson { seed } => {
                let mut random = fastrand::Rng::with_seed(seed);
                let next = exponential(&mut random);
                Self { random: Some(random), next, before: 0.0 }
            }
        }
    }

    /// The next arrival, from the start of `phase`; `None` if there are no more, or if it is
    /// closed.
    pub(super) fn next(&mut self, phase: &Phase) -> Option<Duration> {
        let Traffic::Open { from, to } = phase.traffic else { return None };
        let seconds = phase.duration.as_secs_f64();
        let total = phase.planned()?;
        let due = self.next - self.before;
        // Sums such as of 0.1 are inexact: an arrival at the very end belongs to the next phase.
        if due > total - 1e-9 * total.max(1.0) {
            return None;
        }
        self.next += match &mut self.random {
            None => 1.0,
            Some(random) => exponential(random),
        };
        Some(Duration::from_secs_f64(moment(due.max(0.0), from, to, seconds).clamp(0.0, seconds)))
    }

    /// Continues with the phase after `phase`.
    pub(super) fn finish(&mut self, phase: &Phase) {
        self.before += phase.planned().unwrap_or(0.0);
    }
}

/// A sample of the exponential distribution with mean one: a gap of a Poisson process.
fn exponential(random: &mut fastrand::Rng) -> f64 {
    // 1 - [0, 1) is never zero.
    -(1.0 - random.f64()).ln()
}

/// Where the integral of a rate that changes linearly from `from` to `to` reaches `due`: the root
/// of `from·t + (to − from)/(2·seconds)·t² = due`, in the numerically stable form.
fn moment(due: f64, from: f64, to: f64, seconds: f64) -> f64 {
    if due == 0.0 {
        return 0.0;
    }
    let curve = (to - from) / (2.0 * seconds);
    let root = from.mul_add(from, 4.0 * curve * due).max(0.0).sqrt();
    2.0 * due / (from + root)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phase(from: f64, to: f64, seconds: f64) -> Phase {
        Phase { name: String::new(), traffic: Traffic::Open { from, to }, duration: Duration::from_secs_f64(seconds), counted: true }
    }

    /// All arrivals of consecutive phases, from the start of the first.
    fn arrivals(how: Arrivals, phases: &[Phase]) -> Vec<f64> {
        let mut schedule = Schedule::new(how);
        let (mut moments, mut start) = (Vec::new(), 0.0);
        for phase in phases {
            while let Some(moment) = schedule.next(phase) {
                moments.push(start + moment.as_secs_f64());
            }
            schedule.finish(phase);
            start += phase.duration.as_secs_f64();
        }
        moments
    }

    #[test]
    fn a_constant_rate_sends_at_even_intervals_from_the_start() {
        assert_eq!(arrivals(Arrivals::Even, &[phase(2.0, 2.0, 2.0)]), [0.0, 0.5, 1.0, 1.5]);
    }

    #[test]
    fn a_ramp_from_zero_sends_at_square_roots() {
        let found = arrivals(Arrivals::Even, &[phase(0.0, 8.0, 2.0)]);
        let expected: Vec<f64> = (0..8).map(|number| (f64::from(number) / 2.0).sqrt()).collect();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-8, "{found} {expected}");
        }
    }

    #[test]
    fn rates_without_an_exact_binary_form_lose_no_request() {
        assert_eq!(arrivals(Arrivals::Even, &[phase(0.1, 0.1, 30.0)]).len(), 3);
        let tenths: Vec<_> = (0..30).map(|_| phase(0.1, 0.1, 1.0)).collect();
        assert_eq!(arrivals(Arrivals::Even, &tenths).len(), 3);
    }

    #[test]
    fn random_arrivals_come_from_their_seed() {
        let of = |seed| arrivals(Arrivals::Poisson { seed }, &[phase(20.0, 20.0, 10.0)]);
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }

    #[test]
    fn random_arrivals_have_the_gaps_of_independent_callers() {
        let moments = arrivals(Arrivals::Poisson { seed: 3 }, &[phase(100.0, 100.0, 100.0)]);
        let gaps: Vec<f64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        #[expect(clippy::cast_precision_loss, reason = "some ten thousand")]
        let count = gaps.len() as f64;
        let mean = gaps.iter().sum::<f64>() / count;
        let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / count).sqrt();
        // An exponential distribution's deviation is its mean.
        assert!((mean - 0.01).abs() < 0.0005 && (deviation / mean - 1.0).abs() < 0.05, "{mean} {deviation}");
    }

    proptest! {
        #[test]
        fn the_number_of_arrivals_is_the_integral_of_the_rate(
            ramps in prop::collection::vec((0.0..50.0f64, 0.0..50.0f64, 0.1..30.0f64), 1..5)
        ) {
            let phases: Vec<_> = ramps.iter().map(|(from, to, seconds)| phase(*from, *to, *seconds)).collect();
            let integral: f64 = phases.iter().filter_map(Phase::planned).sum();
            #[expect(clippy::cast_precision_loss, reason = "some thousands")]
            let count = arrivals(Arrivals::Even, &phases).len() as f64;
            prop_assert!((count - integral).abs() <= 1.0 + 1e-6, "{} {}", count, integral);
        }

        #[test]
        fn arrivals_are_ordered_and_within_their_plan(
            ramps in prop::collection::vec((0.0..50.0f64, 0.0..50.0f64, 0.1..30.0f64), 1..5), seed: Option<u64>
        ) {
            let phases: Vec<_> = ramps.iter().map(|(from, to, seconds)| phase(*from, *to, *seconds)).collect();
            let how = seed.map_or(Arrivals::Even, |seed| Arrivals::Poisson { seed });
            let moments = arrivals(how, &phases);
            let end: f64 = phases.iter().map(|phase| phase.duration.as_secs_f64()).sum();
            prop_assert!(moments.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9));
            prop_assert!(moments.iter().all(|moment| (0.0..=end + 1e-6).contains(moment)));
        }

        #[test]
        fn a_ramp_follows_its_integral(from in 0.0..50.0f64, to in 0.0..50.0f64, seconds in 1.0..30.0f64) {
            let moments = arrivals(Arrivals::Even, &[phase(from, to, seconds)]);
            for (number, moment) in moments.iter().enumerate() {
                let integral = from * moment + (to - from) / (2.0 * seconds) * moment * moment;
                #[expect(clippy::cast_precision_loss, reason = "some thousands")]
                let number = number as f64;
                prop_assert!((integral - number).abs() < 1e-3, "arrival {} at {}: {}", number, moment, integral);
            }
        }
    }
}
