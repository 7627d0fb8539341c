//! The options of each task, one file per task.

mod bench;
mod dist;
mod lint;
mod prepare_release;
mod test;

pub(super) use bench::BenchOptions;
pub(super) use dist::{Architecture, DistOptions};
pub(super) use lint::{LintCheck, LintOptions};
pub(super) use prepare_release::PrepareReleaseOptions;
pub(super) use test::{SoakOptions, TestOptions};
