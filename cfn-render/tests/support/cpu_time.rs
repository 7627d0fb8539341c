//! Measures the CPU time of a piece of work, independently of other processes.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The CPU time of this thread (Linux, in nanoseconds), else the wall-clock time.
pub(crate) fn cpu_now() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_deref().and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| EPOCH.elapsed(), Duration::from_nanos)
}

/// The start of the wall-clock time.
pub(crate) static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);
