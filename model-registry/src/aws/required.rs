//! Members that a response must have: the SDK fills missing ones with empty values, so that a
//! response of something else than SageMaker would be an empty list.

use std::error::Error;
use std::pin::Pin;

use aws_sdk_sagemaker::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_sagemaker::config::{ConfigBag, Intercept, RuntimeComponents};
use serde_json::{Map, Value};

/// A call as a type of its own: the SDK's futures with interceptors are nested too deeply for the
/// compiler when other futures contain them.
pub(super) fn boxed<'a, T>(call: impl Future<Output = T> + Send + 'a) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(call)
}

/// The names of the members.
#[derive(Debug)]
pub(super) struct Required(pub(super) &'static [&'static str]);

/// A successful response lacks a required member.
#[derive(Debug, thiserror::Error)]
#[error("the response has no `{0}`")]
pub(super) struct MissingMember(&'static str);

impl Intercept for Required {
    fn name(&self) -> &'static str {
        "Required"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        if context.output_or_error().is_err() {
            return Ok(());
        }
        let body: Map<String, Value> = serde_json::from_slice(context.response().body().bytes().unwrap_or_default()).unwrap_or_default();
        match self.0.iter().find(|name| body.get(**name).is_none_or(Value::is_null)) {
            Some(name) => Err(MissingMember(name).into()),
            None => Ok(()),
        }
    }
}
