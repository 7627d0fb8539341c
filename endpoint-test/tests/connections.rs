//! The connections to a container that the requests of a load share, over loopback.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use endpoint_test::{ContainerTarget, InvokeError, MAX_BODY, ModelResponse, Request, Run, Suite, Target, TargetErrorKind, TargetInfo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a container does with a request, by the number of its connection and of the request on it,
/// both from zero.
type Behaviour = fn(usize, usize) -> Action;

enum Action {
    Respond(Vec<u8>),
    /// Closes the connection after this response, without announcing it.
    RespondAndClose(Vec<u8>),
    /// Closes the connection without a response.
    Close,
    /// Never responds.
    Wait,
}

/// A container that counts connections and requests.
struct Container {
    target: ContainerTarget,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    /// Receives a message when the container has closed a connection.
    closed: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<()>>,
}

impl Container {
    async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = ContainerTarget::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (sender, closed) = tokio::sync::mpsc::unbounded_channel();
        let counters = (Arc::clone(&connections), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let connection = counters.0.fetch_add(1, Ordering::SeqCst);
                let (requests, closed) = (Arc::clone(&counters.1), sender.clone());
                tokio::spawn(async move {
                    for request in 0.. {
                        if !read(&mut stream).await {
                            return;
                        }
                        requests.fetch_add(1, Ordering::SeqCst);
                        match behaviour(connection, request) {
                            Action::Respond(bytes) => stream.write_all(&bytes).await.unwrap(),
                            Action::RespondAndClose(bytes) => {
                                stream.write_all(&bytes).await.unwrap();
                                break;
                            }
                            Action::Close => break,
                            Action::Wait => std::future::pending().await,
                        }
                    }
                    drop(stream);
                    let _gone = closed.send(());
                });
            }
        });
        Self { target, connections, requests, closed: tokio::sync::Mutex::new(closed) }
    }

    async fn invoke(&self) -> Result<ModelResponse, InvokeError> {
        self.target.invoke(&Request { reuse_connection: true, ..request() }).await
    }

    /// The body of the response to a request of a load.
    async fn body(&self) -> String {
        String::from_utf8(self.invoke().await.unwrap().body.to_vec()).unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Returns when the container has closed a connection, and the client's runtime knows it.
    async fn has_closed(&self) {
        self.closed.lock().await.recv().await.unwrap();
        // The runtime learns about both sockets at once, and the closed one was first.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (connected, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (mut connected, (mut accepted, _)) = (connected.unwrap(), accepted.unwrap());
        connected.write_all(b"x").await.unwrap();
        accepted.read_exact(&mut [0]).await.unwrap();
    }
}

fn request() -> Request {
    Request { body: "1".into(), content_type: "text/csv".to_owned(), timeout: Duration::from_mins(10), ..Request::default() }
}

/// Reads a request; false at the end of the connection.
async fn read(stream: &mut TcpStream) -> bool {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return false };
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let length = usize::from(bytes.starts_with(b"POST"));
        if bytes.len() >= end + 4 + length {
            return true;
        }
    }
}

