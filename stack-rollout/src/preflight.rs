//! Whether a rollout could succeed, asked of every target before anything is changed: the role, the parameters, the model package, the
//! image, the artifact, the key, the endpoint's name, the instances.
//!
//! Every question is one that reads only. What may not be asked is told as such, with the action that is missing: it is neither passed
//! nor failed.

mod checks;
mod trust;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_names::{AccountId, Region};
use serde::Serialize;

use crate::bounded::{self, boxed};
use crate::call_error::CallError;
use crate::clock::{Clock, SystemClock};
use crate::identifiers::Target;
use crate::stacks::SessionError;

pub use trust::{administration_role_trust, trusts};

/// What the stacks need in one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirements {
    /// Systems Manager parameters that the template's parameters name, each with the types that fit, such as `String`.
    pub ssm_parameters: BTreeMap<String, Vec<&'static str>>,
    /// ARNs of model packages.
    pub model_packages: Vec<String>,
    /// Container images.
    pub images: Vec<String>,
    /// Model artifacts, as S3 URIs.
    pub artifacts: Vec<String>,
    /// ARNs of KMS keys.
    pub keys: Vec<String>,
    /// Names of endpoints.
    pub endpoints: Vec<String>,
    /// How many instances of which type the endpoints run on.
    pub instances: BTreeMap<String, u32>,
    /// The role that CloudFormation works as in the target, with self-managed permissions.
    pub execution_role: Option<ExecutionRole>,
    /// The role that the model runs as: its name, without a path. Asked for only where it is named.
    pub model_role: Option<String>,
}

/// A role that CloudFormation works as, and who has to be able to assume it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionRole {
    /// The role's name in the target.
    pub name: String,
    /// The administration role's ARN.
    pub administration_role_arn: String,
}

/// One target that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub target: Target,
    /// The stack that it has already, if any.
    pub stack_id: Option<String>,
    /// Which of the requirements hold there, by their place in the list.
    pub requirements: Arc<Requirements>,
}

/// What AWS tells of a model package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackageState {
    /// Such as `Completed`.
    pub status: String,
    /// Such as `Approved`.
    pub approval_status: String,
}

/// Where a container image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageName {
    /// The account of its registry.
    pub account: String,
    /// The region of its registry.
    pub region: String,
    /// Its repository.
    pub repository: String,
    /// A tag, or a digest that begins with `sha256:`.
    pub reference: String,
}

/// What a look at an object or image found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    Found,
    /// It is not.
    Missing,
    /// Its bucket is in another region.
    OtherRegion,
}

/// One session in one account and region. Every method reads only.
pub trait TargetAccount: Sync {
    /// The types of those of these parameters that exist (`ssm:GetParameters`). Values are not handed out.
    fn ssm_parameter_types(&self, names: &[String]) -> impl Future<Output = Result<BTreeMap<String, String>, CallError>> + Send;

    /// A model package (`sagemaker:DescribeModelPackage`); `None` when there is none.
    fn model_package(&self, arn: &str) -> impl Future<Output = Result<Option<PackageState>, CallError>> + Send;

    /// Whether an image can be pulled (`ecr:BatchGetImage`, which a pull begins with).
    fn image(&self, image: &ImageName) -> impl Future<Output = Result<Presence, CallError>> + Send;

    /// Whether an artifact can be read (`s3:GetObject`, asked by HEAD; below a prefix `s3:ListBucket`).
    fn artifact(&self, bucket: &str, key: &str) -> impl Future<Output = Result<Presence, CallError>> + Send;

    /// The state of a key, such as `Enabled` (`kms:DescribeKey`); `None` when there is none.
    fn key_state(&self, arn: &str) -> impl Future<Output = Result<Option<String>, CallError>> + Send;

    /// The names of the endpoints that contain this text (`sagemaker:ListEndpoints`).
    fn endpoints_like(&self, text: &str) -> impl Future<Output = Result<Vec<String>, CallError>> + Send;

    /// The names of the endpoints of a stack (`cloudformation:DescribeStackResources`).
    fn endpoints_of_stack(&self, stack_id: &str) -> impl Future<Output = Result<Vec<String>, CallError>> + Send;

    /// How many instances of a type endpoints may have in all (`servicequotas:GetServiceQuota` and its siblings); `None` when AWS knows
    /// no such quota.
    fn instance_quota(&self, instance_type: &str) -> impl Future<Output = Result<Option<u32>, CallError>> + Send;

