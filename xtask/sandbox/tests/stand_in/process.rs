use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use sandbox::stand_in::{Error, Fault, Options, StandIn, prepare};
use serde_json::json;

use super::{REGISTRY, cache, start};

#[test]
fn dropping_it_stops_the_process_and_closes_the_port() {
    ends_when_dropped(StandIn::start(&Options::new(cache())).unwrap());
}

#[test]
fn dropping_a_fork_stops_it_and_closes_the_port() {
    ends_when_dropped(start());
}

fn ends_when_dropped(aws: StandIn) {
    let mut connection = TcpStream::connect(aws.url().trim_start_matches("http://")).unwrap();
    drop(aws);
    // Checks this connection: another server could already use the port.
    connection.set_read_timeout(Some(Duration::from_mins(5))).unwrap();
    let closed = connection.read_to_end(&mut Vec::new());
    assert!(!closed.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "the connection is still open");
}

#[test]
fn standard_error_is_empty_without_problems() {
    let aws = start();
    aws.query(REGISTRY, "cloudformation", "ListStacks", &[]).unwrap();
    assert_eq!(aws.standard_error(), "");
}

#[test]
fn concurrent_preparation_creates_one_environment() {
    let folders: Vec<_> = thread::scope(|scope| {
        let both = [scope.spawn(|| prepare(&cache()).unwrap()), scope.spawn(|| prepare(&cache()).unwrap())];
        both.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(folders[0], folders[1]);
    assert!(folders[0].join("complete").exists());
}

#[test]
fn a_reset_removes_all_state() {
    let aws = start();
    super::make_endpoint(&aws, REGISTRY, "iris", "package/1");
    aws.silent_rollback(REGISTRY, "iris").unwrap();
    aws.set_model_server("http://127.0.0.1:9", None).unwrap();
    aws.invoke(REGISTRY, "iris", "text/csv", "1", &[]).unwrap();
    aws.fault(&Fault::dropped()).unwrap();
    aws.enforce_iam(true).unwrap();
    aws.reset().unwrap();
    assert_eq!(aws.requests().unwrap(), []);
    let reply = aws.call_as_program(REGISTRY, "sagemaker", "DescribeEndpoint", &json!({ "EndpointName": "iris" })).unwrap();
    assert!(reply.status == 400 && reply.text().contains("Could not find endpoint"), "{}", reply.text());
    super::make_endpoint(&aws, REGISTRY, "iris", "package/1");
    super::make_config(&aws, REGISTRY, "next", "package/2");
    aws.call(REGISTRY, "sagemaker", "UpdateEndpoint", &json!({ "EndpointName": "iris", "EndpointConfigName": "next" })).unwrap();
    assert_eq!(super::served(&aws, REGISTRY, "iris"), "package/2");
    assert!(aws.invoke(REGISTRY, "iris", "text/csv", "1", &[]).unwrap().text().contains("no model server"));
}

#[test]
fn forks_share_no_state_and_no_random_numbers() {
    let [first, second] = [start(), start()];
    assert_ne!(first.process_id(), second.process_id());
    let create = |aws: &StandIn| aws.query(REGISTRY, "iam", "CreateUser", &[("UserName", "user")]).unwrap();
    let id = |aws: &StandIn| create(aws).text("UserId").unwrap();
    // Each creates the same user: the other one's does not exist.
    assert_ne!(id(&first), id(&second));
}

#[test]
fn a_fork_that_cannot_start_says_why_and_the_server_goes_on() {
    let options = Options { patches: Some(vec!["data-captur".to_owned()]), ..Options::new(cache()) };
    let Error::Start { output, .. } = super::FORK_SERVER.stand_in(&options).unwrap_err() else { panic!() };
    assert!(output.contains("unknown patch data-captur"), "{output}");
    assert_eq!(start().requests().unwrap(), []);
}

#[test]
fn only_the_selected_patches_are_active_and_an_unknown_one_is_refused() {
    let only = |name: &str| Options { patches: Some(vec![name.to_owned()]), ..Options::new(cache()) };
    assert_eq!(StandIn::start(&only("data-capture")).unwrap().patches(), ["data-capture"]);
    assert_eq!(StandIn::start(&Options { unpatched: true, ..Options::new(cache()) }).unwrap().patches(), [""; 0]);
    let Error::Start { output, .. } = StandIn::start(&only("data-captur")).unwrap_err() else { panic!() };
    assert!(
        output.contains("unknown patch data-captur; valid are alarms-and-scaling, api-constraints, change-sets, data-capture"),
        "{output}"
    );
}

#[test]
fn invalid_seed_data_is_reported() {
    let aws = start();
    let packages = sandbox::stand_in::SeedPackages { account: "12".to_owned(), approved: 1, ..Default::default() };
    assert_eq!(super::refused(aws.seed_packages(&packages)).2, "`12` is not an account id of 12 digits");
    assert_eq!(
        super::refused(aws.set_model_server("https://example.com", None)).2,
        "`https://example.com` is not an http URL on this machine"
    );
}
