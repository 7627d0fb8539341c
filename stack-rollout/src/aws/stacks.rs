//! [`Stacks`] on AWS CloudFormation.

use aws_sdk_cloudformation::Client;

use super::convert;
use super::failure::failed;
use crate::blocked_stack::stack_status;
use crate::call_error::CallError;
use crate::stacks::{EventPage, Stacks};

/// The stacks in the client's account and region.
#[derive(Debug, Clone)]
pub struct CloudFormationStacks {
    pub(super) client: Client,
}

impl CloudFormationStacks {
    /// The stacks in the account and region of `config`.
    pub fn from_config(config: &aws_types::SdkConfig) -> Self {
        Self::new(Client::new(config))
    }

    /// The stacks that `client` can access.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The physical ids of a stack's resources of one type (`DescribeStackResources`, which returns
    /// the first 100 resources only).
    pub async fn physical_ids(&self, stack_id: &str, resource_type: &str) -> Result<Vec<String>, CallError> {
        const OPERATION: &str = "DescribeStackResources";
        let response = self.client.describe_stack_resources().stack_name(stack_id).send().await;
        let resources = response.map_err(failed(OPERATION))?.stack_resources;
        let resources = resources.ok_or_else(|| convert::missing(OPERATION, "StackResources"))?;
        let of_type = resources.into_iter().filter(|resource| resource.resource_type.as_deref() == Some(resource_type));
        Ok(of_type.filter_map(|resource| resource.physical_resource_id).collect())
    }

    /// The current status of a stack, such as `UPDATE_ROLLBACK_FAILED` (`DescribeStackEvents`);
    /// `None` if its newest events do not have it.
    pub async fn status(&self, stack_id: &str) -> Result<Option<String>, CallError> {
        let newest = self.stack_events(stack_id, None).await?;
        Ok(stack_status(&newest.events).map(str::to_owned))
    }
}

impl Stacks for CloudFormationStacks {
    async fn stack_events(&self, stack_id: &str, token: Option<&str>) -> Result<EventPage, CallError> {
        const OPERATION: &str = "DescribeStackEvents";
        let request = self.client.describe_stack_events().stack_name(stack_id).set_next_token(token.map(str::to_owned));
        let response = request.send().await.map_err(failed(OPERATION))?;
        let events = response.stack_events.ok_or_else(|| convert::missing(OPERATION, "StackEvents"))?;
        Ok(EventPage {
            next_token: response.next_token.filter(|token| !token.is_empty()),
            events: events.into_iter().map(convert::event).collect(),
        })
    }
}
