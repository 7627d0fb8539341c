//! The iris container, with hostile callers too.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use sandbox::iris::{Behaviour, Container, predict};
use serde_json::{Value, json};

/// Fisher's flowers: four measurements and the species.
const FLOWERS: &str = include_str!("data/iris.csv");

fn container(behaviour: Behaviour) -> Container {
    Container::serve(behaviour).unwrap()
}

/// Sends raw bytes and reads until the server closes the connection.
fn exchange(container: &Container, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(container.url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(5))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer)
}

/// Whether a container responds at this address. Another server could already use the port.
fn is_there(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut answer = String::new();
    let _gone = stream.write_all(b"GET /no-such-page HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _gone = stream.read_to_string(&mut answer);
    answer.contains("a model container serves")
}

fn post(container: &Container, headers: &str, body: &[u8]) -> (u16, String, String) {
    let head = format!("POST /invocations HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    let (status, answer) = exchange(container, &[head.as_bytes(), body].concat());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (status, head.to_lowercase(), body.to_owned())
}

fn message(body: &str) -> String {
    serde_json::from_str::<Value>(body).unwrap()["message"].as_str().unwrap().to_owned()
}

#[test]
fn the_model_predicts_nearly_every_flower_correctly() {
    let mut right = 0;
    for line in FLOWERS.lines() {
        let (measures, species) = line.rsplit_once(',').unwrap();
        let measures: Vec<f64> = measures.split(',').map(|measure| measure.parse().unwrap()).collect();
        right += usize::from(predict(measures.try_into().unwrap()).label == species);
    }
    assert_eq!((right, FLOWERS.lines().count()), (147, 150));
}

proptest! {
    #[test]
    fn any_four_numbers_have_a_species_and_a_probability(flower in prop::array::uniform4(any::<f64>().prop_filter("finite", |x| x.is_finite()))) {
        let prediction = predict(flower);
        prop_assert!((1.0 / 3.0 - 1e-9..=1.0).contains(&prediction.score), "{prediction:?}");
    }
}

#[test]
fn csv_rows_get_one_species_per_line() {
    let container = container(Behaviour::Healthy);
    let (status, head, body) = post(&container, "content-type: text/csv\r\n", b"5.1,3.5,1.4,0.2\r\n5.0, 2.0, 3.5, 1.0\n6.7,3.1,5.6,2.4\n");
    assert_eq!((status, body.as_str()), (200, "setosa\nversicolor\nvirginica\n"));
    assert!(head.contains("content-type: text/csv"), "{head}");
}

#[test]
fn json_instances_get_labels_and_scores() {
    let container = container(Behaviour::Healthy);
    let (status, _, body) = post(&container, "content-type: application/json\r\n", br#"{"instances": [[5.1, 3.5, 1.4, 0.2]]}"#);
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({ "predictions": [{ "label": "setosa", "score": 0.997_171 }] }));
}

#[test]
fn the_response_has_the_accepted_type() {
    let container = container(Behaviour::Healthy);
    let of = |accept: &str| post(&container, &format!("content-type: text/csv\r\naccept: {accept}\r\n"), b"5.1,3.5,1.4,0.2");
    assert!(of("application/json").2.starts_with(r#"{"predictions":"#));
    assert_eq!(of("*/*").2, "setosa\n");
    assert_eq!(of("image/png, text/csv;q=0.5").2, "setosa\n");
    assert_eq!(of("image/png").0, 406);
}

#[test]
fn bad_input_is_a_client_error_with_its_location() {
    let container = container(Behaviour::Healthy);
    let csv = |body: &[u8]| {
        let (status, _, body) = post(&container, "content-type: text/csv\r\n", body);
        (status, message(&body))
    };
    assert_eq!(csv(b"abc,3.5,1.4,0.2"), (400, "could not convert `abc` to a number in row 1, column 1".to_owned()));
    assert_eq!(csv(b"1,2,3,4\n1,2,nan,4").1, "could not convert `nan` to a number in row 2, column 3");
    assert_eq!(csv(b"1,2,3").1, "row 1 has 3 values, not 4 (sepal length and width, petal length and width)");
    assert_eq!(csv(b"").1, "the payload has no rows");
    assert_eq!(csv(b"\xff\xfe").1, "the payload is not UTF-8 text");
    let json = |body: &str| {
        let (status, _, body) = post(&container, "content-type: application/json\r\n", body.as_bytes());
        (status, message(&body))
    };
    assert_eq!(
        json(r#"{"instances": [[1, 2, "abc", 4]]}"#),
        (400, "could not convert `\"abc\"` to a number in row 1, column 3".to_owned())
    );
    assert_eq!(json(r#"{"instances": []}"#).1, "the payload has no rows");
    for body in ["", "[]", "{", r#"{"rows": []}"#, &"[".repeat(100_000)] {
        let (status, text) = json(body);
        assert!(status == 400 && text.starts_with("the payload is not of the form"), "{body:.20}: {status} {text}");
    }
}

#[test]
fn other_content_types_paths_and_methods_are_refused() {
    let container = container(Behaviour::Healthy);
    assert_eq!(post(&container, "content-type: image/png\r\n", b"x").0, 415);
    assert_eq!(post(&container, "", b"1,2,3,4").0, 415);
    assert_eq!(exchange(&container, b"GET /invocations HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").0, 405);
    assert_eq!(exchange(&container, b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").0, 404);
    assert_eq!(exchange(&container, b"GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").0, 200);
}

#[test]
fn hostile_requests_do_not_stop_it_or_fill_its_memory() {
    let container = container(Behaviour::Healthy);
    assert_eq!(exchange(&container, b"\0\x01\x02 nonsense\r\n\r\n").0, 400);
    let too_long = b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\ncontent-type: text/csv\r\n\r\n1,2,3,4";
    assert_eq!(exchange(&container, too_long).0, 413);
    let idle: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(container.url().trim_start_matches("http://")).unwrap()).collect();
    assert_eq!(post(&container, "content-type: text/csv\r\n", b"5.1,3.5,1.4,0.2").0, 200);
    drop(idle);
}

#[test]
fn each_behaviour_is_as_its_name_says() {
    let container = container(Behaviour::WrongModel);
    let flower = || post(&container, "content-type: text/csv\r\n", b"5.1,3.5,1.4,0.2");
    let ping = || exchange(&container, b"GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").0;
    assert_eq!(flower().2, "virginica\n");

    container.set_behaviour(Behaviour::Broken);
    assert_eq!((ping(), flower().0), (200, 500));
    assert!(message(&flower().2).contains("could not be loaded"));

    container.set_behaviour(Behaviour::Unhealthy);
    assert_eq!((ping(), flower().0), (503, 200));

    container.set_behaviour(Behaviour::Slow(Duration::from_millis(300)));
    let started = Instant::now();
    assert_eq!(flower().2, "setosa\n");
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_container_stops_even_with_a_running_request() {
    let container = Container::start().await.unwrap();
    container.set_behaviour(Behaviour::Slow(Duration::from_hours(1)));
    let address = container.url().trim_start_matches("http://").to_owned();
    let mut waiting = TcpStream::connect(&address).unwrap();
    waiting.write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    container.stop().await;
    // The request is interrupted without a response, and not after an hour.
    let mut answer = Vec::new();
    waiting.set_read_timeout(Some(Duration::from_mins(5))).unwrap();
    let cut_off = waiting.read_to_end(&mut answer);
    assert!(answer.is_empty() && !cut_off.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
    assert!(!is_there(&address));
}
