//! Reads from the events of failed stacks why they failed, and whether they can be updated again.

use std::future::Future;

use aws_names::{AccountId, Region};

use super::outcome::last_operation;
use crate::blocked_stack::{BlockedStack, stack_status};
use crate::bounded::{self, boxed};
use crate::call_error::CallError;
use crate::event::Event;
use crate::operation_loop::TrackedOperation;
use crate::problem::{Place, Problem};
use crate::rollout::{Outcome, TargetRecord};
use crate::stacks::{FailedResource, SessionError, Stacks, first_causes, includes_operation_start};

/// The maximum concurrency. It is low, because STS throttles requests for sessions.
const AT_ONCE: usize = 8;

/// The maximum number of pages; an operation rarely has more than two of a hundred events.
const MOST_PAGES: usize = 10;

/// Adds the first failed resources to each failed target, or a problem if they cannot be read, and a
/// problem if CloudFormation refuses to update the stack from now on.
pub(super) async fn explain<F, Fut, T>(
    targets: &mut [TargetRecord],
    operations: &[TrackedOperation],
    sessions: &F,
    at_most: usize,
    problems: &mut Vec<Problem>,
    on_event: &mut (dyn FnMut(Event) + Send),
) where
    F: Fn(AccountId, Region) -> Fut + Sync,
    Fut: Future<Output = Result<T, SessionError>> + Send,
    T: Stacks + Send,
{
    let mut failed: Vec<_> = targets.iter_mut().filter(|record| record.outcome == Outcome::Failed && record.stack_id.is_some()).collect();
    let skipped = failed.len().saturating_sub(at_most);
    failed.truncate(at_most);
    let reads = failed.iter().map(|record| {
        let target = record.target();
        let stack_id = record.stack_id.clone().unwrap_or_default();
        let since = last_operation(&target, operations).and_then(|operation| operation.created_at);
        boxed(async move {
            let session = sessions(target.account, target.region).await?;
            causes(&session, &stack_id, since).await.map_err(|error| SessionError::from(&error))
        })
    });
    let results = bounded::join_all(AT_ONCE, reads.collect()).await;
    for (record, result) in failed.into_iter().zip(results) {
        let target = record.target();
        match result {
            Ok(Explanation { causes, unread, status }) => {
                problems.extend(unread.into_iter().map(|message| Problem::new("reason-unread", Place::Target(target.clone()), message)));
                let blocked = status.and_then(|status| BlockedStack::of(&target, record.stack_id.as_deref().unwrap_or_default(), &status));
                problems.extend(blocked.map(|blocked| {
                    Problem::new("stack-blocked", Place::Target(target.clone()), blocked.message()).with_hint(blocked.hint())
                }));
                on_event(Event::Explained { target, causes: causes.clone() });
                record.events = causes;
            }
            Err(error) => {
                let message = format!("the stack's events could not be read: {error}");
                problems.push(Problem::new("events-unread", Place::Target(target), message).with_hint_opt(error.hint));
            }
        }
    }
    if skipped > 0 {
        let message = format!("the stack events of {skipped} more failed targets were skipped");
        problems.push(Problem::new("events-left-out", Place::StackSet, message));
    }
}

/// What the events of a failed stack say.
struct Explanation {
    /// The first causes of the last failure.
    causes: Vec<FailedResource>,
    /// Errors of the calls that read the failure reasons of the causes.
    unread: Vec<String>,
    /// The stack's current status, also if the operation failed before it reached the stack.
    status: Option<String>,
}

/// Events before the operation are ignored: an operation can fail before it reaches the
/// stack, and an older failure must not be reported as its cause.
async fn causes<T: Stacks>(stacks: &T, stack_id: &str, since: Option<i64>) -> Result<Explanation, CallError> {
    let mut events = Vec::new();
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let page = stacks.stack_events(stack_id, token.as_deref()).await?;
        events.extend(page.events);
        token = page.next_token;
        if token.is_none() || includes_operation_start(&events) {
            break;
        }
    }
    let status = stack_status(&events).map(str::to_owned);
    if let Some(since) = since {
        events.retain(|event| event.at.is_none_or(|at| at >= since));
    }
    let mut causes = first_causes(&events);
    let mut unread = Vec::new();
    for cause in &mut causes {
        match stacks.failure_reason(cause).await {
            Ok(reason) => cause.failure_reason = reason,
            Err(error) => unread.push(format!("the failure reason of `{}` could not be read: {error}", cause.logical_id)),
        }
    }
    Ok(Explanation { causes, unread, status })
}
