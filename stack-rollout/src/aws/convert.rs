//! Conversions between the SDK's types and this crate's types.

use aws_names::InvalidName;
use aws_sdk_cloudformation::types;

use crate::call_error::CallError;
use crate::identifiers::Target;
use crate::release::{AutoDeployment, CallAs, Parameters, PermissionModel, Preferences, Release, Targets};
use crate::stack_sets::{Instance, OperationResult, StackSet};
use crate::stacks::StackEvent;

pub(super) fn call_as(call_as: CallAs) -> Option<types::CallAs> {
    match call_as {
        CallAs::Itself => None,
        CallAs::DelegatedAdmin => Some(types::CallAs::DelegatedAdmin),
    }
}

pub(super) fn parameters(release: &Release) -> Vec<types::Parameter> {
    let parameter = |(key, value): &(String, String)| types::Parameter::builder().parameter_key(key).parameter_value(value).build();
    release.parameters.iter().map(parameter).collect()
}

pub(super) fn tags(release: &Release) -> Vec<types::Tag> {
    release.tags.iter().map(|(key, value)| types::Tag::builder().key(key).value(value).build()).collect()
}

/// `None` for an empty list, which the Query protocol sends as an empty string.
pub(super) fn capabilities(release: &Release) -> Option<Vec<types::Capability>> {
    let capabilities: Vec<_> = release.capabilities.iter().map(|capability| types::Capability::from(capability.as_str())).collect();
    (!capabilities.is_empty()).then_some(capabilities)
}

pub(super) fn auto_deployment(auto_deployment: AutoDeployment) -> types::AutoDeployment {
    let (enabled, retain) = match auto_deployment {
        AutoDeployment::Disabled => (false, None),
        AutoDeployment::Enabled => (true, Some(false)),
        AutoDeployment::EnabledWithStackRetention => (true, Some(true)),
    };
    types::AutoDeployment::builder().enabled(enabled).set_retain_stacks_on_account_removal(retain).build()
}

