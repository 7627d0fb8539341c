//! The pseudo parameters of CloudFormation.

/// The known pseudo parameters of one stack. One that is `None` stays a `Ref` in the resolved
/// template.
///
/// See
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>.
/// `AWS::NoValue` is not a field: it is always known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PseudoParameters {
    /// `AWS::AccountId`, such as `222222222222`.
    pub account_id: Option<String>,
    /// `AWS::Region`, such as `eu-west-1`.
    pub region: Option<String>,
    /// `AWS::Partition`, such as `aws` or `aws-cn`.
    pub partition: Option<String>,
    /// `AWS::URLSuffix`, such as `amazonaws.com`.
    pub url_suffix: Option<String>,
    /// `AWS::StackName`.
    pub stack_name: Option<String>,
    /// `AWS::StackId`, an ARN.
    pub stack_id: Option<String>,
    /// `AWS::NotificationARNs`.
    pub notification_arns: Option<Vec<String>>,
    /// The result of `Fn::GetAZs` in the stack's own region. It differs by account. It is not a
    /// pseudo parameter, but is known or unknown like one.
    pub availability_zones: Option<Vec<String>>,
}

impl PseudoParameters {
    /// Nothing is known: every reference to a pseudo parameter stays.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// The region, and its partition and domain.
    pub fn in_region(region: impl Into<String>) -> Self {
        let region = region.into();
        let partition = Partition::of_region(&region);
        Self {
            partition: Some(partition.name.to_owned()),
            url_suffix: Some(partition.url_suffix.to_owned()),
            region: Some(region),
            ..Self::default()
        }
    }

    /// Adds the account.
    #[must_use]
    pub fn in_account(self, account_id: impl Into<String>) -> Self {
        Self { account_id: Some(account_id.into()), ..self }
    }

    /// Adds the stack's name.
    #[must_use]
    pub fn of_stack(self, stack_name: impl Into<String>) -> Self {
        Self { stack_name: Some(stack_name.into()), ..self }
    }
}

/// A set of regions with its own ARNs and domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) name: &'static str,
    pub(crate) url_suffix: &'static str,
}

impl Partition {
    /// By the region's prefix, as in the SDKs' `partitions.json`; an unknown region counts as one
    /// in `aws`, as in the SDKs.
    pub(crate) fn of_region(region: &str) -> Self {
        const BY_PREFIX: [(&str, &str, &str); 7] = [
            ("cn-", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-", "aws-us-gov", "amazonaws.com"),
            ("us-iso-", "aws-iso", "c2s.ic.gov"),
            ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
            ("eusc-", "aws-eusc", "amazonaws.eu"),
        ];
        BY_PREFIX
            .iter()
            .find(|(prefix, ..)| region.starts_with(prefix))
            .map_or(Self { name: "aws", url_suffix: "amazonaws.com" }, |(_, name, url_suffix)| Self { name, url_suffix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_determines_partition_and_domain() {
        let china = PseudoParameters::in_region("cn-north-1").in_account("222222222222");
        assert_eq!(china.partition.as_deref(), Some("aws-cn"));
        assert_eq!(china.url_suffix.as_deref(), Some("amazonaws.com.cn"));
        assert_eq!(china.account_id.as_deref(), Some("222222222222"));
        assert_eq!(Partition::of_region("us-gov-west-1").name, "aws-us-gov");
        assert_eq!(Partition::of_region("eu-west-1").name, "aws");
        assert_eq!(PseudoParameters::unknown().region, None);
    }
}
