//! Polls with increasing pauses and a deadline. The clock of the test moves without waiting:
//! `cargo run -p clock --example wait_until_ready`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::future::{Ready, ready};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clock::{Clock, SystemClock};

/// A clock that only its sleeps move.
#[derive(Default)]
struct Virtual(Mutex<Duration>);

impl Clock for Virtual {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn date(&self) -> SystemTime {
        UNIX_EPOCH + self.now()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
        let done: Ready<()> = ready(());
        done
    }
}

/// The time after which it is ready, or `None` if the deadline has passed.
async fn wait_until_ready(clock: &impl Clock, deadline: Duration, is_ready: impl Fn(u32) -> bool) -> Option<Duration> {
    let start = clock.now();
    let mut pause = Duration::from_secs(1);
    for attempt in 1.. {
        let waited = clock.now().saturating_sub(start);
        if is_ready(attempt) {
            return Some(waited);
        }
        if waited + pause > deadline {
            return None;
        }
        clock.sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(30));
    }
    None
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let deadline = Duration::from_hours(1);
    runtime.block_on(async {
        let ready = wait_until_ready(&Virtual::default(), deadline, |attempt| attempt == 7).await;
        println!("ready after {ready:?}, without waiting");
        assert_eq!(ready, Some(Duration::from_secs(1 + 2 + 4 + 8 + 16 + 30)));
        assert_eq!(wait_until_ready(&Virtual::default(), deadline, |_| false).await, None);

        // Production passes the system's clock.
        assert!(wait_until_ready(&SystemClock::default(), deadline, |_| true).await.is_some());
    });
    Ok(())
}
