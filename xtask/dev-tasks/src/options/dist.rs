//! Options of `dist`.

use std::path::PathBuf;

use clap::Args;

/// Options of `dist`.
#[derive(Debug, Args)]
pub struct DistOptions {
    /// Write the binary and its checksum to this folder [default: target/dist]
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
}
