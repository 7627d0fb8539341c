//! The requests in flight: a set of futures that polls only those that were woken.
//!
//! `FuturesUnordered` of `futures` needs a feature that compiles the whole AWS SDK a second time.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Futures of one type that run concurrently in one task, each with what is known about it. A place
/// in the set keeps its memory for later futures.
pub(super) struct InFlight<F, M> {
    slots: Vec<Slot<F, M>>,
    free: Vec<usize>,
    ready: Arc<Mutex<Ready>>,
    /// Those that were ready at the last look, and are not polled yet.
    batch: VecDeque<usize>,
    /// No future has to end earlier than this.
    deadline: Duration,
}

struct Slot<F, M> {
    future: Pin<Box<Option<F>>>,
    /// `None` if there is no future.
    known: Option<Known<M>>,
    shared: Arc<SlotWaker>,
    waker: Waker,
}

struct Known<M> {
    about: M,
    /// When it has to end; before it began, no later than that.
    deadline: Duration,
    has_begun: bool,
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
    is_queued: AtomicBool,
    ready: Arc<Mutex<Ready>>,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let parent = {
            let mut ready = lock(&self.ready);
            ready.slots.push_back(self.slot);
            ready.parent.take()
        };
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

fn lock(ready: &Mutex<Ready>) -> MutexGuard<'_, Ready> {
    ready.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<F, M> Default for InFlight<F, M> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), ready: Arc::default(), batch: VecDeque::new(), deadline: Duration::MAX }
    }
}

impl<F: Future, M> InFlight<F, M> {
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds a future, which has to end at `deadline` if it begins now. It is polled by the next
    /// [`InFlight::finished`].
    pub(super) fn push(&mut self, about: M, deadline: Duration, future: F) {
        let index = self.free.pop().unwrap_or_else(|| {
            let slot = self.slots.len();
            let waker = Arc::new(SlotWaker { slot, is_queued: AtomicBool::new(false), ready: Arc::clone(&self.ready) });
            let shared = Arc::clone(&waker);
            self.slots.push(Slot { future: Box::pin(None), known: None, shared, waker: Waker::from(waker) });
            slot
        });
        let slot = &mut self.slots[index];
        slot.future.set(Some(future));
        slot.known = Some(Known { about, deadline, has_begun: false });
        self.deadline = self.deadline.min(deadline);
        slot.waker.wake_by_ref();
    }

    /// The next future that finishes; pends forever if there are none. `begin` is called before a
    /// future is polled for the first time, and returns when it has to end.
    pub(super) async fn finished(&mut self, mut begin: impl FnMut(&mut M) -> Duration) -> (M, F::Output) {
        poll_fn(|context| self.poll(context, &mut begin)).await
    }

