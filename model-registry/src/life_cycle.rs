//! Records a model package's life cycle in the registry.
//!
//! SageMaker stores one `ModelLifeCycle` per package: a stage such as `Staging`, a status such as
//! `Deployed`, and a description.

use std::fmt;
use std::future::Future;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::error::{RegistryError, RegistryErrorKind};
use crate::package::PackageSummary;
use crate::registry::{PackageQuery, Registry};
use aws_names::ModelPackageArn;

/// A description has at most this many characters (SageMaker API, StageDescription).
const MAX_DESCRIPTION: usize = 1024;
/// A client token has at most this many characters (SageMaker API, ClientToken).
const MAX_TOKEN: usize = 36;
/// How often a record is tried if another caller changes the package at the same time.
const ATTEMPTS: u32 = 5;
/// The last stage: a package in it is not moved back.
const LAST_STAGE: &str = "Production";

/// A model package's life cycle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct LifeCycle {
    /// The stage, such as `Staging`.
    pub stage: String,
    /// The status in that stage, such as `Deployed`.
    pub status: String,
    /// A description for people.
    pub description: Option<String>,
}

/// The text is not a stage with a status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a life cycle: write STAGE/STATUS, each of 1 to 63 letters, digits and inner hyphens")]
pub struct ParseLifeCycleError(String);

/// A registry that can record a model package's life cycle.
pub trait LifeCycleStore: Registry {
    /// Sets a package's life cycle and changes nothing else. Two calls with the same token are one
    /// change.
    fn set_life_cycle(
        &self,
        arn: &ModelPackageArn,
        life_cycle: &LifeCycle,
        client_token: &str,
    ) -> impl Future<Output = Result<(), RegistryError>> + Send;
}

/// The result of recording a life cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recorded {
    /// It was written.
    Written,
    /// The registry already contains it.
    Unchanged,
    /// The package is in a later stage, which is kept: this one.
    InLaterStage(LifeCycle),
}

impl LifeCycle {
    /// The stage and the status, without a description.
    pub fn new(stage: &str, status: &str) -> Result<Self, ParseLifeCycleError> {
        format!("{stage}/{status}").parse()
    }

    /// Adds a description, cut to what SageMaker accepts: one line of at most 1,024 characters.
    #[must_use]
    pub fn described(mut self, description: &str) -> Self {
        let line = description.chars().map(|character| if character.is_control() { ' ' } else { character });
        self.description = Some(line.take(MAX_DESCRIPTION).collect());
        self
    }
}

impl FromStr for LifeCycle {
    type Err = ParseLifeCycleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((stage, status)) if is_name(stage) && is_name(status) => {
                Ok(Self { stage: stage.to_owned(), status: status.to_owned(), description: None })
            }
            _ => Err(ParseLifeCycleError(text.to_owned())),
        }
    }
}

/// SageMaker's EntityName.
fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl fmt::Display for LifeCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.stage, self.status)
    }
}

/// Records a package's life cycle: only if the registry does not contain it already, and never from
/// production back to an earlier stage. `occasion` is what the record is about, such as a release's
/// digest: the same occasion is recorded once, however often it is tried.
pub async fn record<S: LifeCycleStore>(
    store: &S,
    arn: &ModelPackageArn,
    life_cycle: &LifeCycle,
    occasion: &str,
) -> Result<Recorded, RegistryError> {
    let token = client_token(arn, life_cycle, occasion);
    let mut attempt = 1;
    loop {
        match store.describe(arn).await?.life_cycle {
            Some(present) if present == *life_cycle => return Ok(Recorded::Unchanged),
            Some(present) if present.stage.eq_ignore_ascii_case(LAST_STAGE) && !life_cycle.stage.eq_ignore_ascii_case(LAST_STAGE) => {
                return Ok(Recorded::InLaterStage(present));
            }
            _ => {}
        }
        match store.set_life_cycle(arn, life_cycle, &token).await {
            Ok(()) => return Ok(Recorded::Written),
            // Another caller is changing the package: read it again and decide again.
            Err(error) if error.kind == RegistryErrorKind::Conflict && attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

/// The other versions of a package's group that the registry has in the same stage and status, such
/// as the one that was deployed before. A version that another project's record describes is not
/// one of them: `project` is in this project's descriptions.
pub async fn others_in<S: LifeCycleStore>(
    store: &S,
    arn: &ModelPackageArn,
    life_cycle: &LifeCycle,
    project: &str,
) -> Result<Vec<ModelPackageArn>, RegistryError> {
    let owner = format!("arn:{}:sagemaker:{}:{}", arn.partition(), arn.region(), arn.account());
    let group = arn.version().and_then(|_| format!("{owner}:model-package-group/{}", arn.name()).parse().ok());
    let Some(group) = group else { return Ok(Vec::new()) };
    let mut query = PackageQuery { group, approval_status: None, page_size: 100, next_token: None };
    let mut others = Vec::new();
    loop {
        let page = store.packages(&query).await?;
        let is_other = |package: &PackageSummary| {
            let same = package.life_cycle.as_ref().filter(|found| found.stage == life_cycle.stage && found.status == life_cycle.status);
            let is_ours =
                |found: &LifeCycle| found.description.as_deref().is_none_or(|text| !text.starts_with("release ") || text.contains(project));
            package.arn != *arn && same.is_some_and(is_ours)
        };
        others.extend(page.packages.into_iter().filter(is_other).map(|package| package.arn));
        match page.next_token {
            Some(token) if query.next_token.as_ref() != Some(&token) => query.next_token = Some(token),
            _ => return Ok(others),
        }
    }
}

/// The same token for the same record on the same occasion.
fn client_token(arn: &ModelPackageArn, life_cycle: &LifeCycle, occasion: &str) -> String {
    let description = life_cycle.description.as_deref().unwrap_or_default();
    let digest = Sha256::digest(format!("{arn}\n{life_cycle}\n{description}\n{occasion}").as_bytes());
    digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)).take(MAX_TOKEN).collect()
}

#[cfg(test)]
mod tests {
    use super::{LifeCycle, MAX_DESCRIPTION, client_token};

    #[test]
    fn stage_and_status_follow_sagemakers_rules() {
        assert_eq!("Staging/Deployed".parse::<LifeCycle>().unwrap().to_string(), "Staging/Deployed");
        for text in ["", "Staging", "Staging/", "/Deployed", "a/b/c", "Staging/-x", "Sta ging/x", &format!("{}/x", "a".repeat(64))] {
            assert!(text.parse::<LifeCycle>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_description_is_one_line_within_sagemakers_limit() {
        let life_cycle = LifeCycle::new("Staging", "Deployed").unwrap().described(&format!("a\nb{}", "é".repeat(2000)));
        let description = life_cycle.description.unwrap();
        assert!(description.starts_with("a b"));
        assert_eq!(description.chars().count(), MAX_DESCRIPTION);
    }

    #[test]
    fn the_token_depends_on_the_occasion() {
        let arn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/1".parse().unwrap();
        let life_cycle = LifeCycle::new("Staging", "Deployed").unwrap();
        let token = client_token(&arn, &life_cycle, "sha256:1");
        assert_eq!(token, client_token(&arn, &life_cycle, "sha256:1"));
        assert_ne!(token, client_token(&arn, &life_cycle, "sha256:2"));
        assert!(token.len() == 36 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
