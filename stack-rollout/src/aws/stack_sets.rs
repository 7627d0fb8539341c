//! [`StackSets`] on AWS CloudFormation.

use std::cmp::Reverse;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::http::HttpResponse;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{PermissionModels, StackSetStatus};

use super::convert::{self, RequestTargets};
use super::failure::failed;
use crate::call_error::{CallError, CallErrorKind};
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::release::{CallAs, Parameters, PermissionModel, Preferences, Release};
use crate::stack_sets::{Instance, InstancesDeletion, InstancesOperation, Operation, OperationResult, SetUpdate, StackSet, StackSets};

/// Converts a `StackSetOperation` or `StackSetOperationSummary`, which have the same fields.
macro_rules! operation {
    ($operation:expr, $described:expr) => {{
        let described = $described;
        let status = described.status.as_ref().ok_or_else(|| convert::missing($operation, "Status"))?.as_str().into();
        convert::identifier($operation, described.operation_id.as_deref()).map(|id| Operation {
            id,
            action: described.action.as_ref().map_or("", |action| action.as_str()).into(),
            status,
            status_reason: described.status_reason.filter(|reason| !reason.is_empty()),
            created_at: described.creation_timestamp.map(|created| created.secs()),
        })
    }};
}

/// All items of a list, page by page. A page without its list is not an empty page.
macro_rules! items {
    ($self:ident, $operation:expr, $request:expr) => {{
        let mut pages = $request.into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err($self.failed($operation))?;
            items.extend(page.summaries.ok_or_else(|| convert::missing($operation, "Summaries"))?);
        }
        items
    }};
}

/// The stack sets in the client's account and region.
#[derive(Debug, Clone)]
pub struct CloudFormationStackSets {
    client: Client,
    call_as: CallAs,
}

impl CloudFormationStackSets {
    /// The stack sets in the account and region of `config`, called with `call_as`.
    pub fn from_config(config: &aws_types::SdkConfig, call_as: CallAs) -> Self {
        Self::new(Client::new(config), call_as)
    }

    /// The stack sets that `client` can access, called with `call_as`.
    pub fn new(client: Client, call_as: CallAs) -> Self {
        Self { client, call_as }
    }

    /// The names of all stack sets that are not deleted (`ListStackSets`).
    pub async fn list_stack_sets(&self) -> Result<Vec<StackSetName>, CallError> {
        const OPERATION: &str = "ListStackSets";
        let request = self.client.list_stack_sets().status(StackSetStatus::Active).set_call_as(convert::call_as(self.call_as));
        let listed = items!(self, OPERATION, request);
        listed.into_iter().map(|listed| convert::identifier(OPERATION, listed.stack_set_name.as_deref())).collect()
    }

    /// Converts an error of the SDK, with the region that was called.
    fn failed<E>(&self, operation: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> CallError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let region = self.client.config().region().map(ToString::to_string);
        move |error| failed(operation)(error).in_region(region)
    }
}

