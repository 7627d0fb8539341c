use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use sandbox::iris::{Behaviour, Container};
use sandbox::stand_in::{EndpointStatus, Options, Reply, StandIn};
use serde_json::{Value, json};

use super::{PROD, STAGING, cache, make_endpoint, start};

const FLOWER: &str = "5.1,3.5,1.4,0.2";

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn with_container(behaviour: Behaviour) -> (StandIn, Container) {
    let container = Container::serve(behaviour).unwrap();
    let aws = start();
    aws.set_model_server(container.url(), None).unwrap();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    (aws, container)
}

#[test]
fn an_existing_endpoint_returns_the_containers_response() {
    let (aws, _container) = with_container(Behaviour::Healthy);
    let reply = aws.invoke(STAGING, "iris", "text/csv", FLOWER, &[]).unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (200, "setosa\n"));
    assert_eq!(reply.header("x-amzn-invoked-production-variant"), Some("AllTraffic"));
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    let reply = aws.invoke(STAGING, "iris", "text/csv", FLOWER, &[("accept", "application/json")]).unwrap();
    assert_eq!(body(&reply)["predictions"][0]["label"], "setosa");
    let logged: Vec<_> = aws.requests().unwrap().into_iter().map(|request| (request.service, request.action, request.account)).collect();
    assert_eq!(logged[0], ("sagemaker-runtime".to_owned(), "InvokeEndpoint".to_owned(), STAGING.to_owned()));
}

#[test]
fn the_model_server_of_the_options_responds() {
    let container = Container::serve(Behaviour::Healthy).unwrap();
    let aws = StandIn::start(&Options { model_server: Some(container.url().to_owned()), ..Options::new(cache()) }).unwrap();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    assert_eq!(aws.invoke(STAGING, "iris", "text/csv", FLOWER, &[]).unwrap().text(), "setosa\n");
}

#[test]
fn a_containers_error_is_a_model_error_with_its_message() {
    let (aws, container) = with_container(Behaviour::Healthy);
    let reply = aws.invoke(STAGING, "iris", "text/csv", "abc,1,2,3", &[]).unwrap();
    let error = body(&reply);
    assert_eq!((reply.status, reply.header("x-amzn-errortype"), &error["OriginalStatusCode"]), (424, Some("ModelError"), &json!(400)));
    assert_eq!(error["OriginalMessage"], r#"{"message":"could not convert `abc` to a number in row 1, column 1"}"#);
    assert!(error["Message"].as_str().unwrap().starts_with("Received client error (400) from primary with message"));
    assert_eq!(error["LogStreamArn"], "arn:aws:logs:us-east-1:222222222222:log-group:/aws/sagemaker/Endpoints/iris:log-stream:AllTraffic");
    container.set_behaviour(Behaviour::Broken);
    assert_eq!(body(&aws.invoke(STAGING, "iris", "text/csv", FLOWER, &[]).unwrap())["OriginalStatusCode"], 500);
}

#[test]
fn a_missing_endpoint_and_one_that_is_not_in_service_are_errors() {
    let (aws, _container) = with_container(Behaviour::Healthy);
    let refused = |account: &str, endpoint: &str| {
        let reply = aws.invoke(account, endpoint, "text/csv", FLOWER, &[]).unwrap();
        (reply.status, reply.header("x-amzn-errortype").unwrap().to_owned(), body(&reply)["Message"].as_str().unwrap().to_owned())
    };
    let (status, code, message) = refused(STAGING, "rose");
    assert_eq!((status, code.as_str(), message.as_str()), (400, "ValidationError", "Endpoint rose of account 222222222222 not found."));
    assert_eq!(refused(PROD, "iris").2, "Endpoint iris of account 333333333333 not found.");
    let failed =
        EndpointStatus { account: STAGING.to_owned(), endpoint: "iris".to_owned(), status: "Failed".to_owned(), ..Default::default() };
    aws.set_endpoint_status(&failed).unwrap();
    assert_eq!(refused(STAGING, "iris").2, "Endpoint iris of account 222222222222 is not InService: its status is Failed.");
}

#[test]
fn an_endpoint_can_have_its_own_model_server() {
    let (aws, _container) = with_container(Behaviour::Healthy);
    make_endpoint(&aws, PROD, "iris", "package/1");
    let wrong = Container::serve(Behaviour::WrongModel).unwrap();
    aws.set_model_server(wrong.url(), Some((PROD, "iris"))).unwrap();
    let answer = |account: &str| aws.invoke(account, "iris", "text/csv", FLOWER, &[]).unwrap().text();
    assert_eq!((answer(STAGING).as_str(), answer(PROD).as_str()), ("setosa\n", "virginica\n"));
}

#[test]
fn without_a_model_server_the_response_is_an_error() {
    let aws = start();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    let reply = aws.invoke(STAGING, "iris", "text/csv", FLOWER, &[]).unwrap();
    assert_eq!(reply.status, 503);
    assert!(body(&reply)["Message"].as_str().unwrap().contains("no model server"));
    let container = Container::serve(Behaviour::Healthy).unwrap();
    aws.set_model_server(container.url(), None).unwrap();
    assert_eq!(aws.invoke(STAGING, "iris", "text/csv", FLOWER, &[]).unwrap().status, 200);
    drop(container);
    assert_eq!(aws.invoke(STAGING, "iris", "text/csv", FLOWER, &[]).unwrap().status, 503);
}

#[test]
fn invocations_run_at_the_same_time() {
    // A model server that responds only after all eight requests arrived.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let aws = start();
    aws.set_model_server(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
    make_endpoint(&aws, STAGING, "iris", "package/1");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut all: Vec<_> = (0..8).map(|_| listener.accept().unwrap().0).collect();
            for stream in &mut all {
                let mut received = Vec::new();
                while !received.ends_with(FLOWER.as_bytes()) {
                    let mut bytes = [0; 4096];
                    let count = stream.read(&mut bytes).unwrap();
                    assert_ne!(count, 0);
                    received.extend_from_slice(&bytes[..count]);
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 6\r\n\r\nsetosa").unwrap();
            }
        });
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| aws.invoke(STAGING, "iris", "text/csv", FLOWER, &[]).unwrap().status)).collect();
        assert!(all.into_iter().all(|thread| thread.join().unwrap() == 200));
    });
}
