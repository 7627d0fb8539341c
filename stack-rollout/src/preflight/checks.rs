//! The checks, one by one.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use super::trust::trusts_service;
use super::{Check, CheckOutcome, ExecutionRole, ImageName, Place, PreflightOptions, Presence, Requirements, TargetAccount, trusts};
use crate::call_error::{CallError, CallErrorKind};
use crate::clock::Clock;
use crate::stacks::SessionError;

/// Systems Manager accepts ten names a request.
const NAMES_A_REQUEST: usize = 10;
/// The longest pause before a call is repeated.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// What a check is about, before its outcome is known.
struct Subject<'a> {
    place: &'a Place,
    check: &'static str,
    about: &'a str,
}

impl Subject<'_> {
    fn with(&self, outcome: CheckOutcome, message: Option<String>, hint: Option<&str>) -> Check {
        Check {
            target: Some(self.place.target.clone()),
            name: self.check,
            code: None,
            subject: self.about.to_owned(),
            outcome,
            message,
            detail: None,
            hint: hint.map(str::to_owned),
        }
    }

    fn passed(&self) -> Check {
        self.with(CheckOutcome::Passed, None, None)
    }

    fn failed(&self, message: impl Display, hint: &str) -> Check {
        self.with(CheckOutcome::Failed, Some(message.to_string()), Some(hint))
    }

    fn unchecked(&self, message: impl Display, hint: &str) -> Check {
        self.with(CheckOutcome::Unchecked, Some(message.to_string()), Some(hint))
    }

    /// The call was refused or failed, with the action that may be missing.
    fn refused(&self, action: &str, error: &CallError) -> Check {
        let Self { about, .. } = self;
        let check = match error.kind() {
            CallErrorKind::AccessDenied => self.unchecked(
                format_args!("`{action}` was refused for `{about}`"),
                &format!("grant `{action}` to the role assumed in the target and, for resources of another account, in their own policy"),
            ),
            CallErrorKind::ExpiredToken => self.unchecked("the session has expired", "run again"),
            _ => self.unchecked(format_args!("`{action}` for `{about}` failed"), "run again"),
        };
        Check { detail: Some(error.to_string()), ..check }
    }
}

/// The one check of a place that was not reached before the deadline.
pub(super) fn not_reached(place: &Place) -> Check {
    let subject = Subject { place, check: "session", about: "deadline" };
    subject.unchecked("nothing was checked here before the deadline", "run again, or give it more time")
}

/// The one check of a place without a session.
pub(super) fn no_session(place: &Place, error: &SessionError) -> Check {
    let hint =
        "the role must exist there and trust this account; the caller needs `sts:AssumeRole` on it. Nothing else could be checked there";
    let check = Subject { place, check: "session", about: "role" }.failed("the role cannot be assumed", hint);
    Check { detail: Some(error.message.clone()), ..check }
}

/// Makes every check in one place.
pub(super) async fn in_place<T: TargetAccount, C: Clock>(account: &T, place: &Place, options: &PreflightOptions<C>) -> Vec<Check> {
    let required = &*place.requirements;
    let calls = Calls { account, place, options };
    let mut checks = vec![Subject { place, check: "session", about: "role" }.passed()];
    checks.extend(calls.ssm_parameters(required).await);
    for arn in &required.model_packages {
        checks.push(calls.model_package(arn).await);
    }
    for image in &required.images {
        checks.push(calls.image(image).await);
    }
    for uri in &required.artifacts {
        checks.push(calls.artifact(uri).await);
    }
    for arn in &required.keys {
        checks.push(calls.key(arn).await);
    }
    for name in &required.endpoints {
        checks.push(calls.endpoint(name).await);
    }
    for (instance_type, count) in &required.instances {
        checks.push(calls.instances(instance_type, *count).await);
    }
    // Where there is a stack, CloudFormation has assumed this role before.
    if let Some(role) = required.execution_role.as_ref().filter(|_| place.stack_id.is_none()) {
        checks.push(calls.execution_role(role).await);
    }
    if let Some(role) = &required.model_role {
        checks.push(calls.model_role(role).await);
    }
    checks
}

/// The calls in one place, each repeated while its failure may pass.
struct Calls<'a, T, C> {
    account: &'a T,
    place: &'a Place,
    options: &'a PreflightOptions<C>,
}

