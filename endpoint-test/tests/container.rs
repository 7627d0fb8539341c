//! A model container over loopback, good and bad.

#[path = "support/unused_port.rs"]
mod unused_port;

use std::future::Future;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use endpoint_test::{
    Clock, ContainerTarget, EndpointStatus, Event, InvokeError, MAX_BODY, Outcome, Request, Run, RunOptions, Suite, Target,
    TargetErrorKind, TargetInfo, Verdict,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use self::unused_port::unused_port;

/// Serves connections one after another with `serve`, and returns the URL.
async fn container<F, S>(serve: S) -> String
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    url
}

/// Reads one request: its head and its body.
async fn read(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        if count == 0 {
            return (String::from_utf8_lossy(&bytes).into_owned(), Vec::new());
        }
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if bytes.len() >= end + 4 + length {
            return (head, bytes.split_off(end + 4));
        }
    }
}

/// A container that responds to every request with this body; `echo` returns the request.
async fn responding(status: &'static str, body: &'static str) -> String {
    container(move |mut stream| async move {
        let (head, received) = read(&mut stream).await;
        let body = if body == "echo" { format!("{head}\n{}", String::from_utf8_lossy(&received)) } else { body.to_owned() };
        let response = format!("HTTP/1.1 {status}\r\ncontent-type: text/csv\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(response.as_bytes()).await.unwrap();
    })
    .await
}

fn request() -> Request {
    Request {
        body: "5.1,3.5".into(),
        content_type: "text/csv".to_owned(),
        accept: Some("application/json".to_owned()),
        custom_attributes: Some("trace=1".to_owned()),
        inference_id: Some("flower-1".to_owned()),
        timeout: Duration::from_mins(10),
        ..Request::default()
    }
}

#[tokio::test]
async fn a_request_is_sent_to_invocations_with_its_headers_and_body() {
    let target = ContainerTarget::new(&format!("{}/model/", responding("200 OK", "echo").await)).unwrap();
    let response = target.invoke(&request()).await.unwrap();
    let text = String::from_utf8(response.body.to_vec()).unwrap();
    assert!(text.starts_with("POST /model/invocations HTTP/1.1"), "{text}");
    for part in [
        "content-type: text/csv",
        "accept: application/json",
        "x-amzn-sagemaker-custom-attributes: trace=1",
        "x-amzn-sagemaker-inference-id: flower-1",
        "\n5.1,3.5",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!((response.status, response.content_type.as_deref()), (200, Some("text/csv")));
}

#[tokio::test]
async fn only_ping_with_status_200_means_that_the_container_is_ready() {
    let target = ContainerTarget::new(&responding("200 OK", "").await).unwrap();
    assert_eq!(target.describe().await.unwrap().status, EndpointStatus::InService);
}

#[tokio::test]
async fn a_ping_that_is_worth_repeating_is_a_temporary_error_and_another_one_is_not() {
    for (line, is_temporary) in [
        ("500 Internal Server Error", true),
        ("502 Bad Gateway", true),
        ("503 Service Unavailable", true),
        ("504 Gateway Timeout", true),
        ("201 Created", false),
        ("204 No Content", false),
        ("301 Moved Permanently", false),
        ("307 Temporary Redirect", false),
        ("400 Bad Request", false),
        ("401 Unauthorized", false),
        ("404 Not Found", false),
        ("405 Method Not Allowed", false),
        ("429 Too Many Requests", false),
    ] {
        let body = if line.starts_with("204") { "" } else { "loading the model" };
        let error = ContainerTarget::new(&responding(line, body).await).unwrap().describe().await.unwrap_err();
        assert_eq!(error.kind.is_temporary(), is_temporary, "{line}");
        let message = error.to_string();
        assert!(message.starts_with("GET /ping: 127.0.0.1:") && message.contains(&format!("responded with status {line}")), "{message}");
        assert_eq!(message.ends_with(": loading the model"), !body.is_empty(), "{message}");
        assert!(error.hint.unwrap().contains("SageMaker"), "{line}");
    }
}

#[tokio::test]
async fn a_run_reports_a_container_without_ping_at_once_and_names_no_stack() {
    let suite = Suite::parse("version: 1\ncases:\n  - { name: it, payload: { csv: '1' } }\n", Path::new("suite.yaml")).unwrap();
    // A wait would not end.
    let options = RunOptions { wait: Duration::MAX, poll: Duration::from_hours(24), ..RunOptions::default() };
    for (line, base) in [("404 Not Found", ""), ("404 Not Found", "/v1/models"), ("204 No Content", ""), ("308 Permanent Redirect", "")] {
        let target = ContainerTarget::new(&format!("{}{base}", responding(line, "").await)).unwrap();
        let report = Run::new(&target, &suite).options(options.clone()).start(TargetInfo::default(), |_| {}).await;
        assert_eq!((report.verdict, report.cases[0].outcome), (Verdict::Errored, Outcome::Skipped));
        let (message, hint) = (report.checks[0].message.as_deref().unwrap(), report.checks[0].hint.as_deref().unwrap());
        assert!(message.contains(line) && message.contains(&format!("GET {base}/ping")), "{message}");
        assert!(!hint.contains("stack") && hint.contains("/ping"), "{hint}");
    }
}

#[tokio::test]
async fn a_run_waits_while_ping_returns_503_and_reports_each_response() {
    let pings = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let url = container(move |mut stream| {
        let pings = pings.clone();
        async move {
            let (head, _) = read(&mut stream).await;
            let is_ping = head.starts_with("GET /ping");
            let is_early = is_ping && pings.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2;
            let status = if is_early { "503 Service Unavailable" } else { "200 OK" };
            stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 1\r\n\r\nx").as_bytes()).await.unwrap();
        }
    })
    .await;
    let suite = Suite::parse("version: 1\ncases:\n  - { name: it, payload: { csv: '1' } }\n", Path::new("suite.yaml")).unwrap();
    let options = RunOptions { poll: Duration::from_millis(1), ..RunOptions::default() };
    let mut waits = Vec::new();
    let on_event = |event| {
        if let Event::NotDescribed { message, .. } = event {
            waits.push(message);
        }
    };
    let report = Run::new(&ContainerTarget::new(&url).unwrap(), &suite).options(options).start(TargetInfo::default(), on_event).await;
    assert_eq!((report.verdict, waits.len()), (Verdict::Passed, 2), "{report:#?}");
    assert!(waits.iter().all(|wait| wait.ends_with("responded with status 503 Service Unavailable: x")), "{waits:?}");
}

/// The time that a container is given for each response.
const RESPONSE: Duration = Duration::from_secs(10);

/// A clock whose pauses pass at once, but no time passes while a container responds.
#[derive(Default)]
struct PausesOnly(Mutex<Duration>);

impl Clock for PausesOnly {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn date(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now()
    }

    async fn sleep(&self, duration: Duration) {
        if duration >= RESPONSE {
            std::future::pending::<()>().await;
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }
}

#[tokio::test]
async fn a_run_waits_for_a_container_that_starts_slowly_as_long_as_it_is_told() {
    let suite = Suite::parse("version: 1\ncases:\n  - { name: it, payload: { csv: '1' } }\n", Path::new("suite.yaml")).unwrap();
    let (_held, unused) = unused_port();
    let starting = responding("503 Service Unavailable", "loading").await;
    for url in [starting, format!("http://{unused}")] {
        let target = ContainerTarget::new(&url).unwrap();
        let clock = PausesOnly::default();
        let poll = Duration::from_secs(5);
        let options = RunOptions { wait: Duration::from_mins(3), poll, describe_timeout: RESPONSE, ..RunOptions::default() };
        let report = Run::new(&target, &suite).options(options).clock(&clock).start(TargetInfo::default(), |_| {}).await;
        assert_eq!((report.verdict, clock.now()), (Verdict::Errored, Duration::from_mins(3)), "{url}");
    }
    let starts = Duration::from_secs(170);
    let clock = std::sync::Arc::new(PausesOnly::default());
    let time = clock.clone();
    let url = container(move |mut stream| {
        let time = time.clone();
        async move {
            read(&mut stream).await;
            let status = if time.now() < starts { "503 Service Unavailable" } else { "200 OK" };
            stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 1\r\n\r\nx").as_bytes()).await.unwrap();
        }
    })
    .await;
    let options =
        RunOptions { wait: Duration::from_mins(3), poll: Duration::from_secs(5), describe_timeout: RESPONSE, ..RunOptions::default() };
    let run =
        Run::new(&ContainerTarget::new(&url).unwrap(), &suite).options(options).clock(&*clock).start(TargetInfo::default(), |_| {}).await;
    assert_eq!(run.verdict, Verdict::Passed, "{run:#?}");
    assert!(clock.now() >= starts);
}

#[tokio::test]
async fn a_request_that_selects_a_part_of_an_endpoint_is_refused_and_not_sent() {
    let (_held, address) = unused_port();
    let target = ContainerTarget::new(&format!("http://{address}")).unwrap();
    let some = || Some("a".to_owned());
    for (key, request) in [
        ("target_variant", Request { target_variant: some(), ..request() }),
        ("target_model", Request { target_model: some(), ..request() }),
        ("target_container", Request { target_container: some(), ..request() }),
        ("inference_component", Request { inference_component: some(), ..request() }),
    ] {
        let Err(InvokeError::Target(error)) = target.invoke(&request).await else { panic!("{key} was sent") };
        assert_eq!(error.kind, TargetErrorKind::Refused);
        assert_eq!(error.to_string(), format!("POST /invocations: a container cannot be invoked with `{key}`"));
        assert!(error.hint.unwrap().contains(key));
    }
}

#[tokio::test]
async fn a_status_of_4xx_is_the_models_own_error_with_its_message() {
    let target = ContainerTarget::new(&responding("400 Bad Request", "could not convert 'abc'").await).unwrap();
    let Err(InvokeError::Model(failure)) = target.invoke(&request()).await else { panic!("expected the model's error") };
    assert_eq!((failure.status, failure.message.as_str()), (Some(400), "could not convert 'abc'"));
}

#[tokio::test]
async fn an_unreachable_container_is_a_network_error_and_not_a_failure_of_the_model() {
    let (_held, address) = unused_port();
    let target = ContainerTarget::new(&format!("http://{address}")).unwrap();
    let Err(InvokeError::Target(error)) = target.invoke(&request()).await else { panic!("expected a network error") };
    assert_eq!(error.kind, TargetErrorKind::Network);
    assert!(error.to_string().starts_with(&format!("POST /invocations: {address}: ")), "{error}");
}

#[tokio::test]
async fn broken_http_responses_are_network_errors() {
    for response in [
        "",
        "hello\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let url = container(move |mut stream| async move {
            read(&mut stream).await;
            stream.write_all(response.as_bytes()).await.unwrap();
        })
        .await;
        let Err(InvokeError::Target(error)) = ContainerTarget::new(&url).unwrap().invoke(&request()).await else { panic!("{response:?}") };
        assert_eq!(error.kind, TargetErrorKind::Network, "{response:?}");
    }
}

#[tokio::test]
async fn an_endless_response_is_cut_off_and_is_the_models_failure() {
    let url = container(|mut stream| async move {
        read(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let chunk = vec![b'x'; 1 << 20];
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let Err(InvokeError::Model(failure)) = ContainerTarget::new(&url).unwrap().invoke(&request()).await else { panic!("it is too long") };
    assert_eq!(failure.message, format!("the response is longer than {MAX_BODY} bytes"));
}

#[test]
fn a_container_url_must_be_http() {
    for wrong in ["", "127.0.0.1", "https://127.0.0.1", "http://", "http://user:password@host", "http://host/?x=1", "ftp://host"] {
        let error = ContainerTarget::new(wrong).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Refused, "{wrong}");
        assert!(error.hint.is_some());
    }
    assert!(ContainerTarget::new("http://[::1]:8080/").is_ok());
}

#[test]
fn a_url_of_a_request_is_refused_with_the_containers_own() {
    for (wrong, own) in [
        ("http://host:8080/invocations", "http://host:8080"),
        ("http://host:8080/invocations/", "http://host:8080"),
        ("http://host:8080/ping", "http://host:8080"),
        ("http://host:8080/Ping//", "http://host:8080"),
        ("http://host:8080/model/invocations", "http://host:8080/model"),
        ("http://host:8080/invocations?x=1", "http://host:8080"),
        ("http://host/model?x=1", "http://host/model"),
        ("http://host/model#x", "http://host/model"),
    ] {
        let error = ContainerTarget::new(wrong).unwrap_err();
        assert_eq!(error.hint, Some(format!("write `{own}`")), "{wrong}");
        assert!(ContainerTarget::new(own).is_ok());
    }
    // Only whole segments are compared.
    assert!(ContainerTarget::new("http://host/mapping").is_ok());
}

#[tokio::test]
async fn a_suite_runs_against_a_container_from_its_first_ping_to_its_verdict() {
    let url = container(|mut stream| async move {
        let (head, _) = read(&mut stream).await;
        let body = if head.starts_with("GET /ping") { "" } else { "setosa\n" };
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    })
    .await;
    let text = "version: 1\ncases:\n  - { name: good, payload: { csv: '1' }, expect: { text: { equals: setosa } } }\n  - { name: bad, payload: { csv: '1' }, expect: { text: { equals: virginica } } }\n";
    let suite = Suite::parse(text, Path::new("suite.yaml")).unwrap();
    let target = ContainerTarget::new(&url).unwrap();
    let report = Run::new(&target, &suite).start(TargetInfo::default(), |_| {}).await;
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.cases.iter().map(|case| case.outcome).collect::<Vec<_>>(), [Outcome::Passed, Outcome::Failed]);
    assert!(report.cases[0].latency_ms.unwrap() > 0.0);
}

#[tokio::test]
async fn a_run_waits_for_a_container_that_starts_late() {
    let (socket, address) = unused_port();
    let (refuse, refused) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        refused.await.unwrap();
        let listener = socket.listen(16).unwrap();
        while let Ok((mut stream, _)) = listener.accept().await {
            read(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx").await.unwrap();
        }
    });
    let suite = Suite::parse("version: 1\ncases:\n  - { name: it, payload: { csv: '1' } }\n", Path::new("suite.yaml")).unwrap();
    let target = ContainerTarget::new(&format!("http://{address}")).unwrap();
    let options = RunOptions { poll: Duration::from_millis(30), ..RunOptions::default() };
    let mut refuse = Some(refuse);
    // It starts after the first failed poll.
    let on_event = |event| {
        if matches!(event, Event::NotDescribed { .. }) {
            refuse.take().map(|refuse| refuse.send(()));
        }
    };
    let report = Run::new(&target, &suite).options(options.clone()).start(TargetInfo::default(), on_event).await;
    assert!(report.verdict == Verdict::Passed && refuse.is_none(), "{report:#?}");
}

#[tokio::test]
async fn a_container_that_never_responds_ends_with_the_cases_timeout() {
    let url = container(|mut stream| async move {
        let (head, _) = read(&mut stream).await;
        if head.starts_with("GET") {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        } else {
            std::future::pending::<()>().await;
        }
    })
    .await;
    let suite =
        Suite::parse("version: 1\ncases:\n  - { name: it, payload: { csv: '1' }, timeout: 50ms }\n", Path::new("suite.yaml")).unwrap();
    let report = Run::new(&ContainerTarget::new(&url).unwrap(), &suite).start(TargetInfo::default(), |_| {}).await;
    assert_eq!((report.verdict, report.cases[0].message.as_deref()), (Verdict::Errored, Some("no response within 50 ms")));
}
