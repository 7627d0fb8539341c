//! The sample payloads of a model package, from Amazon S3.

use aws_config::SdkConfig;
use aws_sdk_sagemaker::types::{IncludedData, InferenceSpecification};
use bytes::Bytes;

use super::failure::target_error;
use super::objects;
use crate::samples::{MAX_ARCHIVE, SampleStore};
use crate::target::{TargetError, TargetErrorKind};
use call_fault::sdk::{Required, boxed};

/// Fetches archives of sample payloads from S3, with the permission `s3:GetObject`.
#[derive(Debug, Clone)]
pub struct S3Samples {
    client: aws_sdk_s3::Client,
}

/// What a model package records about its own test input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SampleLocation {
    /// `SamplePayloadUrl`: an S3 URI.
    pub url: Option<String>,
    /// The first media type that the model accepts.
    pub content_type: Option<String>,
}

impl S3Samples {
    /// A store with this configuration.
    pub fn from_config(config: &SdkConfig) -> Self {
        Self { client: objects::client(config) }
    }
}

impl SampleStore for S3Samples {
    async fn fetch(&self, url: &str) -> Result<Bytes, TargetError> {
        let refused = |message: String| TargetError::new(TargetErrorKind::Refused, message).operation("GetObject");
        let Some((bucket, key)) = objects::bucket_and_key(url) else {
            return Err(refused(format!("`{url}` is not the S3 URI of an object")));
        };
        let hint = "the caller needs `s3:GetObject` on the sample payloads, and `kms:Decrypt` if they are encrypted with a KMS key";
        let output = self.client.get_object().bucket(bucket).key(key).send().await;
        let output = output.map_err(|error| target_error("GetObject", error).about(url).with_hint(hint))?;
        let bytes = objects::read(url, output.body, MAX_ARCHIVE).await?;
        bytes.ok_or_else(|| refused(format!("`{url}` has more than {MAX_ARCHIVE} bytes")))
    }
}

/// Finds a model package's own test input, without the fields that need its KMS key.
///
/// # Errors
///
/// Any error of DescribeModelPackage.
pub async fn sample_location(config: &SdkConfig, model_package_arn: &str) -> Result<SampleLocation, TargetError> {
    let client = aws_sdk_sagemaker::Client::new(config);
    let only_metadata = IncludedData::MetadataOnly;
    let output = client.describe_model_package().model_package_name(model_package_arn).included_data(only_metadata);
    let output = boxed(output.customize().interceptor(Required(&["ModelPackageArn"])).send()).await;
    let output = output.map_err(|error| target_error("DescribeModelPackage", error))?;
    let types = output.inference_specification().map(InferenceSpecification::supported_content_types);
    Ok(SampleLocation {
        url: output.sample_payload_url().filter(|url| !url.is_empty()).map(str::to_owned),
        content_type: types.and_then(|types| types.first().cloned()),
    })
}
