//! Model package groups, by name or ARN.

use std::fmt;
use std::str::FromStr;

use aws_names::{AccountId, Arn, ModelPackageArn, Region};

/// The name of a model package group: 1 to 63 letters, digits and inner hyphens (SageMaker API, ModelPackageGroupName).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupName(String);

/// A model package group: a name in the caller's own account, or the ARN of a group that another
/// account shares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelPackageGroup {
    name: GroupName,
    /// Set if the group was named by its ARN.
    arn: Option<Arn>,
}

/// The text is not a model package group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a model package group: use a name of 1 to 63 letters, digits and inner hyphens, or the group's ARN")]
pub struct ParseGroupError(String);

impl GroupName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&ModelPackageArn> for GroupName {
    /// The group of a versioned package, the name of an unversioned one.
    fn from(arn: &ModelPackageArn) -> Self {
        Self(arn.name().to_owned())
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

    /// The account that owns the group, if the ARN is known.
    pub fn account(&self) -> Option<&AccountId> {
        self.arn.as_ref().and_then(Arn::account)
    }

    /// The region of the group, if the ARN is known.
    pub fn region(&self) -> Option<&Region> {
        self.arn.as_ref().and_then(Arn::region)
    }

    /// The value for requests to SageMaker: the ARN if it is known, because a name only finds
    /// groups of the caller's own account.
    pub fn request_value(&self) -> String {
        self.arn.as_ref().map_or_else(|| self.name.to_string(), Arn::to_string)
    }

    /// The ARN's partition, region and account, if they are known.
    pub(crate) fn owner(&self) -> Option<(&str, &str, &AccountId)> {
        let arn = self.arn.as_ref()?;
        Some((arn.partition(), arn.region()?.as_str(), arn.account()?))
    }
}

impl From<GroupName> for ModelPackageGroup {
    fn from(name: GroupName) -> Self {
        Self { name, arn: None }
    }
}

impl FromStr for ModelPackageGroup {
    type Err = ParseGroupError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.starts_with("arn:") {
            return text.parse().map(|name| Self { name, arn: None });
        }
        let invalid = || ParseGroupError(text.to_owned());
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        let is_group = arn.service() == "sagemaker" && arn.resource_type() == "model-package-group";
        if !is_group || arn.region().is_none() || arn.account().is_none() {
            return Err(invalid());
        }
        Ok(Self { name: arn.path_and_name().parse().map_err(|_| invalid())?, arn: Some(arn) })
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
    fn a_group_is_identified_by_name_or_arn() {
        let named: ModelPackageGroup = "iris-p-abc123xyz".parse().unwrap();
        assert_eq!(named.request_value(), "iris-p-abc123xyz");
        let arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/my-model-package-group";
        let shared: ModelPackageGroup = arn.parse().unwrap();
        assert_eq!(shared.request_value(), arn);
        assert_eq!((named.region(), shared.region().map(ToString::to_string).as_deref()), (None, Some("us-east-1")));
        assert_eq!(shared.name().as_str(), "my-model-package-group");
    }

    #[test]
    fn an_invalid_name_is_rejected() {
        for text in ["", "-iris", "iris-", "iris_1", &"a".repeat(64), "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1"] {
            assert!(text.parse::<ModelPackageGroup>().is_err(), "{text}");
        }
    }
}
