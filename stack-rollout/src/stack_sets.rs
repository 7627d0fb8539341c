//! The port to the stack sets of one management account and region.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use aws_names::Region;
use serde::{Serialize, Serializer};

use crate::call_error::CallError;
use crate::identifiers::{OperationId, StackSetName, Target};
use crate::release::{Parameters, PermissionModel, Preferences, Release, Targets};
use crate::status::{Capability, DetailedStatus, DriftStatus, InstanceStatus, OperationAction, OperationStatus};

/// CloudFormation's stack sets as one management session sees them.
///
/// Lists answer with all pages. A method that changes something takes the id under which it does so: sent twice with one id, it is
/// done once.
pub trait StackSets: Sync {
    /// The stack set of that name, or `None` when there is none (`DescribeStackSet`).
    fn describe_stack_set(&self, name: &StackSetName) -> impl Future<Output = Result<Option<StackSet>, CallError>> + Send;

    /// Creates the stack set, without instances (`CreateStackSet`). `token` makes a repeated request harmless.
    fn create_stack_set(&self, release: &Release, token: &OperationId) -> impl Future<Output = Result<(), CallError>> + Send;

    /// Gives the stack set the release's template, parameters and settings, and updates the instances within `targets`
    /// (`UpdateStackSet`). Instances outside of them become `OUTDATED`. `targets` is empty only for a set without instances.
    fn update_stack_set(&self, update: SetUpdate<'_>) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// Creates instances in all of `operation`'s targets (`CreateStackInstances`), with what the set has now.
    fn create_stack_instances(&self, operation: InstancesOperation<'_>) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// Updates the instances in all of `operation`'s targets to what the set has now (`UpdateStackInstances`).
    fn update_stack_instances(&self, operation: InstancesOperation<'_>) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// Deletes the instances in all of the targets, and their stacks unless these are to stay (`DeleteStackInstances`).
    fn delete_stack_instances(&self, deletion: InstancesDeletion<'_>) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// Begins to look for drift in every instance of the set (`DetectStackSetDrift`). Changes no stack.
    fn detect_drift(
        &self,
        name: &StackSetName,
        preferences: &Preferences,
        operation_id: &OperationId,
    ) -> impl Future<Output = Result<OperationId, CallError>> + Send;

    /// The parameters that an instance has in place of the set's (`DescribeStackInstance`).
    fn instance_overrides(&self, name: &StackSetName, target: &Target) -> impl Future<Output = Result<Parameters, CallError>> + Send;

    /// Every instance of the stack set (`ListStackInstances`).
    fn list_stack_instances(&self, name: &StackSetName) -> impl Future<Output = Result<Vec<Instance>, CallError>> + Send;

    /// One operation (`DescribeStackSetOperation`).
    fn describe_operation(&self, name: &StackSetName, operation: &OperationId)
    -> impl Future<Output = Result<Operation, CallError>> + Send;

    /// What an operation has done so far in each target (`ListStackSetOperationResults`).
    fn list_operation_results(
        &self,
        name: &StackSetName,
        operation: &OperationId,
    ) -> impl Future<Output = Result<Vec<OperationResult>, CallError>> + Send;

    /// The operations on the stack set that CloudFormation remembers, newest first (`ListStackSetOperations`).
    fn list_operations(&self, name: &StackSetName) -> impl Future<Output = Result<Vec<Operation>, CallError>> + Send;
}

/// What `UpdateStackSet` is asked to do.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SetUpdate<'a> {
    /// What the set becomes.
    pub release: &'a Release,
    /// What the set is: settings that the release leaves open stay as they are.
    pub observed: &'a StackSet,
    /// The instances to update, which must exist; empty for a set without instances.
    pub targets: &'a Targets,
    /// The operation's id.
    pub operation_id: &'a OperationId,
}

/// What `CreateStackInstances` or `UpdateStackInstances` is asked to do.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct InstancesOperation<'a> {
    /// The release that the instances belong to; its own targets may be more than `targets`.
    pub release: &'a Release,
    /// The instances to create or to update.
    pub targets: &'a Targets,
    /// The parameters that they have in place of the set's. `None` leaves those that they have, and an empty list takes them away.
    pub overrides: Option<&'a Parameters>,
    /// The operation's id.
    pub operation_id: &'a OperationId,
}

/// What `DeleteStackInstances` is asked to do.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct InstancesDeletion<'a> {
    /// The stack set.
    pub stack_set: &'a StackSetName,
    /// How the set's permissions are had, which decides how the targets are named.
    pub permission_model: &'a PermissionModel,
    /// The instances to delete.
    pub targets: &'a Targets,
    /// Leaves the stacks, and takes them out of the set only.
    pub retain_stacks: bool,
    /// How the operation goes over the targets.
    pub preferences: &'a Preferences,
    /// The operation's id.
    pub operation_id: &'a OperationId,
}

impl InstancesOperation<'_> {
    /// The release's preferences, cut down to the regions of this operation.
    pub fn preferences(&self) -> Preferences {
        self.release.preferences.within(&self.targets.regions)
    }
}

impl SetUpdate<'_> {
    /// The release's preferences, cut down to the regions of this operation.
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
    /// What was acknowledged; `None` when not told.
    pub capabilities: Option<BTreeSet<Capability>>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// `SELF_MANAGED` or `SERVICE_MANAGED`; `None` when not told.
    pub permission_model: Option<String>,
    /// The administration role, if a custom one.
    pub administration_role_arn: Option<String>,
    /// The execution role, if a custom one.
    pub execution_role_name: Option<String>,
    /// Whether operations that do not get in each other's way may run at once; `None` when not told.
    pub managed_execution: Option<bool>,
}

/// A stack instance as CloudFormation lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// Where it is.
    pub target: Target,
    /// How it stands to the set.
    pub status: InstanceStatus,
    /// What the last operation did to it; `None` when not told.
    pub detailed_status: Option<DetailedStatus>,
    /// Why it is not up to date.
    pub status_reason: Option<String>,
    /// The stack's ARN, once there is one.
    pub stack_id: Option<String>,
    /// Whether the stack was found to differ from its template, when that was last looked for; `None` when not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftStatus>,
    /// The parameters that it has in place of the set's; `None` when they were not read. Serialised by key only: values may be secrets.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "keys")]
    pub overrides: Option<Parameters>,
}

/// An operation on a stack set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What it does.
    pub action: OperationAction,
    /// How far it is.
    pub status: OperationStatus,
    /// Why it has that status, where CloudFormation says so.
    pub status_reason: Option<String>,
    /// When it was created, in seconds since 1970, by AWS's clock.
    pub created_at: Option<i64>,
}

/// What an operation did in one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationResult {
    /// Where.
    pub target: Target,
    /// How far it is.
    pub status: DetailedStatus,
    /// Why it failed or was cancelled.
    pub status_reason: Option<String>,
}

/// Parameters by key only, since their values may be secrets.
#[expect(clippy::ref_option, reason = "serde hands a field over as it is")]
pub(crate) fn keys<S: Serializer>(parameters: &Option<Parameters>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(parameters.iter().flat_map(BTreeMap::keys))
}

/// Cuts targets into as few full rectangles of accounts and regions as is simple, since CloudFormation's operations take one
/// list of each and refuse an instance that does not exist.
///
/// Accounts with the same regions go together; the largest rectangle comes first.
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
