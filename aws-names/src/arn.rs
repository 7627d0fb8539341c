//! ARNs of any resource.

use crate::{AccountId, Region};

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE` (IAM user guide, "Amazon Resource Names").
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: String,
    region: Option<Region>,
    account: Option<AccountId>,
    /// The offsets of the partition's end, the service's end and the resource's start.
    partition: usize,
    service: usize,
    resource: usize,
}

/// The beginning of every ARN.
const PREFIX: &str = "arn:";

impl Arn {
    const EXPECTED: &'static str = "an ARN (arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE)";

    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts[..] else { return None };
        if !partition.starts_with("aws") || service.is_empty() || resource.is_empty() {
            return None;
        }
        let optional = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Some(Self {
            // Resources that AWS owns have `aws` instead of an account id.
            account: optional(account).filter(|account| account != "aws").map(|account| account.parse()).transpose().ok()?,
            region: optional(region).map(|region| region.parse()).transpose().ok()?,
            partition: PREFIX.len() + partition.len(),
            service: PREFIX.len() + partition.len() + 1 + service.len(),
            resource: text.len() - resource.len(),
            text: text.to_owned(),
        })
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition: `aws`, `aws-cn`, `aws-us-gov` …
    pub fn partition(&self) -> &str {
        &self.text[PREFIX.len()..self.partition]
    }

    /// The service, such as `iam`.
    pub fn service(&self) -> &str {
        &self.text[self.partition + 1..self.service]
    }

    /// The region; none for global resources.
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// The account; none if the ARN has none, or for a resource that AWS owns.
    pub fn account(&self) -> Option<&AccountId> {
        self.account.as_ref()
    }

    /// The resource with its type and path, such as `role/deployment/Execution`.
    pub fn resource(&self) -> &str {
        &self.text[self.resource..]
    }

    /// The type of the resource, such as `role`; empty if the ARN has none.
    pub fn resource_type(&self) -> &str {
        self.resource().split_once(['/', ':']).map_or("", |(kind, _)| kind)
    }

    /// The resource without its type, such as a role's path and name.
    pub fn path_and_name(&self) -> &str {
        self.resource().split_once(['/', ':']).map_or(self.resource(), |(_, rest)| rest)
    }

    /// The ARN of another resource of this service, region and account, such as `model-package/NAME`.
    #[must_use]
    pub fn with_resource(&self, resource: &str) -> String {
        format!("{}{resource}", &self.text[..self.resource])
    }

    /// The last part of the resource: a role's name without its path, or an endpoint's name.
    pub fn name(&self) -> &str {
        resource_name(self.resource())
    }
}

/// The name of a resource that is written as its ARN, as its path and name, or as its name.
pub fn resource_name(text: &str) -> &str {
    text.rsplit(['/', ':']).next().unwrap_or(text)
}

crate::name!(Arn);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_its_parts() {
        let arn: Arn = "arn:aws-us-gov:iam::222222222222:role/deployment/Execution".parse().unwrap();
        assert_eq!((arn.partition(), arn.service(), arn.region()), ("aws-us-gov", "iam", None));
        assert_eq!((arn.resource_type(), arn.path_and_name(), arn.name()), ("role", "deployment/Execution", "Execution"));
        let topic: Arn = "arn:aws:sns:us-east-1:222222222222:alarms".parse().unwrap();
        assert_eq!((topic.resource_type(), topic.name(), topic.region().unwrap().as_str()), ("", "alarms", "us-east-1"));
        let bucket: Arn = "arn:aws:s3:::bucket/key".parse().unwrap();
        assert_eq!((bucket.account(), bucket.resource()), (None, "bucket/key"));
        assert_eq!(topic.with_resource("model-package/iris"), "arn:aws:sns:us-east-1:222222222222:model-package/iris");
        assert_eq!(["deployment/Execution", "Execution", arn.as_str()].map(resource_name), ["Execution"; 3]);
        assert_eq!("arn:aws:iam::aws:policy/ReadOnlyAccess".parse::<Arn>().unwrap().account(), None);
    }

    #[test]
    fn invalid_arns_are_rejected() {
        for text in [
            "",
            "arn",
            "arn:aws:iam",
            "arn:x:iam::222222222222:role/a",
            "arn:aws:iam::2222:role/a",
            "arn:aws:iam:nowhere::role/a",
            "arn:aws:iam:::",
        ] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }
}