/// `None` when no preference is set, so that CloudFormation applies its defaults.
pub(super) fn preferences(preferences: &Preferences) -> Option<types::StackSetOperationPreferences> {
    let order: Vec<_> = preferences.region_order.iter().map(ToString::to_string).collect();
    (*preferences != Preferences::default()).then(|| {
        types::StackSetOperationPreferences::builder()
            .set_failure_tolerance_count(preferences.failure_tolerance_count.map(number))
            .set_max_concurrent_count(preferences.max_concurrent_count.map(number))
            .set_region_concurrency_type(preferences.region_concurrency.as_ref().map(|word| word.as_str().into()))
            .set_concurrency_mode(preferences.concurrency_mode.as_ref().map(|word| word.as_str().into()))
            .set_failure_tolerance_percentage(preferences.failure_tolerance_percentage.map(i32::from))
            .set_max_concurrent_percentage(preferences.max_concurrent_percentage.map(i32::from))
            .set_region_order((!order.is_empty()).then_some(order))
            .build()
    })
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The parameter overrides of an instance. An empty list is sent, too: it removes the overrides.
pub(super) fn overrides(overrides: Option<&Parameters>) -> Option<Vec<types::Parameter>> {
    let parameter = |(key, value)| types::Parameter::builder().parameter_key(key).parameter_value(value).build();
    overrides.map(|overrides| overrides.iter().map(parameter).collect())
}

pub(super) fn managed_execution(active: Option<bool>) -> Option<types::ManagedExecution> {
    active.map(|active| types::ManagedExecution::builder().active(active).build())
}

/// The targets of an operation, in the three fields that a request has for them.
#[derive(Debug, Default)]
pub(super) struct RequestTargets {
    pub(super) accounts: Option<Vec<String>>,
    pub(super) deployment_targets: Option<types::DeploymentTargets>,
    pub(super) regions: Option<Vec<String>>,
}

/// With self-managed permissions a request names accounts. With service-managed permissions it
/// names organizational units and filters them by account.
pub(super) fn targets(model: &PermissionModel, targets: &Targets) -> RequestTargets {
    if targets.is_empty() {
        return RequestTargets::default();
    }
    let accounts: Vec<_> = targets.accounts.iter().map(ToString::to_string).collect();
    let regions = Some(targets.regions.iter().map(ToString::to_string).collect());
    match model {
        PermissionModel::SelfManaged { .. } => RequestTargets { accounts: Some(accounts), deployment_targets: None, regions },
        PermissionModel::ServiceManaged { organizational_unit_ids, .. } => {
            let units = types::DeploymentTargets::builder()
                .set_organizational_unit_ids(Some(organizational_unit_ids.clone()))
                .set_accounts(Some(accounts))
                .account_filter_type(types::AccountFilterType::Intersection);
            RequestTargets { accounts: None, deployment_targets: Some(units.build()), regions }
        }
    }
}

pub(super) fn stack_set(described: types::StackSet) -> StackSet {
    let pairs = |key: Option<String>, value: Option<String>| Some((key?, value.unwrap_or_default()));
    StackSet {
        id: described.stack_set_id,
        description: described.description,
        template_body: described.template_body.unwrap_or_default(),
        parameters: described.parameters.into_iter().flatten().filter_map(|it| pairs(it.parameter_key, it.parameter_value)).collect(),
        capabilities: described.capabilities.map(|words| words.iter().map(|word| word.as_str().into()).collect()),
        tags: described.tags.into_iter().flatten().filter_map(|it| pairs(it.key, it.value)).collect(),
        permission_model: described.permission_model.map(|model| model.as_str().to_owned()),
        administration_role_arn: described.administration_role_arn,
        execution_role_name: described.execution_role_name,
        managed_execution: described.managed_execution.and_then(|execution| execution.active),
    }
}

pub(super) fn instance(operation: &'static str, listed: types::StackInstanceSummary) -> Result<Instance, CallError> {
    Ok(Instance {
        target: target(operation, listed.account.as_deref(), listed.region.as_deref())?,
        status: listed.status.as_ref().ok_or_else(|| missing(operation, "Status"))?.as_str().into(),
        detailed_status: listed.stack_instance_status.and_then(|status| status.detailed_status).map(|status| status.as_str().into()),
        status_reason: listed.status_reason.filter(|reason| !reason.is_empty()),
        stack_id: listed.stack_id.filter(|id| !id.is_empty()),
        drift: listed.drift_status.map(|status| status.as_str().into()),
        overrides: None,
    })
}

pub(super) fn result(operation: &'static str, listed: types::StackSetOperationResultSummary) -> Result<OperationResult, CallError> {
    Ok(OperationResult {
        target: target(operation, listed.account.as_deref(), listed.region.as_deref())?,
        status: listed.status.as_ref().ok_or_else(|| missing(operation, "Status"))?.as_str().into(),
        status_reason: listed.status_reason.filter(|reason| !reason.is_empty()),
    })
}

pub(super) fn event(described: types::StackEvent) -> StackEvent {
    StackEvent {
        stack_id: described.stack_id.unwrap_or_default(),
        logical_resource_id: described.logical_resource_id.unwrap_or_default(),
        physical_resource_id: described.physical_resource_id.unwrap_or_default(),
        resource_type: described.resource_type.unwrap_or_default(),
        resource_status: described.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        resource_status_reason: described.resource_status_reason,
        at: described.timestamp.map(|at| at.secs()),
    }
}

fn target(operation: &'static str, account: Option<&str>, region: Option<&str>) -> Result<Target, CallError> {
    Ok(Target::new(identifier(operation, account)?, identifier(operation, region)?))
}

/// Parses an id from a response. A missing or malformed id makes the response unusable: skipping
/// the target without a note would make it look as if it did not exist.
pub(super) fn identifier<T>(operation: &'static str, text: Option<&str>) -> Result<T, CallError>
where
    T: std::str::FromStr<Err = InvalidName>,
{
    text.unwrap_or_default().parse().map_err(|error| CallError::unusable(operation, format!("the response is not usable: {error}")))
}

/// The error of a successful response without a member that AWS always returns. An empty list has
/// its element, so a missing one is a response of something else.
pub(super) fn missing(operation: &'static str, member: &str) -> CallError {
    CallError::unusable(operation, format!("the response is not usable: it has no `{member}`"))
}
