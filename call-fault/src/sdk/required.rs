//! Members that a JSON response must have: the SDK fills missing ones with empty values, so that a
//! response of another server would be an empty list.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::{Map, Value};

/// A call as a type of its own: the SDK's futures with interceptors are nested too deeply for the
/// compiler when other futures contain them.
pub fn boxed<'a, T>(call: impl Future<Output = T> + Send + 'a) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(call)
}

/// An interceptor that makes a successful response without one of these members an error.
#[derive(Debug)]
pub struct Required(pub &'static [&'static str]);

/// A successful response lacks a required member.
#[derive(Debug)]
pub struct MissingMember(&'static str);

impl fmt::Display for MissingMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the response has no `{}`", self.0)
    }
}

impl Error for MissingMember {}

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
