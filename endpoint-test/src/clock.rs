//! The clock for waits and latencies, and how pauses vary.

use std::time::Duration;

pub use ::clock::{Clock, SystemClock};

/// The response, or `None` if there is none before the timeout. A response at the same moment counts.
pub(crate) async fn in_time<T>(response: impl Future<Output = T>, clock: &impl Clock, timeout: Duration) -> Option<T> {
    tokio::select! {
        biased;
        response = response => Some(response),
        // Tokio lets a task that always has something to read use up its turn; then its timers are
        // not ready either, and the timeout of a response without end never comes.
        () = tokio::task::unconstrained(clock.sleep(timeout)) => None,
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

    #[tokio::test]
    async fn a_timeout_ends_work_that_never_waits() {
        let busy = async {
            loop {
                tokio::task::consume_budget().await;
            }
        };
        assert_eq!(in_time::<()>(busy, &SystemClock::new(), Duration::from_millis(1)).await, None);
        assert_eq!(in_time(async { 1 }, &SystemClock::new(), Duration::ZERO).await, Some(1));
    }

    proptest! {
        #[test]
        fn a_pause_varies_by_a_quarter_at_most(random in 0.0..1.0f64, seconds in 1u64..600) {
            let pause = Duration::from_secs(seconds);
            let spread = spread(pause, random);
            prop_assert!(spread >= pause.mul_f64(0.749) && spread <= pause.mul_f64(1.251));
        }
    }
}
