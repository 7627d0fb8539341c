//! Options of `demo`.

use std::path::PathBuf;

use clap::Args;

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Answers the approvals.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Leaves the local AWS up at the end, and prints the environment to play with.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Where everything goes; emptied first [default: target/demo]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
}
