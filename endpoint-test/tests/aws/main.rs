//! The adapter to AWS, over a loopback server with canned answers.
#![cfg(feature = "aws")]

mod asynchronous;
mod canned;
mod describe;
#[path = "../support/fake_clock.rs"]
mod fake_clock;
mod hostile;
mod invoke;
mod load;
#[path = "../support/nobody.rs"]
mod nobody;
mod samples;
mod session;
#[path = "../support/stepped_clock.rs"]
mod stepped_clock;

use endpoint_test::aws::SageMakerTarget;

use self::canned::Canned;

fn target(aws: &Canned) -> SageMakerTarget {
    SageMakerTarget::from_config(&aws.config(), "iris-staging")
}
