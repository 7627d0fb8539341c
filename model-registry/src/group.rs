//! Model package groups, by name or ARN.

use std::fmt;
use std::str::FromStr;

use crate::account::AccountId;

/// The name of a model package group: 1 to 63 letters, digits and inner hyphens (SageMaker API, ModelPackageGroupName).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(String);

/// A model package group: by its name in the caller's own account, or by the ARN of a group that another account shares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelPackageGroup {
    name: GroupName,
    owner: Option<Owner>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Owner {
    partition: String,
    region: String,
    account: AccountId,
}

/// The text names no model package group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a model package group: give a name of 1 to 63 letters, digits and inner hyphens, or the group's ARN")]
pub struct ParseGroupError(String);

impl GroupName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GroupName {
    type Err = ParseGroupError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let valid = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if valid { Ok(Self(text.to_owned())) } else { Err(ParseGroupError(text.to_owned())) }
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ModelPackageGroup {
    /// The group's name.
    pub fn name(&self) -> &GroupName {
        &self.name
    }

    /// The account that owns the group, where the ARN says it.
    pub fn account(&self) -> Option<&AccountId> {
        self.owner.as_ref().map(|owner| &owner.account)
    }

    /// What a request to SageMaker names: the ARN where it is known, since a name only finds groups of the caller's own account.
    pub fn request_value(&self) -> String {
        match &self.owner {
            Some(Owner { partition, region, account }) => {
                format!("arn:{partition}:sagemaker:{region}:{account}:model-package-group/{}", self.name)
            }
            None => self.name.to_string(),
        }
    }

    /// The ARN's partition, region and account, where they are known.
    pub(crate) fn owner(&self) -> Option<(&str, &str, &AccountId)> {
        self.owner.as_ref().map(|owner| (owner.partition.as_str(), owner.region.as_str(), &owner.account))
    }
}

impl From<GroupName> for ModelPackageGroup {
    fn from(name: GroupName) -> Self {
        Self { name, owner: None }
    }
}

impl FromStr for ModelPackageGroup {
    type Err = ParseGroupError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.starts_with("arn:") {
            return text.parse().map(|name| Self { name, owner: None });
        }
        let refused = || ParseGroupError(text.to_owned());
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "sagemaker", region, account, resource] = parts[..] else { return Err(refused()) };
        let name = resource.strip_prefix("model-package-group/").ok_or_else(refused)?;
        if !partition.starts_with("aws") || region.is_empty() {
            return Err(refused());
        }
        let owner = Owner { partition: partition.to_owned(), region: region.to_owned(), account: account.parse().map_err(|_| refused())? };
        Ok(Self { name: name.parse().map_err(|_| refused())?, owner: Some(owner) })
    }
}

impl fmt::Display for ModelPackageGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.request_value())
    }
}

#[cfg(test)]
mod tests {
    use super::ModelPackageGroup;

    #[test]
    fn a_group_is_named_by_name_or_arn() {
        let named: ModelPackageGroup = "iris-p-abc123xyz".parse().unwrap();
        assert_eq!(named.request_value(), "iris-p-abc123xyz");
        let arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/my-model-package-group";
        let shared: ModelPackageGroup = arn.parse().unwrap();
        assert_eq!(shared.request_value(), arn);
        assert_eq!(shared.name().as_str(), "my-model-package-group");
    }

    #[test]
    fn a_name_that_sagemaker_refuses_is_refused() {
        for text in ["", "-iris", "iris-", "iris_1", &"a".repeat(64), "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1"] {
            assert!(text.parse::<ModelPackageGroup>().is_err(), "{text}");
        }
    }
}
