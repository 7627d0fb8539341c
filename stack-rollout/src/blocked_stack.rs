//! Stacks that CloudFormation refuses to update in their current state, and what ends that state.

use crate::identifiers::Target;
use crate::stacks::StackEvent;

/// A stack that CloudFormation refuses to update (AWS CloudFormation user guide, "Stack status
/// codes").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedStack {
    /// The stack's target.
    pub target: Target,
    /// The stack's name or ARN.
    pub stack_id: String,
    /// The stack's status, such as `UPDATE_ROLLBACK_FAILED`.
    pub status: String,
}

/// The current status of a stack: that of its newest event. `newest_first` needs only the first page.
pub fn stack_status(newest_first: &[StackEvent]) -> Option<&str> {
    newest_first.iter().find(|event| event.is_stack_event()).map(|event| event.resource_status.as_str())
}

impl BlockedStack {
    /// The stack, if CloudFormation refuses to update it in this status.
    pub fn of(target: &Target, stack_id: &str, status: &str) -> Option<Self> {
        // A stack set deletes a stack in ROLLBACK_COMPLETE, and creates it again.
        let is_blocked =
            matches!(status, "CREATE_FAILED" | "DELETE_FAILED" | "ROLLBACK_FAILED" | "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED")
                || status.ends_with("_IN_PROGRESS");
        is_blocked.then(|| Self { target: target.clone(), stack_id: stack_id.to_owned(), status: status.to_owned() })
    }

    /// What is wrong.
    pub fn message(&self) -> String {
        format!("the stack is in {}: CloudFormation refuses every update of it", self.status)
    }

    /// What ends the state, with the command of the AWS CLI.
    pub fn hint(&self) -> String {
        let Self { target: Target { account, region }, stack_id: stack, status } = self;
        let credentials = format!("with credentials of account {account}");
        match status.as_str() {
            "UPDATE_ROLLBACK_FAILED" => format!(
                "finish its rollback {credentials}: `aws cloudformation continue-update-rollback --region {region} --stack-name {stack}`; if a resource can never be rolled back, add `--resources-to-skip` with its logical id; then run this again"
            ),
            "UPDATE_FAILED" => format!(
                "roll it back {credentials}: `aws cloudformation rollback-stack --region {region} --stack-name {stack}`; then run this again"
            ),
            status if status.ends_with("_IN_PROGRESS") => format!(
                "wait until it has ended, then run this again; {credentials}, `aws cloudformation describe-stack-events --region {region} --stack-name {stack}` shows its progress"
            ),
            _ => format!(
                "remove the stack instance from the stack set and retain its stack, delete the stack {credentials}: `aws cloudformation delete-stack --region {region} --stack-name {stack}`; then run this again"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_in_which_cloudformation_refuses_updates_blocks_a_stack() {
        let target = Target::new("222222222222".parse().unwrap(), "eu-west-1".parse().unwrap());
        let hint = |status| BlockedStack::of(&target, "arn:stack", status).map(|blocked| blocked.hint());
        for status in ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"] {
            assert_eq!(hint(status), None, "{status}");
        }
        for (status, command) in [
            ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
            ("UPDATE_FAILED", "rollback-stack"),
            ("ROLLBACK_FAILED", "delete-stack"),
            ("CREATE_FAILED", "delete-stack"),
            ("DELETE_FAILED", "delete-stack"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "describe-stack-events"),
        ] {
            let hint = hint(status).unwrap();
            let whole = format!("`aws cloudformation {command} --region eu-west-1 --stack-name arn:stack`");
            assert!(hint.contains(&whole) && hint.contains("credentials of account 222222222222"), "{hint}");
        }
    }
}