fn response(more: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{more}\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn a_hundred_thousand_requests_open_as_many_connections_as_are_in_flight() {
    let container = Arc::new(Container::start(|_, _| Action::Respond(response("", "setosa"))).await);
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let container = Arc::clone(&container);
            tokio::spawn(async move {
                for _ in 0..5000 {
                    assert_eq!(container.body().await, "setosa");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!((container.requests(), container.connections() <= 20), (100_000, true), "{}", container.connections());
}

#[cfg(feature = "load")]
#[tokio::test]
async fn a_load_shares_its_connections_and_no_case_does() {
    let container = Container::start(|_, _| Action::Respond(response("", "setosa"))).await;
    let text = "version: 1\ncases:\n  - { name: a, payload: { csv: '1' }, expect: { text: { equals: setosa } } }\n  - { name: b, payload: { csv: '1' } }\nload: { warmup: { requests: 3000 }, phases: [{ users: 8, for: 1ms }], thresholds: [errors == 0] }\n";
    let suite = Suite::parse(text, Path::new("suite.yaml")).unwrap();
    let report = Run::new(&container.target, &suite).start(TargetInfo::default(), |_| {}).await;
    let load = report.load.unwrap();
    assert_eq!(load.phases[0].figures.passed, 3000, "{load:#?}");
    assert!(load.errors.is_empty(), "{load:#?}");
    // One for the ping and one for each case.
    assert_eq!(container.connections(), 3 + 8);
}

#[tokio::test]
async fn a_single_request_opens_its_own_connection() {
    let container = Container::start(|connection, _| Action::Respond(response("", &connection.to_string()))).await;
    assert_eq!(container.body().await, "0");
    let alone = container.target.invoke(&request()).await.unwrap();
    assert_eq!(alone.body, "1");
    // It is not left to others.
    assert_eq!((container.body().await, container.connections()), ("0".to_owned(), 2));
}

#[tokio::test]
async fn a_kept_connection_that_the_container_closed_is_replaced() {
    let container = Container::start(|connection, _| Action::RespondAndClose(response("", &connection.to_string()))).await;
    for number in 0..3 {
        assert_eq!(container.body().await, number.to_string());
        container.has_closed().await;
    }
    assert_eq!((container.requests(), container.connections()), (3, 3));
}

#[tokio::test]
async fn a_request_that_the_model_may_have_processed_is_not_sent_again() {
    let container = Container::start(|_, request| if request == 1 { Action::Close } else { Action::Respond(response("", "1")) }).await;
    assert_eq!(container.body().await, "1");
    let Err(InvokeError::Target(error)) = container.invoke().await else { panic!("it was sent again") };
    assert_eq!(error.kind, TargetErrorKind::Network);
    assert!(error.hint.as_ref().unwrap().contains("keep-alive"), "{error:?}");
    assert_eq!((container.requests(), container.connections()), (2, 1));
    // The next one gets a new connection.
    assert_eq!((container.body().await, container.connections()), ("1".to_owned(), 2));
}

#[tokio::test]
async fn an_unreachable_container_has_another_hint_than_a_closed_connection() {
    let container = Container::start(|_, _| Action::Close).await;
    let Err(InvokeError::Target(error)) = container.invoke().await else { panic!("there is no response") };
    assert!(error.hint.as_ref().unwrap().contains("is the container running"), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_the_container_announces_to_close_is_not_used_again() {
    let announced: Behaviour = |_, _| Action::Respond(response("connection: close\r\n", "x"));
    let old: Behaviour = |_, _| Action::Respond(b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx".to_vec());
    for behaviour in [announced, old] {
        let container = Container::start(behaviour).await;
        for number in 1..=3 {
            assert_eq!((container.body().await, container.connections()), ("x".to_owned(), number));
        }
    }
}

#[tokio::test]
async fn a_request_without_a_response_in_time_takes_its_connection_with_it() {
    let container =
        Container::start(|connection, _| if connection == 0 { Action::Wait } else { Action::Respond(response("", "own")) }).await;
    {
        let mut waiting = std::pin::pin!(container.invoke());
        // The container has the request, and does not respond.
        let received = async {
            while container.requests() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = &mut waiting => panic!("there is no response"),
            () = received => {}
        }
    }
    assert_eq!((container.body().await, container.connections()), ("own".to_owned(), 2));
}

#[tokio::test]
async fn bytes_after_a_response_are_never_the_response_to_the_next_request() {
    let container = Container::start(|connection, _| {
        let more = if connection == 0 { response("", "forged") } else { Vec::new() };
        Action::Respond([response("", "own"), more].concat())
    })
    .await;
    assert_eq!((container.body().await, container.body().await), ("own".to_owned(), "own".to_owned()));
    assert_eq!(container.connections(), 2);
}

#[tokio::test]
async fn a_response_that_is_cut_off_ends_its_connection() {
    let container = Container::start(|connection, _| {
        let body = if connection == 0 { "x".repeat(MAX_BODY + 1) } else { "short".to_owned() };
        Action::Respond(response("", &body))
    })
    .await;
    let Err(InvokeError::Model(failure)) = container.invoke().await else { panic!("it is too long") };
    assert!(failure.message.contains("longer than"), "{failure:?}");
    assert_eq!((container.body().await, container.connections()), ("short".to_owned(), 2));
}

#[tokio::test]
async fn interim_responses_are_counted_for_each_request() {
    let container =
        Container::start(|_, _| Action::Respond(["HTTP/1.1 100 Continue\r\n\r\n".repeat(16).into_bytes(), response("", "x")].concat()))
            .await;
    for _ in 0..3 {
        assert_eq!(container.body().await, "x");
    }
    assert_eq!(container.connections(), 1);
}

#[tokio::test]
async fn the_rows_of_a_case_share_as_many_connections_as_are_sent_at_once() {
    let container = Container::start(|_, _| Action::Respond(response("", "setosa"))).await;
    let text = "version: 1\ncases:\n  - { name: labelled, payload: { rows: { file: rows.csv, header: false, at_once: 3 } }, expect_each: { text: { equals: setosa } } }\n";
    let suite = Suite::parse(text, Path::new("suite.yaml")).unwrap().load_files(|_| Ok("7\n".repeat(500).into_bytes())).unwrap();
    let report = Run::new(&container.target, &suite).start(TargetInfo::default(), |_| {}).await;
    assert_eq!(report.cases[0].rows.as_ref().unwrap().passed, 500, "{report:#?}");
    // One for the ping.
    assert_eq!((container.requests(), container.connections()), (501, 1 + 3));
}
