//! A server on loopback with a test's responses, which records its requests.
#![allow(dead_code, reason = "each test that includes this file uses a part of it")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One received request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// Status, headers and body.
pub(crate) type Response = (u16, Vec<(&'static str, String)>, String);

/// Serves until the test's process ends; every connection has its own thread.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(respond: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (respond, received) = (Arc::new(respond), Arc::clone(&requests));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (respond, received) = (Arc::clone(&respond), Arc::clone(&received));
                std::thread::spawn(move || serve(connection.unwrap(), &*respond, &received));
            }
        });
        Self { url, requests }
    }

    /// Method and path of each request, with `KEY` instead of hashes and without the SDK's own
    /// query.
    pub(crate) fn log(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| {
                let target = request.target.replace("?x-id=PutObject", "");
                let target: String = target
                    .split_inclusive('/')
                    .map(|part| if part.len() >= 64 { format!("KEY{}", &part[64..]) } else { part.to_owned() })
                    .collect();
                format!("{} {target}", request.method)
            })
            .collect()
    }

    pub(crate) fn request(&self, method: &str) -> Request {
        self.requests.lock().unwrap().iter().find(|request| request.method == method).unwrap().clone()
    }
}

fn serve(connection: TcpStream, respond: &dyn Fn(&Request) -> Response, received: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut writer = connection;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        if headers.contains_key("expect") {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let request = Request { method, target, headers, body };
        let (status, headers, text) = respond(&request);
        let has_body = request.method != "HEAD";
        received.lock().unwrap().push(request);
        let mut head =
            format!("HTTP/1.1 {status} X\r\nx-amz-request-id: R1\r\ncontent-length: {}\r\n", if has_body { text.len() } else { 0 });
        for (name, value) in headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(&value);
            head.push_str("\r\n");
        }
        writer.write_all(format!("{head}\r\n{}", if has_body { text.as_str() } else { "" }).as_bytes()).unwrap();
    }
}
