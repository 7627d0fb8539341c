//! The port to the stack sets of one management account and region.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use aws_names::Region;
use serde::{Serialize, Serializer};

use crate::call_error::CallError;
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::release::{Parameters, PermissionModel, Preferences, Release, Targets};
use crate::status::{Capability, DetailedStatus, DriftStatus, InstanceStatus, OperationAction, OperationStatus};

/// The stack sets that one session can access.
///
/// Lists return all pages. Changes have an idempotency id: equal ids have the effect of one.
pub trait StackSets: Sync {
    /// The stack set with this name, or `None` if it does not exist (`DescribeStackSet`).
    fn describe_stack_set(&self, name: &StackSetName) -> impl Future<Output = Result<Option<StackSet>, CallError>> + Send;

    /// Creates the set without instances (`CreateStackSet`). `token` makes it idempotent.
    fn create_stack_set(&self, release: &Release, token: &OperationId) -> impl Future<Output = Result<(), CallError>> + Send;

    /// Updates the set to the release, and the instances in `targets` (`UpdateStackSet`). Other
    /// instances become `OUTDATED`. `targets` is empty only for a set without instances.
    fn update_stack_set(&self, update: SetUpdate<'_>) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// Creates instances in the operation's targets from the set (`CreateStackInstances`).
    fn create_stack_instances(&self, operation: InstancesOperation<'_>) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// Updates the instances in the operation's targets to the set (`UpdateStackInstances`).
    fn update_stack_instances(&self, operation: InstancesOperation<'_>) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// Deletes instances, and their stacks unless they are retained (`DeleteStackInstances`).
    fn delete_stack_instances(&self, deletion: InstancesDeletion<'_>) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// Starts drift detection for the set (`DetectStackSetDrift`). Changes no stack.
    fn detect_drift(
        &self,
        name: &StackSetName,
        preferences: &Preferences,
        operation_id: &OperationId,
    ) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// The parameter overrides of an instance (`DescribeStackInstance`).
    fn instance_overrides(&self, name: &StackSetName, target: &Target) -> impl Future<Output = Result<Parameters, CallError>> + Send;

    /// All instances of the stack set (`ListStackInstances`).
    fn list_stack_instances(&self, name: &StackSetName) -> impl Future<Output = Result<Vec<Instance>, CallError>> + Send;

    /// An operation (`DescribeStackSetOperation`).
    fn describe_operation(&self, name: &StackSetName, operation: &OperationId)
    -> impl Future<Output = Result<Operation, CallError>> + Send;

    /// The results of an operation so far, for each target (`ListStackSetOperationResults`).
    fn list_operation_results(
        &self,
        name: &StackSetName,
        operation: &OperationId,
    ) -> impl Future<Output = Result<Vec<OperationResult>, CallError>> + Send;

    /// Stops a running operation (`StopStackSetOperation`). It ends later: instances that are being
    /// changed are finished, the others are cancelled.
    fn stop_operation(&self, name: &StackSetName, operation: &OperationId) -> impl Future<Output = Result<(), CallError>> + Send;

    /// The operations on the stack set, newest first (`ListStackSetOperations`).
    fn list_operations(&self, name: &StackSetName) -> impl Future<Output = Result<Vec<Operation>, CallError>> + Send;
}

/// A request for `UpdateStackSet`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SetUpdate<'a> {
    /// The new state of the set.
    pub release: &'a Release,
    /// The current state of the set. Settings that the release does not specify stay the same.
    pub observed: &'a StackSet,
    /// The instances to update, which must exist; empty for a set without instances.
    pub targets: &'a Targets,
    /// The operation id.
    pub operation_id: &'a OperationId,
}

/// A request for `CreateStackInstances` or `UpdateStackInstances`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct InstancesOperation<'a> {
    /// The release. It can have more targets than `targets`.
    pub release: &'a Release,
    /// The instances to create or to update.
    pub targets: &'a Targets,
    /// The parameter overrides. `None` keeps the current overrides, and an empty list removes them.
    pub overrides: Option<&'a Parameters>,
    /// The operation id.
    pub operation_id: &'a OperationId,
}

/// A request for `DeleteStackInstances`.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct InstancesDeletion<'a> {
    /// The stack set.
    pub stack_set: &'a StackSetName,
    /// The set's permission model, which determines how the request names the targets.
    pub permission_model: &'a PermissionModel,
    /// The instances to delete.
    pub targets: &'a Targets,
    /// Whether to retain the stacks and only remove them from the set.
    pub retain_stacks: bool,
    /// The operation preferences.
    pub preferences: &'a Preferences,
    /// The operation id.
    pub operation_id: &'a OperationId,
}

impl InstancesOperation<'_> {
    /// The release's preferences, limited to the regions of this operation.
    pub fn preferences(&self) -> Preferences {
        self.release.preferences.within(&self.targets.regions)
    }
}

