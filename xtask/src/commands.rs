//! One module a command.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod deploy;
mod developer;
pub(crate) mod dist;
pub(crate) mod doctor;
pub(crate) mod lint;
pub(crate) mod package;
pub(crate) mod plan;
pub(crate) mod prune;
pub(crate) mod registry;
pub(crate) mod setup;
pub(crate) mod soak;
mod stand_in;
pub(crate) mod test;
pub(crate) mod test_endpoints;
pub(crate) mod tour;
