//! An HTTP client whose responses have a limit: the SDK reads each one whole, and an endless one
//! fills the memory.

use std::error::Error;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

/// More than any response that a command reads: an archive of sample payloads has up to 100 MB.
const MAX_RESPONSE: usize = 128 * 1024 * 1024;

/// Cuts every response off after [`MAX_RESPONSE`] bytes.
#[derive(Debug)]
pub(super) struct BoundedClient(pub(super) SharedHttpClient);

#[derive(Debug)]
struct BoundedConnector(SharedHttpConnector);

/// A response has more than [`MAX_RESPONSE`] bytes.
#[derive(Debug)]
struct TooLong;

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the response has more than {} MiB", MAX_RESPONSE >> 20)
    }
}

impl Error for TooLong {}

impl HttpClient for BoundedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(BoundedConnector(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let response = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let mut response = response.await?;
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            let named = |error: Box<dyn Error + Send + Sync>| if error.is::<LengthLimitError>() { TooLong.into() } else { error };
            *response.body_mut() = SdkBody::from_body_1_x(Limited::new(body, MAX_RESPONSE).map_err(named));
            Ok(response)
        })
    }
}
