//! The questions, one by one.

use std::future::Future;
use std::time::Duration;

use super::trust::lets_service_in;
use super::{Check, CheckOutcome, ImageName, Place, PreflightOptions, Presence, Requirements, TargetAccount, trusts};
use crate::call_error::{CallError, CallErrorKind};
use crate::clock::Clock;
use crate::stacks::SessionError;

/// Collects the answers of one place.
struct Answers<'a> {
    place: &'a Place,
    checks: Vec<Check>,
}

impl Answers<'_> {
    fn push(&mut self, name: &'static str, subject: &str, outcome: CheckOutcome, message: Option<String>, hint: Option<String>) {
        let target = Some(self.place.target.clone());
        self.checks.push(Check { target, name, subject: subject.to_owned(), outcome, message, detail: None, hint });
    }

    fn passed(&mut self, name: &'static str, subject: &str) {
        self.push(name, subject, CheckOutcome::Passed, None, None);
    }

    fn failed(&mut self, name: &'static str, subject: &str, message: String, hint: &str) {
        self.push(name, subject, CheckOutcome::Failed, Some(message), Some(hint.to_owned()));
    }

    fn unchecked(&mut self, name: &'static str, subject: &str, message: String, hint: &str) {
        self.push(name, subject, CheckOutcome::Unchecked, Some(message), Some(hint.to_owned()));
    }

    /// What could not be asked, with the action that may be missing.
    fn refused(&mut self, name: &'static str, subject: &str, action: &str, error: &CallError) {
        let what = match error.kind() {
            CallErrorKind::AccessDenied => format!("`{action}` was refused for `{subject}`"),
            CallErrorKind::ExpiredToken => "the session has expired".to_owned(),
            _ => format!("`{action}` for `{subject}` failed"),
        };
        let hint = match error.kind() {
            CallErrorKind::AccessDenied => {
                format!("grant `{action}` to the role that is taken in the target, and where it belongs to another account, there, too")
            }
            _ => "run again".to_owned(),
        };
        self.unchecked(name, subject, what, &hint);
        if let Some(check) = self.checks.last_mut() {
            check.detail = Some(error.to_string());
        }
    }
}

/// The one answer of a place that was not reached before the deadline.
pub(super) fn not_asked(place: &Place) -> Check {
    let mut answers = Answers { place, checks: Vec::new() };
    answers.unchecked("session", "deadline", "nothing was asked here before the deadline".to_owned(), "run again, or give it more time");
    answers.checks.remove(0)
}

/// The one answer of a place where no session is to be had.
pub(super) fn no_session(place: &Place, error: &SessionError) -> Check {
    let mut answers = Answers { place, checks: Vec::new() };
    let hint =
        "the role must exist there and trust this account; the caller needs `sts:AssumeRole` on it. Nothing else could be checked there";
    answers.failed("session", "role", "the role cannot be assumed".to_owned(), hint);
    let mut check = answers.checks.remove(0);
    check.detail = Some(error.message.clone());
    check
}

pub(super) async fn ask<T: TargetAccount, C: Clock>(account: &T, place: &Place, options: &PreflightOptions<C>) -> Vec<Check> {
    let mut answers = Answers { place, checks: Vec::new() };
    answers.passed("session", "role");
    let (again, wanted) = (Again(options), &*place.requirements);
    ssm_parameters(account, wanted, &again, &mut answers).await;
    for arn in &wanted.model_packages {
        model_package(account, arn, &again, &mut answers).await;
    }
    for image in &wanted.images {
        self::image(account, image, &again, &mut answers).await;
    }
    for artifact in &wanted.artifacts {
        self::artifact(account, artifact, &again, &mut answers).await;
    }
    for key in &wanted.keys {
        self::key(account, key, &again, &mut answers).await;
    }
    endpoints(account, wanted, &again, &mut answers).await;
    for (instance_type, count) in &wanted.instances {
        instances(account, instance_type, *count, &again, &mut answers).await;
    }
    // Where there is a stack, CloudFormation has worked as this role before.
    if let Some(role) = wanted.execution_role.as_ref().filter(|_| place.stack_id.is_none()) {
        match again.call(|| account.trust_policy(&role.name)).await {
            Ok(Some(policy)) if trusts(&policy, &role.administration_role_arn) => answers.passed("execution-role", &role.name),
            Ok(Some(_)) => answers.failed(
                "execution-role",
                &role.name,
                format!("the role `{}` does not trust `{}`", role.name, role.administration_role_arn),
                "its trust policy needs the administration role or its account as principal",
            ),
            Ok(None) => answers.failed(
                "execution-role",
                &role.name,
                format!("there is no role `{}`, which CloudFormation works as", role.name),
                "make it, or name another one with --execution-role-name",
            ),
            Err(error) => answers.refused("execution-role", &role.name, "iam:GetRole", &error),
        }
    }
    if let Some(role) = &wanted.model_role {
        match again.call(|| account.trust_policy(role)).await {
            Ok(Some(policy)) if lets_service_in(&policy, "sagemaker") => answers.passed("model-role", role),
            Ok(Some(_)) => answers.failed(
                "model-role",
                role,
                format!("the role `{role}`, which the model runs as, does not trust SageMaker"),
                "its trust policy needs the principal `sagemaker.amazonaws.com` and the action `sts:AssumeRole`",
            ),
            Ok(None) => answers.failed(
                "model-role",
                role,
                format!("there is no role `{role}`, which the model runs as"),
                "deploy pipeline/target-account.yml there, or name the role that is",
            ),
            Err(error) => answers.refused("model-role", role, "iam:GetRole", &error),
        }
    }
    answers.checks
}

