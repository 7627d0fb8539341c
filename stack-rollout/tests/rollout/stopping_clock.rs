//! A rollout that is killed at one of its pauses.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use stack_rollout::Clock;

use crate::fake::FakeClock;

/// A clock that stops after some pauses, like a killed program.
#[derive(Debug)]
pub(crate) struct StoppingClock {
    pauses: AtomicUsize,
    is_stopped: AtomicBool,
    clock: FakeClock,
}

impl StoppingClock {
    pub(crate) fn after(pauses: usize) -> Self {
        Self { pauses: AtomicUsize::new(pauses), is_stopped: AtomicBool::new(false), clock: FakeClock::default() }
    }

    /// Polls a run until it is killed (`true`) or ends (`false`).
    pub(crate) fn kills<T>(&self, mut run: Pin<&mut impl Future<Output = T>>) -> bool {
        while !self.is_stopped.load(Ordering::Relaxed) {
            if run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                return false;
            }
        }
        true
    }
}

impl Clock for StoppingClock {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn date(&self) -> std::time::SystemTime {
        self.clock.date()
    }

    async fn sleep(&self, duration: Duration) {
        if self.pauses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
            self.is_stopped.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
        self.clock.sleep(duration).await;
    }
}
