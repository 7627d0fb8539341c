//! A server that sends raw bytes, which no HTTP library would send.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex as AsyncMutex;

/// A server that responds to invocations with the bytes of a test.
pub(crate) struct Server {
    pub(crate) url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

/// One invocation, fully read.
pub(crate) struct Invocation {
    stream: AsyncMutex<TcpStream>,
    /// From zero.
    pub(crate) number: u64,
}

impl Server {
    /// Serves each invocation with `serve`; `/ping` gets a good response.
    pub(crate) async fn start<F, S>(serve: S) -> Self
    where
        S: Fn(Invocation) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self::listen(serve, false).await
    }

    /// Serves pings like invocations.
    pub(crate) async fn everything<F, S>(serve: S) -> Self
    where
        S: Fn(Invocation) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self::listen(serve, true).await
    }

    /// Responds to each invocation with these bytes.
    pub(crate) async fn responding(response: Vec<u8>) -> Self {
        let response = Arc::new(response);
        Self::start(move |invocation| {
            let response = Arc::clone(&response);
            async move {
                send(&invocation, &response).await;
            }
        })
        .await
    }

    async fn listen<F, S>(serve: S, pings: bool) -> Self
    where
        S: Fn(Invocation) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { url: format!("http://{}", listener.local_addr().unwrap()), heads: Arc::default() };
        let (heads, serve, number) = (Arc::clone(&server.heads), Arc::new(serve), Arc::new(AtomicU64::new(0)));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (heads, serve, number) = (Arc::clone(&heads), Arc::clone(&serve), Arc::clone(&number));
                tokio::spawn(async move {
                    let Some(head) = read(&mut stream).await else { return };
                    let ping = head.starts_with("GET");
                    heads.lock().unwrap().push(head);
                    if ping && !pings {
                        let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
                        return;
                    }
                    let number = if ping { 0 } else { number.fetch_add(1, Ordering::SeqCst) };
                    serve(Invocation { stream: AsyncMutex::new(stream), number }).await;
                });
            }
        });
        server
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Sends bytes; returns whether the peer is still connected.
pub(crate) async fn send(invocation: &Invocation, bytes: &[u8]) -> bool {
    let mut stream = invocation.stream.lock().await;
    stream.write_all(bytes).await.is_ok() && stream.flush().await.is_ok()
}

/// Returns when the peer has disconnected.
pub(crate) async fn gone(invocation: &Invocation) {
    let mut stream = invocation.stream.lock().await;
    while stream.read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
}

/// A chunk of a body without a length.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// A good response with this body. The server reads one request from each connection.
pub(crate) fn with_length(content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Reads one request and returns its head.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            return Some(head);
        }
    }
}
