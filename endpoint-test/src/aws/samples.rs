//! The sample payloads of a model package, from Amazon S3.

use aws_config::SdkConfig;
use aws_sdk_s3::config::Builder;
use aws_sdk_sagemaker::types::{IncludedData, InferenceSpecification};
use bytes::{Bytes, BytesMut};

use super::failure::target_error;
use crate::samples::{MAX_ARCHIVE, SampleStore};
use crate::target::{TargetError, TargetErrorKind};

/// Fetches archives of sample payloads from S3, with the permission `s3:GetObject`.
#[derive(Debug, Clone)]
pub struct S3Samples {
    client: aws_sdk_s3::Client,
}

/// What a model package says of its own test input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SampleLocation {
    /// `SamplePayloadUrl`: an S3 URI.
    pub url: Option<String>,
    /// The first of the media types that the model reads.
    pub content_type: Option<String>,
}

impl S3Samples {
    /// A store that is reached with this configuration.
    pub fn from_config(config: &SdkConfig) -> Self {
        // Stand-ins for S3 have no name for each bucket.
        let path_style = config.endpoint_url().is_some();
        Self { client: aws_sdk_s3::Client::from_conf(Builder::from(config).force_path_style(path_style).build()) }
    }
}

impl SampleStore for S3Samples {
    async fn fetch(&self, url: &str) -> Result<Bytes, TargetError> {
        let refused = |message: String| TargetError::new(TargetErrorKind::Refused, message).operation("GetObject");
        let parts =
            url.strip_prefix("s3://").and_then(|rest| rest.split_once('/')).filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
        let Some((bucket, key)) = parts else { return Err(refused(format!("`{url}` is not the S3 URI of an object"))) };
        let output = self.client.get_object().bucket(bucket).key(key).send().await.map_err(|error| {
            let mut error = target_error("GetObject", error);
            error.message = format!("{} ({url})", error.message);
            error.hint(
                "the caller needs `s3:GetObject` on the sample payloads, and `kms:Decrypt` where they are encrypted with a key".to_owned(),
            )
        })?;
        let mut body = output.body;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk =
                chunk.map_err(|error| TargetError::new(TargetErrorKind::Network, format!("{url}: {error}")).operation("GetObject"))?;
            if bytes.len() + chunk.len() > MAX_ARCHIVE {
                return Err(refused(format!("`{url}` has more than {MAX_ARCHIVE} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }
}

/// Asks a model package for its own test input, without what only its key's users may read.
///
/// # Errors
///
/// Whatever AWS says to DescribeModelPackage.
pub async fn sample_location(config: &SdkConfig, model_package_arn: &str) -> Result<SampleLocation, TargetError> {
    let client = aws_sdk_sagemaker::Client::new(config);
    let only_metadata = IncludedData::MetadataOnly;
    let output = client.describe_model_package().model_package_name(model_package_arn).included_data(only_metadata).send().await;
    let output = output.map_err(|error| target_error("DescribeModelPackage", error))?;
    let types = output.inference_specification().map(InferenceSpecification::supported_content_types);
    Ok(SampleLocation {
        url: output.sample_payload_url().filter(|url| !url.is_empty()).map(str::to_owned),
        content_type: types.and_then(|types| types.first().cloned()),
    })
}
