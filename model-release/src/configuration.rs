//! The stages' parameters: input files, pipeline values, and checks.
//!
//! Base file → stage file → pipeline values → overrides for accounts and regions. Later values win.

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
