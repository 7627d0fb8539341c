//! Options of `test` and `soak`.

use std::ffi::OsString;

use clap::Args;

/// Options of `test`.
#[derive(Debug, Args)]
pub struct TestOptions {
    /// Install the model servers (1.1 GB below the target folder) and run the tests that need them
    #[arg(long)]
    pub model_servers: bool,
    /// Pass these arguments to `cargo test`, such as `--test end_to_end plan::`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

/// Options of `soak`.
#[derive(Debug, Args)]
pub struct SoakOptions {
    /// Run only suites whose names contain this text
    #[arg(value_name = "SUITE")]
    pub suites: Vec<String>,
    /// Run for this many minutes, shared by the suites
    #[arg(long, value_name = "N", default_value_t = 10, conflicts_with = "cases")]
    pub minutes: u64,
    /// Run this many cases of each property, however long that takes
    #[arg(long, value_name = "N")]
    pub cases: Option<u64>,
    /// Start with this seed, to repeat a run
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// List the suites and their properties without running them
    #[arg(long)]
    pub list: bool,
}
