//! The port to the stacks of one target account and region, and what their events tell about a failure.

use std::collections::BTreeSet;
use std::future::Future;

use serde::Serialize;

use crate::call_error::CallError;

/// CloudFormation's stacks as one session in a target account and region sees them.
pub trait Stacks: Sync {
    /// One page of a stack's events, newest first (`DescribeStackEvents`). `stack_id` is an ARN, by which deleted stacks are found too.
    fn stack_events(&self, stack_id: &str, token: Option<&str>) -> impl Future<Output = Result<EventPage, CallError>> + Send;

    /// Why a resource failed, as its own service tells it: for an endpoint, its `FailureReason`. `None` when it tells nothing.
    fn failure_reason(&self, resource: &FailedResource) -> impl Future<Output = Result<Option<String>, CallError>> + Send {
        let _ = resource;
        std::future::ready(Ok(None))
    }
}

/// A session in a target could not be had.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SessionError {
    /// Why not, such as that the role cannot be assumed.
    pub message: String,
}

impl SessionError {
    /// A session that could not be had for this reason.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// A page of a stack's events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventPage {
    /// The events, newest first. A page may be empty and still have a next one.
    pub events: Vec<StackEvent>,
    /// What to ask with for the next page.
    pub next_token: Option<String>,
}

/// Something that happened to a resource of a stack, or to the stack itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackEvent {
    /// The stack's ARN.
    pub stack_id: String,
    /// The resource's name in the template; the stack's own name for events of the stack.
    pub logical_resource_id: String,
    /// The resource's name or ARN, once it has one.
    pub physical_resource_id: String,
    /// Such as `AWS::SageMaker::Endpoint`.
    pub resource_type: String,
    /// Such as `CREATE_FAILED`.
    pub resource_status: String,
    /// Why.
    pub resource_status_reason: Option<String>,
    /// When, in seconds since 1970, by AWS's clock.
    pub at: Option<i64>,
}

impl StackEvent {
    fn is_of_the_stack(&self) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack" && self.physical_resource_id == self.stack_id
    }

    /// Whether an operation on the stack began here. The stack says `..._IN_PROGRESS` again for clean-up and rollback, which
    /// belong to the operation that went before.
    fn begins_an_operation(&self) -> bool {
        self.is_of_the_stack()
            && matches!(self.resource_status.as_str(), "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "IMPORT_IN_PROGRESS")
    }

    /// CloudFormation cancels what is still under way when one resource fails: an effect, not a cause.
    fn is_a_mere_cancellation(&self) -> bool {
        self.resource_status_reason.as_deref().is_some_and(|reason| {
            let reason = reason.trim().trim_end_matches('.').to_ascii_lowercase();
            matches!(reason.as_str(), "resource creation cancelled" | "resource update cancelled" | "resource deletion cancelled")
        })
    }
}

/// A resource that failed, in AWS's own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FailedResource {
    /// The resource's name in the template.
    pub logical_id: String,
    /// Such as `AWS::SageMaker::Endpoint`.
    pub resource_type: String,
    /// Such as `CREATE_FAILED`.
    pub status: String,
    /// Why.
    pub reason: String,
    /// The resource's name or ARN, where it has one: for an endpoint, what to look for in the target account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// Why, as the resource's own service tells it, where it was asked and said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
}

/// The first causes of a stack's last failure, oldest first. `newest_first` is a stack's events as CloudFormation lists them.
///
/// Cancellations are left out, since they follow from another failure, and so are the failures of a rollback when what was rolled
/// back has failed before. The stack's own reason counts only when no resource gave one.
pub fn first_causes(newest_first: &[StackEvent]) -> Vec<FailedResource> {
    let began = newest_first.iter().position(StackEvent::begins_an_operation).map_or(newest_first.len(), |position| position + 1);
    let oldest_first: Vec<_> = newest_first[..began].iter().rev().collect();
    let rollback = oldest_first
        .iter()
        .position(|event| event.is_of_the_stack() && event.resource_status.contains("ROLLBACK"))
        .unwrap_or(oldest_first.len());
    let (forward, backward) = oldest_first.split_at(rollback);
    let resources = |events: &[&StackEvent]| {
        let mut seen = BTreeSet::new();
        events
            .iter()
            .filter(|event| !event.is_of_the_stack() && event.resource_status.ends_with("_FAILED") && !event.is_a_mere_cancellation())
            .filter(|event| seen.insert(event.logical_resource_id.clone()))
            .map(|event| failed(event))
            .collect::<Vec<_>>()
    };
    let mut causes = resources(forward);
    if causes.is_empty() {
        causes = resources(backward);
    }
    if causes.is_empty() {
        let own = |event: &&&StackEvent| {
            event.is_of_the_stack()
                && (event.resource_status.ends_with("_FAILED") || event.resource_status.contains("ROLLBACK"))
                && event.resource_status_reason.is_some()
        };
        causes.extend(oldest_first.iter().find(own).map(|event| failed(event)));
    }
    causes
}

/// Whether these events, newest first, hold a whole operation, so that no older page is needed.
pub(crate) fn reaches_the_beginning(newest_first: &[StackEvent]) -> bool {
    newest_first.iter().any(StackEvent::begins_an_operation)
}

fn failed(event: &StackEvent) -> FailedResource {
    FailedResource {
        logical_id: event.logical_resource_id.clone(),
        resource_type: event.resource_type.clone(),
        status: event.resource_status.clone(),
        reason: event.resource_status_reason.clone().unwrap_or_else(|| "AWS gave no reason".to_owned()),
        physical_id: Some(event.physical_resource_id.clone()).filter(|id| !id.is_empty()),
        failure_reason: None,
    }
}
