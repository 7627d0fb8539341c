//! Invokes an endpoint, once.

use aws_config::SdkConfig;
use aws_sdk_sagemakerruntime::Client;
use aws_sdk_sagemakerruntime::config::retry::RetryConfig;
use aws_sdk_sagemakerruntime::config::timeout::TimeoutConfig;
use aws_sdk_sagemakerruntime::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_sagemakerruntime::error::SdkError;
use aws_sdk_sagemakerruntime::operation::RequestId;
use aws_sdk_sagemakerruntime::operation::invoke_endpoint::InvokeEndpointError;
use aws_sdk_sagemakerruntime::primitives::Blob;
use aws_sdk_sagemakerruntime::types::error::ModelError;
use bytes::Bytes;

use super::bounded::{self, Bounded};
use super::failure::target_error;
use crate::target::{InvokeError, MAX_BODY, ModelFailure, ModelResponse, Request};

/// A client that does not retry, which would hide an error, and that allows a slow model.
pub(super) fn client(config: &SdkConfig) -> Client {
    let config =
        Builder::from(config).retry_config(RetryConfig::disabled()).stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    Client::from_conf(config.build())
}

/// Sends one request. A response above [`MAX_BODY`] bytes is cut off and is the model's failure.
pub(super) async fn endpoint(client: &Client, name: &str, request: &Request) -> Result<ModelResponse, InvokeError> {
    // Only the operation's timeout is set: another read timeout would open another connection.
    let timeout = TimeoutConfig::builder().operation_timeout(request.timeout).build();
    let output = client
        .invoke_endpoint()
        .endpoint_name(name)
        .body(Blob::new(request.body.to_vec()))
        .content_type(&request.content_type)
        .set_accept(request.accept.clone())
        .set_custom_attributes(request.custom_attributes.clone())
        .set_target_variant(request.target_variant.clone())
        .set_target_model(request.target_model.clone())
        .set_target_container_hostname(request.target_container.clone())
        .set_inference_component_name(request.inference_component.clone())
        .set_inference_id(request.inference_id.clone())
        .customize()
        .interceptor(Bounded)
        .config_override(Builder::default().timeout_config(timeout))
        .send()
        .await
        .map_err(invoke_error)?;
    Ok(ModelResponse {
        // The SDK hides the status of a success, and InvokeEndpoint has only this one.
        status: 200,
        request_id: output.request_id().map(str::to_owned),
        content_type: output.content_type,
        variant: output.invoked_production_variant,
        body: output.body.map(|body| Bytes::from(body.into_inner())).unwrap_or_default(),
    })
}

/// Separates the model's own error from everything that prevents the model from being invoked.
fn invoke_error(error: SdkError<InvokeEndpointError>) -> InvokeError {
    let request_id = error.request_id().map(str::to_owned);
    match error.as_service_error() {
        Some(InvokeEndpointError::ModelError(model)) => InvokeError::Model(model_failure(model, request_id)),
        _ if bounded::is_cut_off(&error) => InvokeError::Model(ModelFailure {
            status: error.raw_response().map(|response| response.status().as_u16()),
            message: format!("the response is longer than {MAX_BODY} bytes"),
            request_id,
            ..ModelFailure::default()
        }),
        _ => target_error("InvokeEndpoint", error).into(),
    }
}

fn model_failure(error: &ModelError, request_id: Option<String>) -> ModelFailure {
    let message = error.original_message().filter(|message| !message.is_empty()).or(error.message());
    ModelFailure {
        // AWS writes 0 for a container that never responded: such an error has no status.
        status: error.original_status_code().and_then(|status| u16::try_from(status).ok()).filter(|status| *status >= 100),
        message: message.unwrap_or_default().to_owned(),
        log_stream_arn: error.log_stream_arn().map(str::to_owned),
        request_id,
    }
}
