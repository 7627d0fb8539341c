//! ARNs of model packages.
//!
//! `arn:PARTITION:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION`, or `…:model-package/NAME` for an unversioned package
//! (SageMaker API, ModelPackageArn).

use std::fmt;
use std::str::FromStr;

use crate::account::AccountId;
use crate::group::GroupName;

/// The ARN of a model package.
///
/// Two ARNs are equal when their letters are; [`ModelPackageArn::same_package`] also holds for one that a service shows in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelPackageArn {
    partition: String,
    region: String,
    account: AccountId,
    name: GroupName,
    version: Option<u32>,
}

/// The text is not the ARN of a model package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the ARN of a model package (arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION)")]
pub struct ParseArnError(String);

impl ModelPackageArn {
    /// The partition: `aws`, `aws-cn`, `aws-us-gov` …
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The region that the package is in; its endpoints can be in no other.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account that owns the package.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The group of a versioned package, the name of an unversioned one.
    pub fn name(&self) -> &GroupName {
        &self.name
    }

    /// The version; none for an unversioned package.
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// Whether both name the same package, whatever the case of their letters.
    pub fn same_package(&self, other: &Self) -> bool {
        self.to_string().eq_ignore_ascii_case(&other.to_string())
    }
}

impl FromStr for ModelPackageArn {
    type Err = ParseArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseArnError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<ModelPackageArn> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "sagemaker", region, account, resource] = parts[..] else { return None };
    if !partition.starts_with("aws") || region.is_empty() {
        return None;
    }
    let path = resource.strip_prefix("model-package/")?;
    let (name, version) = match path.split_once('/') {
        // SageMaker's versions have up to 9 digits.
        Some((name, version)) if (1..=9).contains(&version.len()) => (name, Some(version.parse().ok().filter(|version| *version > 0)?)),
        Some(_) => return None,
        None => (path, None),
    };
    Some(ModelPackageArn {
        partition: partition.to_owned(),
        region: region.to_owned(),
        account: account.parse().ok()?,
        name: name.parse().ok()?,
        version,
    })
}

impl fmt::Display for ModelPackageArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:sagemaker:{}:{}:model-package/{}", self.partition, self.region, self.account, self.name)?;
        match self.version {
            Some(version) => write!(f, "/{version}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ModelPackageArn;

    #[test]
    fn arns_of_every_partition_are_read_and_printed_as_they_were() {
        for text in [
            "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13",
            "arn:aws-cn:sagemaker:cn-north-1:111111111111:model-package/iris/1",
            "arn:aws-us-gov:sagemaker:us-gov-west-1:111111111111:model-package/unversioned",
        ] {
            assert_eq!(text.parse::<ModelPackageArn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_model_package_is_refused() {
        for text in [
            "",
            "13",
            "arn:aws:sagemaker:us-east-1:111111111111:model-package-group/iris",
            "arn:aws:sagemaker:us-east-1:1111:model-package/iris/1",
            "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/0",
            "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1/2",
            "arn:aws:s3:us-east-1:111111111111:model-package/iris/1",
            "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-/1",
        ] {
            assert!(text.parse::<ModelPackageArn>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_service_may_show_an_arn_in_lower_case() {
        let arn =
            |name: &str| format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/{name}/1").parse::<ModelPackageArn>().unwrap();
        assert!(arn("Iris").same_package(&arn("iris")));
        assert!(!arn("iris").same_package(&arn("irises")));
    }
}
