//! An HTTP client whose responses have a limit and an end: the SDK reads each one whole, and an
//! endless one fills the memory.
//!
//! It loads the trusted certificates, some hundred files, when the first request needs them. A
//! session often sends none: it is opened for a command whose requests go to an `http` endpoint, or
//! that turns out to need no call.

use std::error::Error;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use call_fault::sdk::{CutOff, TooLong, is_whole_xml};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

/// More than any response that a command reads: an archive of sample payloads has up to 100 MB.
const MAX_RESPONSE: usize = 128 * 1024 * 1024;

/// Cuts every response off after [`MAX_RESPONSE`] bytes, and rejects one of the Query protocol, or a
/// list of objects, that is not complete.
#[derive(Debug)]
pub(super) struct BoundedClient {
    /// For `http`.
    plain: SharedHttpClient,
    /// For `https`. Its connectors load the trusted certificates when they are created.
    encrypted: SharedHttpClient,
}

#[derive(Debug)]
struct BoundedConnector {
    plain: SharedHttpConnector,
    encrypted: SharedHttpClient,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

/// Whether a text begins as a response of the Query protocol, or as a list of objects in S3. The SDK
/// rejects any other text.
fn is_of_aws(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let root = text.split('<').skip(1).find(|tag| !tag.starts_with(['?', '!']));
    root.and_then(|tag| tag.split([' ', '>', '/']).next()).is_some_and(|name| name.ends_with("Response") || name == "ListBucketResult")
}

type BoxError = Box<dyn Error + Send + Sync>;

fn named(error: BoxError) -> BoxError {
    if error.is::<LengthLimitError>() { TooLong(MAX_RESPONSE).into() } else { error }
}

fn unread(error: BoxError) -> ConnectorError {
    if error.is::<TooLong>() { ConnectorError::other(error, None) } else { ConnectorError::io(CutOff(Some(error)).into()) }
}

impl BoundedClient {
    /// A client that uses `encrypted` for `https`.
    pub(super) fn new(encrypted: SharedHttpClient) -> Self {
        Self { plain: aws_smithy_http_client::Builder::new().build_http(), encrypted }
    }
}

impl HttpClient for BoundedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(BoundedConnector {
            plain: self.plain.http_connector(settings, components),
            encrypted: self.encrypted.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

impl BoundedConnector {
    fn send(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().starts_with("http:") {
            return self.plain.call(request);
        }
        // The client keeps its connectors: only the first request creates one.
        self.encrypted.http_connector(&self.settings, &self.components).call(request)
    }
}

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // Responses in XML: the SDK would take the first half of one for a whole one.
        let is_list = request.uri().contains("list-type=2");
        let is_query = request.headers().get("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let response = self.send(request);
        HttpConnectorFuture::new(async move {
            let mut response = response.await?;
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            let body = Limited::new(body, MAX_RESPONSE);
            if !is_query && !is_list {
                *response.body_mut() = SdkBody::from_body_1_x(body.map_err(named));
                return Ok(response);
            }
            let read = body.collect().await.map_err(|error| unread(named(error)))?.to_bytes();
            if is_of_aws(&read) && !is_whole_xml(&read) {
                return Err(ConnectorError::io(CutOff(None).into()));
            }
            *response.body_mut() = SdkBody::from(read);
            Ok(response)
        })
    }
}