impl StackSets for CloudFormationStackSets {
    async fn describe_stack_set(&self, name: &StackSetName) -> Result<Option<StackSet>, CallError> {
        const OPERATION: &str = "DescribeStackSet";
        let request = self.client.describe_stack_set().stack_set_name(name.as_str()).set_call_as(convert::call_as(self.call_as));
        match request.send().await.map_err(self.failed(OPERATION)) {
            Ok(response) => {
                let set = response.stack_set.ok_or_else(|| convert::missing(OPERATION, "StackSet"))?;
                Ok((set.status != Some(StackSetStatus::Deleted)).then(|| convert::stack_set(set)))
            }
            Err(error) if error.kind() == CallErrorKind::StackSetNotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create_stack_set(&self, release: &Release, token: &OperationId) -> Result<(), CallError> {
        let tags = convert::tags(release);
        let request = self
            .client
            .create_stack_set()
            .stack_set_name(release.stack_set.as_str())
            .set_description(release.description.clone())
            .set_template_url(release.template.url.clone())
            .set_template_body(release.template.url.is_none().then(|| release.template.body.clone()))
            .set_parameters(non_empty(convert::parameters(release)))
            .set_capabilities(convert::capabilities(release))
            .set_tags(non_empty(tags))
            .set_managed_execution(convert::managed_execution(release.managed_execution))
            .set_call_as(convert::call_as(self.call_as))
            .client_request_token(token.as_str());
        let request = match &release.permission_model {
            PermissionModel::SelfManaged { administration_role_arn, execution_role_name } => request
                .permission_model(PermissionModels::SelfManaged)
                .set_administration_role_arn(administration_role_arn.clone())
                .set_execution_role_name(execution_role_name.clone()),
            PermissionModel::ServiceManaged { auto_deployment, .. } => {
                request.permission_model(PermissionModels::ServiceManaged).auto_deployment(convert::auto_deployment(*auto_deployment))
            }
        };
        request.send().await.map_err(self.failed("CreateStackSet")).map(drop)
    }

    async fn update_stack_set(&self, update: SetUpdate<'_>) -> Result<OperationId, CallError> {
        let SetUpdate { release, observed, targets, operation_id } = update;
        let RequestTargets { accounts, deployment_targets, regions } = convert::targets(&release.permission_model, targets);
        // Without tags in the request the set keeps its tags; an empty list removes them.
        let tags = Some(convert::tags(release)).filter(|tags| !tags.is_empty() || !observed.tags.is_empty());
        let request = self
            .client
            .update_stack_set()
            .stack_set_name(release.stack_set.as_str())
            .set_description(release.description.clone().or_else(|| observed.description.clone()))
            .set_template_url(release.template.url.clone())
            .set_template_body(release.template.url.is_none().then(|| release.template.body.clone()))
            .set_parameters(non_empty(convert::parameters(release)))
            .set_capabilities(convert::capabilities(release))
            .set_tags(tags)
            .set_managed_execution(convert::managed_execution(release.managed_execution))
            .set_accounts(accounts)
            .set_deployment_targets(deployment_targets)
            .set_regions(regions)
            .set_operation_preferences(convert::preferences(&update.preferences()))
            .set_call_as(convert::call_as(self.call_as))
            .operation_id(operation_id.as_str());
        let request = match &release.permission_model {
            // A set that was created with a custom role needs the role in every update.
            PermissionModel::SelfManaged { administration_role_arn, execution_role_name } => request
                .set_administration_role_arn(administration_role_arn.clone().or_else(|| observed.administration_role_arn.clone()))
                .set_execution_role_name(execution_role_name.clone().or_else(|| observed.execution_role_name.clone())),
            PermissionModel::ServiceManaged { .. } => request,
        };
        let response = request.send().await.map_err(self.failed("UpdateStackSet"))?;
        convert::identifier("UpdateStackSet", response.operation_id())
    }

    async fn create_stack_instances(&self, operation: InstancesOperation<'_>) -> Result<OperationId, CallError> {
        let InstancesOperation { release, targets, operation_id, overrides } = operation;
        let RequestTargets { accounts, deployment_targets, regions } = convert::targets(&release.permission_model, targets);
        let request = self
            .client
            .create_stack_instances()
            .stack_set_name(release.stack_set.as_str())
            .set_accounts(accounts)
            .set_deployment_targets(deployment_targets)
            .set_regions(regions)
            .set_parameter_overrides(convert::overrides(overrides))
            .set_operation_preferences(convert::preferences(&operation.preferences()))
            .set_call_as(convert::call_as(self.call_as))
            .operation_id(operation_id.as_str());
        let response = request.send().await.map_err(self.failed("CreateStackInstances"))?;
        convert::identifier("CreateStackInstances", response.operation_id())
    }

    async fn update_stack_instances(&self, operation: InstancesOperation<'_>) -> Result<OperationId, CallError> {
        let InstancesOperation { release, targets, operation_id, overrides } = operation;
        let RequestTargets { accounts, deployment_targets, regions } = convert::targets(&release.permission_model, targets);
        let request = self
            .client
            .update_stack_instances()
            .stack_set_name(release.stack_set.as_str())
            .set_accounts(accounts)
            .set_deployment_targets(deployment_targets)
            .set_regions(regions)
            .set_parameter_overrides(convert::overrides(overrides))
            .set_operation_preferences(convert::preferences(&operation.preferences()))
            .set_call_as(convert::call_as(self.call_as))
            .operation_id(operation_id.as_str());
        let response = request.send().await.map_err(self.failed("UpdateStackInstances"))?;
        convert::identifier("UpdateStackInstances", response.operation_id())
    }

    async fn delete_stack_instances(&self, deletion: InstancesDeletion<'_>) -> Result<OperationId, CallError> {
        let RequestTargets { accounts, deployment_targets, regions } = convert::targets(deletion.permission_model, deletion.targets);
        let request = self
            .client
            .delete_stack_instances()
            .stack_set_name(deletion.stack_set.as_str())
            .set_accounts(accounts)
            .set_deployment_targets(deployment_targets)
            .set_regions(regions)
            .retain_stacks(deletion.retain_stacks)
            .set_operation_preferences(convert::preferences(deletion.preferences))
            .set_call_as(convert::call_as(self.call_as))
            .operation_id(deletion.operation_id.as_str());
        let response = request.send().await.map_err(self.failed("DeleteStackInstances"))?;
        convert::identifier("DeleteStackInstances", response.operation_id())
    }

    async fn detect_drift(&self, name: &StackSetName, preferences: &Preferences, id: &OperationId) -> Result<OperationId, CallError> {
        let request = self
            .client
            .detect_stack_set_drift()
            .stack_set_name(name.as_str())
            .set_operation_preferences(convert::preferences(preferences))
            .set_call_as(convert::call_as(self.call_as))
            .operation_id(id.as_str());
        let response = request.send().await.map_err(self.failed("DetectStackSetDrift"))?;
        convert::identifier("DetectStackSetDrift", response.operation_id())
    }

    async fn instance_overrides(&self, name: &StackSetName, target: &Target) -> Result<Parameters, CallError> {
        const OPERATION: &str = "DescribeStackInstance";
        let request = self
            .client
            .describe_stack_instance()
            .stack_set_name(name.as_str())
            .stack_instance_account(target.account.as_str())
            .stack_instance_region(target.region.as_str())
            .set_call_as(convert::call_as(self.call_as));
        let response = request.send().await.map_err(self.failed(OPERATION))?;
        let instance = response.stack_instance.ok_or_else(|| convert::missing(OPERATION, "StackInstance"))?;
        let described = instance.parameter_overrides.unwrap_or_default();
        Ok(described.into_iter().filter_map(|it| Some((it.parameter_key?, it.parameter_value.unwrap_or_default()))).collect())
    }

    async fn list_stack_instances(&self, name: &StackSetName) -> Result<Vec<Instance>, CallError> {
        const OPERATION: &str = "ListStackInstances";
        let request = self.client.list_stack_instances().stack_set_name(name.as_str()).set_call_as(convert::call_as(self.call_as));
        let listed = items!(self, OPERATION, request);
        listed.into_iter().map(|listed| convert::instance(OPERATION, listed)).collect()
    }

    async fn describe_operation(&self, name: &StackSetName, operation: &OperationId) -> Result<Operation, CallError> {
        const OPERATION: &str = "DescribeStackSetOperation";
        let request = self
            .client
            .describe_stack_set_operation()
            .stack_set_name(name.as_str())
            .operation_id(operation.as_str())
            .set_call_as(convert::call_as(self.call_as));
        let response = request.send().await.map_err(self.failed(OPERATION))?;
        let described = response.stack_set_operation.ok_or_else(|| convert::missing(OPERATION, "StackSetOperation"))?;
        operation!(OPERATION, described)
    }

    async fn list_operation_results(&self, name: &StackSetName, operation: &OperationId) -> Result<Vec<OperationResult>, CallError> {
        const OPERATION: &str = "ListStackSetOperationResults";
        let request = self
            .client
            .list_stack_set_operation_results()
            .stack_set_name(name.as_str())
            .operation_id(operation.as_str())
            .set_call_as(convert::call_as(self.call_as));
        let listed = items!(self, OPERATION, request);
        listed.into_iter().map(|listed| convert::result(OPERATION, listed)).collect()
    }

    async fn stop_operation(&self, name: &StackSetName, operation: &OperationId) -> Result<(), CallError> {
        let request = self
            .client
            .stop_stack_set_operation()
            .stack_set_name(name.as_str())
            .operation_id(operation.as_str())
            .set_call_as(convert::call_as(self.call_as));
        request.send().await.map_err(self.failed("StopStackSetOperation")).map(drop)
    }

    async fn list_operations(&self, name: &StackSetName) -> Result<Vec<Operation>, CallError> {
        const OPERATION: &str = "ListStackSetOperations";
        let request = self.client.list_stack_set_operations().stack_set_name(name.as_str()).set_call_as(convert::call_as(self.call_as));
        let mut summaries = items!(self, OPERATION, request);
        // Newest first, which AWS does not document. Equal times keep their order.
        summaries.sort_by_key(|described| Reverse(described.creation_timestamp));
        let mut operations = Vec::with_capacity(summaries.len());
        for described in summaries {
            operations.push(operation!(OPERATION, described)?);
        }
        Ok(operations)
    }
}

/// `None` for an empty list, which the Query protocol sends as an empty string.
fn non_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
