//! ARNs of model packages.

use crate::{AccountId, Arn, Region};

/// `arn:PARTITION:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION`, or `…:model-package/NAME` for an unversioned package
/// (SageMaker API, ModelPackageArn).
///
/// Equality compares case-sensitively. [`ModelPackageArn::same_package`] ignores case, because some
/// services return the ARN in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelPackageArn {
    arn: Arn,
    region: Region,
    account: AccountId,
    version: Option<u32>,
}

impl ModelPackageArn {
    const EXPECTED: &'static str = "the ARN of a model package (arn:aws:sagemaker:REGION:ACCOUNT:model-package/GROUP/VERSION)";

    fn read(text: &str) -> Option<Self> {
        let arn: Arn = text.parse().ok()?;
        if arn.service() != "sagemaker" || !arn.resource().starts_with("model-package/") {
            return None;
        }
        let (name, version) = match arn.path_and_name().split_once('/') {
            // SageMaker's versions have up to 9 digits.
            Some((name, version)) if (1..=9).contains(&version.len()) => (name, Some(version.parse().ok().filter(|version| *version > 0)?)),
            Some(_) => return None,
            None => (arn.path_and_name(), None),
        };
        // The rule for group names and unversioned packages: 1 to 63 letters, digits and inner
        // hyphens.
        let is_name = (1..=63).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        is_name.then_some(())?;
        Some(Self { region: arn.region()?.clone(), account: arn.account()?.clone(), version, arn })
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        self.arn.as_str()
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov` …
    pub fn partition(&self) -> &str {
        self.arn.partition()
    }

    /// The region of the package; its endpoints must be in the same region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The account that owns the package.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The group of a versioned package, the name of an unversioned one.
    pub fn name(&self) -> &str {
        let path = self.arn.path_and_name();
        path.split_once('/').map_or(path, |(name, _)| name)
    }

    /// The version; none for an unversioned package.
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// The package with the same name and account in this region, with this version.
    #[must_use]
    pub fn in_region(&self, region: &Region, version: Option<u32>) -> Self {
        let version_part = version.map(|version| format!("/{version}")).unwrap_or_default();
        let text = format!("arn:{}:sagemaker:{region}:{}:model-package/{}{version_part}", self.partition(), self.account, self.name());
        Self::read(&text).unwrap_or_else(|| self.clone())
    }

    /// Whether both are the same package, ignoring case.
    pub fn same_package(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

crate::name!(ModelPackageArn);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_every_partition_are_parsed_and_printed_unchanged() {
        for text in [
            "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13",
            "arn:aws-cn:sagemaker:cn-north-1:111111111111:model-package/iris/1",
            "arn:aws-us-gov:sagemaker:us-gov-west-1:111111111111:model-package/unversioned",
        ] {
            assert_eq!(text.parse::<ModelPackageArn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn arns_of_other_resources_are_rejected() {
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
    fn an_arn_in_lower_case_is_the_same_package() {
        let arn =
            |name: &str| format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/{name}/1").parse::<ModelPackageArn>().unwrap();
        assert!(arn("Iris").same_package(&arn("iris")));
        assert!(!arn("iris").same_package(&arn("irises")));
    }

    #[test]
    fn the_same_package_of_another_region_keeps_its_name_and_account() {
        let arn: ModelPackageArn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/7".parse().unwrap();
        let other = arn.in_region(&"eu-west-1".parse().unwrap(), Some(3));
        assert_eq!(other.as_str(), "arn:aws:sagemaker:eu-west-1:111111111111:model-package/iris/3");
    }
}