    fn poll(&mut self, context: &mut Context<'_>, begin: &mut impl FnMut(&mut M) -> Duration) -> Poll<(M, F::Output)> {
        // Each future that is ready now is polled once. Tokio makes a task that has done much work
        // pend and wakes it at once. Polling on here would never end, because only the runtime ends
        // that state.
        if self.batch.is_empty() {
            std::mem::swap(&mut self.batch, &mut lock(&self.ready).slots);
        }
        while let Some(index) = self.batch.pop_front() {
            let slot = &mut self.slots[index];
            // A waker may outlive its future and wake another one: an extra poll is harmless.
            slot.shared.is_queued.store(false, Ordering::Release);
            let (Some(known), Some(future)) = (slot.known.as_mut(), slot.future.as_mut().as_pin_mut()) else { continue };
            if !known.has_begun {
                known.deadline = begin(&mut known.about);
                known.has_begun = true;
                self.deadline = self.deadline.min(known.deadline);
            }
            if let Poll::Ready(value) = future.poll(&mut Context::from_waker(&slot.waker))
                && let Some(about) = self.remove(index)
            {
                return Poll::Ready((about, value));
            }
        }
        let mut ready = lock(&self.ready);
        if ready.slots.is_empty() {
            ready.parent = Some(context.waker().clone());
        } else {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// No future has to end before this time; a bound, which [`InFlight::expired`] renews.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Drops the futures that had to end by now, and returns what is known about them.
    pub(super) fn expired(&mut self, now: Duration) -> Vec<M> {
        if now < self.deadline {
            return Vec::new();
        }
        let is_late = |slot: &Slot<F, M>| slot.known.as_ref().is_some_and(|known| known.has_begun && known.deadline <= now);
        let late: Vec<usize> = (0..self.slots.len()).filter(|index| is_late(&self.slots[*index])).collect();
        let expired = late.into_iter().filter_map(|index| self.remove(index)).collect();
        let deadlines = self.slots.iter().filter_map(|slot| slot.known.as_ref());
        self.deadline = deadlines.map(|known| known.deadline).min().unwrap_or(Duration::MAX);
        expired
    }

    /// Drops a future and leaves its place to the next one.
    fn remove(&mut self, index: usize) -> Option<M> {
        let slot = &mut self.slots[index];
        slot.future.set(None);
        let known = slot.known.take()?;
        self.free.push(index);
        Some(known.about)
    }
}

impl<F, M> fmt::Debug for InFlight<F, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.slots.len() - self.free.len();
        formatter.debug_struct("InFlight").field("len", &len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::{self, Receiver};

    use super::*;

    type Set = InFlight<Receiver<u32>, &'static str>;

    const NEVER: fn(&mut &'static str) -> Duration = |_| Duration::MAX;

    fn push(set: &mut Set, name: &'static str) -> oneshot::Sender<u32> {
        let (done, wait) = oneshot::channel();
        set.push(name, Duration::from_secs(9), wait);
        done
    }

    /// Polls once and returns what is finished. That it returns at all is part of the test.
    async fn look<F: Future>(set: &mut InFlight<F, &'static str>, begin: fn(&mut &'static str) -> Duration) -> Option<&'static str> {
        poll_fn(|context| match set.poll(context, &mut { begin }) {
            Poll::Ready((about, _)) => Poll::Ready(Some(about)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    #[tokio::test]
    async fn futures_are_returned_as_they_finish_and_their_slots_are_reused() {
        let mut set = Set::default();
        let [first, second, third] = ["first", "second", "third"].map(|name| push(&mut set, name));
        assert_eq!(set.len(), 3);
        second.send(2).unwrap();
        assert_eq!(set.finished(NEVER).await, ("second", Ok(2)));
        third.send(3).unwrap();
        assert_eq!(set.finished(NEVER).await, ("third", Ok(3)));
        push(&mut set, "fourth").send(4).unwrap();
        assert_eq!(set.finished(NEVER).await, ("fourth", Ok(4)));
        first.send(1).unwrap();
        assert_eq!(set.finished(NEVER).await, ("first", Ok(1)));
        assert_eq!((set.len(), set.slots.len()), (0, 3));
    }

    #[tokio::test]
    async fn an_empty_set_waits_forever() {
        assert!(look(&mut Set::default(), NEVER).await.is_none());
    }

    #[tokio::test]
    async fn a_future_that_wakes_itself_constantly_does_not_block_the_thread() {
        let mut set = InFlight::default();
        set.push(
            "busy",
            Duration::MAX,
            poll_fn(|context| {
                context.waker().wake_by_ref();
                Poll::<()>::Pending
            }),
        );
        for _ in 0..3 {
            assert!(look(&mut set, NEVER).await.is_none());
        }
    }

    #[tokio::test]
    async fn a_dropped_wait_loses_no_future() {
        let mut set = Set::default();
        let done = push(&mut set, "only");
        // The future of this poll is dropped before the response arrives.
        assert!(look(&mut set, NEVER).await.is_none());
        done.send(1).unwrap();
        assert_eq!(set.finished(NEVER).await, ("only", Ok(1)));
    }

    #[tokio::test]
    async fn a_future_that_is_over_its_time_is_dropped_and_its_place_is_free() {
        let begin: fn(&mut &'static str) -> Duration = |name| Duration::from_secs(if *name == "short" { 1 } else { 3 });
        let mut set = Set::default();
        let (short, long) = (push(&mut set, "short"), push(&mut set, "long"));
        // Nothing ends before it began.
        assert_eq!((set.deadline(), set.expired(Duration::from_hours(1)).len()), (Duration::from_secs(9), 0));
        assert!(look(&mut set, begin).await.is_none());
        assert_eq!(set.deadline(), Duration::from_secs(1));
        assert!(set.expired(Duration::from_millis(999)).is_empty());
        assert_eq!(set.expired(Duration::from_secs(1)), ["short"]);
        assert!(short.is_closed() && !long.is_closed());
        assert_eq!((set.len(), set.deadline()), (1, Duration::from_secs(3)));
        long.send(7).unwrap();
        assert_eq!(set.finished(NEVER).await, ("long", Ok(7)));
        assert!(set.expired(Duration::from_secs(3)).is_empty());
        assert_eq!(set.deadline(), Duration::MAX);
    }

    #[tokio::test]
    async fn a_waker_of_a_future_that_is_gone_does_no_harm() {
        let mut set = InFlight::default();
        let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
        let keeps = Arc::clone(&kept);
        set.push(
            "gone",
            Duration::ZERO,
            poll_fn(move |context| {
                *keeps.lock().unwrap() = Some(context.waker().clone());
                Poll::<()>::Pending
            }),
        );
        assert!(look(&mut set, |_| Duration::ZERO).await.is_none());
        assert_eq!(set.expired(Duration::ZERO), ["gone"]);
        kept.lock().unwrap().take().unwrap().wake();
        assert!(look(&mut set, NEVER).await.is_none());
        assert_eq!(set.len(), 0);
    }
}
