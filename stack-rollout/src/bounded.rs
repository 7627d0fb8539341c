//! Runs many futures with a concurrency limit, without spawning tasks.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub(crate) fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> Boxed<'a, T> {
    Box::pin(future)
}

/// Runs all futures, at most `limit` concurrently. Results are in the order of the futures.
pub(crate) async fn join_all<T: Send>(limit: usize, futures: Vec<Boxed<'_, T>>) -> Vec<T> {
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    let mut waiting = futures.into_iter().enumerate();
    let mut running: Vec<(usize, Boxed<'_, T>)> = waiting.by_ref().take(limit.max(1)).collect();
    std::future::poll_fn(|context| {
        let mut slot = 0;
        while slot < running.len() {
            let (index, future) = &mut running[slot];
            match future.as_mut().poll(context) {
                Poll::Ready(result) => {
                    results[*index] = Some(result);
                    match waiting.next() {
                        // The loop polls it next, in this same poll, so that it starts.
                        Some(next) => running[slot] = next,
                        None => drop(running.swap_remove(slot)),
                    }
                }
                Poll::Pending => slot += 1,
            }
        }
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{boxed, join_all};

    #[test]
    fn at_most_limit_futures_run_concurrently_and_the_results_keep_their_order() {
        let (running, maximum) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (running, maximum) = (&running, &maximum);
        let one = |number: usize| {
            boxed(async move {
                maximum.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                for _ in 0..number % 3 {
                    tokio::task::yield_now().await;
                }
                running.fetch_sub(1, Ordering::Relaxed);
                number
            })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let results = runtime.block_on(join_all(4, (0..50).map(one).collect()));
        assert_eq!(results, (0..50).collect::<Vec<_>>());
        assert_eq!(maximum.load(Ordering::Relaxed), 4);
        assert!(runtime.block_on(join_all::<()>(4, Vec::new())).is_empty());
    }
}
