//! The stacks of a target, and the failure reasons of their endpoints.

use aws_config::SdkConfig;
use aws_names::resource_name;
use serde_json::json;
use stack_rollout::aws::CloudFormationStacks;
use stack_rollout::{CallError, EventPage, FailedResource, Stacks};

use super::signed_call::SignedCaller;
use super::target_account::{ENDPOINT, SAGEMAKER};

/// The stacks of one account and region.
#[derive(Debug)]
pub struct TargetStacks {
    stacks: CloudFormationStacks,
    calls: SignedCaller,
}

impl TargetStacks {
    /// The stacks in the account and region of `config`.
    pub fn new(config: &SdkConfig) -> Self {
        Self { stacks: CloudFormationStacks::from_config(config), calls: SignedCaller::new(config) }
    }
}

impl Stacks for TargetStacks {
    async fn stack_events(&self, stack_id: &str, token: Option<&str>) -> Result<EventPage, CallError> {
        self.stacks.stack_events(stack_id, token).await
    }

    /// The `FailureReason` of an endpoint, which CloudFormation does not report.
    async fn failure_reason(&self, resource: &FailedResource) -> Result<Option<String>, CallError> {
        let Some(arn) = resource.physical_id.as_deref().filter(|_| resource.resource_type == ENDPOINT) else { return Ok(None) };
        let input = json!({ "EndpointName": resource_name(arn) });
        match self.calls.json_repeated(&SAGEMAKER, "DescribeEndpoint", &input).await {
            Ok(endpoint) => Ok(endpoint["FailureReason"].as_str().filter(|reason| !reason.is_empty()).map(str::to_owned)),
            // The endpoint was already rolled back and no longer exists.
            Err(error) if error.code.as_deref() == Some("ValidationException") => Ok(None),
            Err(error) => Err(error),
        }
    }
}
