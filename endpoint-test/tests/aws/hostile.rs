//! Responses of a hostile model through AWS.

use std::path::Path;
use std::time::Duration;

use endpoint_test::aws::SageMakerTarget;
use endpoint_test::{InvokeError, ModelFailure, Report, Request, Target, TargetErrorKind, ToolInfo, report};
use endpoint_test::{Run, Suite, TargetInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::canned::{Canned, CannedResponse, error, json};

/// A server that responds to every request with these bytes, and continues with `after`.
async fn raw<F, S>(response: Vec<u8>, after: S) -> SageMakerTarget
where
    S: Fn(TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // Take the configuration of a canned AWS, with this address.
    let mut aws = Canned::start([]).await;
    aws.url = format!("http://{}", listener.local_addr().unwrap());
    let (response, after) = (std::sync::Arc::new(response), std::sync::Arc::new(after));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (response, after) = (response.clone(), after.clone());
            tokio::spawn(async move {
                let mut buffer = [0; 8192];
                let _asked = stream.read(&mut buffer).await;
                if stream.write_all(&response).await.is_ok() {
                    after(stream).await;
                }
            });
        }
    });
    SageMakerTarget::from_config(&aws.config(), "iris-staging")
}

fn request() -> Request {
    Request {
        body: "1".into(),
        content_type: "text/csv".to_owned(),
        accept: None,
        custom_attributes: None,
        target_variant: None,
        timeout: Duration::from_mins(10),
        ..default_request()
    }
}

/// A request from a case with default settings.
fn default_request() -> Request {
    let suite = Suite::parse("version: 1\ncases: [{ name: it, payload: { csv: '1' } }]\n", Path::new("suite.yaml")).unwrap();
    suite.cases()[0].request(Duration::from_secs(1)).unwrap()
}

#[tokio::test]
async fn a_slow_or_endless_response_ends_with_the_requests_timeout() {
    let drip = |mut stream: TcpStream| async move {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    for head in ["content-length: 1000000", "transfer-encoding: chunked"] {
        let target = raw(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").into_bytes(), drip).await;
        // The server drips for hours: if the call returns, its timeout works.
        let brief = Request { timeout: Duration::from_secs(1), ..request() };
        let Err(InvokeError::Target(error)) = target.invoke(&brief).await else { panic!("{head}") };
        assert!(matches!(error.kind, TargetErrorKind::Timeout | TargetErrorKind::Network | TargetErrorKind::Other), "{head}: {error}");
    }
}

#[tokio::test]
async fn an_endless_response_is_cut_off_at_the_limit() {
    const BOUND: usize = 25_000_000;
    for head in ["transfer-encoding: chunked", "content-length: 1000000000000", "content-length: 1000000000000\r\ncontent-encoding: gzip"] {
        let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = sent.clone();
        let pour = move |mut stream: TcpStream| {
            let counted = counted.clone();
            async move {
                let bytes = vec![b'x'; 0x10000];
                let chunk = if head.starts_with("transfer") { [b"10000\r\n", &bytes[..], b"\r\n"].concat() } else { bytes };
                while stream.write_all(&chunk).await.is_ok() {
                    counted.fetch_add(chunk.len(), std::sync::atomic::Ordering::Relaxed);
                }
            }
        };
        let target = raw(format!("HTTP/1.1 200 OK\r\nx-amzn-requestid: req-1\r\n{head}\r\n\r\n").into_bytes(), pour).await;
        let response = target.invoke(&request()).await;
        let Err(InvokeError::Model(failure)) = response else { panic!("{head}: {response:?}") };
        assert_eq!((failure.status, failure.message.as_str()), (Some(200), "the response is longer than 25000000 bytes"), "{head}");
        assert_eq!(failure.request_id.as_deref(), Some("req-1"), "{head}");
        // The bytes taken from the network limit the memory used; a little more may be in the
        // sockets' buffers.
        let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
        assert!(sent < 2 * BOUND, "{head}: {sent} bytes were taken");
    }
}

#[tokio::test]
async fn a_broken_response_is_an_error_and_not_a_failure_of_the_model() {
    for response in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsetosa",
        "\u{1b}[2J hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: six\r\n\r\n",
    ] {
        let target = raw(response.as_bytes().to_vec(), |_| async {}).await;
        assert!(matches!(target.invoke(&request()).await, Err(InvokeError::Target(_))), "{response:?}");
    }
}

#[tokio::test]
async fn binary_responses_are_returned_unchanged() {
    let response = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\xff\xfe\x00\x80".to_vec();
    let response = raw(response, |_| async {}).await.invoke(&request()).await.unwrap();
    assert_eq!(&response.body[..], b"\xff\xfe\x00\x80");
}

#[tokio::test]
async fn a_models_message_controls_neither_a_terminal_nor_a_page() {
    let poison = r"\u001b[2J\u001b[31m<script>alert(1)</script>\u202e";
    let body =
        format!(r#"{{"Message":"{poison}","OriginalStatusCode":500,"OriginalMessage":"{poison}","LogStreamArn":"arn:aws:logs:<b>"}}"#);
    let refused = CannedResponse { body, ..error(424, "ModelError", "") };
    let described = json(
        r#"{"EndpointName":"iris","EndpointStatus":"InService","EndpointConfigName":"c","ProductionVariants":[{"VariantName":"A<script>","CurrentWeight":1.0}]}"#,
    );
    let config = json(r#"{"EndpointConfigName":"c","ProductionVariants":[{"VariantName":"A<script>","ModelName":"m"}]}"#);
    let aws = Canned::start([
        ("DescribeEndpoint", described),
        ("DescribeEndpointConfig", config),
        ("DescribeModel", json(r#"{"ModelName":"m"}"#)),
        ("InvokeEndpoint", refused),
    ])
    .await;
    let target = crate::target(&aws);
    let Err(InvokeError::Model(ModelFailure { status, .. })) = target.invoke(&request()).await else {
        panic!("expected the model's error")
    };
    assert_eq!(status, Some(500));
    let suite = Suite::parse("version: 1\ncases: [{ name: it, payload: { csv: '1' } }]\n", Path::new("suite.yaml")).unwrap();
    let found = Run::new(&target, &suite).start(TargetInfo::default(), |_| {}).await;
    let report = Report::assemble(ToolInfo::default(), "staging", vec![found]);
    let texts = [report::json(&report), report::junit(&report), report::html(&report), report::table(&report)];
    for text in &texts {
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    assert!(!texts[1].contains("<script") && !texts[2].contains("<script"));
}
