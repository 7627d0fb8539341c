//! Checks in every target, before anything is changed, whether a rollout can succeed: role, state
//! of a stack that failed, parameters, model package, image, artifact, key, endpoint name, instance
//! quota.
//!
//! All checks are read-only. Without permission, a check is unchecked: neither passed nor failed.

mod artifacts;
mod checks;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_names::{AccountId, Region};
use serde::{Deserialize, Serialize};

use crate::bounded::{self, boxed};
use crate::call_error::CallError;
use crate::identifiers::Target;
use crate::stacks::SessionError;
use crate::status::{KeyState, ModelApprovalStatus, ModelPackageStatus};
use clock::{Clock, SystemClock};

pub use artifacts::{ArtifactName, ArtifactReader, ArtifactState, ImageName, ObjectState, PrefixState, Presence};
pub use trust::{administration_role_trust, trusts};

/// The code of the check of a target whose session could not be opened for an unknown reason.
pub const NO_SESSION: &str = "no-session";

const MAX_PAUSE: Duration = Duration::from_secs(20);

/// What the stacks need in one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirements {
    /// Systems Manager parameters that parameters of the template name, with the accepted types.
    pub ssm_parameters: BTreeMap<String, Vec<&'static str>>,
    /// ARNs of model packages.
    pub model_packages: Vec<String>,
    /// Container images.
    pub images: Vec<String>,
    /// Model artifacts, as S3 URIs.
    pub artifacts: Vec<String>,
    /// Those artifacts that are prefixes of several keys, besides those that end with a slash.
    pub prefixes: BTreeSet<String>,
    /// Those images and artifacts that the template names itself. The others are the model package's.
    pub named_by_template: BTreeSet<String>,
    /// ARNs of KMS keys.
    pub keys: Vec<String>,
    /// Names of endpoints.
    pub endpoints: Vec<String>,
    /// The number of instances of each type that the endpoints run on.
    pub instances: BTreeMap<String, u32>,
    /// The role that CloudFormation assumes in the target, with self-managed permissions.
    pub execution_role: Option<ExecutionRole>,
    /// The name of the model's execution role, without a path. `None`: the role is not checked.
    pub model_role: Option<String>,
}

/// A role that CloudFormation assumes in a target, and the role that must be allowed to assume it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionRole {
    /// The role's name in the target.
    pub name: String,
    /// The administration role's ARN.
    pub administration_role_arn: String,
}

/// A target to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreflightTarget {
    /// The target.
    pub target: Target,
    /// The id of its existing stack, if any.
    pub stack_id: Option<String>,
    /// Whether the last operation failed there: CloudFormation can refuse to update the stack.
    pub has_failed: bool,
    /// What the stack needs there.
    pub requirements: Arc<Requirements>,
}

/// The state of a model package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageState {
    /// The status.
    pub status: ModelPackageStatus,
    /// The approval status.
    pub approval_status: ModelApprovalStatus,
    /// The whole response of `DescribeModelPackage`.
    pub description: serde_json::Value,
}

/// The port to one account and region. All methods are read-only.
pub trait TargetAccount: ArtifactReader {
    /// The types of the parameters that exist (`ssm:GetParameters`). Values are not returned.
    fn ssm_parameter_types(&self, names: &[String]) -> impl Future<Output = Result<BTreeMap<String, String>, CallError>> + Send;

    /// A model package (`sagemaker:DescribeModelPackage`); `None` if it does not exist.
    fn model_package(&self, arn: &str) -> impl Future<Output = Result<Option<PackageState>, CallError>> + Send;

    /// The state of a key (`kms:DescribeKey`); `None` if it does not exist.
    fn key_state(&self, arn: &str) -> impl Future<Output = Result<Option<KeyState>, CallError>> + Send;

    /// The names of the endpoints that contain `text` (`sagemaker:ListEndpoints`).
    fn endpoints_like(&self, text: &str) -> impl Future<Output = Result<Vec<String>, CallError>> + Send;

    /// The names of the endpoints of a stack (`cloudformation:DescribeStackResources`).
    fn endpoints_of_stack(&self, stack_id: &str) -> impl Future<Output = Result<Vec<String>, CallError>> + Send;

    /// The current status of a stack (`cloudformation:DescribeStackEvents`), if it is known.
    fn stack_status(&self, stack_id: &str) -> impl Future<Output = Result<Option<String>, CallError>> + Send;

    /// The quota for endpoint instances (`servicequotas:GetServiceQuota` and others), if AWS has
    /// one.
    fn instance_quota(&self, instance_type: &str) -> impl Future<Output = Result<Option<u32>, CallError>> + Send;

