//! The model package group itself, and who else may read it.

mod policy;
mod principals;

use std::collections::BTreeSet;
use std::future::Future;

pub use policy::{PolicyChange, PolicyError, merge_policy};
pub use principals::{OrganizationId, ParseOrganizationIdError, ParseRoleNameError, RoleName};

use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::{GroupName, ModelPackageGroup};
use aws_names::AccountId;

/// How often a policy that somebody else changes at the same time is read and merged again.
const ATTEMPTS: u32 = 5;

/// The port to where groups and their policies are kept.
pub trait GroupStore: Sync {
    /// The group's ARN; none when there is no such group.
    fn describe_group(&self, group: &GroupName) -> impl Future<Output = Result<Option<ModelPackageGroup>, RegistryError>> + Send;

    /// Creates a group.
    fn create_group(&self, group: &NewGroup) -> impl Future<Output = Result<ModelPackageGroup, RegistryError>> + Send;

    /// The group's resource policy; none when it has none.
    fn policy(&self, group: &GroupName) -> impl Future<Output = Result<Option<String>, RegistryError>> + Send;

    /// Replaces the group's resource policy.
    fn put_policy(&self, group: &GroupName, policy: &str) -> impl Future<Output = Result<(), RegistryError>> + Send;

    /// Removes the group's resource policy.
    fn delete_policy(&self, group: &GroupName) -> impl Future<Output = Result<(), RegistryError>> + Send;
}

/// A group to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: GroupName,
    /// What it is for.
    pub description: String,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// Whether to change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Make it so.
    Apply,
    /// Only say what would change.
    Check,
}

/// What became of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupOutcome {
    /// It was there.
    Found(ModelPackageGroup),
    /// It was made.
    Created(ModelPackageGroup),
    /// It is missing, and nothing was to be changed.
    WouldCreate,
}

/// Who may read a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// The group, by its ARN.
    pub group: ModelPackageGroup,
    /// The accounts whose roles may be allowed to read it and to make models from its packages.
    pub accounts: BTreeSet<AccountId>,
    /// The roles of these accounts that may do so; empty: every identity that its account allows to.
    pub roles: BTreeSet<RoleName>,
    /// The organization that a caller must be of, besides; none: any.
    pub organization: Option<OrganizationId>,
}

/// Why a group was not shared.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SharingError {
    /// The policy that is there cannot be merged with, or the result cannot be written.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The registry refused, or could not be asked.
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
        // Somebody else made it a moment ago.
        Err(error) if error.kind == RegistryErrorKind::AlreadyExists => {
            store.describe_group(&group.name).await?.map(GroupOutcome::Found).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// Makes the group's policy say who may read it; what others wrote into the policy stays. Writes only when something differs, and reads
/// and merges again when somebody else changed the policy in between.
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
