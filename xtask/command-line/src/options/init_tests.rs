//! Options of `init-tests`.

use std::path::PathBuf;

use clap::Args;

/// Options of `init-tests`.
#[derive(Debug, Args)]
pub struct InitTestsOptions {
    /// Labelled rows (CSV or JSON Lines, with --label), a payload, or a folder or tar.gz file with payloads
    #[arg(long, value_name = "FILE-OR-FOLDER")]
    pub from: PathBuf,
    /// Column with the expected values
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Where the prediction is in a response, such as /predictions/0/label [default: text, all of it]
    #[arg(long, value_name = "PLACE", requires = "label")]
    pub prediction: Option<String>,
    /// Write the tests to this file [default: test/endpoint-tests.yaml]
    #[arg(long, value_name = "FILE")]
    pub suite: Option<PathBuf>,
    /// Replace existing files
    #[arg(long)]
    pub force: bool,
}
