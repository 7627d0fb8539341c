//! One module a command.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod config;
pub(crate) mod demo;
#[cfg(feature = "aws")]
pub(crate) mod deploy;
mod developer;
pub(crate) mod dist;
#[cfg(feature = "aws")]
pub(crate) mod doctor;
pub(crate) mod lint;
pub(crate) mod package;
#[cfg(feature = "aws")]
pub(crate) mod plan;
#[cfg(feature = "aws")]
pub(crate) mod prune;
pub(crate) mod registry;
#[cfg(feature = "aws")]
pub(crate) mod setup;
pub(crate) mod soak;
mod stand_in;
pub(crate) mod test;
pub(crate) mod test_endpoints;
pub(crate) mod tour;

#[cfg(not(feature = "aws"))]
mod without_aws;
#[cfg(not(feature = "aws"))]
pub(crate) use without_aws::{deploy, doctor, plan, prune, setup};
