//! The stacks of a target, and what the endpoints in them say of their own failure.

use aws_config::SdkConfig;
use aws_sdk_sagemaker::error::ProvideErrorMetadata as _;
use stack_rollout::aws::CloudFormationStacks;
use stack_rollout::{CallError, EventPage, FailedResource, Stacks};

/// The stacks of one account and region.
#[derive(Debug)]
pub struct TargetStacks {
    stacks: CloudFormationStacks,
    sagemaker: aws_sdk_sagemaker::Client,
}

impl TargetStacks {
    /// The stacks that this configuration reaches.
    pub fn new(config: &SdkConfig) -> Self {
        let stacks = CloudFormationStacks::from_config(config);
        Self { stacks, sagemaker: aws_sdk_sagemaker::Client::new(config) }
    }
}

impl Stacks for TargetStacks {
    async fn stack_events(&self, stack_id: &str, token: Option<&str>) -> Result<EventPage, CallError> {
        self.stacks.stack_events(stack_id, token).await
    }

    /// CloudFormation says that an endpoint failed; SageMaker says why.
    async fn failure_reason(&self, resource: &FailedResource) -> Result<Option<String>, CallError> {
        const OPERATION: &str = "DescribeEndpoint";
        let Some(name) = resource.physical_id.as_deref().filter(|_| resource.resource_type == "AWS::SageMaker::Endpoint") else {
            return Ok(None);
        };
        let name = name.rsplit('/').next().unwrap_or(name);
        match self.sagemaker.describe_endpoint().endpoint_name(name).send().await {
            Ok(answer) => Ok(answer.failure_reason().filter(|reason| !reason.is_empty()).map(str::to_owned)),
            // It was rolled back already: then it can say nothing any more.
            Err(error) if error.code() == Some("ValidationException") => Ok(None),
            Err(error) => Err(match error.code() {
                Some(code) => CallError::answered(OPERATION, code, error.message().unwrap_or_default()),
                None => CallError::unreachable(OPERATION, error.to_string()),
            }),
        }
    }
}
