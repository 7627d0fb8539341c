//! Many futures, a few of them at a time, without a task for each.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

/// A future whose type is not named.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Boxes a future.
pub(crate) fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> Boxed<'a, T> {
    Box::pin(future)
}

/// Waits for all of the futures, with at most `at_once` of them begun and not ended; answers come in the futures' order.
pub(crate) async fn each<T: Send>(at_once: usize, futures: Vec<Boxed<'_, T>>) -> Vec<T> {
    let mut answers: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    let mut waiting = futures.into_iter().enumerate();
    let mut running: Vec<(usize, Boxed<'_, T>)> = waiting.by_ref().take(at_once.max(1)).collect();
    std::future::poll_fn(|context| {
        let mut place = 0;
        while place < running.len() {
            let (index, future) = &mut running[place];
            match future.as_mut().poll(context) {
                Poll::Ready(answer) => {
                    answers[*index] = Some(answer);
                    match waiting.next() {
                        // Looked at in this same turn, so that it is begun.
                        Some(next) => running[place] = next,
                        None => drop(running.swap_remove(place)),
                    }
                }
                Poll::Pending => place += 1,
            }
        }
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    answers.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{boxed, each};

    #[test]
    fn only_so_many_are_under_way_and_the_answers_keep_their_order() {
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (under_way, most) = (&under_way, &most);
        let one = |number: usize| {
            boxed(async move {
                most.fetch_max(under_way.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                for _ in 0..number % 3 {
                    tokio::task::yield_now().await;
                }
                under_way.fetch_sub(1, Ordering::Relaxed);
                number
            })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answers = runtime.block_on(each(4, (0..50).map(one).collect()));
        assert_eq!(answers, (0..50).collect::<Vec<_>>());
        assert_eq!(most.load(Ordering::Relaxed), 4);
        assert!(runtime.block_on(each::<()>(4, Vec::new())).is_empty());
    }
}
