//! The adapter to AWS, over a loopback server with canned answers.
#![cfg(feature = "aws")]

mod asynchronous;
mod canned;
mod describe;
mod hostile;
mod invoke;
mod load;
mod samples;
mod session;

use endpoint_test::aws::SageMakerTarget;

use self::canned::Canned;

fn target(aws: &Canned) -> SageMakerTarget {
    SageMakerTarget::from_config(&aws.config(), "iris-staging")
}
