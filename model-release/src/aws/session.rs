//! An AWS session: the clients that it opens, the caller, and errors with hints.

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_names::{AccountId, Arn, Region};
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;

use model_registry::aws::{S3Documents, SageMakerRegistry};
use stack_rollout::CallAs;
use stack_rollout::aws::{CloudFormationStackSets, innermost};

use super::{AwsTargetAccount, QuotaCodes};
use crate::RegistryAccess;
use crate::diagnostic::{Diagnostic, Failure};

const MAX_PAUSE: Duration = Duration::from_secs(4);

/// A session in the caller's account.
#[derive(Debug, Clone)]
pub struct Session {
    config: SdkConfig,
    region: Region,
}

/// The caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: String,
}

impl Session {
    /// A session with this configuration, which must name a region.
    pub fn new(config: SdkConfig) -> Option<Self> {
        let region = config.region()?.as_ref().parse().ok()?;
        Some(Self { config, region })
    }

    /// The configuration for clients.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The session's region.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The same credentials in another region.
    pub fn in_region(&self, region: &Region) -> SdkConfig {
        self.config.clone().into_builder().region(aws_config::Region::new(region.to_string())).build()
    }

    /// The model registry of a region; `None` means the session's region.
    pub fn registry(&self, region: Option<&Region>) -> SageMakerRegistry {
        SageMakerRegistry::from_config(&self.in_region(region.unwrap_or(&self.region)))
    }

    /// The stack sets of the account and region. Uses adaptive retries, because the parameter
    /// overrides of each instance are read with a separate request.
    pub fn stack_sets(&self, call_as: CallAs) -> CloudFormationStackSets {
        let retries = RetryConfig::adaptive().with_max_attempts(5).with_max_backoff(MAX_PAUSE);
        let config = self.config.clone().into_builder().retry_config(retries).build();
        CloudFormationStackSets::from_config(&config, call_as)
    }

    /// The model registry, with the documents and artifacts that its packages reference.
    pub fn registry_access(&self, region: Option<&Region>) -> RegistryAccess<SageMakerRegistry, S3Documents, AwsTargetAccount> {
        let artifacts = Some(self.artifacts(region.unwrap_or(&self.region)));
        RegistryAccess { registry: self.registry(region), documents: self.documents(region), artifacts }
    }

    /// The images and artifacts of a region, as this session can read them.
    pub fn artifacts(&self, region: &Region) -> AwsTargetAccount {
        AwsTargetAccount::new(&self.in_region(region), QuotaCodes::default())
    }

    /// The documents in S3 that model packages reference.
    pub fn documents(&self, region: Option<&Region>) -> S3Documents {
        S3Documents::from_config(&self.in_region(region.unwrap_or(&self.region)))
    }

    /// The caller (`sts:GetCallerIdentity`).
    pub async fn caller(&self) -> Result<Caller, Failure> {
        let response = aws_sdk_sts::Client::new(&self.config)
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| Failure::unreachable(diagnose("sts:GetCallerIdentity", &self.region, &error)))?;
        let partition =
            response.arn().and_then(|arn| arn.parse::<Arn>().ok()).map_or_else(|| "aws".to_owned(), |arn| arn.partition().to_owned());
        match response.account().and_then(|account| account.parse().ok()) {
            Some(account) => Ok(Caller { account, partition }),
            None => Err(Failure::unreachable(Diagnostic::error("`sts:GetCallerIdentity` returned no account"))),
        }
    }
}

/// Describes a failed call: operation, code, message, request id, and hint.
pub fn diagnose<E>(operation: &str, region: &Region, error: &SdkError<E, HttpResponse>) -> Diagnostic
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let code = error.code();
    let base = match (code, error) {
        (Some(code), _) => {
            Diagnostic::error(format!("AWS rejected `{operation}`: {code}")).detail(error.message().unwrap_or("(no message)"))
        }
        (None, SdkError::ServiceError(context)) => {
            Diagnostic::error(format!("AWS rejected `{operation}` with HTTP status {}", context.raw().status()))
        }
        _ => Diagnostic::error(format!("`{operation}` could not be called: {}", innermost(error))),
    };
    let base = base.named(format!("region {region}"));
    let base = match error.request_id() {
        Some(id) => base.detail(format!("request id {id}")),
        None => base,
    };
    let base = match code {
        Some(code) if code.contains("AccessDenied") || code.contains("Unauthorized") => base.code("access-denied"),
        _ => base,
    };
    base.with_hint_opt(hint(code, error))
}

fn hint<E: Error + 'static>(code: Option<&str>, error: &SdkError<E, HttpResponse>) -> Option<String> {
    let text = match code {
        Some("ExpiredToken" | "ExpiredTokenException") => "the session has expired: get new credentials and run the command again",
        Some("InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch") => {
            "the credentials are not valid: check the access key, or sign in again"
        }
        Some(code) if code.contains("AccessDenied") || code.contains("Unauthorized") => return None,
        Some(code) if code.contains("Throttl") || code == "TooManyRequestsException" => {
            "AWS is throttling this account: wait a minute and run the command again"
        }
        Some(
            "InternalFailure" | "InternalServerError" | "InternalError" | "ServiceUnavailable" | "ServiceUnavailableException" | "SlowDown",
        ) => "AWS is not available at the moment: run the command again",
        Some(_) => return None,
        None if chain(error).iter().any(|text| text.contains("credential")) => {
            "set AWS_PROFILE, or run `aws sso login`; CodeBuild uses the project's service role"
        }
        None => "check the network, and AWS_ENDPOINT_URL if it is set",
    };
    Some(text.to_owned())
}

/// The messages of the error and its causes, outermost first.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}
