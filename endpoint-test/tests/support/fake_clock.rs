//! A clock that never really waits.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use endpoint_test::Clock;

/// A clock that advances only when a future sleeps.
#[derive(Debug, Default)]
pub(crate) struct FakeClock {
    now: Mutex<Duration>,
}

impl FakeClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
