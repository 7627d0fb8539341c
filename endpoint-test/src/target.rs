//! What can be described and invoked: a SageMaker endpoint or a model container.

mod description;
mod error;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

pub use self::description::{Asynchronous, DeployedContainer, Description, EndpointSettings, EndpointStatus, TargetKind, Variant};
pub use self::error::{InvokeError, ModelFailure, TargetError, TargetErrorKind};

/// A target that serves a model.
///
/// An implementation needs no timeouts: [`Run`](crate::Run) drops a future that takes too long.
pub trait Target: Sync {
    /// The target's kind, which is known before it responds. The default is an endpoint.
    fn kind(&self) -> TargetKind {
        TargetKind::Endpoint
    }

    /// Returns the target's status and what it serves.
    fn describe(&self) -> impl Future<Output = Result<Description, TargetError>> + Send;

    /// Sends one request to the model and returns its response.
    fn invoke(&self, request: &Request) -> impl Future<Output = Result<ModelResponse, InvokeError>> + Send;
}

/// One request to a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The payload, as it is sent.
    pub body: Bytes,
    /// The payload's media type.
    pub content_type: String,
    /// The requested media type.
    pub accept: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`: at most 1024 printable ASCII characters.
    pub custom_attributes: Option<String>,
    /// The production variant to invoke, whatever its weight.
    pub target_variant: Option<String>,
    /// The model of a multi-model endpoint to invoke.
    pub target_model: Option<String>,
    /// The container of a direct multi-container endpoint to invoke, by its host name.
    pub target_container: Option<String>,
    /// The inference component to invoke.
    pub inference_component: Option<String>,
    /// The inference id, which is recorded with captured data.
    pub inference_id: Option<String>,
    /// How long the caller waits for the response.
    pub timeout: Duration,
    /// Whether the request may use a connection that an earlier one opened, and leave it to a later
    /// one. A container gets a new connection for each request without it; the connections to an
    /// endpoint are always kept.
    pub reuse_connection: bool,
}

impl Request {
    /// The settings that select a part of an endpoint, by their keys in a suite. A target that
    /// cannot select the part must refuse the request: another part's response proves nothing.
    pub(crate) fn selections(&self) -> impl Iterator<Item = &'static str> {
        let selections = [
            ("target_variant", self.target_variant.is_some()),
            ("target_model", self.target_model.is_some()),
            ("target_container", self.target_container.is_some()),
            ("inference_component", self.inference_component.is_some()),
        ];
        selections.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key)
    }
}

/// A model's response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelResponse {
    /// The HTTP status, 2xx or 3xx: anything else is an [`InvokeError`].
    pub status: u16,
    /// The response's media type, with its parameters.
    pub content_type: Option<String>,
    /// The response's body.
    pub body: Bytes,
    /// The production variant that responded.
    pub variant: Option<String>,
    /// AWS's request id.
    pub request_id: Option<String>,
}

/// The largest request or response body, in bytes: AWS accepts 25 MB for a real-time endpoint
/// (InvokeEndpoint, "Body"; six MiB before that).
pub const MAX_BODY: usize = 25 * 1000 * 1000;

/// Older endpoints and regions may refuse larger bodies: the API model's 6,291,456 bytes.
pub const LARGE_BODY: usize = 6_291_456;
