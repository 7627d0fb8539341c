//! The clock for waits and latencies: real in production, scripted in tests.

use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

/// Reads the time and sleeps.
pub trait Clock: Sync {
    /// Time since a fixed moment; never goes backwards.
    fn now(&self) -> Duration;

    /// The date and time, for reports. Durations are measured with [`Clock::now`].
    fn date(&self) -> SystemTime;

    /// Returns after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

impl<C: Clock> Clock for &C {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn date(&self) -> SystemTime {
        (**self).date()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        (**self).sleep(duration)
    }
}

/// The machine's clocks, with Tokio's timer.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that starts at zero.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn date(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(duration)
    }
}

/// The pause, lengthened or shortened by up to a quarter; `random` is in `0..1`.
pub(crate) fn spread(pause: Duration, random: f64) -> Duration {
    pause.mul_f64(0.75 + random / 2.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pause_varies_by_a_quarter_at_most(random in 0.0..1.0f64, seconds in 1u64..600) {
            let pause = Duration::from_secs(seconds);
            let spread = spread(pause, random);
            prop_assert!(spread >= pause.mul_f64(0.749) && spread <= pause.mul_f64(1.251));
        }
    }
}
