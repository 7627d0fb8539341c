//! A target with scripted responses.

use std::collections::VecDeque;
use std::future;
use std::sync::{Mutex, PoisonError};

use endpoint_test::{Description, EndpointStatus, InvokeError, ModelResponse, Request, Target, TargetError, TargetErrorKind, Variant};

pub(crate) use crate::fake_clock::FakeClock;

/// The model package that the tests approve.
pub(crate) const APPROVED: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";

/// The result of a call.
pub(crate) enum CallResult<T> {
    Now(T),
    Never,
}

type Invoke<'a> = Box<dyn Fn(&Request) -> CallResult<Result<ModelResponse, InvokeError>> + Send + Sync + 'a>;

/// A target with prepared responses.
pub(crate) struct Scripted<'a> {
    descriptions: Mutex<VecDeque<Result<Description, TargetErrorKind>>>,
    invoke: Invoke<'a>,
}

impl<'a> Scripted<'a> {
    /// A target that returns these descriptions in turn, and then repeats the last one.
    pub(crate) fn new(descriptions: Vec<Result<Description, TargetErrorKind>>) -> Self {
        Self { descriptions: Mutex::new(descriptions.into()), invoke: Box::new(|_| CallResult::Now(Ok(response("setosa\n")))) }
    }

    pub(crate) fn responding(
        mut self,
        invoke: impl Fn(&Request) -> CallResult<Result<ModelResponse, InvokeError>> + Send + Sync + 'a,
    ) -> Self {
        self.invoke = Box::new(invoke);
        self
    }
}

impl Target for Scripted<'_> {
    async fn describe(&self) -> Result<Description, TargetError> {
        let description = {
            let mut descriptions = self.descriptions.lock().unwrap_or_else(PoisonError::into_inner);
            if descriptions.len() > 1 { descriptions.pop_front() } else { descriptions.front().cloned() }
        };
        match description {
            Some(description) => description.map_err(|kind| TargetError::new(kind, "as scripted").operation("DescribeEndpoint")),
            None => future::pending().await,
        }
    }

    async fn invoke(&self, request: &Request) -> Result<ModelResponse, InvokeError> {
        match (self.invoke)(request) {
            CallResult::Now(result) => result,
            CallResult::Never => future::pending().await,
        }
    }
}

/// A healthy endpoint.
pub(crate) fn healthy() -> Description {
    Description {
        status: EndpointStatus::InService,
        config_name: Some("iris-config".to_owned()),
        variants: vec![Variant {
            name: "AllTraffic".to_owned(),
            weight: Some(1.0),
            current_instance_count: Some(2),
            desired_instance_count: Some(2),
            model_name: Some("iris-model".to_owned()),
            model_packages: vec![APPROVED.to_owned()],
            images: vec!["111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1".to_owned()],
            ..Variant::default()
        }],
        data_capture: Some(false),
        ..Description::default()
    }
}

/// An endpoint with this status.
pub(crate) fn with_status(status: EndpointStatus) -> Description {
    Description { status, ..healthy() }
}

pub(crate) fn response(body: &str) -> ModelResponse {
    bytes_response(body.as_bytes().to_vec())
}

pub(crate) fn bytes_response(body: Vec<u8>) -> ModelResponse {
    ModelResponse {
        status: 200,
        content_type: Some("text/csv; charset=utf-8".to_owned()),
        body: body.into(),
        variant: Some("AllTraffic".to_owned()),
        request_id: Some("1234".to_owned()),
    }
}
