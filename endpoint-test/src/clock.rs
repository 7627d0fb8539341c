//! The clock that waits and latencies go by: real in production, scripted in tests.

use std::future::Future;
use std::time::{Duration, Instant};

/// Tells the time and lets time pass.
pub trait Clock: Sync {
    /// Time since some fixed moment; never goes backwards.
    fn now(&self) -> Duration;

    /// Returns when `duration` has passed.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// The machine's monotonic clock, with Tokio's timer.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that reads zero now.
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

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(duration)
    }
}