impl<T: TargetAccount, C: Clock> Calls<'_, T, C> {
    async fn retried<R, Fut>(&self, call: impl Fn() -> Fut + Send + Sync) -> Result<R, CallError>
    where
        Fut: Future<Output = Result<R, CallError>> + Send,
    {
        let mut pause = self.options.pause;
        for _ in 1..self.options.attempts {
            match call().await {
                Err(error) if error.is_transient() => {
                    self.options.clock.sleep(pause.mul_f64(0.5 + 0.5 * fastrand::f64())).await;
                    pause = pause.saturating_mul(2).min(MAX_PAUSE);
                }
                response => return response,
            }
        }
        call().await
    }

    fn subject<'s>(&'s self, check: &'static str, about: &'s str) -> Subject<'s> {
        Subject { place: self.place, check, about }
    }

    /// Whether an ARN names a region other than the place's.
    fn is_elsewhere(&self, arn: &str) -> bool {
        arn.split(':').nth(3).is_some_and(|region| region != self.place.target.region.as_str())
    }

    async fn ssm_parameters(&self, required: &Requirements) -> Vec<Check> {
        let names: Vec<String> = required.ssm_parameters.keys().cloned().collect();
        let mut checks = Vec::new();
        for chunk in names.chunks(NAMES_A_REQUEST) {
            let types = self.retried(|| self.account.ssm_parameter_types(chunk)).await;
            for name in chunk {
                let subject = self.subject("ssm-parameter", name);
                let fitting = required.ssm_parameters.get(name).map(Vec::as_slice).unwrap_or_default();
                checks.push(match types.as_ref().map(|types| types.get(name)) {
                    Err(error) => subject.refused("ssm:GetParameters", error),
                    Ok(None) => subject.failed(
                        format_args!("there is no parameter `{name}` in Systems Manager"),
                        "put it there: the template reads it in the target account",
                    ),
                    Ok(Some(found)) if !fitting.is_empty() && !fitting.contains(&found.as_str()) => subject.failed(
                        format_args!("the parameter `{name}` is a {found}; the template reads a {}", fitting.join(" or a ")),
                        "put it there again with that type; a SecureString cannot be read by a template",
                    ),
                    Ok(Some(_)) => subject.passed(),
                });
            }
        }
        checks
    }

    async fn model_package(&self, arn: &str) -> Check {
        let subject = self.subject("model-package", arn);
        if self.is_elsewhere(arn) {
            let message = format_args!("the model package `{arn}` is in another region");
            return subject.failed(message, "build the release with a model package of this region").code("package-of-other-region");
        }
        match self.retried(|| self.account.model_package(arn)).await {
            Ok(Some(state)) if state.status != "Completed" => {
                subject.failed(format_args!("the model package `{arn}` has the status {}", state.status), "choose another one")
            }
            Ok(Some(state)) if state.approval_status != "Approved" => subject.failed(
                format_args!("the model package `{arn}` is no longer approved: {}", state.approval_status),
                "build again: another one is chosen",
            ),
            Ok(Some(_)) => subject.passed(),
            Ok(None) => subject.failed(format_args!("there is no model package `{arn}`"), "build again: it may have been deleted"),
            Err(error) => {
                let check = subject.refused("sagemaker:DescribeModelPackage", &error);
                if error.kind() != CallErrorKind::AccessDenied {
                    return check;
                }
                let hint = "share the group with the account, and grant `sagemaker:DescribeModelPackage` to the role there";
                Check { hint: Some(hint.to_owned()), ..check }.code("package-not-shared")
            }
        }
    }

    async fn image(&self, image: &str) -> Check {
        let subject = self.subject("image", image);
        let Some(name) = ImageName::parse(image) else {
            return subject.unchecked(
                format_args!("the image `{image}` is not in Amazon ECR"),
                "whether its registry can be reached from the endpoint's network is not known here",
            );
        };
        if name.region != self.place.target.region.as_str() {
            return subject.failed(
                format_args!("the image `{image}` is in region {}", name.region),
                "an endpoint's image must be in its own region: register a model package there that names one",
            );
        }
        match self.retried(|| self.account.image(&name)).await {
            Ok(Presence::Found) => subject.passed(),
            Ok(_) => subject.failed(format_args!("there is no image `{image}`"), "push it, or register a model package with another one"),
            Err(error) => subject.refused("ecr:BatchGetImage", &error),
        }
    }

    async fn artifact(&self, uri: &str) -> Check {
        let subject = self.subject("artifact", uri);
        let Some((bucket, key)) = uri.strip_prefix("s3://").and_then(|path| path.split_once('/')) else {
            return subject.failed(format_args!("`{uri}` is no S3 URI"), "register the model with s3://BUCKET/KEY");
        };
        match self.retried(|| self.account.artifact(bucket, key)).await {
            Ok(Presence::Found) => subject.passed(),
            Ok(Presence::Missing) => {
                subject.failed(format_args!("there is no object `{uri}`"), "register the model again with an artifact that is there")
            }
            Ok(Presence::OtherRegion) => subject.failed(
                format_args!("the bucket of `{uri}` is in another region"),
                "an endpoint's artifacts must be in its own region: copy them, and register a model package there",
            ),
            Err(error) => subject.refused("s3:GetObject", &error),
        }
    }

    async fn key(&self, arn: &str) -> Check {
        let subject = self.subject("key", arn);
        if self.is_elsewhere(arn) {
            return subject.failed(
                format_args!("the key `{arn}` is in another region"),
                "a key encrypts in its own region only: give this region a parameter override with a key of its own",
            );
        }
        match self.retried(|| self.account.key_state(arn)).await {
            Ok(Some(state)) if state == "Enabled" => subject.passed(),
            Ok(Some(state)) => subject.failed(format_args!("the key `{arn}` is {state}"), "enable it, or give another one"),
            Ok(None) => subject.failed(format_args!("there is no key `{arn}`"), "give another one"),
            Err(error) => subject.refused("kms:DescribeKey", &error),
        }
    }

    async fn endpoint(&self, name: &str) -> Check {
        let subject = self.subject("endpoint-name", name);
        let found = match self.retried(|| self.account.endpoints_like(name)).await {
            Ok(found) => found,
            Err(error) => return subject.refused("sagemaker:ListEndpoints", &error),
        };
        // SageMaker tells no two names apart by their case alone.
        let is_same = |other: &&String| other.eq_ignore_ascii_case(name);
        let Some(taken) = found.iter().find(is_same) else { return subject.passed() };
        let ours = match &self.place.stack_id {
            Some(stack_id) => self.retried(|| self.account.endpoints_of_stack(stack_id)).await,
            None => Ok(Vec::new()),
        };
        match ours {
            Ok(ours) if ours.iter().any(|ours| is_same(&ours)) => subject.passed(),
            Ok(_) => subject.failed(
                format_args!("there is an endpoint `{taken}` that is not of this stack set"),
                "delete it, or name this one otherwise: names are unique in an account and region, whatever their case",
            ),
            Err(error) => subject.refused("cloudformation:DescribeStackResources", &error),
        }
    }

    async fn instances(&self, kind: &str, count: u32) -> Check {
        let subject = self.subject("instance-quota", kind);
        match self.retried(|| self.account.instance_quota(kind)).await {
            Ok(Some(quota)) if quota < count => subject.failed(
                format_args!("the quota for `{kind}` endpoints is {quota}; {count} are needed"),
                "ask for more in Service Quotas, or use another instance type",
            ),
            Ok(Some(quota)) if self.place.stack_id.is_some() && quota < 2 * count => {
                let both = 2 * count;
                subject.unchecked(
                    format_args!(
                        "the quota for `{kind}` endpoints is {quota}: an update runs the old and the new instances side by side, {both} in all"
                    ),
                    "ask for more in Service Quotas, or let the endpoint be updated in batches (a rolling update)",
                )
            }
            Ok(Some(_)) => subject.passed(),
            Ok(None) => subject.unchecked(format_args!("AWS tells no quota for `{kind}` endpoints"), "look at it in Service Quotas"),
            Err(error) => subject.refused(&format!("servicequotas:{}", error.operation), &error),
        }
    }

    async fn execution_role(&self, role: &ExecutionRole) -> Check {
        let ExecutionRole { name, administration_role_arn } = role;
        let subject = self.subject("execution-role", name);
        match self.retried(|| self.account.trust_policy(name)).await {
            Ok(Some(policy)) if trusts(&policy, administration_role_arn) => subject.passed(),
            Ok(Some(_)) => subject.failed(
                format_args!("the role `{name}` does not trust `{administration_role_arn}`"),
                "its trust policy needs the administration role or its account as principal",
            ),
            Ok(None) => subject
                .failed(format_args!("there is no role `{name}`, which CloudFormation assumes"), "create it, or name another one")
                .code("execution-role-missing"),
            Err(error) => subject.refused("iam:GetRole", &error),
        }
    }

    async fn model_role(&self, role: &str) -> Check {
        let subject = self.subject("model-role", role);
        match self.retried(|| self.account.trust_policy(role)).await {
            Ok(Some(policy)) if trusts_service(&policy, "sagemaker") => subject.passed(),
            Ok(Some(_)) => subject.failed(
                format_args!("the role `{role}`, which the model runs as, does not trust SageMaker"),
                "its trust policy needs the principal `sagemaker.amazonaws.com` and the action `sts:AssumeRole`",
            ),
            Ok(None) => subject
                .failed(format_args!("there is no role `{role}`, which the model runs as"), "create it there, or name another one")
                .code("model-role-missing"),
            Err(error) => subject.refused("iam:GetRole", &error),
        }
    }
}
