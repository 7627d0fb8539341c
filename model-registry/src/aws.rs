//! The adapter to Amazon SageMaker.

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::http::HttpResponse;
use aws_sdk_sagemaker::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemaker::operation::RequestId;
use aws_sdk_sagemaker::operation::describe_model_package::DescribeModelPackageOutput;
use aws_sdk_sagemaker::primitives::DateTime;
use aws_sdk_sagemaker::types as sdk;
use jiff::{Timestamp, Unit};

use crate::arn::ModelPackageArn;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::{GroupName, ModelPackageGroup};
use crate::package::{ModelPackage, PackageSummary, RegistrationType};
use crate::registry::{PackageQuery, Page, Registry};
use crate::sharing::{GroupStore, NewGroup};

/// The SageMaker Model Registry of an account and region.
#[derive(Debug, Clone)]
pub struct SageMakerRegistry {
    client: Client,
}

impl SageMakerRegistry {
    /// The registry that this client talks to.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Registry for SageMakerRegistry {
    async fn packages(&self, query: &PackageQuery) -> Result<Page, RegistryError> {
        const OPERATION: &str = "sagemaker:ListModelPackages";
        let output = self
            .client
            .list_model_packages()
            .model_package_group_name(query.group.request_value())
            // Both are asked for explicitly: the documented defaults are ascending, and unversioned packages.
            .sort_by(sdk::ModelPackageSortBy::CreationTime)
            .sort_order(sdk::SortOrder::Descending)
            .model_package_type(sdk::ModelPackageType::Versioned)
            .set_model_approval_status(query.approval_status.as_ref().map(|status| sdk::ModelApprovalStatus::from(status.as_str())))
            .max_results(query.page_size.into())
            .set_next_token(query.next_token.clone())
            .send()
            .await
            .map_err(|error| refused(OPERATION, &error))?;
        let next_token = output.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        let packages =
            output.model_package_summary_list().iter().map(|summary| self::summary(OPERATION, summary)).collect::<Result<_, _>>()?;
        Ok(Page { packages, next_token })
    }

