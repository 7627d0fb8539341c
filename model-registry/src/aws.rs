//! The adapters to Amazon SageMaker and Amazon S3.

mod convert;
mod documents;
mod failure;
mod groups;

use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::Builder;
use aws_sdk_sagemaker::config::http::HttpResponse;
use aws_sdk_sagemaker::config::retry::RetryConfig;
use aws_sdk_sagemaker::config::timeout::TimeoutConfig;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemaker::types as sdk;
use aws_types::SdkConfig;

pub use documents::S3Documents;

use self::failure::{malformed, sdk_error};
use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::ModelPackageGroup;
use crate::life_cycle::{LifeCycle, LifeCycleStore};
use crate::package::ModelPackage;
use crate::registry::{PackageQuery, Page, Registry};
use crate::sharing::GroupStore as _;
use aws_names::ModelPackageArn;
use call_fault::sdk::{Required, boxed};

/// The default time limit of an operation, including its retries and the pauses between them.
/// [`SageMakerRegistry::deadline`] changes it.
const DEADLINE: Duration = Duration::from_mins(1);
/// The time limit of one attempt: every operation here returns within a second or two.
const ATTEMPT: Duration = Duration::from_secs(20);
/// The longest pause before a throttled call is repeated.
const MAX_PAUSE: Duration = Duration::from_secs(4);

/// The SageMaker Model Registry of an account and region. Every operation has a deadline, whatever
/// the client's configuration says. Throttled calls are retried as the client's configuration says,
/// after pauses of random length.
#[derive(Debug, Clone)]
pub struct SageMakerRegistry {
    client: Client,
}

impl SageMakerRegistry {
    /// The registry of the configuration's account and region. The registry throttles more often
    /// than other services, because a group is listed page by page: calls are retried more often
    /// than usual, after pauses of random length.
    pub fn from_config(config: &SdkConfig) -> Self {
        let retries = RetryConfig::standard().with_max_attempts(5).with_max_backoff(MAX_PAUSE);
        Self::new(Client::from_conf(Builder::from(config).retry_config(retries).build()))
    }

    /// The registry that this client calls.
    pub fn new(client: Client) -> Self {
        Self { client }.deadline(DEADLINE)
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// An error of a call, with the region that was called.
    fn error<E>(&self, operation: &'static str, error: &SdkError<E, HttpResponse>) -> RegistryError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        RegistryError { region: self.client.config().region().map(ToString::to_string), ..sdk_error(operation, error) }
    }

    /// Sets another deadline for each operation.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        let config = self.client.config();
        let timeouts = config.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        let timeouts = timeouts.operation_timeout(deadline).operation_attempt_timeout(deadline.min(ATTEMPT)).build();
        Self { client: Client::from_conf(config.to_builder().timeout_config(timeouts).build()) }
    }
}

impl Registry for SageMakerRegistry {
    async fn packages(&self, query: &PackageQuery) -> Result<Page, RegistryError> {
        const OPERATION: &str = "sagemaker:ListModelPackages";
        let request = self
            .client
            .list_model_packages()
            .model_package_group_name(query.group.request_value())
            // Both are set explicitly: the documented defaults are ascending order and unversioned
            // packages.
            .sort_by(sdk::ModelPackageSortBy::CreationTime)
            .sort_order(sdk::SortOrder::Descending)
            .model_package_type(sdk::ModelPackageType::Versioned)
            .set_model_approval_status(query.approval_status.as_ref().map(|status| sdk::ModelApprovalStatus::from(status.as_str())))
            .max_results(query.page_size.into())
            .set_next_token(query.next_token.clone())
            .customize()
            .interceptor(Required(&["ModelPackageSummaryList"]));
        let output = boxed(request.send()).await.map_err(|error| self.error(OPERATION, &error).of_account(query.group.account()))?;
        let next_token = output.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        let packages =
            output.model_package_summary_list().iter().map(|summary| convert::summary(OPERATION, summary)).collect::<Result<_, _>>()?;
        Ok(Page { packages, next_token })
    }

    async fn describe(&self, arn: &ModelPackageArn) -> Result<ModelPackage, RegistryError> {
        const OPERATION: &str = "sagemaker:DescribeModelPackage";
        let request = self
            .client
            .describe_model_package()
            .model_package_name(arn.to_string())
            // Metadata alone needs no permission for the package's encryption key.
            .included_data(sdk::IncludedData::MetadataOnly)
            .customize()
            .interceptor(Required(&["ModelPackageArn", "ModelPackageStatus", "CreationTime"]));
        let output = boxed(request.send()).await.map_err(|error| self.error(OPERATION, &error).of_account(Some(arn.account())))?;
        convert::package(OPERATION, &output)
    }

    async fn version(&self, group: &ModelPackageGroup, version: u32) -> Result<ModelPackageArn, RegistryError> {
        const OPERATION: &str = "sagemaker:DescribeModelPackageGroup";
        let owned;
        let group = if group.owner().is_some() {
            group
        } else {
            let missing =
                || RegistryError::new(OPERATION, RegistryErrorKind::NotFound, format!("there is no model package group `{group}`"));
            owned = self.describe_group(group.name()).await?.ok_or_else(missing)?;
            &owned
        };
        group
            .request_value()
            .replacen(":model-package-group/", ":model-package/", 1)
            .parse::<ModelPackageArn>()
            .and_then(|arn| format!("{arn}/{version}").parse())
            .map_err(|error| malformed(OPERATION, error.to_string()))
    }
}

impl LifeCycleStore for SageMakerRegistry {
    async fn set_life_cycle(&self, arn: &ModelPackageArn, life_cycle: &LifeCycle, client_token: &str) -> Result<(), RegistryError> {
        const OPERATION: &str = "sagemaker:UpdateModelPackage";
        let life_cycle = sdk::ModelLifeCycle::builder()
            .stage(&life_cycle.stage)
            .stage_status(&life_cycle.status)
            .set_stage_description(life_cycle.description.clone())
            .build();
        // The request must contain nothing else: SageMaker leaves members that are not in it
        // unchanged.
        let request = self
            .client
            .update_model_package()
            .model_package_arn(arn.to_string())
            .model_life_cycle(life_cycle)
            .client_token(client_token)
            .customize()
            .interceptor(Required(&["ModelPackageArn"]));
        boxed(request.send()).await.map(drop).map_err(|error| self.error(OPERATION, &error).of_account(Some(arn.account())))
    }
}
