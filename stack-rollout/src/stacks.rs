//! The port to the stacks of one target account and region, and the analysis of their events.

use std::collections::BTreeSet;
use std::future::Future;

use serde::Serialize;

use crate::call_error::CallError;

/// The stacks that a session in a target account and region can access.
pub trait Stacks: Sync {
    /// One page of events, newest first (`DescribeStackEvents`). Deleted stacks need an ARN.
    fn stack_events(&self, stack_id: &str, token: Option<&str>) -> impl Future<Output = Result<EventPage, CallError>> + Send;

    /// The failure reason from the resource's service, such as an endpoint's `FailureReason`.
    fn failure_reason(&self, resource: &FailedResource) -> impl Future<Output = Result<Option<String>, CallError>> + Send {
        let _ = resource;
        std::future::ready(Ok(None))
    }
}

/// A session in a target could not be opened.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SessionError {
    /// The reason, such as that the role cannot be assumed.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether AWS refused the session itself: the role does not exist, or it does not trust the
    /// caller. All other reasons, such as throttling, prove nothing about the role.
    pub is_refusal: bool,
}

impl SessionError {
    /// An error with this reason, which proves nothing about the role.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, is_refusal: false }
    }

    /// AWS refused the session.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { is_refusal: true, ..Self::new(message) }
    }

    /// Sets the hint, if there is one.
    #[must_use]
    pub fn with_hint_opt(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }
}

/// A call in a target failed: the session there is of no use for it.
impl From<&CallError> for SessionError {
    fn from(error: &CallError) -> Self {
        Self::new(error.to_string()).with_hint_opt(error.hint())
    }
}

/// A page of a stack's events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventPage {
    /// The events, newest first. A page can be empty even if more pages follow.
    pub events: Vec<StackEvent>,
    /// The token of the next page.
    pub next_token: Option<String>,
}

/// An event of a resource of a stack, or of the stack itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackEvent {
    /// The stack's ARN.
    pub stack_id: String,
    /// The resource's logical id; the stack's name for events of the stack.
    pub logical_resource_id: String,
    /// The resource's name or ARN, if it has one.
    pub physical_resource_id: String,
    /// The resource type, such as `AWS::SageMaker::Endpoint`.
    pub resource_type: String,
    /// The resource status, such as `CREATE_FAILED`.
    pub resource_status: String,
    /// The status reason.
    pub resource_status_reason: Option<String>,
    /// The time, in seconds since 1970, from AWS's clock.
    pub at: Option<i64>,
}

impl StackEvent {
    pub(crate) fn is_stack_event(&self) -> bool {
        self.resource_type == "AWS::CloudFormation::Stack" && self.physical_resource_id == self.stack_id
    }

    /// Whether this event starts an operation on the stack. The stack reports `..._IN_PROGRESS`
    /// again for clean-up and rollback, which belong to the same operation.
    fn starts_operation(&self) -> bool {
        self.is_stack_event() && matches!(self.resource_status.as_str(), "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "IMPORT_IN_PROGRESS")
    }

    /// CloudFormation cancels other resources when one fails: a consequence, not a cause.
    fn is_cancellation(&self) -> bool {
        self.resource_status_reason.as_deref().is_some_and(|reason| {
            let reason = reason.trim().trim_end_matches('.').to_ascii_lowercase();
            matches!(reason.as_str(), "resource creation cancelled" | "resource update cancelled" | "resource deletion cancelled")
        })
    }
}

/// A failed resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FailedResource {
    /// The resource's logical id.
    pub logical_id: String,
    /// The resource type, such as `AWS::SageMaker::Endpoint`.
    pub resource_type: String,
    /// The resource status, such as `CREATE_FAILED`.
    pub status: String,
    /// The status reason.
    pub reason: String,
    /// The resource's name or ARN, if it has one, to look it up in the target account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// The failure reason from the resource's own service, if it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
}

/// The first causes of a stack's last failure, oldest first, from events in AWS's order.
///
/// Skips cancellations, which follow from another failure, and failures of a rollback if a resource
/// failed before it. The stack's own reason is used only if no resource has one.
pub fn first_causes(newest_first: &[StackEvent]) -> Vec<FailedResource> {
    let end_of_operation = newest_first.iter().position(StackEvent::starts_operation).map_or(newest_first.len(), |position| position + 1);
    let oldest_first: Vec<_> = newest_first[..end_of_operation].iter().rev().collect();
    let rollback = oldest_first
        .iter()
        .position(|event| event.is_stack_event() && event.resource_status.contains("ROLLBACK"))
        .unwrap_or(oldest_first.len());
    let (forward, backward) = oldest_first.split_at(rollback);
    let resources = |events: &[&StackEvent]| {
        let mut seen = BTreeSet::new();
        events
            .iter()
            .filter(|event| !event.is_stack_event() && event.resource_status.ends_with("_FAILED") && !event.is_cancellation())
            .filter(|event| seen.insert(event.logical_resource_id.clone()))
            .map(|event| failed(event))
            .collect::<Vec<_>>()
    };
    let mut causes = resources(forward);
    if causes.is_empty() {
        causes = resources(backward);
    }
    if causes.is_empty() {
        let stack_failure = |event: &&&StackEvent| {
            event.is_stack_event()
                && (event.resource_status.ends_with("_FAILED") || event.resource_status.contains("ROLLBACK"))
                && event.resource_status_reason.is_some()
        };
        causes.extend(oldest_first.iter().find(stack_failure).map(|event| failed(event)));
    }
    causes
}

/// Whether the events contain the start of an operation, so that no older page is needed.
pub(crate) fn includes_operation_start(newest_first: &[StackEvent]) -> bool {
    newest_first.iter().any(StackEvent::starts_operation)
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
