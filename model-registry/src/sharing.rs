//! The model package group and its sharing with other accounts.

mod policy;
mod principals;

use std::collections::BTreeSet;
use std::future::Future;

pub use policy::{PolicyChange, PolicyError, merge_policy};
pub use principals::{OrganizationId, ParseOrganizationIdError, ParseRoleNameError, RoleName};

use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::{GroupName, ModelPackageGroup};
use aws_names::AccountId;

/// How often a policy is read and merged again if another caller changes it at the same time.
const ATTEMPTS: u32 = 5;

/// The port for groups and their policies.
pub trait GroupStore: Sync {
    /// The group's ARN; none if the group does not exist.
    fn describe_group(&self, group: &GroupName) -> impl Future<Output = Result<Option<ModelPackageGroup>, RegistryError>> + Send;

    /// Creates a group.
    fn create_group(&self, group: &NewGroup) -> impl Future<Output = Result<ModelPackageGroup, RegistryError>> + Send;

    /// The group's resource policy, if any.
    fn policy(&self, group: &GroupName) -> impl Future<Output = Result<Option<String>, RegistryError>> + Send;

    /// Replaces the group's resource policy.
    fn put_policy(&self, group: &GroupName, policy: &str) -> impl Future<Output = Result<(), RegistryError>> + Send;

    /// Removes the group's resource policy.
    fn delete_policy(&self, group: &GroupName) -> impl Future<Output = Result<(), RegistryError>> + Send;
}

/// A group to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: GroupName,
    /// What it is for.
    pub description: String,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// Whether to write changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write them.
    Apply,
    /// Only report what would change.
    Check,
}

/// The result of ensuring that a group exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupOutcome {
    /// It existed.
    Found(ModelPackageGroup),
    /// It was created.
    Created(ModelPackageGroup),
    /// It does not exist, and changes were not to be written.
    WouldCreate,
}

/// Which accounts can read a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// The group, by its ARN.
    pub group: ModelPackageGroup,
    /// The accounts that can allow their identities to read it and to create models from its
    /// packages.
    pub accounts: BTreeSet<AccountId>,
    /// The roles in these accounts that can do so; empty: every identity that its account allows
    /// to.
    pub roles: BTreeSet<RoleName>,
    /// The organization that a caller must also belong to, if set.
    pub organization: Option<OrganizationId>,
}

/// Why a group was not shared.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SharingError {
    /// The existing policy cannot be merged, or the result cannot be written.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A call to the registry failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Finds the group, or creates it.
pub async fn ensure_group<S: GroupStore>(store: &S, group: &NewGroup, mode: Mode) -> Result<GroupOutcome, RegistryError> {
    if let Some(found) = store.describe_group(&group.name).await? {
        return Ok(GroupOutcome::Found(found));
    }
    if mode == Mode::Check {
        return Ok(GroupOutcome::WouldCreate);
    }
    match store.create_group(group).await {
        Ok(created) => Ok(GroupOutcome::Created(created)),
        // Another caller created it in the meantime.
        Err(error) if error.kind == RegistryErrorKind::AlreadyExists => {
            store.describe_group(&group.name).await?.map(GroupOutcome::Found).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// Sets the group's own statements in its policy; other statements stay. Writes only if something
/// differs. If another caller changed the policy in the meantime, reads and merges it again.
pub async fn share<S: GroupStore>(store: &S, sharing: &Sharing, mode: Mode) -> Result<PolicyChange, SharingError> {
    let name = sharing.group.name();
    let mut attempt = 1;
    loop {
        let present = store.policy(name).await?;
        let change = merge_policy(present.as_deref(), sharing)?;
        let written = match (&change, mode) {
            (PolicyChange::Unchanged, _) | (_, Mode::Check) => Ok(()),
            (PolicyChange::Write(policy), Mode::Apply) => store.put_policy(name, policy).await,
            (PolicyChange::Delete, Mode::Apply) => store.delete_policy(name).await,
        };
        match written {
            Ok(()) => return Ok(change),
            Err(error) if error.kind == RegistryErrorKind::Conflict && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}