impl SetUpdate<'_> {
    /// The release's preferences, limited to the regions of this operation.
    pub fn preferences(&self) -> Preferences {
        self.release.preferences.within(&self.targets.regions)
    }
}

/// A stack set as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackSet {
    /// Its id, `NAME:UUID`.
    pub id: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The template's text.
    pub template_body: String,
    /// Parameter keys and values. The value of a `NoEcho` parameter is `****`.
    pub parameters: Vec<(String, String)>,
    /// The acknowledged capabilities; `None` if not reported.
    pub capabilities: Option<BTreeSet<Capability>>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// `SELF_MANAGED` or `SERVICE_MANAGED`; `None` if not reported.
    pub permission_model: Option<String>,
    /// The administration role, if it is a custom one.
    pub administration_role_arn: Option<String>,
    /// The execution role, if it is a custom one.
    pub execution_role_name: Option<String>,
    /// Whether non-conflicting operations may run concurrently; `None` if not reported.
    pub managed_execution: Option<bool>,
}

/// A stack instance as CloudFormation lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// The target.
    pub target: Target,
    /// Whether it is up to date with the set.
    pub status: InstanceStatus,
    /// The result of the last operation; `None` if not reported.
    pub detailed_status: Option<DetailedStatus>,
    /// Why it is not up to date.
    pub status_reason: Option<String>,
    /// The stack's ARN, if it exists.
    pub stack_id: Option<String>,
    /// The result of the last drift detection; `None` if not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftStatus>,
    /// The overrides; `None` if not read. Only keys are serialized: values may be secrets.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "keys")]
    pub overrides: Option<Parameters>,
}

/// An operation on a stack set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Its action.
    pub action: OperationAction,
    /// Its status.
    pub status: OperationStatus,
    /// The status reason from CloudFormation, if any.
    pub status_reason: Option<String>,
    /// The creation time, in seconds since 1970, from AWS's clock.
    pub created_at: Option<i64>,
}

/// The result of an operation in one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationResult {
    /// The target.
    pub target: Target,
    /// Its status.
    pub status: DetailedStatus,
    /// Why it failed or was cancelled.
    pub status_reason: Option<String>,
}

/// Serializes only the keys of parameters: their values may be secrets.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(crate) fn keys<S: Serializer>(parameters: &Option<Parameters>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(parameters.iter().flat_map(BTreeMap::keys))
}

/// Splits targets into rectangles of accounts × regions, because an operation has one list of each,
/// and CloudFormation rejects instances that do not exist. Not always the minimum.
///
/// Accounts with the same regions form one rectangle; the largest rectangle is first.
pub(crate) fn rectangles<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Vec<Targets> {
    let mut regions_of: BTreeMap<_, BTreeSet<Region>> = BTreeMap::new();
    for target in targets {
        regions_of.entry(target.account.clone()).or_default().insert(target.region.clone());
    }
    let mut accounts_with: BTreeMap<BTreeSet<Region>, BTreeSet<_>> = BTreeMap::new();
    for (account, regions) in regions_of {
        accounts_with.entry(regions).or_default().insert(account);
    }
    let mut rectangles: Vec<_> = accounts_with.into_iter().map(|(regions, accounts)| Targets { accounts, regions }).collect();
    rectangles.sort_by_key(|targets| std::cmp::Reverse(targets.len()));
    rectangles
}
