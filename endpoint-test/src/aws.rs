//! SageMaker endpoints in any account: the only module that knows the AWS SDK.

mod bounded;
mod describe;
mod failure;
mod invoke;
mod samples;
mod session;

pub use self::samples::{S3Samples, SampleLocation, sample_location};
pub use self::session::{SessionRequest, session};
use crate::target::{Description, InvokeError, Reply, Request, Target, TargetError};

/// A SageMaker real-time endpoint.
///
/// Both clients must be of the endpoint's account and region. Retries should be off in `runtime`'s configuration, or a
/// case's latency is that of several attempts; [`SageMakerTarget::from_config`] sees to it.
#[derive(Debug, Clone)]
pub struct SageMakerTarget {
    sagemaker: aws_sdk_sagemaker::Client,
    runtime: aws_sdk_sagemakerruntime::Client,
    endpoint: String,
}

impl SageMakerTarget {
    /// An endpoint by its name, in the case in which it was created: InvokeEndpoint tells upper from lower.
    pub fn new(sagemaker: aws_sdk_sagemaker::Client, runtime: aws_sdk_sagemakerruntime::Client, endpoint: impl Into<String>) -> Self {
        Self { sagemaker, runtime, endpoint: endpoint.into() }
    }

    /// An endpoint by its name, with clients made for testing: describing is retried as usual, invoking is not, and the
    /// guard against stalled streams does not mistake a model that thinks for a broken connection.
    pub fn from_config(config: &aws_config::SdkConfig, endpoint: impl Into<String>) -> Self {
        Self::new(aws_sdk_sagemaker::Client::new(config), invoke::client(config), endpoint)
    }
}

impl Target for SageMakerTarget {
    async fn describe(&self) -> Result<Description, TargetError> {
        describe::endpoint(&self.sagemaker, &self.endpoint).await
    }

    async fn invoke(&self, request: &Request) -> Result<Reply, InvokeError> {
        invoke::endpoint(&self.runtime, &self.endpoint, request).await
    }
}
