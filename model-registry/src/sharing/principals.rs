//! Who a group is shared with: accounts or roles in them, optionally of one organization only.

use std::fmt;
use std::str::FromStr;

/// The name of an IAM role, including its path: `service-role/ModelRole`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

/// The text is not the name of an IAM role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of an IAM role: use up to 64 letters, digits and `_+=,.@-`, after an optional path")]
pub struct ParseRoleNameError(String);

/// The id of an AWS organization, such as `o-a1b2c3d4e5`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId(String);

/// The text is not the id of an AWS organization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an AWS organization: use o- and 10 to 32 lowercase letters and digits")]
pub struct ParseOrganizationIdError(String);

impl RoleName {
    /// The name, including its path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = ParseRoleNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim_start_matches('/');
        let last = name.rsplit('/').next().unwrap_or_default();
        let valid = !last.is_empty()
            && last.len() <= 64
            && name.len() <= 512
            && !name.contains("//")
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c));
        if valid { Ok(Self(name.to_owned())) } else { Err(ParseRoleNameError(text.to_owned())) }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl OrganizationId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrganizationId {
    type Err = ParseOrganizationIdError;

    /// See the Organizations API, OrganizationId.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = text.strip_prefix("o-").is_some_and(|rest| {
            (10..=32).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        if valid { Ok(Self(text.to_owned())) } else { Err(ParseOrganizationIdError(text.to_owned())) }
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
