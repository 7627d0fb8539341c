//! Interrupts a run and keeps its results so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Interrupts a run: its report has all results so far, and marks the rest as not tested. Clones
/// share one state. Dropping the run's future instead discards all results.
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
    /// Interrupts the run.
    pub fn raise(&self) {
        self.state.raised.store(true, Ordering::Release);
        self.state.notify.notify_waiters();
    }

    /// Whether the run was interrupted.
    pub fn is_raised(&self) -> bool {
        self.state.raised.load(Ordering::Acquire)
    }

    /// Returns when the run is interrupted, at once if it already is.
    pub(crate) async fn raised(&self) {
        // Register before checking, so that no notification in between is missed.
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
    async fn a_listener_returns_whether_it_listens_before_or_after() {
        let interruption = Interruption::default();
        let listener = interruption.clone();
        let listening = tokio::spawn(async move { listener.raised().await });
        // Yield once: the listener is now waiting.
        tokio::task::yield_now().await;
        assert!(!listening.is_finished() && !interruption.is_raised());
        interruption.raise();
        listening.await.unwrap();
        interruption.raised().await;
    }
}
