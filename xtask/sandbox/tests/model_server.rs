//! The model servers start, respond and stop.

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use sandbox::model_server::{self, Kind, Model};

/// The folder of `cargo xtask test`.
fn cache() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    target.join("model-servers")
}

#[test]
#[ignore = "needs the model servers"]
fn one_of_the_model_servers_serves_until_it_is_dropped_and_there_are_150_flowers() {
    let servers = model_server::prepare(&cache()).unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
    let flowers = std::fs::read_to_string(servers.flowers()).unwrap();
    assert_eq!(flowers.lines().count(), 151);
    assert_eq!(flowers.lines().nth(1), Some("5.1,3.5,1.4,0.2,setosa"));
    let server = servers.start(Kind::Mlflow, Model::Good).unwrap();
    let address = server.url().trim_start_matches("http://").to_owned();
    let connect = || TcpStream::connect(&address);
    assert!(connect().is_ok());
    // Its workers are killed with it, but can keep the port until the system has removed them.
    drop(server);
    for _ in 0..100 {
        let Ok(mut connection) = connect() else { return };
        connection.set_read_timeout(Some(Duration::from_mins(5))).unwrap();
        let closed = connection.read_to_end(&mut Vec::new());
        assert!(!closed.is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "a worker is still there");
    }
    panic!("a worker is still there, and takes connections");
}
