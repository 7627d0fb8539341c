//! Sessions with AWS: one configuration, one HTTP connection pool, explicit time limits, and errors that say what to do.

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;

use model_registry::aws::{S3Documents, SageMakerRegistry};
use stack_rollout::aws::CloudFormationStackSets;

use crate::choice::Source;
use crate::diagnostic::{Diagnostic, Failure};

/// A container answers within 60 seconds, and AWS advises clients to wait 70 (SageMaker Runtime, InvokeEndpoint).
const READ_TIMEOUT: Duration = Duration::from_secs(70);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest pause before a call to the registry is tried again.
const MAX_PAUSE: Duration = Duration::from_secs(4);
/// The whole of an operation, retries included.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(150);

/// A session in the caller's account.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) config: SdkConfig,
    pub(crate) region: String,
}

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) account: String,
    /// `aws`, `aws-cn`, `aws-us-gov` …
    pub(crate) partition: String,
}

impl Session {
    /// Loads the configuration as every AWS tool does: variables, profile, container or instance role. No call is made yet.
    pub(crate) async fn open() -> Result<Self, Failure> {
        Self::open_as(None, None).await
    }

    /// As [`Session::open`], in a region and with a profile of the caller's own, where they are named.
    pub(crate) async fn open_as(region: Option<&str>, profile: Option<&str>) -> Result<Self, Failure> {
        let timeouts = aws_config::timeout::TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(aws_smithy_http_client::tls::Provider::Rustls(aws_smithy_http_client::tls::rustls_provider::CryptoMode::AwsLc))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).http_client(http_client);
        // Whoever calls may name the program as they like (AWS_SDK_UA_APP_ID); CloudTrail shows it.
        let named = std::env::var_os("AWS_SDK_UA_APP_ID").is_some_and(|name| !name.is_empty());
        if let Ok(name) = AppName::new(concat!(env!("CARGO_PKG_NAME"), "-", env!("CARGO_PKG_VERSION")))
            && !named
        {
            loader = loader.app_name(name);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        let Some(region) = config.region().map(|region| region.as_ref().to_owned()).filter(|region| !region.is_empty()) else {
            return Err(Diagnostic::error("no AWS region is configured")
                .hinting("set AWS_REGION, such as `export AWS_REGION=us-east-1`, or `region` in the AWS profile")
                .into());
        };
        Ok(Self { config, region })
    }

    /// The same credentials in another region.
    pub(crate) fn in_region(&self, region: &str) -> SdkConfig {
        self.config.clone().into_builder().region(Region::new(region.to_owned())).build()
    }

    /// The model registry of a region, or of the session's. Its calls are throttled more often than others, since a whole group is listed
    /// page after page: each is tried more often, after pauses of random length.
    pub(crate) fn registry(&self, region: Option<&str>) -> SageMakerRegistry {
        let config = region.map_or_else(|| self.config.clone(), |region| self.in_region(region));
        let config = aws_sdk_sagemaker::config::Builder::from(&config)
            .retry_config(RetryConfig::standard().with_max_attempts(5).with_max_backoff(MAX_PAUSE));
        SageMakerRegistry::new(aws_sdk_sagemaker::Client::from_conf(config.build()))
    }

    /// The stack sets of the account and region. The parameters of its own of every instance are read one by one: the client finds out by
    /// itself how many requests in a second CloudFormation accepts.
    pub(crate) fn stack_sets(&self, call_as: stack_rollout::CallAs) -> CloudFormationStackSets {
        let retries = RetryConfig::adaptive().with_max_attempts(5).with_max_backoff(MAX_PAUSE);
        let config = aws_sdk_cloudformation::config::Builder::from(&self.config).retry_config(retries);
        CloudFormationStackSets::new(aws_sdk_cloudformation::Client::from_conf(config.build()), call_as)
    }

    /// The model registry, with the documents that its packages name.
    pub(crate) fn registry_source(&self, region: Option<&str>) -> Source<SageMakerRegistry, S3Documents> {
        Source { registry: self.registry(region), documents: self.documents(region) }
    }

    /// The documents in S3 that model packages name.
    pub(crate) fn documents(&self, region: Option<&str>) -> S3Documents {
        let config = region.map_or_else(|| self.config.clone(), |region| self.in_region(region));
        S3Documents::new(aws_sdk_s3::Client::new(&config))
    }

    /// Asks AWS who calls.
    pub(crate) async fn caller(&self) -> Result<Caller, Failure> {
        let answer = aws_sdk_sts::Client::new(&self.config)
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| Failure::unreachable(diagnose("sts:GetCallerIdentity", &self.region, &error)))?;
        let arn = answer.arn().unwrap_or_default();
        let partition = arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws").to_owned();
        match answer.account() {
            Some(account) => Ok(Caller { account: account.to_owned(), partition }),
            None => Err(Failure::unreachable(Diagnostic::error("sts:GetCallerIdentity answered without an account"))),
        }
    }
}

/// What AWS refused or could not be asked, in words: operation, code, message, request id, and what to do.
pub(crate) fn diagnose<E>(operation: &str, region: &str, error: &SdkError<E, HttpResponse>) -> Diagnostic
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let code = error.code();
    let base = match (code, error) {
        (Some(code), _) => {
            Diagnostic::error(format!("AWS refused `{operation}`: {code}")).detail(error.message().unwrap_or("(no message)"))
        }
        (None, SdkError::ServiceError(context)) => {
            Diagnostic::error(format!("AWS refused `{operation}` with HTTP status {}", context.raw().status()))
        }
        _ => Diagnostic::error(format!("`{operation}` could not be called: {}", innermost(error))),
    };
    let base = base.named(format!("region {region}"));
    let base = match error.request_id() {
        Some(id) => base.detail(format!("request id {id}")),
        None => base,
    };
    base.hint(hint(code, error))
}

fn hint<E: Error + 'static>(code: Option<&str>, error: &SdkError<E, HttpResponse>) -> Option<String> {
    let text = match code {
        Some("ExpiredToken" | "ExpiredTokenException") => "the session has expired: get new credentials and run this again",
        Some("InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch") => {
            "AWS does not know these credentials: check the access key, or sign in again"
        }
        Some(code) if code.contains("AccessDenied") || code.contains("Unauthorized") => {
            "docs/permissions.md lists the actions that each command needs"
        }
        Some(code) if code.contains("Throttl") || code == "TooManyRequestsException" => {
            "AWS is throttling this account: wait a minute and run this again"
        }
        Some(_) => return None,
        None if chain(error).iter().any(|text| text.contains("credential")) => {
            "no credentials were found: set AWS_PROFILE, or run `aws sso login`; in CodeBuild the project's service role is used"
        }
        None => "check the network, and AWS_ENDPOINT_URL when it is set",
    };
    Some(text.to_owned())
}

/// The error and what caused it, outermost first.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}

fn innermost(error: &dyn Error) -> String {
    chain(error).pop().unwrap_or_default()
}
