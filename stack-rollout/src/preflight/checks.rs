//! The checks of one target.

use std::fmt::Display;

use aws_names::Arn;
use call_fault::Fault;

use super::trust::trusts_service;
use super::{
    ArtifactName, Check, CheckOutcome, ExecutionRole, Found, ImageName, NO_SESSION, PreflightOptions, PreflightTarget, Presence,
    Requirements, TargetAccount, trusts,
};
use crate::blocked_stack::BlockedStack;
use crate::call_error::{CallError, CallErrorKind};
use crate::stacks::SessionError;
use crate::status::{KeyState, ModelApprovalStatus, ModelPackageStatus};
use clock::Clock;

const MAX_NAMES_PER_REQUEST: usize = 10;

struct Subject<'a> {
    target: &'a PreflightTarget,
    check: &'static str,
    about: &'a str,
}

impl Subject<'_> {
    fn with(&self, outcome: CheckOutcome, message: Option<String>, hint: Option<&str>) -> Check {
        Check::new(Some(self.target.target.clone()), self.check, self.about, outcome, message, hint)
    }

    fn passed(&self) -> Check {
        self.with(CheckOutcome::Passed, None, None)
    }

    fn passed_with(&self, found: Found) -> Check {
        Check { found: Some(found), ..self.passed() }
    }

    fn failed(&self, message: impl Display, hint: &str) -> Check {
        self.with(CheckOutcome::Failed, Some(message.to_string()), Some(hint))
    }

    fn unchecked(&self, message: impl Display, hint: &str) -> Check {
        self.with(CheckOutcome::Unchecked, Some(message.to_string()), Some(hint))
    }

    /// The call was denied or failed. The hint has the action that may be missing.
    fn refused(&self, action: &str, error: &CallError) -> Check {
        let Self { about, .. } = self;
        let check = match error.fault() {
            Some(Fault::AccessDenied) => self.unchecked(
                format_args!("`{action}` was denied for `{about}`"),
                &format!("grant `{action}` to the role that is assumed in the target and, for resources of another account, in the resource policy"),
            ),
            fault => {
                let hint = fault.map_or_else(|| "run the command again".to_owned(), |fault| fault.hint(action));
                self.unchecked(format_args!("`{action}` for `{about}` failed"), &hint)
            }
        };
        Check { detail: Some(error.to_string()), ..check }
    }
}

/// The only check of a target that was not reached before the deadline.
pub(super) fn not_reached(target: &PreflightTarget) -> Check {
    let subject = Subject { target, check: "session", about: "deadline" };
    subject.unchecked("the deadline passed before this target was checked", "run the command again")
}

/// The only check of a target without a session. Only a refusal proves that the role is wrong.
pub(super) fn no_session(target: &PreflightTarget, error: &SessionError) -> Check {
    let subject = Subject { target, check: "session", about: "role" };
    let check = if error.is_refusal {
        let hint = "the role must exist in the target and trust this account, and the caller needs `sts:AssumeRole` on it; nothing else was checked there";
        subject.failed("the role cannot be assumed", hint)
    } else {
        let hint = error.hint.as_deref().unwrap_or("run the command again");
        subject.unchecked("no session could be opened, so nothing was checked there", hint).code(NO_SESSION)
    };
    Check { detail: Some(error.message.clone()), ..check }
}