    /// A role's trust policy, as JSON (`iam:GetRole`); `None` if the role does not exist.
    fn trust_policy(&self, role: &str) -> impl Future<Output = Result<Option<String>, CallError>> + Send;
}

/// A check and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// The target; `None` for the administration account.
    pub target: Option<Target>,
    /// The name of the check, such as `ssm-parameter`.
    pub name: &'static str,
    /// A stable code, such as `model-role-missing`, for which a program can add a hint.
    pub code: Option<&'static str>,
    /// The checked object, such as the parameter's name.
    pub subject: String,
    /// The outcome.
    pub outcome: CheckOutcome,
    /// What was found, unless the check passed.
    pub message: Option<String>,
    /// The error of the call, with AWS's message.
    pub detail: Option<String>,
    /// How to fix it.
    pub hint: Option<String>,
    /// What AWS returned, if the check passed, for comparisons with what was approved.
    pub found: Option<Found>,
}

/// What AWS returned about the object of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// The digest that an image's name means, if Amazon ECR returned it.
    Image(Option<String>),
    /// What identifies the bytes of an artifact.
    Artifact(ArtifactState),
    /// The response of `DescribeModelPackage`.
    ModelPackage(serde_json::Value),
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// The check passed.
    Passed,
    /// The check could not be made.
    Unchecked,
    /// A rollout would fail in the target.
    Failed,
}

/// Options of a preflight.
#[derive(Debug, Clone)]
pub struct PreflightOptions<C = SystemClock> {
    /// The maximum number of targets that are checked concurrently.
    pub at_once: usize,
    /// The maximum number of attempts of a call that is throttled or fails because of the network.
    pub attempts: u32,
    /// The first pause; each is twice the previous one, shortened by up to a half at random.
    pub pause: Duration,
    /// The maximum duration. Targets that were not reached are reported as unchecked.
    pub deadline: Duration,
    /// The clock.
    pub clock: C,
}

impl<C: Clock> PreflightOptions<C> {
    /// Makes a call, again if it was throttled or the network failed.
    pub async fn retried<R, Fut>(&self, call: impl Fn() -> Fut + Send + Sync) -> Result<R, CallError>
    where
        Fut: Future<Output = Result<R, CallError>> + Send,
    {
        let mut pause = self.pause;
        for _ in 1..self.attempts {
            match call().await {
                Err(error) if error.is_transient() => {
                    self.clock.sleep(pause.mul_f64(0.5 + 0.5 * fastrand::f64())).await;
                    pause = pause.saturating_mul(2).min(MAX_PAUSE);
                }
                response => return response,
            }
        }
        call().await
    }
}

impl<C> PreflightOptions<C> {
    /// Replaces the clock, for tests.
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

/// Checks all targets, several concurrently. Results are in the order of the targets.
///
/// `sessions` opens a session in an account and region; if it fails, that is the result for the
/// target. `on_target` is called after each target, with the number of failed checks.
pub async fn preflight<F, Fut, T, C>(
    targets: &[PreflightTarget],
    sessions: F,
    options: &PreflightOptions<C>,
    on_target: impl Fn(&Target, usize) + Send + Sync,
) -> Vec<Check>
where
    F: Fn(AccountId, Region) -> Fut + Sync,
    Fut: Future<Output = Result<T, SessionError>> + Send,
    T: TargetAccount + Send,
    C: Clock,
{
    let end = options.clock.now().saturating_add(options.deadline);
    let (sessions, on_target) = (&sessions, &on_target);
    let runs = targets.iter().map(|target| {
        boxed(async move {
            let checks = if options.clock.now() >= end {
                vec![checks::not_reached(target)]
            } else {
                match sessions(target.target.account.clone(), target.target.region.clone()).await {
                    Ok(account) => checks::check_target(&account, target, options).await,
                    Err(error) => vec![checks::no_session(target, &error)],
                }
            };
            on_target(&target.target, checks.iter().filter(|check| check.outcome == CheckOutcome::Failed).count());
            checks
        })
    });
    bounded::join_all(options.at_once, runs.collect()).await.into_iter().flatten().collect()
}

impl Check {
    fn new(
        target: Option<Target>,
        name: &'static str,
        subject: &str,
        outcome: CheckOutcome,
        message: Option<String>,
        hint: Option<&str>,
    ) -> Self {
        Self {
            target,
            name,
            code: None,
            subject: subject.to_owned(),
            outcome,
            message,
            detail: None,
            hint: hint.map(str::to_owned),
            found: None,
        }
    }

    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
}
