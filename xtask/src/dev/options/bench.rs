//! Options of `bench`.

use std::ffi::OsString;

use clap::Args;

/// Options of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    /// The benchmarks to run, by their names or their packages'; all of the workspace when none is named.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Says what there is, and runs nothing.
    #[arg(long)]
    pub(crate) list: bool,
    /// Passed on to each benchmark.
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<OsString>,
}
