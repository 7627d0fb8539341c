//! How a run is asked to come to an end with what it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Asks a run to come to an end: what was found until then is in its report, and what was not looked at is said to be
/// so. Clones are the same. Dropping the run's future instead loses all that it found.
#[derive(Debug, Clone, Default)]
pub struct Interruption {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    raised: AtomicBool,
    notify: Notify,
}

impl Interruption {
    /// Asks the run to end.
    pub fn raise(&self) {
        self.state.raised.store(true, Ordering::Release);
        self.state.notify.notify_waiters();
    }

    /// Whether the run was asked to end.
    pub fn is_raised(&self) -> bool {
        self.state.raised.load(Ordering::Acquire)
    }

    /// Returns when the run is asked to end, at once when it was.
    pub(crate) async fn raised(&self) {
        // Listening begins before the look: what happens between the two is not missed.
        let mut notified = std::pin::pin!(self.state.notify.notified());
        notified.as_mut().enable();
        if !self.is_raised() {
            notified.await;
        }
    }
}

impl PartialEq for Interruption {
    /// Whether raising one raises the other.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

impl Eq for Interruption {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_heard_before_and_after_it_is_raised() {
        let interruption = Interruption::default();
        let listener = interruption.clone();
        let heard = tokio::spawn(async move { listener.raised().await });
        // One turn: it listens now.
        tokio::task::yield_now().await;
        assert!(!heard.is_finished() && !interruption.is_raised());
        interruption.raise();
        heard.await.unwrap();
        interruption.raised().await;
    }
}
