//! A model container over plain HTTP, on this machine or elsewhere.

mod connection;
mod pool;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, StatusCode, Uri};

use self::connection::{Connection, ExchangeError, Response};
use self::pool::Pool;
use crate::format::beginning;
use crate::target::{
    Description, EndpointStatus, InvokeError, MAX_BODY, ModelFailure, ModelResponse, Request, Target, TargetError, TargetErrorKind,
    TargetKind,
};

/// The header in which SageMaker passes a request's custom attributes to the container.
const CUSTOM_ATTRIBUTES: HeaderName = HeaderName::from_static("x-amzn-sagemaker-custom-attributes");
/// The header of a request's inference id.
const INFERENCE_ID: HeaderName = HeaderName::from_static("x-amzn-sagemaker-inference-id");

/// The paths that SageMaker requests, which are not a part of a container's URL.
const OWN_PATHS: [&str; 2] = ["ping", "invocations"];

/// A request to the model, in errors.
const INVOKE: &str = "POST /invocations";

const UNREACHABLE: &str = "is the container running, and is this its port?";
const CLOSED: &str = "the container closed a connection that it had kept: raise its keep-alive timeout above the pauses between requests";

/// The longest part of the body of `/ping` in a message, in characters.
const PING_BODY: usize = 200;

/// A model container with `GET /ping` and `POST /invocations`, as SageMaker requires.
///
/// A response of more than [`MAX_BODY`] bytes is cut off and is the model's failure.
///
/// # Connections
///
/// A request opens its own connection unless it sets [`Request::reuse_connection`]: no case
/// benefits from another's connection, or fails because of it. The requests of a load, of a case
/// with rows and of a replay set it. They use the connections that earlier ones left, so that they
/// open about as many as they have in flight, like the callers of a real endpoint, and use up no
/// ports.
///
/// Only a connection whose last response was read to its end is kept; a request that is cancelled
/// or runs out of time closes its own. A kept connection that the container has closed in the
/// meantime is replaced, and the request is sent on a new one, if nothing of it was written before.
/// Otherwise the model may have processed it: it is a network error and is not sent again.
#[derive(Debug, Clone)]
pub struct ContainerTarget {
    /// `host:port`.
    authority: String,
    /// The same as a header.
    host: HeaderValue,
    /// The path before `/ping`: empty, or without a slash at its end.
    base: String,
    invocations: Uri,
    /// Connections for the next requests. Clones share them.
    pool: Arc<Pool>,
}

impl ContainerTarget {
    /// A container by its URL, such as `http://127.0.0.1:8080`. A path in it precedes `/ping`.
    ///
    /// # Errors
    ///
    /// The URL is not valid, its scheme is not `http`, or it has a query, a fragment, or the path
    /// of a request (`/ping`, `/invocations`).
    pub fn new(base_url: &str) -> Result<Self, TargetError> {
        let wrong = |why: &str| {
            let message = format!("`{base_url}` is not a container's URL: {why}");
            TargetError::new(TargetErrorKind::Refused, message).with_hint("write it like `http://127.0.0.1:8080`")
        };
        let uri: Uri = base_url.trim().parse().map_err(|error: hyper::http::uri::InvalidUri| wrong(&error.to_string()))?;
        if uri.scheme_str() != Some("http") {
            return Err(wrong("only `http` is supported"));
        }
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it has a user name"));
        }
        let host = authority.host();
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None => 80,
        };
        let path = uri.path().trim_end_matches('/');
        let (parent, last) = path.rsplit_once('/').unwrap_or_default();
        let is_own = OWN_PATHS.iter().any(|own| own.eq_ignore_ascii_case(last));
        let base = if is_own { parent.trim_end_matches('/') } else { path };
        let without = || format!("write `http://{authority}{base}`");
        if is_own {
            let why = format!("it ends in `/{last}`; `/ping` and `/invocations` are added to it");
            return Err(wrong(&why).with_hint(without()));
        }
        // The library drops a fragment.
        let extra = [("a query", uri.query().is_some()), ("a fragment", base_url.contains('#'))];
        if let Some((what, _)) = extra.iter().find(|(_, is_there)| *is_there) {
            return Err(wrong(&format!("it has {what}")).with_hint(without()));
        }
        let authority = format!("{host}:{port}");
        let host = HeaderValue::from_str(&authority).map_err(|error| wrong(&error.to_string()))?;
        let invocations = format!("{base}/invocations").parse().map_err(|error: hyper::http::uri::InvalidUri| wrong(&error.to_string()))?;
        Ok(Self { authority, host, base: base.to_owned(), invocations, pool: Arc::default() })
    }

    /// The error of a container that responds to `GET /ping` with another status than 200.
    ///
    /// A status of 5xx is temporary: model servers return it while they load the model, and
    /// SageMaker repeats the request for minutes. Any other status means that the container does
    /// not serve `/ping`, which more time does not change.
    fn not_ready(&self, response: &Response) -> TargetError {
        let status = response.status;
        let kind = if status.is_server_error() { TargetErrorKind::Unavailable } else { TargetErrorKind::Refused };
        let hint = match status {
            _ if status.is_server_error() => {
                "the container is still starting, or could not load the model: see its log. SageMaker requires status 200"
            }
            _ if status.is_success() => "respond to `GET /ping` with status 200: SageMaker requires this status",
            _ if status.is_redirection() => {
                "respond to `GET /ping`, without a slash at its end, with status 200: SageMaker does not accept a redirect"
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "SageMaker sends no credentials: respond to `GET /ping` with status 200",
            _ if !self.base.is_empty() => {
                "does the container serve `/ping` below this path? SageMaker requests `/ping` and `/invocations` without one"
            }
            _ => "is this the port of the model container? SageMaker requires that it responds to `GET /ping` with status 200",
        };
        let body = response.body.as_deref().map(|body| beginning(body, PING_BODY)).unwrap_or_default();
        let body = body.trim();
        let colon = if body.is_empty() { "" } else { ": " };
        let message = format!("{} responded with status {status}{colon}{body}", self.authority);
        TargetError::new(kind, message).operation(format!("GET {}/ping", self.base)).with_hint(hint)
    }

    /// An error of one of the container's own requests.
    fn failed(&self, kind: TargetErrorKind, message: impl Into<String>, request: &str) -> TargetError {
        let (method, path) = request.split_once(' ').unwrap_or_default();
        TargetError::new(kind, message).operation(format!("{method} {}{path}", self.base))
    }

    /// Sends a request, which is called `name` in errors, and reads the whole response.
    async fn send(&self, mut request: hyper::Request<Full<Bytes>>, reuse: bool, name: &str) -> Result<Response, TargetError> {
        let network = |error: &dyn std::fmt::Display, hint: &str| {
            self.failed(TargetErrorKind::Network, format!("{}: {error}", self.authority), name).with_hint(hint)
        };
        request.headers_mut().insert(HOST, self.host.clone());
        loop {
            let kept = if reuse { self.pool.take() } else { None };
            let is_kept = kept.is_some();
            let connection = match kept {
                Some(connection) => connection,
                None => Connection::open(&self.authority).await.map_err(|error| network(&error, UNREACHABLE))?,
            };
            match connection.exchange(request).await {
                Ok((response, connection)) => {
                    if reuse {
                        self.pool.put(connection);
                    }
                    return Ok(response);
                }
                Err(ExchangeError::Unsent(unsent)) if is_kept => request = *unsent,
                Err(error @ ExchangeError::Unsent(_)) => return Err(network(&error, UNREACHABLE)),
                Err(error) => return Err(network(&error, if is_kept && error.is_early() { CLOSED } else { UNREACHABLE })),
            }
        }
    }
}

