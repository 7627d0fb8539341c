//! The requests in flight: a set of futures that polls only those that were woken.
//!
//! `FuturesUnordered` of `futures` needs a feature that compiles the whole AWS SDK a second time.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// A future of the set, and its waker.
type Slot<'a, T> = (Pin<Box<dyn Future<Output = T> + Send + 'a>>, Arc<SlotWaker>);

/// Futures that run concurrently in one task.
pub(super) struct InFlight<'a, T> {
    slots: Vec<Option<Slot<'a, T>>>,
    free: Vec<usize>,
    ready: Arc<Mutex<Ready>>,
}

/// Which futures are to be polled, and the waker of the task.
#[derive(Debug, Default)]
struct Ready {
    slots: VecDeque<usize>,
    parent: Option<Waker>,
}

#[derive(Debug)]
struct SlotWaker {
    slot: usize,
    ready: Arc<Mutex<Ready>>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let parent = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            ready.slots.push_back(self.slot);
            ready.parent.take()
        };
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

impl<T> Default for InFlight<'_, T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), ready: Arc::default() }
    }
}

impl<'a, T> InFlight<'a, T> {
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds a future. It is polled by the next [`InFlight::finished`].
    pub(super) fn push(&mut self, future: impl Future<Output = T> + Send + 'a) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let waker = Arc::new(SlotWaker { slot, ready: Arc::clone(&self.ready) });
        waker.wake_by_ref();
        self.slots[slot] = Some((Box::pin(future), waker));
    }

    /// The next future that finishes; pends forever if there are none.
    pub(super) async fn finished(&mut self) -> T {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<T> {
        // Each future that is ready now is polled once. Tokio makes a task that has done much work
        // pend and wakes it at once. Polling on here would never end, because only the runtime ends
        // that state.
        let now = self.ready.lock().unwrap_or_else(PoisonError::into_inner).slots.len();
        for _ in 0..now {
            let slot = {
                let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(slot) = ready.slots.pop_front() else { break };
                slot
            };
            // A waker may outlive its future and wake another one: an extra poll is harmless.
            let Some((future, waker)) = self.slots[slot].as_mut() else { continue };
            let waker = Waker::from(Arc::clone(waker));
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.slots[slot] = None;
                self.free.push(slot);
                return Poll::Ready(value);
            }
        }
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.slots.is_empty() {
            ready.parent = Some(context.waker().clone());
        } else {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<T> fmt::Debug for InFlight<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InFlight").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Polls once and returns what is finished. That it returns at all is part of the test.
    async fn look<T>(set: &mut InFlight<'_, T>) -> Option<T> {
        poll_fn(|context| match set.poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    #[tokio::test]
    async fn futures_are_returned_as_they_finish_and_their_slots_are_reused() {
        let mut set = InFlight::default();
        let [first, second, third] = [(); 3].map(|()| {
            let (done, wait) = tokio::sync::oneshot::channel();
            set.push(async move { wait.await.unwrap() });
            done
        });
        assert_eq!(set.len(), 3);
        second.send(2).unwrap();
        assert_eq!(set.finished().await, 2);
        third.send(3).unwrap();
        assert_eq!(set.finished().await, 3);
        set.push(async { 4 });
        assert_eq!(set.finished().await, 4);
        first.send(1).unwrap();
        assert_eq!(set.finished().await, 1);
        assert_eq!((set.len(), set.slots.len()), (0, 3));
    }

    #[tokio::test]
    async fn an_empty_set_waits_forever() {
        let mut set = InFlight::<'_, ()>::default();
        assert!(look(&mut set).await.is_none());
    }

    #[tokio::test]
    async fn a_future_that_wakes_itself_constantly_does_not_block_the_thread() {
        let mut set = InFlight::default();
        set.push(poll_fn(|context| {
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        for _ in 0..3 {
            assert!(look(&mut set).await.is_none());
        }
    }

    #[tokio::test]
    async fn a_dropped_wait_loses_no_future() {
        let mut set = InFlight::default();
        let (done, wait) = tokio::sync::oneshot::channel();
        set.push(async move { wait.await.unwrap() });
        // The future of this poll is dropped before the response arrives.
        assert!(look(&mut set).await.is_none());
        done.send(1).unwrap();
        assert_eq!(set.finished().await, 1);
    }
}