pub(super) async fn check_target<T: TargetAccount, C: Clock>(
    account: &T,
    target: &PreflightTarget,
    options: &PreflightOptions<C>,
) -> Vec<Check> {
    let required = &*target.requirements;
    let calls = Calls { account, target, options };
    let mut checks = vec![Subject { target, check: "session", about: "role" }.passed()];
    if let Some(stack_id) = target.stack_id.as_deref().filter(|_| target.has_failed) {
        checks.push(calls.stack(stack_id).await);
    }
    checks.extend(calls.ssm_parameters(required).await);
    for arn in &required.model_packages {
        checks.push(calls.model_package(arn).await);
    }
    for image in &required.images {
        checks.push(calls.image(image, required.named_by_template.contains(image)).await);
    }
    for uri in &required.artifacts {
        checks.push(calls.artifact(uri, required.named_by_template.contains(uri)).await);
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
    // If a stack exists, CloudFormation has assumed this role before.
    if let Some(role) = required.execution_role.as_ref().filter(|_| target.stack_id.is_none()) {
        checks.push(calls.execution_role(role).await);
    }
    if let Some(role) = &required.model_role {
        checks.push(calls.model_role(role).await);
    }
    checks
}

/// The calls in one target, with retries of transient failures.
struct Calls<'a, T, C> {
    account: &'a T,
    target: &'a PreflightTarget,
    options: &'a PreflightOptions<C>,
}