    /// A role's trust policy, as JSON (`iam:GetRole`); `None` when there is no such role.
    fn trust_policy(&self, role: &str) -> impl Future<Output = Result<Option<String>, CallError>> + Send;
}

/// One check and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// Where it was made; `None` for the administration account.
    pub target: Option<Target>,
    /// What was checked, such as `ssm-parameter`.
    pub name: &'static str,
    /// What kind of finding it is, such as `model-role-missing`, where a program can say more about what to do.
    pub code: Option<&'static str>,
    /// What about, such as the parameter's name.
    pub subject: String,
    /// The outcome.
    pub outcome: CheckOutcome,
    /// What was found, unless all is well.
    pub message: Option<String>,
    /// What AWS said.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// All is well.
    Passed,
    /// It could not be asked, or AWS cannot tell.
    Unchecked,
    /// A rollout would fail there.
    Failed,
}

/// How the questions are asked.
#[derive(Debug, Clone)]
pub struct PreflightOptions<C = SystemClock> {
    /// In how many targets at once.
    pub at_once: usize,
    /// How often a question is asked again when AWS is limiting requests or cannot be reached.
    pub attempts: u32,
    /// The first pause before a question is asked again; each is twice the one before, shortened by up to a half at random.
    pub pause: Duration,
    /// How long all questions may take. What was not asked by then is told as not asked.
    pub deadline: Duration,
    /// The clock by which it waits.
    pub clock: C,
}

impl<C> PreflightOptions<C> {
    /// With another clock, such as one that a test moves.
    pub fn with_clock<D>(self, clock: D) -> PreflightOptions<D> {
        let Self { at_once, attempts, pause, deadline, clock: _ } = self;
        PreflightOptions { at_once, attempts, pause, deadline, clock }
    }
}

impl Default for PreflightOptions {
    fn default() -> Self {
        Self { at_once: 32, attempts: 4, pause: Duration::from_millis(500), deadline: Duration::from_mins(15), clock: SystemClock::new() }
    }
}

/// Asks all questions in all places, some places at a time, and gives every answer in the order of the places.
///
/// `sessions` gives a session in an account and region; where none is to be had, that is the answer for the whole place. `on_place` is
/// told of each place that is done, with how many of its answers are failures.
pub async fn preflight<F, Fut, T, C>(
    places: &[Place],
    sessions: F,
    options: &PreflightOptions<C>,
    on_place: impl Fn(&Target, usize) + Send + Sync,
) -> Vec<Check>
where
    F: Fn(AccountId, Region) -> Fut + Sync,
    Fut: Future<Output = Result<T, SessionError>> + Send,
    T: TargetAccount + Send,
    C: Clock,
{
    let end = options.clock.now().saturating_add(options.deadline);
    let (sessions, on_place) = (&sessions, &on_place);
    let asked = places.iter().map(|place| {
        boxed(async move {
            let checks = if options.clock.now() >= end {
                vec![checks::not_reached(place)]
            } else {
                match sessions(place.target.account.clone(), place.target.region.clone()).await {
                    Ok(account) => checks::in_place(&account, place, options).await,
                    Err(error) => vec![checks::no_session(place, &error)],
                }
            };
            on_place(&place.target, checks.iter().filter(|check| check.outcome == CheckOutcome::Failed).count());
            checks
        })
    });
    bounded::each(options.at_once, asked.collect()).await.into_iter().flatten().collect()
}

impl Check {
    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
}

impl ImageName {
    /// Reads the name of an image in Amazon ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG` or `…@DIGEST`. `None` for any other.
    pub fn parse(image: &str) -> Option<Self> {
        let (host, path) = image.split_once('/')?;
        let mut parts = host.split('.');
        let (account, dkr, ecr, region) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if dkr != "dkr" || !(ecr == "ecr" || ecr == "ecr-fips") || account.len() != 12 {
            return None;
        }
        let (repository, reference) = match path.split_once('@') {
            Some((repository, digest)) => (repository.split(':').next().unwrap_or(repository), digest),
            None => path.split_once(':').unwrap_or((path, "latest")),
        };
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            repository: repository.to_owned(),
            reference: reference.to_owned(),
        })
    }
}
