//! Uploads several artifacts concurrently, up to a limit.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs the futures that `start` returns, at most `at_once` at a time, and returns the results in
/// the order of the items. After the first failure no more futures are started, and the running
/// ones are dropped.
///
/// This is not a runtime's task set, because that requires `'static` futures and uploads borrow
/// their store. It does not use futures-util, because its buffers need the feature `alloc`, which
/// the AWS SDK is built without: enabling it would build the SDK twice.
pub(crate) async fn bounded<T, U, E, F>(items: &[T], at_once: usize, start: impl Fn(usize) -> F) -> Result<Vec<U>, (usize, E)>
where
    F: Future<Output = Result<U, E>>,
{
    let mut results: Vec<Option<U>> = items.iter().map(|_| None).collect();
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut next = 0;
    poll_fn(|context| {
        loop {
            while running.len() < at_once.max(1) && next < items.len() {
                running.push((next, Box::pin(start(next))));
                next += 1;
            }
            let mut progressed = false;
            let mut index = 0;
            while index < running.len() {
                let (item, future) = &mut running[index];
                match future.as_mut().poll(context) {
                    Poll::Pending => index += 1,
                    Poll::Ready(Ok(result)) => {
                        results[*item] = Some(result);
                        running.swap_remove(index);
                        progressed = true;
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err((*item, error))),
                }
            }
            if running.is_empty() && next == items.len() {
                return Poll::Ready(Ok(()));
            }
            if !progressed {
                return Poll::Pending;
            }
        }
    })
    .await?;
    Ok(results.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn concurrency_is_limited_and_results_keep_their_order() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let items: Vec<u64> = (0..20).collect();
        let results = bounded(&items, 3, |index| {
            let (running, most, items) = (&running, &most, &items);
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Some yield more often than others, so that they end in another order.
                for _ in 0..items[index] % 5 {
                    tokio::task::yield_now().await;
                }
                running.fetch_sub(1, Ordering::SeqCst);
                Ok::<u64, ()>(items[index] * 2)
            }
        })
        .await;
        assert_eq!(results.unwrap(), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn nothing_starts_after_a_failure() {
        let started = AtomicUsize::new(0);
        let result = bounded(&[(); 10], 2, |index| {
            started.fetch_add(1, Ordering::SeqCst);
            async move { if index == 1 { Err("no") } else { std::future::pending::<Result<(), _>>().await } }
        })
        .await;
        assert_eq!(result.unwrap_err(), (1, "no"));
        assert_eq!(started.load(Ordering::SeqCst), 2);
    }
}
