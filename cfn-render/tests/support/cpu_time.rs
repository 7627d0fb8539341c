//! How much of the processor a piece of work takes, whatever else the machine does.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The CPU time of this thread where the system tells it (Linux, in nanoseconds), else the time on the clock.
pub(crate) fn cpu_now() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_deref().and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| EPOCH.elapsed(), Duration::from_nanos)
}

/// Where the time on the clock begins.
pub(crate) static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
