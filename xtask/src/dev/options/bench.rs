//! Options of `bench`.

use std::ffi::OsString;

use clap::Args;

/// Options of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    /// Run only these benchmarks, by name or package
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// List the benchmarks without running them
    #[arg(long)]
    pub(crate) list: bool,
    /// Pass these arguments to each benchmark
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<OsString>,
}
