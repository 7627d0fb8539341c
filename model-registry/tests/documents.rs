//! Documents in S3 over loopback: whole ones, errors, too large ones, and a server that never
//! finishes.
#![cfg(feature = "aws")]

use std::future::Future;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use model_registry::aws::S3Documents;
use model_registry::documents::{DocumentError, DocumentErrorKind, Documents as _, MAX_BYTES};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const URI: &str = "s3://iris-models/13/an evaluation.json";

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Reads a document from this response. `silent_for` keeps the connection open, sends nothing more,
/// and is the deadline.
fn read(response: Vec<u8>, silent_for: Option<Duration>) -> (Result<Vec<u8>, DocumentError>, String) {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .force_path_style(true)
            .retry_config(RetryConfig::disabled())
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test"));
        let documents = S3Documents::new(Client::from_conf(config.build())).deadline(silent_for.unwrap_or(Duration::from_mins(10)));
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0);
            }
            // A client that has read enough closes the connection.
            let _ = stream.write_all(&response).await;
            if silent_for.is_some() {
                std::future::pending::<()>().await;
            }
            String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned()
        });
        let result = documents.read(&URI.parse().unwrap()).await;
        let line = if silent_for.is_some() { String::new() } else { server.await.unwrap() };
        (result, line)
    })
}

fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Status\r\nContent-Length: {}\r\nx-amz-request-id: REQ1\r\n{headers}Connection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn error(status: u16, headers: &str, code: &str) -> DocumentError {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>message</Message></Error>");
    read(response(status, headers, &body), None).0.unwrap_err()
}

#[test]
fn a_document_is_read_whole() {
    let (read, line) = read(response(200, "", r#"{ "accuracy": 0.97 }"#), None);
    assert_eq!(read.unwrap(), br#"{ "accuracy": 0.97 }"#);
    assert!(line.starts_with("GET /iris-models/13/an%20evaluation.json"), "{line}");
}

#[test]
fn each_error_says_what_failed_and_what_to_do() {
    let denied = error(403, "", "AccessDenied");
    assert_eq!((denied.kind, denied.request_id.as_deref()), (DocumentErrorKind::AccessDenied, Some("REQ1")));
    assert_eq!(denied.to_string(), format!("`{URI}` could not be read with `s3:GetObject`: AccessDenied: message"));
    assert!(denied.hint().unwrap().contains("s3:GetObject"));
    assert_eq!(error(404, "", "NoSuchKey").kind, DocumentErrorKind::NotFound);
    assert_eq!(error(404, "", "NoSuchBucket").kind, DocumentErrorKind::NotFound);
    let elsewhere = error(301, "x-amz-bucket-region: eu-west-1\r\n", "PermanentRedirect");
    assert!(elsewhere.hint().unwrap().contains("`eu-west-1`"), "{elsewhere:?}");
    assert!(error(403, "", "InvalidAccessKeyId").hint().unwrap().contains("access key"));
}

#[test]
fn a_document_that_is_cut_off_is_not_read_in_part() {
    let error = read(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{ ".to_vec(), None).0.unwrap_err();
    assert_eq!(error.kind, DocumentErrorKind::Unreachable, "{error}");
    assert!(error.hint().unwrap().contains("the response was cut off"), "{error:?}");
    assert!(!error.message.contains("streaming error"), "{error}");
}

#[test]
fn a_document_that_is_too_large_is_rejected_with_and_without_a_content_length() {
    let length = MAX_BYTES + 1;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
    assert_eq!(read(head.into_bytes(), None).0.unwrap_err().kind, DocumentErrorKind::TooLarge);
    let mut chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n").into_bytes();
    chunked.extend(std::iter::repeat_n(b' ', length));
    chunked.extend(b"\r\n0\r\n\r\n");
    assert_eq!(read(chunked, None).0.unwrap_err().kind, DocumentErrorKind::TooLarge);
}

#[test]
fn a_server_that_never_responds_or_never_finishes_causes_a_timeout() {
    for beginning in ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{ "] {
        let error = read(beginning.as_bytes().to_vec(), Some(Duration::from_millis(300))).0.unwrap_err();
        assert_eq!(error.kind, DocumentErrorKind::Unreachable, "{error}");
        assert!(error.message.contains("it could not be read within 300ms"), "{error}");
    }
}