impl<T: TargetAccount, C: Clock> Calls<'_, T, C> {
    fn subject<'s>(&'s self, check: &'static str, about: &'s str) -> Subject<'s> {
        Subject { target: self.target, check, about }
    }

    /// Whether an ARN is in a region other than the target's.
    fn is_in_other_region(&self, arn: &str) -> bool {
        arn.parse::<Arn>().is_ok_and(|arn| arn.region().is_some_and(|region| *region != self.target.target.region))
    }

    async fn stack(&self, stack_id: &str) -> Check {
        let subject = self.subject("stack", stack_id);
        match self.options.retried(|| self.account.stack_status(stack_id)).await {
            Ok(status) => match status.and_then(|status| BlockedStack::of(&self.target.target, stack_id, &status)) {
                Some(blocked) => subject.failed(blocked.message(), &blocked.hint()).code("stack-blocked"),
                None => subject.passed(),
            },
            Err(error) => subject.refused("cloudformation:DescribeStackEvents", &error),
        }
    }

    async fn ssm_parameters(&self, required: &Requirements) -> Vec<Check> {
        let names: Vec<String> = required.ssm_parameters.keys().cloned().collect();
        let mut checks = Vec::new();
        for chunk in names.chunks(MAX_NAMES_PER_REQUEST) {
            let types = self.options.retried(|| self.account.ssm_parameter_types(chunk)).await;
            for name in chunk {
                let subject = self.subject("ssm-parameter", name);
                let accepted = required.ssm_parameters.get(name).map(Vec::as_slice).unwrap_or_default();
                checks.push(match types.as_ref().map(|types| types.get(name)) {
                    Err(error) => subject.refused("ssm:GetParameters", error),
                    Ok(None) => subject.failed(
                        format_args!("Systems Manager has no parameter `{name}`"),
                        "create it in the target account: the template reads it there",
                    ),
                    Ok(Some(found)) if !accepted.is_empty() && !accepted.contains(&found.as_str()) => subject.failed(
                        format_args!("the parameter `{name}` has the type {found}; the template needs {}", accepted.join(" or ")),
                        "create it again with that type; a template cannot read a SecureString",
                    ),
                    Ok(Some(_)) => subject.passed(),
                });
            }
        }
        checks
    }

    async fn model_package(&self, arn: &str) -> Check {
        let subject = self.subject("model-package", arn);
        if self.is_in_other_region(arn) {
            let message = format_args!("the model package `{arn}` is in another region");
            return subject.failed(message, "build the release with a model package of this region").code("package-of-other-region");
        }
        match self.options.retried(|| self.account.model_package(arn)).await {
            Ok(Some(state)) if state.status != ModelPackageStatus::Completed => {
                subject.failed(format_args!("the model package `{arn}` has the status {}", state.status), "choose another model package")
            }
            Ok(Some(state)) if state.approval_status != ModelApprovalStatus::Approved => subject.failed(
                format_args!("the model package `{arn}` is no longer approved: {}", state.approval_status),
                "build the release again: another model package is chosen",
            ),
            Ok(Some(state)) => subject.passed_with(Found::ModelPackage(state.description)),
            Ok(None) => subject.failed(
                format_args!("the model package `{arn}` does not exist"),
                "build the release again; the model package may have been deleted",
            ),
            Err(error) => {
                let check = subject.refused("sagemaker:DescribeModelPackage", &error);
                if error.kind() != CallErrorKind::AccessDenied {
                    return check;
                }
                let hint = "share the model package group with the account, and grant `sagemaker:DescribeModelPackage` to the role there";
                Check { hint: Some(hint.to_owned()), ..check }.code("package-not-shared")
            }
        }
    }

    async fn image(&self, image: &str, is_of_template: bool) -> Check {
        let hint = |template, package| if is_of_template { template } else { package };
        let subject = self.subject("image", image);
        let Some(name) = ImageName::parse(image) else {
            return subject.unchecked(
                format_args!("the image `{image}` is not in Amazon ECR"),
                "check that the endpoint's network can reach its registry",
            );
        };
        if name.region != self.target.target.region.as_str() {
            return subject.failed(
                format_args!("the image `{image}` is in region {}", name.region),
                hint(
                    "an endpoint's image must be in the endpoint's region: name an image of that region in the template or its parameters",
                    "an endpoint's image must be in the endpoint's region: register a model package with an image of that region",
                ),
            );
        }
        match self.options.retried(|| self.account.image(&name)).await {
            Ok(Presence::Found(digest)) => subject.passed_with(Found::Image(digest)),
            Ok(_) => subject.failed(
                format_args!("the image `{image}` does not exist"),
                hint(
                    "push it, or name another image in the template or its parameters",
                    "push it, or register a model package with another image",
                ),
            ),
            Err(error) => subject.refused("ecr:BatchGetImage", &error),
        }
    }

    async fn artifact(&self, uri: &str, is_of_template: bool) -> Check {
        let hint = |template, package| if is_of_template { template } else { package };
        let subject = self.subject("artifact", uri);
        let is_prefix = self.target.requirements.prefixes.contains(uri);
        let Some(name) = ArtifactName::parse(uri, is_prefix) else {
            return subject.failed(
                format_args!("`{uri}` is not an S3 URI"),
                hint("name it as s3://BUCKET/KEY in the template or its parameters", "register the model package with s3://BUCKET/KEY"),
            );
        };
        match self.options.retried(|| self.account.artifact(&name)).await {
            Ok(Presence::Found(state)) => subject.passed_with(Found::Artifact(state)),
            Ok(Presence::Missing) => subject.failed(
                format_args!("the object `{uri}` does not exist"),
                hint(
                    "upload it, or name an existing artifact in the template or its parameters",
                    "register the model package again with an existing artifact",
                ),
            ),
            Ok(Presence::OtherRegion) => subject.failed(
                format_args!("the bucket of `{uri}` is in another region"),
                hint(
                    "an endpoint's artifacts must be in the endpoint's region: copy them, and name the copies in the template or its parameters",
                    "an endpoint's artifacts must be in the endpoint's region: copy them, and register a model package there",
                ),
            ),
            Err(error) => subject.refused(if name.is_prefix { "s3:ListBucket" } else { "s3:GetObject" }, &error),
        }
    }

    async fn key(&self, arn: &str) -> Check {
        let subject = self.subject("key", arn);
        if self.is_in_other_region(arn) {
            return subject.failed(
                format_args!("the key `{arn}` is in another region"),
                "a key works in its own region only: set a key of this region with a parameter override",
            );
        }
        match self.options.retried(|| self.account.key_state(arn)).await {
            Ok(Some(KeyState::Enabled)) => subject.passed(),
            Ok(Some(state)) => subject.failed(format_args!("the key `{arn}` is {state}"), "enable it, or use another key"),
            Ok(None) => subject.failed(format_args!("the key `{arn}` does not exist"), "use another key"),
            Err(error) => subject.refused("kms:DescribeKey", &error),
        }
    }

    async fn endpoint(&self, name: &str) -> Check {
        let subject = self.subject("endpoint-name", name);
        let found = match self.options.retried(|| self.account.endpoints_like(name)).await {
            Ok(found) => found,
            Err(error) => return subject.refused("sagemaker:ListEndpoints", &error),
        };
        // SageMaker's endpoint names are not case-sensitive.
        let is_same = |other: &&String| other.eq_ignore_ascii_case(name);
        let Some(existing) = found.iter().find(is_same) else { return subject.passed() };
        let ours = match &self.target.stack_id {
            Some(stack_id) => self.options.retried(|| self.account.endpoints_of_stack(stack_id)).await,
            None => Ok(Vec::new()),
        };
        match ours {
            Ok(ours) if ours.iter().any(|ours| is_same(&ours)) => subject.passed(),
            Ok(_) => subject.failed(
                format_args!("the endpoint `{existing}` already exists and does not belong to this stack set"),
                "delete it, or use another endpoint name: names are unique in an account and region, ignoring case",
            ),
            Err(error) => subject.refused("cloudformation:DescribeStackResources", &error),
        }
    }

    async fn instances(&self, kind: &str, count: u32) -> Check {
        let subject = self.subject("instance-quota", kind);
        match self.options.retried(|| self.account.instance_quota(kind)).await {
            Ok(Some(quota)) if quota < count => subject.failed(
                format_args!("the quota for `{kind}` endpoint instances is {quota}; {count} are needed"),
                "request a quota increase in Service Quotas, or use another instance type",
            ),
            Ok(Some(quota)) if self.target.stack_id.is_some() && quota < 2 * count => {
                let both = 2 * count;
                subject.unchecked(
                    format_args!(
                        "the quota for `{kind}` endpoint instances is {quota}; an update runs old and new instances at the same time, {both} in total"
                    ),
                    "request a quota increase in Service Quotas, or update the endpoint in batches (a rolling update)",
                )
            }
            Ok(Some(_)) => subject.passed(),
            Ok(None) => {
                subject.unchecked(format_args!("AWS has no quota for `{kind}` endpoint instances"), "check the quota in Service Quotas")
            }
            Err(error) => subject.refused(&format!("servicequotas:{}", error.operation), &error),
        }
    }

    async fn execution_role(&self, role: &ExecutionRole) -> Check {
        let ExecutionRole { name, administration_role_arn } = role;
        let subject = self.subject("execution-role", name);
        match self.options.retried(|| self.account.trust_policy(name)).await {
            Ok(Some(policy)) if trusts(&policy, administration_role_arn) => subject.passed(),
            Ok(Some(_)) => subject.failed(
                format_args!("the role `{name}` does not trust `{administration_role_arn}`"),
                "add the administration role or its account as a principal to the trust policy",
            ),
            Ok(None) => subject
                .failed(format_args!("the role `{name}`, which CloudFormation assumes, does not exist"), "create it, or use another role")
                .code("execution-role-missing"),
            Err(error) => subject.refused("iam:GetRole", &error),
        }
    }

    async fn model_role(&self, role: &str) -> Check {
        let subject = self.subject("model-role", role);
        match self.options.retried(|| self.account.trust_policy(role)).await {
            Ok(Some(policy)) if trusts_service(&policy, "sagemaker") => subject.passed(),
            Ok(Some(_)) => subject.failed(
                format_args!("the model execution role `{role}` does not trust SageMaker"),
                "allow the principal `sagemaker.amazonaws.com` the action `sts:AssumeRole` in its trust policy",
            ),
            Ok(None) => subject
                .failed(
                    format_args!("the model execution role `{role}` does not exist"),
                    "create it in the target account, or use another role",
                )
                .code("model-role-missing"),
            Err(error) => subject.refused("iam:GetRole", &error),
        }
    }
}
