//! The baseline: another endpoint that receives the same requests.

use aws_names::{AccountId, Region};
use endpoint_test::{ContainerTarget, Description, InvokeError, ModelResponse, Request, Target, TargetError, TargetErrorKind};

use crate::diagnostic::{Diagnostic, Failure};

/// The address of a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineAddress {
    /// The URL of a container.
    Container(String),
    /// The endpoint in production that corresponds to the tested one in staging.
    Production,
    /// Another variant of the tested endpoint.
    Variant(String),
    /// An endpoint in the account and region of the tested endpoint.
    SameAccount(String),
    /// An endpoint in any account and region.
    Remote {
        /// Its account.
        account: AccountId,
        /// Its region.
        region: Region,
        /// Its name.
        name: String,
    },
}

/// A baseline that can be invoked.
#[derive(Debug)]
pub enum BaselineTarget {
    /// A container.
    Container(ContainerTarget),
    /// A SageMaker endpoint.
    #[cfg(feature = "aws")]
    Endpoint(Box<endpoint_test::aws::SageMakerTarget>),
    /// One variant of a SageMaker endpoint, whatever variant a case names.
    #[cfg(feature = "aws")]
    Variant(Box<endpoint_test::aws::SageMakerTarget>, String),
    /// No session could be opened, for this reason.
    Unreachable(String),
}

impl BaselineAddress {
    /// Parses `production`, `variant/NAME`, an endpoint's name, `ACCOUNT/REGION/NAME`, or a container's URL.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        if text == "production" {
            return Ok(Self::Production);
        }
        if text.contains("://") {
            return Ok(Self::Container(text.to_owned()));
        }
        let invalid = |message: String| {
            Failure::from(
                Diagnostic::error(message)
                    .code("baseline")
                    .with_hint("use `production`, `variant/NAME`, an endpoint's name, ACCOUNT/REGION/NAME, or a container's URL"),
            )
        };
        let is_name = |name: &str| {
            (1..=63).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !name.starts_with('-')
                && !name.ends_with('-')
        };
        match text.split('/').collect::<Vec<_>>()[..] {
            ["variant", name] if is_name(name) => Ok(Self::Variant(name.to_owned())),
            [name] if is_name(name) => Ok(Self::SameAccount(name.to_owned())),
            [account, region, name] if is_name(name) => match (account.parse(), region.parse()) {
                (Ok(account), Ok(region)) => Ok(Self::Remote { account, region, name: name.to_owned() }),
                _ => Err(invalid(format!("`{text}` is not the address of an endpoint"))),
            },
            _ => Err(invalid(format!("`{text}` is not the address of an endpoint"))),
        }
    }

    /// The title in reports, for a tested endpoint in this account and region.
    pub fn title(&self, account: &str, region: &str) -> String {
        match self {
            Self::Container(url) => url.clone(),
            Self::Production => "production".to_owned(),
            Self::Variant(name) => format!("{account}/{region}, variant {name}"),
            Self::SameAccount(name) => format!("{account}/{region}/{name}"),
            Self::Remote { account, region, name } => format!("{account}/{region}/{name}"),
        }
    }
}

impl BaselineTarget {
    /// The container at this URL.
    pub fn container(url: &str) -> Result<Self, Failure> {
        ContainerTarget::new(url)
            .map(Self::Container)
            .map_err(|error| Diagnostic::error(error.to_string()).code("baseline").with_hint_opt(error.hint.clone()).into())
    }
}

impl Target for BaselineTarget {
    async fn describe(&self) -> Result<Description, TargetError> {
        match self {
            Self::Container(target) => target.describe().await,
            #[cfg(feature = "aws")]
            Self::Endpoint(target) | Self::Variant(target, _) => target.describe().await,
            Self::Unreachable(why) => Err(TargetError::new(TargetErrorKind::Other, why.clone())),
        }
    }

    async fn invoke(&self, request: &Request) -> Result<ModelResponse, InvokeError> {
        match self {
            Self::Container(target) => target.invoke(request).await,
            #[cfg(feature = "aws")]
            Self::Endpoint(target) => target.invoke(request).await,
            #[cfg(feature = "aws")]
            Self::Variant(target, name) => target.invoke(&Request { target_variant: Some(name.clone()), ..request.clone() }).await,
            Self::Unreachable(why) => Err(TargetError::new(TargetErrorKind::Other, why.clone()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BaselineAddress;

    #[test]
    fn a_baseline_address_is_a_name_a_name_with_account_and_region_or_a_url() {
        assert_eq!(BaselineAddress::parse("iris-prod").unwrap(), BaselineAddress::SameAccount("iris-prod".into()));
        assert_eq!(BaselineAddress::parse("http://127.0.0.1:8080").unwrap(), BaselineAddress::Container("http://127.0.0.1:8080".into()));
        assert_eq!(BaselineAddress::parse(" production ").unwrap(), BaselineAddress::Production);
        assert_eq!(BaselineAddress::parse("variant/Challenger").unwrap(), BaselineAddress::Variant("Challenger".into()));
        let remote = BaselineAddress::parse("333333333333/eu-west-1/iris-prod").unwrap();
        assert_eq!(remote.title("1", "2"), "333333333333/eu-west-1/iris-prod");
        for invalid in ["", "a/b", "33/eu-west-1/x", "333333333333/nowhere/x", "-x", "333333333333/eu-west-1/"] {
            assert!(BaselineAddress::parse(invalid).is_err(), "{invalid}");
        }
    }
}
