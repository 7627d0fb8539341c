//! Options of `bench`.

use std::ffi::OsString;
use std::path::PathBuf;

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
    /// Measure this program instead of building one with the profile of `dist`
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// Fail if a goal is missed
    #[arg(long)]
    pub check: bool,
    /// Write the figures to docs/performance.md and README.md, too
    #[arg(long)]
    pub write: bool,
    /// Pass these arguments to each benchmark
    #[arg(last = true, value_name = "ARGUMENTS")]
    pub arguments: Vec<OsString>,
}
