//! The options of each task, one file per task.

mod bench;
mod dist;
mod lint;
mod test;

pub(super) use bench::BenchOptions;
pub(super) use dist::DistOptions;
pub(super) use lint::{LintCheck, LintOptions};
pub(super) use test::{SoakOptions, TestOptions};
