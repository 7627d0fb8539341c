//! SageMaker endpoints in any account: the only module that knows the AWS SDK.

mod asynchronous;
mod bounded;
mod captures;
mod describe;
mod failure;
mod invoke;
mod objects;
mod samples;
mod session;

use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use self::captures::OpenCaptures;
pub use self::captures::S3Captures;
pub use self::samples::{S3Samples, SampleLocation, sample_location};
pub use self::session::{SessionRequest, session};
use crate::clock::{Clock, SystemClock};
use crate::target::{Asynchronous, Description, InvokeError, ModelResponse, Request, Target, TargetError};

/// A SageMaker endpoint, real-time or asynchronous. Asynchronous responses are read from S3.
///
/// The first [`describe`](Target::describe) shows which of the two it is; until then it is invoked
/// as a real-time endpoint. All clients must be for the endpoint's account and region. Turn retries
/// off in `runtime`'s configuration, or a case's latency covers several attempts;
/// [`SageMakerTarget::from_config`] does so.
#[derive(Debug, Clone)]
pub struct SageMakerTarget<C = SystemClock> {
    sagemaker: aws_sdk_sagemaker::Client,
    runtime: aws_sdk_sagemakerruntime::Client,
    s3: aws_sdk_s3::Client,
    endpoint: String,
    asynchronous: Arc<Mutex<Option<Asynchronous>>>,
    clock: C,
}

impl SageMakerTarget {
    /// An endpoint by its name. InvokeEndpoint is case-sensitive.
    pub fn new(
        sagemaker: aws_sdk_sagemaker::Client,
        runtime: aws_sdk_sagemakerruntime::Client,
        s3: aws_sdk_s3::Client,
        endpoint: impl Into<String>,
    ) -> Self {
        Self { sagemaker, runtime, s3, endpoint: endpoint.into(), asynchronous: Arc::default(), clock: SystemClock::new() }
    }

    /// An endpoint by its name, with clients made for testing: invocations are not retried, and
    /// stalled-stream protection is off, so that it does not cut off a slow model.
    pub fn from_config(config: &aws_config::SdkConfig, endpoint: impl Into<String>) -> Self {
        Self::new(describe::client(config), invoke::client(config), objects::client(config), endpoint)
    }
}

/// Reads what the endpoints of an account and region serve. One client serves all of them: making one
/// for each endpoint costs more than the requests of a small endpoint.
#[derive(Debug, Clone)]
pub struct EndpointReader {
    sagemaker: aws_sdk_sagemaker::Client,
}

impl EndpointReader {
    /// A reader with this configuration, which must be for the endpoints' account and region.
    pub fn from_config(config: &aws_config::SdkConfig) -> Self {
        Self { sagemaker: describe::client(config) }
    }

    /// Describes an endpoint, as [`Target::describe`] of a [`SageMakerTarget`].
    ///
    /// # Errors
    ///
    /// An endpoint that does not exist or cannot be read.
    pub async fn describe(&self, endpoint: &str) -> Result<Description, TargetError> {
        describe::endpoint(&self.sagemaker, endpoint).await
    }
}

impl<C> SageMakerTarget<C> {
    /// Waits for the response of an asynchronous endpoint by another clock: that of the whole run
    /// ([`Run::clock`](crate::Run::clock)).
    #[must_use]
    pub fn clock<D: Clock>(self, clock: D) -> SageMakerTarget<D> {
        let Self { sagemaker, runtime, s3, endpoint, asynchronous, clock: _ } = self;
        SageMakerTarget { sagemaker, runtime, s3, endpoint, asynchronous, clock }
    }
}

impl<C: Clock> Target for SageMakerTarget<C> {
    async fn describe(&self) -> Result<Description, TargetError> {
        let description = describe::endpoint(&self.sagemaker, &self.endpoint).await?;
        self.asynchronous.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&description.asynchronous);
        Ok(description)
    }

    async fn invoke(&self, request: &Request) -> Result<ModelResponse, InvokeError> {
        let asynchronous = self.asynchronous.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match &asynchronous {
            None => invoke::endpoint(&self.runtime, &self.endpoint, request).await,
            Some(settings) => {
                let queue = asynchronous::Queue { runtime: &self.runtime, s3: &self.s3, endpoint: &self.endpoint, settings };
                queue.invoke(request, &self.clock).await
            }
        }
    }
}
