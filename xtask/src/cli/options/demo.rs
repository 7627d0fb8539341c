//! Options of `demo`.

use std::path::PathBuf;

use clap::Args;

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Approve automatically
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Keep the local AWS running at the end and print its environment variables
    #[arg(long)]
    pub(crate) keep: bool,
    /// Empty this folder and write all files to it [default: target/demo]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
}
