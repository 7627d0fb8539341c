//! A server that is far from its own limit: it parses nothing but the length of a request.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Set in the process that is the server.
const IS_SERVER: &str = "LOAD_BENCHMARK_IS_SERVER";

/// The server's process. It ends with this value.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

pub(crate) fn is_server() -> bool {
    std::env::var_os(IS_SERVER).is_some()
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .env(IS_SERVER, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().to_owned() }
    }

    /// How many connections it has accepted.
    pub(crate) fn connections(&self) -> f64 {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        stream.write_all(b"GET /connections HTTP/1.1\r\nconnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        // Without this one, and those before it.
        response.rsplit_once("\r\n\r\n").unwrap().1.parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Serves until the process is killed.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        let accepted = Arc::new(AtomicU64::new(0));
        while let Ok((stream, _)) = listener.accept().await {
            accepted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve_connection(stream, Arc::clone(&accepted)));
        }
    });
}

async fn serve_connection(mut stream: TcpStream, accepted: Arc<AtomicU64>) {
    stream.set_nodelay(true).unwrap();
    let (mut buffer, mut filled) = (vec![0; 16 * 1024], 0);
    while let Ok(count @ 1..) = stream.read(&mut buffer[filled..]).await {
        filled += count;
        while let Some(length) = whole_request(&buffer[..filled]) {
            if buffer.starts_with(b"GET /connections") {
                let count = (accepted.fetch_sub(1, Ordering::Relaxed) - 1).to_string();
                let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{count}", count.len());
                let _gone = stream.write_all(response.as_bytes()).await;
                return;
            }
            buffer.copy_within(length..filled, 0);
            filled -= length;
            let response = b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 6\r\n\r\nsetosa";
            if stream.write_all(response).await.is_err() {
                return;
            }
        }
    }
}

/// The length of the first request, if all of it is there.
fn whole_request(bytes: &[u8]) -> Option<usize> {
    const LENGTH: &[u8] = b"content-length: ";
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let at = bytes[..head].windows(LENGTH.len()).position(|window| window.eq_ignore_ascii_case(LENGTH));
    let body = at.map_or(0, |at| {
        let digits = bytes[at + LENGTH.len()..head].iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
    });
    (bytes.len() >= head + body).then_some(head + body)
}
