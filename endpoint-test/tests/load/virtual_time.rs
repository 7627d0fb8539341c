//! Time that passes only while all futures wait: a load of an hour runs in a moment, and always
//! alike.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

use endpoint_test::Clock;

/// A clock whose time advances only in [`VirtualClock::run`].
#[derive(Debug, Default)]
pub(crate) struct VirtualClock {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    timers: BTreeMap<(Duration, u64), Waker>,
    made: u64,
}

impl VirtualClock {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass while nothing else runs, as on an overloaded machine.
    pub(crate) fn pause(&self, duration: Duration) {
        self.state().now += duration;
    }

    /// Runs a future to its end.
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            woken.0.store(false, Ordering::SeqCst);
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return value;
            }
            if !woken.0.load(Ordering::SeqCst) {
                self.advance();
            }
        }
    }

    /// Advances to the next timer.
    fn advance(&self) {
        let waker = {
            let mut state = self.state();
            let ((moment, _), waker) = state.timers.pop_first().expect("no timer is left, but futures wait");
            state.now = state.now.max(moment);
            waker
        };
        waker.wake();
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        self.state().now
    }

    fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        Sleep { clock: self, until: self.now() + duration, timer: None }
    }
}

struct Sleep<'a> {
    clock: &'a VirtualClock,
    until: Duration,
    timer: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        let made = self.timer.unwrap_or_else(|| {
            state.made += 1;
            state.made
        });
        state.timers.insert((self.until, made), context.waker().clone());
        drop(state);
        self.timer = Some(made);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(made) = self.timer {
            self.clock.state().timers.remove(&(self.until, made));
        }
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