/// Systems Manager takes ten names a request.
const NAMES_A_REQUEST: usize = 10;

async fn ssm_parameters<T: TargetAccount, C: Clock>(account: &T, wanted: &Requirements, again: &Again<'_, C>, answers: &mut Answers<'_>) {
    const CHECK: &str = "ssm-parameter";
    let names: Vec<String> = wanted.ssm_parameters.keys().cloned().collect();
    for chunk in names.chunks(NAMES_A_REQUEST) {
        let types = match again.call(|| account.ssm_parameter_types(chunk)).await {
            Ok(types) => types,
            Err(error) => {
                for name in chunk {
                    answers.refused(CHECK, name, "ssm:GetParameters", &error);
                }
                continue;
            }
        };
        for name in chunk {
            let fitting = wanted.ssm_parameters.get(name).map(Vec::as_slice).unwrap_or_default();
            match types.get(name) {
                None => answers.failed(
                    CHECK,
                    name,
                    format!("there is no parameter `{name}` in Systems Manager"),
                    "put it there: the template reads it in the target account",
                ),
                Some(found) if !fitting.is_empty() && !fitting.contains(&found.as_str()) => {
                    let message = format!("the parameter `{name}` is a {found}; the template reads a {}", fitting.join(" or a "));
                    answers.failed(CHECK, name, message, "put it there again with that type; a SecureString cannot be read by a template");
                }
                Some(_) => answers.passed(CHECK, name),
            }
        }
    }
}

async fn model_package<T: TargetAccount, C: Clock>(account: &T, arn: &str, again: &Again<'_, C>, answers: &mut Answers<'_>) {
    const CHECK: &str = "model-package";
    let region = answers.place.target.region.to_string();
    if arn.split(':').nth(3).is_some_and(|own| own != region) {
        let message = format!("the model package `{arn}` is in another region");
        answers.failed(CHECK, arn, message, "build the release with --regional-model-package for this region");
        return;
    }
    match again.call(|| account.model_package(arn)).await {
        Ok(Some(state)) if state.status != "Completed" => {
            answers.failed(CHECK, arn, format!("the model package `{arn}` has the status {}", state.status), "choose another one");
        }
        Ok(Some(state)) if state.approval_status != "Approved" => {
            let message = format!("the model package `{arn}` is no longer approved: {}", state.approval_status);
            answers.failed(CHECK, arn, message, "build again: another one is chosen");
        }
        Ok(Some(_)) => answers.passed(CHECK, arn),
        Ok(None) => answers.failed(CHECK, arn, format!("there is no model package `{arn}`"), "build again: it may have been deleted"),
        Err(error) => {
            answers.refused(CHECK, arn, "sagemaker:DescribeModelPackage", &error);
            if let Some(check) = answers.checks.last_mut().filter(|_| error.kind() == CallErrorKind::AccessDenied) {
                check.hint = Some(
                    "share the group with the account (`xtask setup`), and grant `sagemaker:DescribeModelPackage` to the role there"
                        .to_owned(),
                );
            }
        }
    }
}

async fn image<T: TargetAccount, C: Clock>(account: &T, image: &str, again: &Again<'_, C>, answers: &mut Answers<'_>) {
    const CHECK: &str = "image";
    let Some(name) = ImageName::parse(image) else {
        let message = format!("the image `{image}` is not in Amazon ECR");
        answers.unchecked(CHECK, image, message, "whether its registry can be reached from the endpoint's network is not known here");
        return;
    };
    if name.region != answers.place.target.region.as_str() {
        let message = format!("the image `{image}` is in region {}", name.region);
        answers.failed(
            CHECK,
            image,
            message,
            "an endpoint's image must be in its own region: register a model package there that names one",
        );
        return;
    }
    match again.call(|| account.image(&name)).await {
        Ok(Presence::Found) => answers.passed(CHECK, image),
        Ok(_) => {
            answers.failed(CHECK, image, format!("there is no image `{image}`"), "push it, or register a model package with another one");
        }
        Err(error) => answers.refused(CHECK, image, "ecr:BatchGetImage", &error),
    }
}

