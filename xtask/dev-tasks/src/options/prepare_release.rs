//! Options of `prepare-release`.

use clap::Args;

/// Options of `prepare-release`.
#[derive(Debug, Args)]
pub struct PrepareReleaseOptions {
    /// Version of the release, such as 0.2.0
    #[arg(value_name = "VERSION")]
    pub version: String,
    /// Change the files, commit them and create the tag; without it, only show the changes
    #[arg(long)]
    pub execute: bool,
}
