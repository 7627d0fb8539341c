//! Sends one HTTP request to the stand-in. It blocks, and has its own thread to work in a runtime.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Longer than any request on the busiest machine: only a hanging stand-in reaches it.
const TIMEOUT: Duration = Duration::from_mins(10);

/// A complete HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status, such as 200.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 become replacement characters.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a request on a new connection and reads the whole response.
pub(super) fn send(url: &str, method: &str, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> io::Result<Reply> {
    let address: SocketAddr = url
        .strip_prefix("http://")
        .and_then(|address| address.parse().ok())
        .ok_or_else(|| io::Error::other(format!("not an address: {url}")))?;
    let mut request = hyper::Request::builder().method(method).uri(path).header("host", address.to_string());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(io::Error::other)?;
    let hangs = format!("{method} {path} got no response within {} seconds", TIMEOUT.as_secs());
    let exchange = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let response = runtime.block_on(async { tokio::time::timeout(TIMEOUT, send_now(address, request)).await });
        response.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, hangs))?
    };
    thread::spawn(exchange).join().map_err(|_| io::Error::other("the thread of the request panicked"))?
}

async fn send_now(address: SocketAddr, request: hyper::Request<Full<Bytes>>) -> io::Result<Reply> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    connection.abort();
    let headers =
        head.headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    Ok(Reply { status: head.status.as_u16(), headers, body })
}
