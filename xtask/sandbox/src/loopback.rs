//! An HTTP test server: a closure returns responses, delays or dropped connections.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};

use crate::http::{self, Dropped, Server};

pub use crate::http::Request;

/// A server on a free port of 127.0.0.1 with a closure as its handler. Dropping it stops it.
///
/// ```
/// use sandbox::loopback::{Answer, Loopback};
///
/// let server = Loopback::start(|request| match request.path.as_str() {
///     "/ping" => Answer::new(200),
///     _ => Answer::new(404).json(&serde_json::json!({ "message": "no such page" })),
/// })?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// assert!(server.requests().is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Loopback {
    server: Server,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Loopback {
    /// Starts the server. Fails if there is no free port.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> io::Result<Self> {
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let server = Server::start(move |request| {
            let answer = answer(&request);
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
            answer.send()
        })?;
        Ok(Self { server, requests })
    }

    /// The server's URL, such as `http://127.0.0.1:40123`, without a trailing slash.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// All requests so far, in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A response of the test server.
#[derive(Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    dropped: bool,
}

impl Answer {
    /// An empty response with this status.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), delay: Duration::ZERO, dropped: false }
    }

    /// No response: closes the connection, at once or after [`Answer::after`].
    pub fn dropped_connection() -> Self {
        Self { dropped: true, ..Self::new(500) }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body and content type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Delays the response.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    async fn send(self) -> Result<http::Response, Dropped> {
        tokio::time::sleep(self.delay).await;
        if self.dropped {
            return Err(Dropped);
        }
        let mut response = http::response(self.status, "", self.body);
        response.headers_mut().remove(hyper::header::CONTENT_TYPE);
        for (name, value) in &self.headers {
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) else {
                return Ok(http::response(500, "text/plain", format!("the test's header `{name}: {value}` is not valid")));
            };
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &String::from_utf8_lossy(&self.body))
            .field("delay", &self.delay)
            .field("dropped", &self.dropped)
            .finish()
    }
}
