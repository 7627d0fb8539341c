//! The small HTTP server below the iris container and the canned servers: a thread and a runtime of its own, so that a caller who
//! blocks, or has no runtime at all, is still answered.

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

/// SageMaker takes at most 25 MiB for a real-time request; nothing larger is kept in memory.
const MAX_BODY: usize = 25 * 1024 * 1024;
/// How long a client may take to send its head, and then its body; on a busy machine an honest one may take long.
const PATIENCE: Duration = Duration::from_mins(5);
/// How many connections are served at once; the others wait.
const MAX_CONNECTIONS: usize = 256;

/// One request, read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `POST`.
    pub method: String,
    /// The path with its query, such as `/invocations`.
    pub path: String,
    /// The headers in the order they came, names in lower case; a value that is not UTF-8 has replacement characters.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
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

/// What the server sends back.
pub(crate) type Response = hyper::Response<Full<Bytes>>;

/// Why a connection is closed with nothing sent.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped on purpose")]
pub(crate) struct Dropped;

/// A server that is running; dropping it ends it.
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

    /// Ends the server and waits until its thread is gone. Requests under way are cut off.
    pub(crate) fn end(&mut self) {
        // An error of either means that the server has ended already.
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
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, say: the next attempt may succeed, but not at once.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let handler = Arc::clone(&handler);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&handler)));
            // A broken connection is the client's affair: it sees it, and there is nobody here to tell.
            let _broken = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(place);
        });
    }
}

async fn answer<Handler, Answer>(request: hyper::Request<Incoming>, handler: Arc<Handler>) -> Result<Response, Dropped>
where
    Handler: Fn(Request) -> Answer,
    Answer: Future<Output = Result<Response, Dropped>>,
{
    let (head, body) = request.into_parts();
    // A length that is declared is refused before a byte of it is waited for.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(too_large());
    }
    let body = match tokio::time::timeout(PATIENCE, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => {
            return Ok(too_large());
        }
        Ok(Err(_)) => return Ok(closing(response(400, "application/json", r#"{"message":"the body could not be read"}"#))),
        Err(_) => return Ok(closing(response(408, "application/json", r#"{"message":"the body did not come in time"}"#))),
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
