use std::net::TcpStream;
use std::thread;

use test_support::stand_in::{Error, Options, StandIn, prepare};

use super::{REGISTRY, cache, start};

#[test]
fn dropping_it_ends_the_process_and_closes_the_port() {
    let aws = start();
    let address = aws.url().trim_start_matches("http://").to_owned();
    assert!(TcpStream::connect(&address).is_ok());
    drop(aws);
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn it_says_nothing_when_nothing_is_wrong() {
    let aws = start();
    aws.query(REGISTRY, "cloudformation", "ListStacks", &[]).unwrap();
    assert_eq!(aws.standard_error(), "");
}

#[test]
fn preparing_twice_at_once_makes_one_environment() {
    let folders: Vec<_> = thread::scope(|scope| {
        let both = [scope.spawn(|| prepare(&cache()).unwrap()), scope.spawn(|| prepare(&cache()).unwrap())];
        both.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(folders[0], folders[1]);
    assert!(folders[0].join("complete").exists());
}

#[test]
fn only_the_chosen_patches_are_on_and_an_unknown_one_is_refused() {
    let only = |name: &str| Options { patches: Some(vec![name.to_owned()]), ..Options::new(cache()) };
    assert_eq!(StandIn::start(&only("data-capture")).unwrap().patches(), ["data-capture"]);
    assert_eq!(StandIn::start(&Options { unpatched: true, ..Options::new(cache()) }).unwrap().patches(), [""; 0]);
    let Error::Start { output, .. } = StandIn::start(&only("data-captur")).unwrap_err() else { panic!() };
    assert!(output.contains("unknown patch data-captur; there are data-capture"), "{output}");
}

#[test]
fn a_mistake_in_a_scene_is_told() {
    let aws = start();
    let packages = test_support::stand_in::SeedPackages { account: "12".to_owned(), approved: 1, ..Default::default() };
    assert_eq!(super::refused(aws.seed_packages(&packages)).2, "`12` is not an account id of 12 digits");
    assert_eq!(
        super::refused(aws.set_model_server("https://example.com", None)).2,
        "`https://example.com` is not an http URL on this machine"
    );
}
