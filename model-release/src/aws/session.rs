//! An AWS session: the clients that it opens, the caller, and errors with hints.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_names::{AccountId, Arn, Region};
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use call_fault::{Fault, sdk};
use tokio::sync::OnceCell;

use model_registry::aws::{S3Documents, SageMakerRegistry};
use stack_rollout::CallAs;
use stack_rollout::aws::CloudFormationStackSets;

use super::{AwsTargetAccount, QuotaCodes};
use crate::RegistryAccess;
use crate::diagnostic::{Diagnostic, Failure, Place};

const MAX_PAUSE: Duration = Duration::from_secs(4);
/// The time limit of the call that only adds the account to an error.
const ACCOUNT_OF_AN_ERROR: Duration = Duration::from_secs(5);

/// A session in the caller's account.
#[derive(Debug, Clone)]
pub struct Session {
    config: SdkConfig,
    region: Region,
    /// Where the credentials are from, such as "profile `staging`".
    credentials: String,
    caller: Arc<OnceCell<Caller>>,
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
    /// A session with this configuration, which must name a region. `credentials` says where its
    /// credentials are from, for errors of an account that cannot be determined.
    pub fn new(config: SdkConfig, credentials: impl Into<String>) -> Option<Self> {
        let region = config.region()?.as_ref().parse().ok()?;
        Some(Self { config, region, credentials: credentials.into(), caller: Arc::default() })
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

    /// The caller (`sts:GetCallerIdentity`), read once.
    pub async fn caller(&self) -> Result<Caller, Failure> {
        self.caller.get_or_try_init(|| self.read_caller()).await.cloned()
    }

    async fn read_caller(&self) -> Result<Caller, Failure> {
        const OPERATION: &str = "sts:GetCallerIdentity";
        let response = aws_sdk_sts::Client::new(&self.config)
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| Failure::unreachable(diagnose(OPERATION, &self.region, &error)))?;
        let partition =
            response.arn().and_then(|arn| arn.parse::<Arn>().ok()).map_or_else(|| "aws".to_owned(), |arn| arn.partition().to_owned());
        response.account().and_then(|account| account.parse().ok()).map(|account| Caller { account, partition }).ok_or_else(|| {
            let diagnostic = Diagnostic::error(format!("the response of `{OPERATION}` has no account"));
            let hint = Fault::NotOfAws.hint(OPERATION);
            Failure::unreachable(diagnostic.in_aws(None::<&str>, Some(&self.region)).with_hint(hint))
        })
    }

    /// The account and region, for a message about a call that failed.
    pub async fn place(&self) -> Place {
        self.place_in(&self.region).await
    }

    /// As [`Session::place`], for a call in another region.
    pub async fn place_in(&self, region: &Region) -> Place {
        Place::Aws { account: Some(self.account_of_an_error().await), region: Some(region.to_string()) }
    }

    /// Adds the account and region to the errors of calls that lack them. No call is made if none
    /// does. If the account cannot be determined either, the errors say which credentials were used.
    pub async fn locate(&self, failure: &mut Failure) {
        if failure.lacks_session() {
            let account = self.account_of_an_error().await;
            failure.of_session(&account, self.region.as_str());
        }
    }

    /// As [`Session::locate`].
    pub async fn located(&self, mut failure: Failure) -> Failure {
        self.locate(&mut failure).await;
        failure
    }

    /// As [`Session::locate`], for findings that are not a failure of the command.
    pub async fn locate_all(&self, findings: &mut [Diagnostic]) {
        if findings.iter().any(Diagnostic::lacks_session) {
            let account = self.account_of_an_error().await;
            for finding in findings {
                finding.of_session(&account, self.region.as_str());
            }
        }
    }

    /// The account: of the credentials, if they name it, or else of the caller. The error that is
    /// reported must not be followed by a long wait for another one.
    async fn account_of_an_error(&self) -> String {
        let of_credentials = async {
            let provided = self.config.credentials_provider()?.provide_credentials().await.ok()?;
            Some(provided.account_id()?.as_str().to_owned())
        };
        let account = async {
            match self.caller.get() {
                Some(caller) => Some(caller.account.to_string()),
                None => match of_credentials.await {
                    Some(account) => Some(account),
                    None => self.caller().await.ok().map(|caller| caller.account.to_string()),
                },
            }
        };
        let known = tokio::time::timeout(ACCOUNT_OF_AN_ERROR, account).await.ok().flatten();
        known.unwrap_or_else(|| format!("of the {}", self.credentials))
    }
}

/// Describes a failed call: operation, code, message, request id, and hint. Its account is that of
/// the session.
pub fn diagnose<E>(operation: &str, region: &Region, error: &SdkError<E, HttpResponse>) -> Diagnostic
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let sdk::Failed { fault, code, message, request_id, status } = sdk::failed(error);
    let diagnostic = match (code, status.filter(|status| *status >= 300)) {
        (Some(code), _) => Diagnostic::error(format!("AWS rejected `{operation}`: {code}")).detail(message),
        (None, Some(status)) => Diagnostic::error(format!("AWS rejected `{operation}` with HTTP status {status}")),
        (None, None) => Diagnostic::error(format!("`{operation}` could not be called: {message}")),
    };
    let diagnostic = diagnostic.in_aws(None::<&str>, Some(region)).with_hint_opt(fault.map(|fault| fault.hint(operation)));
    let diagnostic = if fault == Some(Fault::AccessDenied) { diagnostic.code("access-denied").about(operation) } else { diagnostic };
    match request_id {
        Some(id) => diagnostic.detail(format!("request id {id}")),
        None => diagnostic,
    }
}
