//! Options of `tour`.

use std::path::PathBuf;

use clap::Args;

/// Options of `tour`.
#[derive(Debug, Args)]
pub struct TourOptions {
    /// Write all files to this folder [default: target/tour]
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
}
