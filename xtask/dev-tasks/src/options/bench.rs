//! Options of `bench`.

use std::ffi::OsString;

use clap::Args;

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct BenchOptions {
    /// Run only these benchmarks, by name or package
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// List the benchmarks without running them
    #[arg(long)]
    pub list: bool,
    /// Pass these arguments to each benchmark
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}
