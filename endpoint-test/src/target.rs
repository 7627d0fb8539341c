//! The port: what can be described and invoked, be it a SageMaker endpoint or a container on this machine.

mod description;
mod error;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

pub use self::description::{Asynchronous, Description, EndpointSettings, EndpointStatus, TargetKind, Variant};
pub use self::error::{InvokeError, ModelFailure, TargetError, TargetErrorKind};

/// Something that serves a model.
///
/// An implementation need not watch the time: [`Run`](crate::Run) drops a future that takes longer than it may.
pub trait Target: Sync {
    /// Says in which state the target is and what it serves.
    fn describe(&self) -> impl Future<Output = Result<Description, TargetError>> + Send;

    /// Sends one request to the model and returns its reply.
    fn invoke(&self, request: &Request) -> impl Future<Output = Result<Reply, InvokeError>> + Send;
}

/// One request to a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The payload, as it goes over the wire.
    pub body: Bytes,
    /// The payload's media type.
    pub content_type: String,
    /// The media type asked for.
    pub accept: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`: at most 1024 printable ASCII characters.
    pub custom_attributes: Option<String>,
    /// The production variant that must answer, whatever its weight.
    pub target_variant: Option<String>,
    /// The model of a multi-model endpoint that must answer.
    pub target_model: Option<String>,
    /// The container of a direct multi-container endpoint that must answer, by its host name.
    pub target_container: Option<String>,
    /// The inference component that must answer.
    pub inference_component: Option<String>,
    /// An id under which captured data keeps the request.
    pub inference_id: Option<String>,
    /// How long the caller waits for the reply.
    pub timeout: Duration,
}

/// A model's reply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The HTTP status, 2xx or 3xx: anything else is an [`InvokeError`].
    pub status: u16,
    /// The reply's media type, with its parameters.
    pub content_type: Option<String>,
    /// The reply's body.
    pub body: Bytes,
    /// The production variant that answered.
    pub variant: Option<String>,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

/// The largest body that is sent or read, in bytes: AWS takes 25 MB for a real-time endpoint
/// (InvokeEndpoint, "Body"; six MiB before that).
pub const MAX_BODY: usize = 25 * 1000 * 1000;

/// The body size in bytes above which older endpoints and regions may refuse: the API model's 6,291,456.
pub const LARGE_BODY: usize = 6_291_456;
