//! Pauses, the deadline, and retries of transient failures.

use std::future::Future;
use std::time::Duration;

use crate::call_error::CallError;
use crate::event::Event;
use crate::options::{Options, Poll};
use call_fault::ERRORS_IN_A_ROW;
use clock::Clock;

/// Failures in a row: how many, and since when calls fail.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    count: u32,
    since: Option<Duration>,
}

pub(crate) struct RetryPolicy<'a, C> {
    clock: &'a C,
    poll: Poll,
    start: Duration,
    limit: Duration,
    deadline: Duration,
    random: fastrand::Rng,
}

impl<'a, C: Clock> RetryPolicy<'a, C> {
    pub(crate) fn new(options: &'a Options<C>) -> Self {
        let clock = &options.clock;
        let start = clock.now();
        let deadline = start.saturating_add(options.deadline);
        Self { clock, poll: options.poll, start, limit: options.deadline, deadline, random: fastrand::Rng::new() }
    }

    /// Starts the time until the deadline again, for the next wave.
    pub(crate) fn restart(&mut self) {
        self.start = self.clock.now();
        self.deadline = self.start.saturating_add(self.limit);
    }

    /// Retries transient failures within the bounds of [`Poll::tolerated_failures`], and until the
    /// deadline.
    pub(crate) async fn call<T, Fut>(
        &mut self,
        on_event: &mut (dyn FnMut(Event) + Send),
        mut call: impl FnMut() -> Fut + Send,
    ) -> Result<T, CallError>
    where
        Fut: Future<Output = Result<T, CallError>> + Send,
    {
        let mut failures = Failures::default();
        loop {
            let error = match call().await {
                Ok(value) => return Ok(value),
                Err(error) if !error.is_transient() => return Err(error),
                Err(error) => error,
            };
            match self.tolerated(&mut failures, &error).await {
                Some(attempt) => on_event(Event::Tolerated { error, attempt }),
                None => return Err(error),
            }
        }
    }

    /// Counts a failure, and pauses before the next attempt: `None` if there have been too many in
    /// a row or for too long, whatever the deadline, or if the deadline has passed.
    pub(crate) async fn tolerated(&mut self, failures: &mut Failures, error: &CallError) -> Option<u32> {
        let now = self.clock.now();
        failures.count += 1;
        if error.is_transient() {
            let since = *failures.since.get_or_insert(now);
            if now.saturating_sub(since) >= ERRORS_IN_A_ROW {
                return None;
            }
        }
        let is_tolerated = failures.count <= self.poll.tolerated_failures && self.pause(failures.count).await;
        is_tolerated.then_some(failures.count)
    }

    /// The time since the start of the run, and until the deadline.
    pub(crate) fn times(&self) -> (Duration, Duration) {
        let now = self.clock.now();
        (now.saturating_sub(self.start), self.deadline.saturating_sub(now))
    }

    /// Waits for the `nth` pause (from 1). Returns `false` if the deadline has passed.
    pub(crate) async fn pause(&mut self, nth: u32) -> bool {
        let left = self.deadline.saturating_sub(self.clock.now());
        if left.is_zero() {
            return false;
        }
        let pause = self.nth_pause(nth).min(left);
        self.clock.sleep(pause).await;
        true
    }

    fn nth_pause(&mut self, nth: u32) -> Duration {
        // After twenty steps the pause exceeds any useful limit.
        let growth = 1.5_f64.powi(i32::try_from(nth.clamp(1, 20) - 1).unwrap_or(0));
        let longest = self.poll.longest.max(self.poll.first);
        let pause = self.poll.first.as_secs_f64() * growth;
        let pause = pause.min(longest.as_secs_f64());
        Duration::from_secs_f64(pause * (0.8 + 0.2 * self.random.f64()))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll as Ready, Waker};
    use std::time::SystemTime;

    use super::*;

    /// A clock that calls and pauses advance.
    #[derive(Default)]
    struct TestClock(Mutex<Duration>);

    impl TestClock {
        fn advance(&self, duration: Duration) {
            *self.0.lock().unwrap() += duration;
        }
    }

    impl Clock for TestClock {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn date(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + self.now()
        }

        async fn sleep(&self, duration: Duration) {
            self.advance(duration);
        }
    }

    /// The number of calls, and the result, if this many calls fail after this time each.
    fn called(failing: u32, takes: Duration) -> (u32, Result<(), CallError>) {
        let options = Options::new("release-1".parse().unwrap()).with_clock(TestClock::default());
        let mut policy = RetryPolicy::new(&options);
        let (mut calls, clock) = (0, &options.clock);
        let call = || {
            calls += 1;
            clock.advance(takes);
            let fails = calls <= failing;
            async move { if fails { Err(CallError::unreachable("Test", "timeout")) } else { Ok(()) } }
        };
        let ended = {
            let mut on_event = |_| {};
            let mut work = pin!(policy.call(&mut on_event, call));
            match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Ready::Ready(ended) => ended,
                Ready::Pending => panic!("no call and no pause waits"),
            }
        };
        (calls, ended)
    }

    #[test]
    fn a_call_that_fails_after_a_long_time_is_repeated() {
        // The time limit of the SDK for a call is longer than the bound.
        let (calls, ended) = called(1, Duration::from_secs(150));
        assert_eq!((calls, ended.is_ok()), (2, true));
    }

    #[test]
    fn failures_in_a_row_are_an_error_a_minute_after_the_first_one() {
        let (calls, ended) = called(99, Duration::from_secs(150));
        assert_eq!((calls, ended.is_err()), (2, true), "the second one ends more than a minute after the first");
        let (calls, ended) = called(99, Duration::ZERO);
        assert_eq!((calls, ended.is_err()), (9, true), "the number of failures is limited, too");
    }
}
