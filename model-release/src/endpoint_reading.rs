//! Reads the endpoints of many targets concurrently.

use std::sync::Arc;

use stack_rollout::Target;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::endpoint_state::{EndpointState, TargetEndpoints};

/// The maximum number of targets that are read concurrently.
const AT_ONCE: usize = 32;

/// Reads the endpoints with these names in every target with `read`, until `interrupted` completes.
/// The endpoints of a target that has not been read then are unknown.
pub async fn read_targets<Read>(
    names: &[String],
    targets: Vec<(Target, Option<String>)>,
    read: impl Fn(Target, Option<String>) -> Read,
    interrupted: impl Future<Output = ()>,
) -> Vec<TargetEndpoints>
where
    Read: Future<Output = Vec<EndpointState>> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    let all: Vec<Target> = targets.iter().map(|(target, _)| target.clone()).collect();
    for (target, deployed) in targets {
        let (slots, reading) = (Arc::clone(&slots), read(target.clone(), deployed));
        tasks.spawn(async move {
            let _slot = slots.acquire().await;
            TargetEndpoints::new(target, reading.await)
        });
    }
    let mut found: Vec<TargetEndpoints> = Vec::new();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            biased;
            ended = tasks.join_next() => match ended {
                Some(ended) => found.extend(ended.ok()),
                None => break,
            },
            () = &mut interrupted => break,
        }
    }
    let unread = |name: &String| EndpointState::unread(name, "reading it was interrupted".to_owned(), None);
    for target in all {
        if !found.iter().any(|read| read.target() == target) {
            found.push(TargetEndpoints::new(target, names.iter().map(unread).collect()));
        }
    }
    found.sort_by_key(TargetEndpoints::target);
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Notify;

    use super::*;

    fn target(account: &str) -> Target {
        Target::new(account.parse().unwrap(), "us-east-1".parse().unwrap())
    }

    #[test]
    fn an_interruption_ends_the_reading_and_keeps_what_was_read() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (hung, other) = (target("222222222222"), target("333333333333"));
        let signal = Arc::new(Notify::new());
        let read = |target: Target, _| {
            let (is_hung, signal) = (target == hung, Arc::clone(&signal));
            async move {
                if is_hung {
                    std::future::pending::<()>().await;
                }
                signal.notify_one();
                vec![EndpointState::missing("iris")]
            }
        };
        let targets = vec![(other.clone(), None), (hung.clone(), None)];
        let found = runtime.block_on(read_targets(&["iris".to_owned()], targets, read, signal.notified()));
        let unread = EndpointState::unread("iris", "reading it was interrupted".to_owned(), None);
        let expected =
            [TargetEndpoints::new(hung.clone(), vec![unread]), TargetEndpoints::new(other, vec![EndpointState::missing("iris")])];
        assert_eq!(found, expected);
    }
}
