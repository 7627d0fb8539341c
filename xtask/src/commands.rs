//! One module per command.

pub(crate) mod build;
#[cfg(feature = "aws")]
pub(crate) mod check_release;
pub(crate) mod config;
pub(crate) mod demo;
#[cfg(feature = "aws")]
pub(crate) mod deploy;
#[cfg(feature = "aws")]
pub(crate) mod doctor;
#[cfg(feature = "aws")]
pub(crate) mod history;
pub(crate) mod init_tests;
pub(crate) mod new;
pub(crate) mod package;
#[cfg(feature = "aws")]
pub(crate) mod plan;
#[cfg(feature = "aws")]
pub(crate) mod prune;
pub(crate) mod registry;
pub(crate) mod report;
#[cfg(feature = "aws")]
pub(crate) mod rollback;
#[cfg(feature = "aws")]
pub(crate) mod setup;
#[cfg(feature = "aws")]
pub(crate) mod sign_binary;
#[cfg(feature = "aws")]
pub(crate) mod status;
#[cfg(feature = "aws")]
pub(crate) mod stop;
pub(crate) mod test_endpoints;
pub(crate) mod tour;
pub(crate) mod upgrade;
#[cfg(feature = "aws")]
pub(crate) mod verify;
#[cfg(feature = "aws")]
pub(crate) mod verify_binary;

#[cfg(not(feature = "aws"))]
mod without_aws;
#[cfg(not(feature = "aws"))]
pub(crate) use without_aws::{
    check_release, deploy, doctor, history, plan, prune, rollback, setup, sign_binary, status, stop, verify, verify_binary,
};
