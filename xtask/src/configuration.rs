//! The stages' parameters: the files that people wrote, what the pipeline knows, and whether it all goes together.
//!
//! base file → stage file → what the pipeline knows → overrides of some accounts and regions. A later one wins.

mod check;
mod files;
mod offered;
mod target_dependence;

pub(crate) use check::{StageParameters, Targets};
pub(crate) use files::{BaseFile, Configuration, ConfigurationFiles, StageFiles};
pub(crate) use offered::{OFFERED, Pipeline};
pub(crate) use target_dependence::depends_on_target;
