//! Pauses, the deadline, and retries of transient failures.

use std::future::Future;
use std::time::Duration;

use crate::call_error::CallError;
use crate::event::Event;
use crate::options::{Options, Poll};
use clock::Clock;

/// The time after which failures in a row are an error. Each call can take long by itself.
const ERRORS_IN_A_ROW: Duration = Duration::from_mins(1);

pub(crate) struct RetryPolicy<'a, C> {
    clock: &'a C,
    poll: Poll,
    start: Duration,
    deadline: Duration,
    random: fastrand::Rng,
}

impl<'a, C: Clock> RetryPolicy<'a, C> {
    pub(crate) fn new(options: &'a Options<C>) -> Self {
        let clock = &options.clock;
        let start = clock.now();
        let deadline = start.saturating_add(options.deadline);
        Self { clock, poll: options.poll, start, deadline, random: fastrand::Rng::new() }
    }

    /// Retries transient failures, up to [`Poll::tolerated_failures`] times, for a minute, and until the
    /// deadline.
    pub(crate) async fn call<T, Fut>(
        &mut self,
        on_event: &mut (dyn FnMut(Event) + Send),
        mut call: impl FnMut() -> Fut + Send,
    ) -> Result<T, CallError>
    where
        Fut: Future<Output = Result<T, CallError>> + Send,
    {
        let mut failures = 0;
        let begin = self.clock.now();
        loop {
            let error = match call().await {
                Ok(value) => return Ok(value),
                Err(error) if !error.is_transient() => return Err(error),
                Err(error) => error,
            };
            failures += 1;
            let is_over = self.clock.now().saturating_sub(begin) >= ERRORS_IN_A_ROW;
            if is_over || failures > self.poll.tolerated_failures || !self.pause(failures).await {
                return Err(error);
            }
            on_event(Event::Tolerated { error, attempt: failures });
        }
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