    async fn describe(&self, arn: &ModelPackageArn) -> Result<ModelPackage, RegistryError> {
        const OPERATION: &str = "sagemaker:DescribeModelPackage";
        let output = self
            .client
            .describe_model_package()
            .model_package_name(arn.to_string())
            // The metadata needs no right to the package's encryption key.
            .included_data(sdk::IncludedData::MetadataOnly)
            .send()
            .await
            .map_err(|error| refused(OPERATION, &error))?;
        package(OPERATION, &output)
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

impl GroupStore for SageMakerRegistry {
    async fn describe_group(&self, group: &GroupName) -> Result<Option<ModelPackageGroup>, RegistryError> {
        const OPERATION: &str = "sagemaker:DescribeModelPackageGroup";
        match self.client.describe_model_package_group().model_package_group_name(group.as_str()).send().await {
            Ok(output) => group_of(OPERATION, output.model_package_group_arn()).map(Some),
            Err(error) => none_if_missing(refused(OPERATION, &error)),
        }
    }

    async fn create_group(&self, group: &NewGroup) -> Result<ModelPackageGroup, RegistryError> {
        const OPERATION: &str = "sagemaker:CreateModelPackageGroup";
        let tags = group.tags.iter().map(|(key, value)| sdk::Tag::builder().key(key).value(value).build()).collect();
        let output = self
            .client
            .create_model_package_group()
            .model_package_group_name(group.name.as_str())
            .model_package_group_description(&group.description)
            .set_tags(Some(tags))
            .send()
            .await
            .map_err(|error| refused(OPERATION, &error))?;
        group_of(OPERATION, output.model_package_group_arn())
    }

    async fn policy(&self, group: &GroupName) -> Result<Option<String>, RegistryError> {
        const OPERATION: &str = "sagemaker:GetModelPackageGroupPolicy";
        match self.client.get_model_package_group_policy().model_package_group_name(group.as_str()).send().await {
            Ok(output) => Ok(output.resource_policy().map(str::to_owned)),
            Err(error) => none_if_missing(refused(OPERATION, &error)),
        }
    }

    async fn put_policy(&self, group: &GroupName, policy: &str) -> Result<(), RegistryError> {
        const OPERATION: &str = "sagemaker:PutModelPackageGroupPolicy";
        let request = self.client.put_model_package_group_policy().model_package_group_name(group.as_str()).resource_policy(policy);
        request.send().await.map(drop).map_err(|error| refused(OPERATION, &error))
    }

    async fn delete_policy(&self, group: &GroupName) -> Result<(), RegistryError> {
        const OPERATION: &str = "sagemaker:DeleteModelPackageGroupPolicy";
        let request = self.client.delete_model_package_group_policy().model_package_group_name(group.as_str());
        request.send().await.map(drop).map_err(|error| refused(OPERATION, &error))
    }
}

fn none_if_missing<T>(error: RegistryError) -> Result<Option<T>, RegistryError> {
    if error.kind == RegistryErrorKind::NotFound { Ok(None) } else { Err(error) }
}

fn group_of(operation: &'static str, arn: Option<&str>) -> Result<ModelPackageGroup, RegistryError> {
    let arn = arn.unwrap_or_default();
    arn.parse().map_err(|_| malformed(operation, format!("the answer's ARN is `{arn}`")))
}

fn summary(operation: &'static str, summary: &sdk::ModelPackageSummary) -> Result<PackageSummary, RegistryError> {
    Ok(PackageSummary {
        arn: package_arn(operation, summary.model_package_arn())?,
        approval_status: approval(summary.model_approval_status()),
        status: summary.model_package_status().map_or("", sdk::ModelPackageStatus::as_str).into(),
        registration: registration(summary.model_package_registration_type()),
        created: created(operation, summary.creation_time())?,
    })
}

fn package(operation: &'static str, output: &DescribeModelPackageOutput) -> Result<ModelPackage, RegistryError> {
    let arn = package_arn(operation, output.model_package_arn())?;
    let containers = output.inference_specification().map(sdk::InferenceSpecification::containers).unwrap_or_default();
    let data = |container: &sdk::ModelPackageContainerDefinition| {
        let source = || container.model_data_source()?.s3_data_source()?.s3_uri();
        container.model_data_url().or_else(source).map(str::to_owned)
    };
    Ok(ModelPackage {
        group: arn.name().clone(),
        version: arn.version(),
        approval_status: approval(output.model_approval_status()),
        status: output.model_package_status().map_or("", sdk::ModelPackageStatus::as_str).into(),
        registration: registration(output.model_package_registration_type()),
        created: created(operation, output.creation_time())?,
        description: output.model_package_description().map(str::to_owned),
        images: containers.iter().filter_map(|container| container.image().map(str::to_owned)).collect(),
        model_data: containers.iter().filter_map(data).collect(),
        arn,
    })
}

fn package_arn(operation: &'static str, arn: Option<&str>) -> Result<ModelPackageArn, RegistryError> {
    arn.unwrap_or_default().parse().map_err(|error: crate::ParseArnError| malformed(operation, error.to_string()))
}

/// A package without a status of approval was registered without asking for one: nobody approved it.
fn approval(status: Option<&sdk::ModelApprovalStatus>) -> crate::ApprovalStatus {
    status.map_or("PendingManualApproval", sdk::ModelApprovalStatus::as_str).into()
}

fn registration(registration: Option<&sdk::ModelPackageRegistrationType>) -> RegistrationType {
    registration.map_or(RegistrationType::Registered, |registration| registration.as_str().into())
}

/// AWS's times have milliseconds; what is finer comes from their way through a floating-point number, and is as often just below the
/// millisecond that was meant as above it: hence the rounding.
fn created(operation: &'static str, time: Option<&DateTime>) -> Result<Timestamp, RegistryError> {
    let parsed = time.and_then(|time| Timestamp::from_nanosecond(time.as_nanos()).ok()?.round(Unit::Millisecond).ok());
    parsed.ok_or_else(|| malformed(operation, "the answer has no creation time".to_owned()))
}

fn malformed(operation: &'static str, message: String) -> RegistryError {
    RegistryError::new(operation, RegistryErrorKind::Malformed, message)
}

fn refused<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> RegistryError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = error.code().map(str::to_owned);
    let (kind, message) = match error {
        SdkError::ServiceError(context) => match (&code, error.message()) {
            (Some(code), message) => (kind(code, message.unwrap_or_default()), message.unwrap_or("(no message)").to_owned()),
            // Not SageMaker's own answer: a proxy's page, a gateway's error.
            (None, _) => of_status(context.raw().status().as_u16()),
        },
        SdkError::DispatchFailure(_) if mentions(error, "credential") => {
            (RegistryErrorKind::CredentialsMissing, "none in the environment, in the profile, or by a role of this machine".to_owned())
        }
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => (RegistryErrorKind::Unreachable, deepest(error)),
        SdkError::ResponseError(context) => of_status(context.raw().status().as_u16()),
        _ => (RegistryErrorKind::Other, deepest(error)),
    };
    RegistryError { operation, kind, request_id: error.request_id().map(str::to_owned), code, message }
}

fn of_status(status: u16) -> (RegistryErrorKind, String) {
    let kind = match status {
        401 | 403 => RegistryErrorKind::AccessDenied,
        429 => RegistryErrorKind::Throttled,
        500.. => RegistryErrorKind::Unreachable,
        _ => RegistryErrorKind::Malformed,
    };
    (kind, format!("HTTP status {status}, and no answer that SageMaker documents"))
}

/// SageMaker says `ValidationException` of a missing group, of one that is there already and of a wrong name: only the text tells them apart.
fn kind(code: &str, message: &str) -> RegistryErrorKind {
    let text = message.to_lowercase();
    match code {
        "ExpiredTokenException" | "ExpiredToken" => RegistryErrorKind::CredentialsExpired,
        "InvalidClientTokenId" | "UnrecognizedClientException" | "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            RegistryErrorKind::CredentialsInvalid
        }
        code if code.starts_with("AccessDenied") => RegistryErrorKind::AccessDenied,
        code if code.contains("Throttl") || code == "TooManyRequestsException" => RegistryErrorKind::Throttled,
        "ResourceNotFound" | "ResourceNotFoundException" => RegistryErrorKind::NotFound,
        "ValidationException" if text.contains("already exist") => RegistryErrorKind::AlreadyExists,
        "ValidationException"
            if ["does not exist", "not found", "could not find", "cannot find"].iter().any(|words| text.contains(words)) =>
        {
            RegistryErrorKind::NotFound
        }
        "ValidationException" => RegistryErrorKind::Invalid,
        _ => RegistryErrorKind::Other,
    }
}

fn mentions(error: &(dyn std::error::Error + 'static), word: &str) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.to_string().contains(word))
}

fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}
