//! The search for the rate at which the thresholds break.

use std::time::Duration;

use super::plan::{Phase, Traffic};

/// The rates that are tried, one after another: up from the lowest until the thresholds break, then
/// between the last rate that held and the first that broke.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RateSearch {
    /// The lowest and the highest rate, per second.
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) step: Step,
    /// How long each rate is held.
    pub(crate) hold: Duration,
    /// The search ends when the two rates are as close as this part of the lower one.
    pub(crate) precision: f64,
    /// The rate that a threshold requires. It is tried itself, so that the threshold is decided.
    pub(crate) required: Option<f64>,
}

/// How a rate grows until the thresholds break.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    /// By this part of it.
    Part(f64),
    /// By so many requests a second.
    Rate(f64),
}

/// What a rate showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Holds,
    Breaks,
    /// Nothing: the generator was late, or the network failed.
    Nothing,
}

/// A search under way.
#[derive(Debug, Clone)]
pub(super) struct Finder<'a> {
    search: &'a RateSearch,
    /// The highest rate that held and the lowest that broke.
    holds: Option<f64>,
    breaks: Option<f64>,
    is_over: bool,
}

impl RateSearch {
    /// The phase that holds a rate.
    pub(crate) fn phase(&self, rate: f64) -> Phase {
        Phase { name: format!("{rate}/s"), traffic: Traffic::Open { from: rate, to: rate }, duration: self.hold, counted: true }
    }

    /// The most phases that the search takes, wherever the thresholds break, and the most requests.
    pub(crate) fn most(&self) -> (usize, f64) {
        let (phases, rates) = Self::worst(&Finder::new(self), 0);
        (phases, rates * self.hold.as_secs_f64())
    }

    /// The most phases from here, and the largest sum of their rates.
    fn worst(finder: &Finder<'_>, depth: usize) -> (usize, f64) {
        // A suite with so many phases is rejected.
        let Some(rate) = finder.next_rate().filter(|_| depth < 100) else { return (0, 0.0) };
        let after = |shown| {
            let mut finder = finder.clone();
            finder.record(rate, shown);
            Self::worst(&finder, depth + 1)
        };
        let (holds, breaks) = (after(Shown::Holds), after(Shown::Breaks));
        (1 + holds.0.max(breaks.0), rate + holds.1.max(breaks.1))
    }

    /// The rates that are tried if the thresholds hold up to this one.
    #[cfg(test)]
    fn rates(&self, limit: f64) -> Vec<f64> {
        let (mut finder, mut rates) = (Finder::new(self), Vec::new());
        while let Some(rate) = finder.next_rate() {
            rates.push(rate);
            finder.record(rate, if rate <= limit { Shown::Holds } else { Shown::Breaks });
        }
        rates
    }
}

impl<'a> Finder<'a> {
    pub(super) fn new(search: &'a RateSearch) -> Self {
        Self { search, holds: None, breaks: None, is_over: false }
    }

    /// The rate to try next; `None` at the end.
    pub(super) fn next_rate(&self) -> Option<f64> {
        let search = self.search;
        if self.is_over {
            return None;
        }
        let required = |low: f64, high: f64| search.required.filter(|rate| (low..high).contains(rate) && *rate > low);
        match (self.holds, self.breaks) {
            (None, None) => Some(search.from),
            (None, Some(_)) => None,
            (Some(low), None) => {
                let next = match search.step {
                    Step::Part(part) => readable(low * (1.0 + part), low),
                    Step::Rate(rate) => low + rate,
                };
                (low < search.to).then(|| required(low, next).unwrap_or(next.min(search.to)))
            }
            (Some(low), Some(high)) => required(low, high).or_else(|| {
                let middle = readable(f64::midpoint(low, high), low);
                (high - low > search.precision * low && middle > low && middle < high).then_some(middle)
            }),
        }
    }

    pub(super) fn record(&mut self, rate: f64, shown: Shown) {
        match shown {
            Shown::Holds => self.holds = Some(rate),
            Shown::Breaks => self.breaks = Some(rate),
            Shown::Nothing => self.is_over = true,
        }
    }
}

/// The rate to three digits, so that reports can be read, unless that is not above `low`.
fn readable(rate: f64, low: f64) -> f64 {
    let scale = 10f64.powf(2.0 - rate.log10().floor());
    let rounded = (rate * scale).round() / scale;
    // A second rounding removes what the division left.
    let rounded = (rounded * 1e6).round() / 1e6;
    if rounded > low { rounded } else { rate }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn search(from: f64, to: f64, step: Step, precision: f64) -> RateSearch {
        RateSearch { from, to, step, hold: Duration::from_secs(10), precision, required: None }
    }

    #[test]
    fn rates_grow_until_the_thresholds_break_and_the_interval_is_halved() {
        let doubled = search(100.0, 2000.0, Step::Part(1.0), 0.1);
        assert_eq!(doubled.rates(730.0), [100.0, 200.0, 400.0, 800.0, 600.0, 700.0, 750.0]);
        let even = search(100.0, 500.0, Step::Rate(100.0), 0.2);
        assert_eq!(even.rates(310.0), [100.0, 200.0, 300.0, 400.0, 350.0]);
        // The highest rate is tried itself, and the lowest alone if it breaks.
        assert_eq!(doubled.rates(f64::INFINITY), [100.0, 200.0, 400.0, 800.0, 1600.0, 2000.0]);
        assert_eq!(doubled.rates(99.0), [100.0]);
    }

    #[test]
    fn a_required_rate_is_tried_itself() {
        let required = RateSearch { required: Some(650.0), ..search(100.0, 2000.0, Step::Part(1.0), 0.5) };
        assert_eq!(required.rates(700.0), [100.0, 200.0, 400.0, 650.0, 1300.0, 975.0]);
        assert_eq!(required.rates(500.0), [100.0, 200.0, 400.0, 650.0, 525.0]);
        assert_eq!(required.rates(150.0), [100.0, 200.0, 150.0]);
    }

    #[test]
    fn a_rate_that_shows_nothing_ends_the_search() {
        let search = search(100.0, 2000.0, Step::Part(1.0), 0.1);
        let mut finder = Finder::new(&search);
        finder.record(100.0, Shown::Holds);
        finder.record(200.0, Shown::Nothing);
        assert_eq!((finder.next_rate(), finder.holds, finder.breaks), (None, Some(100.0), None));
    }

    proptest! {
        #[test]
        fn every_search_ends_with_an_interval_as_close_as_required_and_within_its_cost(
            from in 1.0..100.0f64, times in 1.5..50.0f64, part in 0.1..3.0f64, precision in 0.02..0.5f64, limit in 0.5..60.0f64
        ) {
            let search = search(from, from * times, Step::Part(part), precision);
            let limit = limit * from;
            let rates = search.rates(limit);
            let holds = rates.iter().copied().filter(|rate| *rate <= limit).fold(0.0, f64::max);
            let breaks = rates.iter().copied().filter(|rate| *rate > limit).fold(f64::INFINITY, f64::min);
            if holds > 0.0 && breaks.is_finite() {
                prop_assert!(breaks - holds <= precision * holds * 1.000_001, "{} {} {:?}", holds, breaks, rates);
            } else {
                prop_assert!(holds == 0.0 || (holds - search.to).abs() < 1e-9, "{:?}", rates);
            }
            let (phases, requests) = search.most();
            prop_assert!(rates.len() <= phases, "{} {}", rates.len(), phases);
            prop_assert!(rates.iter().sum::<f64>() * 10.0 <= requests + 1e-6);
        }
    }
}
