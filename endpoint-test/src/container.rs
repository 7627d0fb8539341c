//! A model container over plain HTTP, on this machine or elsewhere.

use std::error::Error as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper::ext::on_informational;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::{Method, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::format::beginning;
use crate::target::{
    Description, EndpointStatus, InvokeError, MAX_BODY, ModelFailure, ModelResponse, Request, Target, TargetError, TargetErrorKind,
    TargetKind,
};

/// The most interim responses (1xx) before a response. A container needs none of them.
const MAX_INTERIM: usize = 16;

/// The header in which SageMaker passes a request's custom attributes to the container.
const CUSTOM_ATTRIBUTES: HeaderName = HeaderName::from_static("x-amzn-sagemaker-custom-attributes");
/// The header of a request's inference id.
const INFERENCE_ID: HeaderName = HeaderName::from_static("x-amzn-sagemaker-inference-id");

/// The paths that SageMaker requests, which are not a part of a container's URL.
const OWN_PATHS: [&str; 2] = ["ping", "invocations"];

/// The longest part of the body of `/ping` in a message, in characters.
const PING_BODY: usize = 200;

/// A model container with `GET /ping` and `POST /invocations`, as SageMaker requires.
///
/// Each request opens its own connection, so that no case benefits from another's. A response of
/// more than [`MAX_BODY`] bytes is cut off and is the model's failure.
#[derive(Debug, Clone)]
pub struct ContainerTarget {
    /// `host:port`.
    authority: String,
    /// The path before `/ping`: empty, or without a slash at its end.
    base: String,
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
        Ok(Self { authority: format!("{host}:{port}"), base: base.to_owned() })
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

    /// Sends one request over a new connection and reads the whole response.
    async fn send(&self, method: Method, path: &str, headers: Vec<(HeaderName, &str)>, body: Bytes) -> Result<Response, TargetError> {
        let operation = format!("{method} {}{path}", self.base);
        let failed = |kind, message: String| TargetError::new(kind, message).operation(operation.clone());
        let mut request = hyper::Request::builder().method(method).uri(format!("{}{path}", self.base)).header(HOST, &self.authority);
        for (name, value) in headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| failed(TargetErrorKind::Refused, format!("`{value}` is not a valid value of the header `{name}`")))?;
            request = request.header(name, value);
        }
        let mut request = request.body(Full::new(body)).map_err(|error| failed(TargetErrorKind::Refused, error.to_string()))?;
        let interim = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&interim);
        on_informational(&mut request, move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
        let network = |error: &dyn std::fmt::Display| {
            failed(TargetErrorKind::Network, format!("{}: {error}", self.authority))
                .with_hint("is the container running, and is this its port?")
        };
        let stream = TcpStream::connect(&self.authority).await.map_err(|error| network(&error))?;
        // Small requests must not wait for each other's acknowledgements.
        stream.set_nodelay(true).map_err(|error| network(&error))?;
        let (mut sender, connection) =
            http1::handshake(Bounded { inner: TokioIo::new(stream), interim }).await.map_err(|error| network(&error))?;
        let exchange = async {
            let received = sender.send_request(request).await?;
            let (parts, body) = received.into_parts();
            Ok::<_, hyper::Error>((parts, Limited::new(body, MAX_BODY).collect().await.map(http_body_util::Collected::to_bytes)))
        };
        // The connection is polled here and not in its own task, so that it ends with this future.
        let exchanged = {
            let mut connection = std::pin::pin!(connection);
            let mut exchange = std::pin::pin!(exchange);
            tokio::select! {
                exchanged = &mut exchange => exchanged,
                // When the connection is done, nothing more will arrive.
                _ = &mut connection => exchange.await,
            }
        };
        let (parts, body) = exchanged.map_err(|error| network(&chain(&error)))?;
        let content_type = parts.headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        match body {
            Ok(body) => Ok(Response { status: parts.status, content_type, body: Some(body) }),
            Err(error) if error.is::<LengthLimitError>() => Ok(Response { status: parts.status, content_type, body: None }),
            Err(error) => Err(network(&error)),
        }
    }
}

/// A connection that fails after too many interim responses, which the HTTP library skips without
/// end.
struct Bounded {
    inner: TokioIo<TcpStream>,
    interim: Arc<AtomicUsize>,
}

impl Read for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        if self.interim.load(Ordering::Relaxed) > MAX_INTERIM {
            return Poll::Ready(Err(io::Error::other(format!("more than {MAX_INTERIM} interim responses (1xx) before a response"))));
        }
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl Write for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

struct Response {
    status: StatusCode,
    content_type: Option<String>,
    /// `None` if it is too long.
    body: Option<Bytes>,
}

impl Target for ContainerTarget {
    fn kind(&self) -> TargetKind {
        TargetKind::Container
    }

    /// `GET /ping`: only status 200 means that the container accepts requests. A status of 5xx is
    /// a temporary error, another one is not.
    async fn describe(&self) -> Result<Description, TargetError> {
        let response = self.send(Method::GET, "/ping", Vec::new(), Bytes::new()).await?;
        if response.status != StatusCode::OK {
            return Err(self.not_ready(&response));
        }
        Ok(Description { kind: self.kind(), status: EndpointStatus::InService, ..Description::default() })
    }

    /// `POST /invocations`. A status of 4xx or 5xx is the model's own error. A request that selects
    /// a part of an endpoint is refused.
    async fn invoke(&self, request: &Request) -> Result<ModelResponse, InvokeError> {
        if let Some(key) = request.selections().next() {
            let message = format!("a container cannot be invoked with `{key}`");
            let error = TargetError::new(TargetErrorKind::Refused, message).operation(format!("POST {}/invocations", self.base));
            return Err(error.with_hint(format!("remove `{key}`: only an endpoint can select a part of itself")).into());
        }
        let mut headers = vec![(CONTENT_TYPE, request.content_type.as_str())];
        headers.extend(request.accept.as_deref().map(|accept| (ACCEPT, accept)));
        headers.extend(request.custom_attributes.as_deref().map(|attributes| (CUSTOM_ATTRIBUTES, attributes)));
        headers.extend(request.inference_id.as_deref().map(|id| (INFERENCE_ID, id)));
        let response = self.send(Method::POST, "/invocations", headers, request.body.clone()).await?;
        let status = response.status.as_u16();
        let failure = |message: String| InvokeError::Model(ModelFailure { status: Some(status), message, ..ModelFailure::default() });
        let Some(body) = response.body else { return Err(failure(format!("the response is longer than {MAX_BODY} bytes"))) };
        if response.status.is_client_error() || response.status.is_server_error() {
            return Err(failure(String::from_utf8_lossy(&body).into_owned()));
        }
        Ok(ModelResponse { status, content_type: response.content_type, body, variant: None, request_id: None })
    }
}

/// An error with its cause: hyper's own message omits the network error.
fn chain(error: &hyper::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
