//! The HTTP server of the iris container and of `loopback`. It has its own thread and runtime, so
//! that it also serves callers that block or have no runtime.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, oneshot};

/// SageMaker's limit for a real-time request, 25 MiB.
const MAX_BODY: usize = 25 * 1024 * 1024;
/// The timeout for a request's head, and for its body; long, for busy machines.
const READ_TIMEOUT: Duration = Duration::from_mins(5);
/// The maximum of concurrent connections; others wait.
const MAX_CONNECTIONS: usize = 256;

/// One complete request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `POST`.
    pub method: String,
    /// The path with its query, such as `/invocations`.
    pub path: String,
    /// The headers in order, names in lower case; invalid UTF-8 becomes replacement characters.
    pub headers: Vec<(String, String)>,
    /// The complete body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 become replacement characters.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The server's response.
pub(crate) type Response = hyper::Response<Full<Bytes>>;

/// The error that closes a connection without a response.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
pub(crate) struct Dropped;

/// A running server; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves on a free port of 127.0.0.1.
    pub(crate) fn start<Handler, Answer>(handler: Handler) -> io::Result<Self>
    where
        Handler: Fn(Request) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Response, Dropped>> + Send + 'static,
    {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("loopback-http".to_owned()).spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(listener, Arc::new(handler)) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { url, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server, interrupts running requests, and waits for its thread.
    pub(crate) fn end(&mut self) {
        // An error means that the server has already stopped.
        let _ended = self.stop.take().map(|stop| stop.send(()));
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

async fn accept<Handler, Answer>(listener: TcpListener, handler: Arc<Handler>)
where
    Handler: Fn(Request) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<Response, Dropped>> + Send + 'static,
{
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // For example, no file descriptors are left: try again later.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let handler = Arc::clone(&handler);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&handler)));
            // The client sees a broken connection; the server ignores it.
            let _broken = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(READ_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(permit);
        });
    }
}

async fn answer<Handler, Answer>(request: hyper::Request<Incoming>, handler: Arc<Handler>) -> Result<Response, Dropped>
where
    Handler: Fn(Request) -> Answer,
    Answer: Future<Output = Result<Response, Dropped>>,
{
    let (head, body) = request.into_parts();
    // Refuses a declared length before reading the body.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(too_large());
    }
    let body = match tokio::time::timeout(READ_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => {
            return Ok(too_large());
        }
        Ok(Err(_)) => return Ok(closing(response(400, "application/json", r#"{"message":"the body could not be read"}"#))),
        Err(_) => return Ok(closing(response(408, "application/json", r#"{"message":"timeout while reading the body"}"#))),
    };
    let headers =
        head.headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    let path = head.uri.path_and_query().map_or_else(|| head.uri.path().to_owned(), ToString::to_string);
    handler(Request { method: head.method.to_string(), path, headers, body }).await
}

/// A response with a body; the content type must be a valid header value.
pub(crate) fn response(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response {
    let mut response = hyper::Response::new(Full::new(body.into()));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = hyper::header::HeaderValue::from_str(content_type) {
        response.headers_mut().insert(hyper::header::CONTENT_TYPE, value);
    }
    response
}

fn too_large() -> Response {
    closing(response(413, "application/json", r#"{"message":"the body is larger than 25 MiB"}"#))
}

/// The rest of the body is unread, so the connection cannot be used again.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(hyper::header::CONNECTION, hyper::header::HeaderValue::from_static("close"));
    response
}
