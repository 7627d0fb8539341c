//! The HTTP test server, with plain sockets as clients.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use sandbox::loopback::{Answer, Loopback};
use serde_json::json;

fn get(server: &Loopback, path: &str) -> String {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    write!(stream, "POST {path} HTTP/1.1\r\nhost: x\r\nX-Asked: Yes\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn responses_come_from_the_closure_and_requests_are_recorded() {
    let server = Loopback::start(|request| match request.path.as_str() {
        "/json?a=1" => Answer::new(201).header("x-extra", "1").json(&json!({ "said": request.text() })),
        _ => Answer::new(404),
    })
    .unwrap();
    let answer = get(&server, "/json?a=1");
    assert!(
        answer.starts_with("HTTP/1.1 201 Created") && answer.contains("x-extra: 1") && answer.ends_with(r#"{"said":"hi"}"#),
        "{answer}"
    );
    let nothing = get(&server, "/other");
    assert!(nothing.starts_with("HTTP/1.1 404") && !nothing.contains("content-type"), "{nothing}");
    let requests = server.requests();
    assert_eq!(requests.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/json?a=1", "/other"]);
    assert_eq!(
        (requests[0].method.as_str(), requests[0].header("x-asked"), requests[0].body.as_slice()),
        ("POST", Some("Yes"), b"hi".as_slice())
    );
}

#[test]
fn a_response_can_be_delayed_or_dropped() {
    let server = Loopback::start(|request| match request.path.as_str() {
        "/late" => Answer::new(200).after(Duration::from_millis(200)),
        _ => Answer::dropped_connection(),
    })
    .unwrap();
    let started = Instant::now();
    assert!(get(&server, "/late").starts_with("HTTP/1.1 200"));
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(get(&server, "/never"), "");
}

#[test]
fn an_invalid_header_is_reported_to_the_test() {
    let server = Loopback::start(|_| Answer::new(200).header("x bad", "1")).unwrap();
    assert!(get(&server, "/").ends_with("the test's header `x bad: 1` is not valid"));
}

#[test]
fn dropping_it_closes_the_port() {
    let server = Loopback::start(|_| Answer::new(200)).unwrap();
    let mut connection = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    write!(connection, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert_ne!(connection.read(&mut [0; 4096]).unwrap(), 0);
    drop(server);
    // Checks this connection: another server could already use the port.
    connection.set_read_timeout(Some(Duration::from_mins(5))).unwrap();
    let closed = connection.read_to_end(&mut Vec::new());
    assert!(!closed.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "the connection is still open");
}