async fn artifact<T: TargetAccount, C: Clock>(account: &T, uri: &str, again: &Again<'_, C>, answers: &mut Answers<'_>) {
    const CHECK: &str = "artifact";
    let Some((bucket, key)) = uri.strip_prefix("s3://").and_then(|path| path.split_once('/')) else {
        answers.failed(CHECK, uri, format!("`{uri}` is no S3 URI"), "register the model with s3://BUCKET/KEY");
        return;
    };
    match again.call(|| account.artifact(bucket, key)).await {
        Ok(Presence::Found) => answers.passed(CHECK, uri),
        Ok(Presence::Missing) => {
            answers.failed(CHECK, uri, format!("there is no object `{uri}`"), "register the model again with an artifact that is there");
        }
        Ok(Presence::OtherRegion) => {
            let hint = "an endpoint's artifacts must be in its own region: copy them, and register a model package there";
            answers.failed(CHECK, uri, format!("the bucket of `{uri}` is in another region"), hint);
        }
        Err(error) => answers.refused(CHECK, uri, "s3:GetObject", &error),
    }
}

async fn key<T: TargetAccount, C: Clock>(account: &T, arn: &str, again: &Again<'_, C>, answers: &mut Answers<'_>) {
    const CHECK: &str = "key";
    let region = answers.place.target.region.to_string();
    if arn.split(':').nth(3).is_some_and(|own| own != region) {
        let message = format!("the key `{arn}` is in another region");
        answers.failed(
            CHECK,
            arn,
            message,
            "a key encrypts in its own region only: give this region a parameter override with a key of its own",
        );
        return;
    }
    match again.call(|| account.key_state(arn)).await {
        Ok(Some(state)) if state == "Enabled" => answers.passed(CHECK, arn),
        Ok(Some(state)) => answers.failed(CHECK, arn, format!("the key `{arn}` is {state}"), "enable it, or give another one"),
        Ok(None) => answers.failed(CHECK, arn, format!("there is no key `{arn}`"), "give another one"),
        Err(error) => answers.refused(CHECK, arn, "kms:DescribeKey", &error),
    }
}

async fn endpoints<T: TargetAccount, C: Clock>(account: &T, wanted: &Requirements, again: &Again<'_, C>, answers: &mut Answers<'_>) {
    const CHECK: &str = "endpoint-name";
    for name in &wanted.endpoints {
        let found = match again.call(|| account.endpoints_like(name)).await {
            Ok(found) => found,
            Err(error) => {
                answers.refused(CHECK, name, "sagemaker:ListEndpoints", &error);
                continue;
            }
        };
        // SageMaker tells no two names apart by their case alone.
        let Some(taken) = found.iter().find(|found| found.eq_ignore_ascii_case(name)) else {
            answers.passed(CHECK, name);
            continue;
        };
        let clash = format!("there is an endpoint `{taken}` that is not of this stack set");
        let hint = "delete it, or name this one otherwise: names are unique in an account and region, whatever their case";
        let Some(stack_id) = &answers.place.stack_id else {
            answers.failed(CHECK, name, clash, hint);
            continue;
        };
        match again.call(|| account.endpoints_of_stack(stack_id)).await {
            Ok(ours) if ours.iter().any(|ours| ours.eq_ignore_ascii_case(name)) => answers.passed(CHECK, name),
            Ok(_) => answers.failed(CHECK, name, clash, hint),
            Err(error) => answers.refused(CHECK, name, "cloudformation:DescribeStackResources", &error),
        }
    }
}

async fn instances<T: TargetAccount, C: Clock>(account: &T, kind: &str, count: u32, again: &Again<'_, C>, answers: &mut Answers<'_>) {
    const CHECK: &str = "instance-quota";
    match again.call(|| account.instance_quota(kind)).await {
        Ok(Some(quota)) if quota < count => {
            let message = format!("the quota for `{kind}` endpoints is {quota}; {count} are needed");
            answers.failed(CHECK, kind, message, "ask for more in Service Quotas, or use another instance type");
        }
        Ok(Some(quota)) if answers.place.stack_id.is_some() && quota < 2 * count => {
            let message = format!(
                "the quota for `{kind}` endpoints is {quota}: an update runs the old and the new instances side by side, {} in all",
                2 * count
            );
            answers.unchecked(
                CHECK,
                kind,
                message,
                "ask for more in Service Quotas, or let the endpoint be updated in batches (a rolling update)",
            );
        }
        Ok(Some(_)) => answers.passed(CHECK, kind),
        Ok(None) => answers.unchecked(CHECK, kind, format!("AWS tells no quota for `{kind}` endpoints"), "look at it in Service Quotas"),
        Err(error) => answers.refused(CHECK, kind, &format!("servicequotas:{}", error.operation), &error),
    }
}

/// Asks again when the failure may pass.
struct Again<'a, C>(&'a PreflightOptions<C>);

impl<C: Clock> Again<'_, C> {
    async fn call<T, Fut>(&self, call: impl Fn() -> Fut + Send + Sync) -> Result<T, CallError>
    where
        Fut: Future<Output = Result<T, CallError>> + Send,
    {
        let mut pause = self.0.pause;
        for _ in 1..self.0.attempts {
            match call().await {
                Err(error) if error.is_transient() => {
                    let shortened: f64 = 0.5 + 0.5 * fastrand::f64();
                    self.0.clock.sleep(pause.mul_f64(shortened)).await;
                    pause = pause.saturating_mul(2).min(Duration::from_secs(20));
                }
                answer => return answer,
            }
        }
        call().await
    }
}
