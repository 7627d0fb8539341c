//! One HTTP connection to a container.

use std::error::Error as _;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Full, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::client::conn::http1;
use hyper::ext::on_informational;
use hyper::header::CONTENT_TYPE;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::target::MAX_BODY;

/// The most interim responses (1xx) before a response. A container needs none of them.
const MAX_INTERIM: usize = 16;

/// A connection without a request in progress. It is polled only by the request that uses it, and
/// not in a task of its own: it ends with that request's future, and its response needs no second
/// task to be read.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: http1::Connection<Bounded, Full<Bytes>>,
    interim: Arc<AtomicUsize>,
    is_closed: bool,
}

/// A whole response.
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<String>,
    /// `None` if it is too long.
    pub(super) body: Option<Bytes>,
}

/// Why there is no response.
pub(super) enum ExchangeError {
    /// The connection was closed before anything of the request was written.
    Unsent(Box<hyper::Request<Full<Bytes>>>),
    /// The request was written, or a part of it; nothing of a response arrived.
    NoResponse(hyper::Error),
    /// The response is broken, or not complete.
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

impl Connection {
    pub(super) async fn open(authority: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(authority).await?;
        // Small requests must not wait for each other's acknowledgements.
        stream.set_nodelay(true)?;
        let interim = Arc::new(AtomicUsize::new(0));
        let bounded = Bounded { inner: TokioIo::new(stream), interim: Arc::clone(&interim) };
        let (sender, driver) = http1::handshake(bounded).await?;
        Ok(Self { sender, driver, interim, is_closed: false })
    }

    /// Whether the connection can serve another request, as far as it is known.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_closed && self.sender.is_ready()
    }

    /// Sends a request and reads the whole response. Returns the connection, which may be closed.
    pub(super) async fn exchange(mut self, mut request: hyper::Request<Full<Bytes>>) -> Result<(Response, Self), ExchangeError> {
        self.interim.store(0, Ordering::Relaxed);
        let counter = Arc::clone(&self.interim);
        on_informational(&mut request, move |_| _ = counter.fetch_add(1, Ordering::Relaxed));
        let response = self.sender.try_send_request(request);
        let exchange = async {
            let (parts, body) = response.await?.into_parts();
            Ok((parts, Limited::new(body, MAX_BODY).collect().await.map(Collected::to_bytes)))
        };
        // Only the connection makes progress, so that only its waker matters. Outside Tokio's budget
        // no other waker is needed.
        let mut exchange = pin!(tokio::task::unconstrained(exchange));
        let (driver, is_closed) = (&mut self.driver, &mut self.is_closed);
        let exchanged: Result<_, hyper::client::conn::TrySendError<_>> = poll_fn(|context| {
            if !*is_closed {
                *is_closed = Pin::new(&mut *driver).poll(context).is_ready();
            }
            // When the connection is closed, nothing more will arrive.
            let mut unused = Context::from_waker(Waker::noop());
            exchange.as_mut().poll(if *is_closed { context } else { &mut unused })
        })
        .await;
        let (parts, body) = exchanged.map_err(|mut error| match error.take_message() {
            Some(request) => ExchangeError::Unsent(Box::new(request)),
            None => ExchangeError::NoResponse(error.into_error()),
        })?;
        let body = match body {
            Ok(body) => Some(body),
            Err(error) if error.is::<LengthLimitError>() => None,
            Err(error) => return Err(ExchangeError::Broken(error)),
        };
        if body.is_none() {
            // Whatever follows is not read.
            self.is_closed = true;
        } else if !self.is_idle() && !self.is_closed {
            // The connection notices the end of a response when it is polled once more.
            self.is_closed = poll_fn(|context| Poll::Ready(Pin::new(&mut self.driver).poll(context).is_ready())).await;
        }
        let content_type = parts.headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Ok((Response { status: parts.status, content_type, body }, self))
    }
}

impl ExchangeError {
    /// Whether the connection ended before a response began.
    pub(super) fn is_early(&self) -> bool {
        match self {
            Self::Unsent(_) => true,
            Self::NoResponse(error) => {
                let is_reset = |error: &io::Error| matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe);
                error.is_incomplete_message() || error.source().and_then(|source| source.downcast_ref()).is_some_and(is_reset)
            }
            Self::Broken(_) => false,
        }
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent(_) => formatter.write_str("the connection was closed before the request was sent"),
            // The library's own message omits the network error.
            Self::NoResponse(error) => match error.source() {
                Some(source) => write!(formatter, "{error}: {source}"),
                None => error.fmt(formatter),
            },
            Self::Broken(error) => error.fmt(formatter),
        }
    }
}

/// A stream that fails after too many interim responses, which the HTTP library skips without end.
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
