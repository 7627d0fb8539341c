//! A loopback server with canned responses instead of AWS, and a configuration that only reaches
//! this server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One call as AWS receives it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// `DescribeEndpoint`, `InvokeEndpoint`, `AssumeRole` and so on.
    pub(crate) operation: String,
    /// The request's head, with header names in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The response of AWS to an operation.
#[derive(Debug, Clone)]
pub(crate) struct CannedResponse {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// An AWS with a response to each operation.
#[derive(Debug, Clone)]
pub(crate) struct Canned {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

pub(crate) fn json(body: &str) -> CannedResponse {
    CannedResponse { status: 200, headers: "x-amzn-requestid: req-1\r\n".to_owned(), body: body.to_owned() }
}

pub(crate) fn error(status: u16, code: &str, message: &str) -> CannedResponse {
    let headers = format!("x-amzn-requestid: req-1\r\nx-amzn-errortype: {code}\r\n");
    CannedResponse { status, headers, body: format!(r#"{{"__type":"{code}","message":"{message}","Message":"{message}"}}"#) }
}

impl Canned {
    /// Starts the server; an operation without a canned response is an internal failure.
    pub(crate) async fn start(responses: impl IntoIterator<Item = (&'static str, CannedResponse)>) -> Self {
        let responses: BTreeMap<_, _> = responses.into_iter().collect();
        let unknown = || error(500, "InternalFailure", "no canned response");
        Self::serving(move |call| responses.get(call.operation.as_str()).cloned().unwrap_or_else(unknown)).await
    }

    /// Starts the server with a function that returns the responses.
    pub(crate) async fn serving(response: impl Fn(&Call) -> CannedResponse + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let canned = Self { url: format!("http://{}", listener.local_addr().unwrap()), calls: Arc::default() };
        let response = Arc::new(response);
        let calls = canned.calls.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (response, calls) = (response.clone(), calls.clone());
                tokio::spawn(async move { serve(stream, &*response, &calls).await });
            }
        });
        canned
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.operation).collect()
    }

    /// A configuration that only reaches this server.
    pub(crate) fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "secret", None, None, "test")))
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_mins(10)).build())
            .build()
    }
}

async fn serve(mut stream: TcpStream, response: &(impl Fn(&Call) -> CannedResponse + Sync), calls: &Mutex<Vec<Call>>) {
    while let Some(call) = read(&mut stream).await {
        let CannedResponse { status, headers, body } = response(&call);
        calls.lock().unwrap().push(call);
        let response = format!("HTTP/1.1 {status} Canned\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len());
        if stream.write_all(response.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
            return Some(Call { operation: operation(&head, &body), head, body });
        }
    }
}

/// One header of a request's head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn operation(head: &str, body: &str) -> String {
    if let Some(target) = header(head, "x-amz-target") {
        return target.trim_start_matches("SageMaker.").to_owned();
    }
    match body.strip_prefix("Action=") {
        Some(action) => action.split('&').next().unwrap_or_default().to_owned(),
        None if head.contains("/invocations ") => "InvokeEndpoint".to_owned(),
        None => head.lines().next().unwrap_or_default().to_owned(),
    }
}
