//! The clock for waits and latencies, and how pauses vary.

use std::time::Duration;

pub use ::clock::{Clock, SystemClock};

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