impl Target for ContainerTarget {
    fn kind(&self) -> TargetKind {
        TargetKind::Container
    }

    /// `GET /ping`: only status 200 means that the container accepts requests. A status of 5xx is
    /// a temporary error, another one is not.
    async fn describe(&self) -> Result<Description, TargetError> {
        let request = hyper::Request::get(format!("{}/ping", self.base)).body(Full::default());
        let request = request.map_err(|error| self.failed(TargetErrorKind::Refused, error.to_string(), "GET /ping"))?;
        let response = self.send(request, false, "GET /ping").await?;
        if response.status != StatusCode::OK {
            return Err(self.not_ready(&response));
        }
        Ok(Description { kind: self.kind(), status: EndpointStatus::InService, ..Description::default() })
    }

    /// `POST /invocations`. A status of 4xx or 5xx is the model's own error. A request that selects
    /// a part of an endpoint is refused.
    async fn invoke(&self, request: &Request) -> Result<ModelResponse, InvokeError> {
        if let Some(key) = request.selections().next() {
            let error = self.failed(TargetErrorKind::Refused, format!("a container cannot be invoked with `{key}`"), INVOKE);
            return Err(error.with_hint(format!("remove `{key}`: only an endpoint can select a part of itself")).into());
        }
        let mut sent = hyper::Request::new(Full::new(request.body.clone()));
        *sent.method_mut() = Method::POST;
        *sent.uri_mut() = self.invocations.clone();
        let headers = [
            (CONTENT_TYPE, Some(request.content_type.as_str())),
            (ACCEPT, request.accept.as_deref()),
            (CUSTOM_ATTRIBUTES, request.custom_attributes.as_deref()),
            (INFERENCE_ID, request.inference_id.as_deref()),
        ];
        for (name, value) in headers {
            let Some(value) = value else { continue };
            let value = HeaderValue::from_str(value).map_err(|_| {
                self.failed(TargetErrorKind::Refused, format!("`{value}` is not a valid value of the header `{name}`"), INVOKE)
            })?;
            sent.headers_mut().insert(name, value);
        }
        let response = self.send(sent, request.reuse_connection, INVOKE).await?;
        let status = response.status.as_u16();
        let failure = |message: String| InvokeError::Model(ModelFailure { status: Some(status), message, ..ModelFailure::default() });
        let Some(body) = response.body else { return Err(failure(format!("the response is longer than {MAX_BODY} bytes"))) };
        if response.status.is_client_error() || response.status.is_server_error() {
            return Err(failure(String::from_utf8_lossy(&body).into_owned()));
        }
        Ok(ModelResponse { status, content_type: response.content_type, body, variant: None, request_id: None })
    }
}
