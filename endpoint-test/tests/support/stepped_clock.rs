//! Time that passes only when a test advances it, so that results do not depend on how busy the
//! machine is.

use std::time::{Duration, SystemTime};

use endpoint_test::Clock;
use tokio::sync::watch;

/// A clock that stands still until it is advanced. Clones share their time.
#[derive(Debug, Clone)]
pub(crate) struct SteppedClock(watch::Sender<Duration>);

impl Default for SteppedClock {
    fn default() -> Self {
        Self(watch::Sender::new(Duration::ZERO))
    }
}

impl SteppedClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Duration {
        *self.0.borrow()
    }

    fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now() + duration;
        let _passed = self.0.subscribe().wait_for(|now| *now >= until).await.is_ok();
    }
}
