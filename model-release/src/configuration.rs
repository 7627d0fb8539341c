//! The stages' parameters: the files that people wrote, what the pipeline knows, and whether it all goes together.
//!
//! base file → stage file → what the pipeline knows → overrides of some accounts and regions. A later one wins.

mod check;
mod explanation;
mod files;
mod offered;
mod target_dependence;
mod verdict;

pub use check::{StageParameters, Targets};
pub use explanation::Explanation;
pub use files::{BaseFile, Configuration, ConfigurationFiles, StageFiles};
pub use offered::{OFFERED, Pipeline, Sources};
pub use target_dependence::depends_on_target;
pub use verdict::StageVerdict;
