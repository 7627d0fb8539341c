//! Options of `demo`.

use std::path::PathBuf;

use clap::Args;

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoOptions {
    /// Approve automatically
    #[arg(short, long)]
    pub yes: bool,
    /// Keep the local AWS running at the end and print its environment variables
    #[arg(long)]
    pub keep: bool,
    /// Empty this folder and write all files to it [default: target/demo]
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
}
