//! The AWS adapter, with a loopback server that returns canned responses.
#![cfg(feature = "aws")]

mod asynchronous;
mod canned;
mod describe;
#[path = "../support/fake_clock.rs"]
mod fake_clock;
mod hostile;
mod invoke;
mod load;
mod samples;
mod session;
#[path = "../support/stepped_clock.rs"]
mod stepped_clock;
#[path = "../support/unused_port.rs"]
mod unused_port;

use endpoint_test::aws::SageMakerTarget;

use self::canned::Canned;

fn target(aws: &Canned) -> SageMakerTarget {
    SageMakerTarget::from_config(&aws.config(), "iris-staging")
}
