//! Options of `new` and `upgrade`.

use std::path::PathBuf;

use clap::Args;

/// Options of `new`.
#[derive(Debug, Args)]
pub struct NewOptions {
    /// Folder of the repository; existing files are never overwritten
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Carry over the template, stage files and tests of this repository of the Python seed
    #[arg(long, value_name = "DIR")]
    pub from_seed: Option<PathBuf>,
    /// Make the tests from the newest model package of this group
    #[arg(long, value_name = "NAME-OR-ARN", help_heading = super::MODEL_PACKAGE)]
    pub model_package_group: Option<String>,
    /// Read a registry snapshot instead of SageMaker, without calls to AWS
    #[arg(long, value_name = "FILE", help_heading = super::MODEL_PACKAGE)]
    pub registry: Option<PathBuf>,
    /// Make the tests from labelled rows (with --label), a payload, or a folder or tar.gz file with payloads
    #[arg(long, value_name = "FILE-OR-FOLDER", help_heading = super::TESTS)]
    pub payloads: Option<PathBuf>,
    /// Column with the expected values
    #[arg(long, value_name = "COLUMN", requires = "payloads", help_heading = super::TESTS)]
    pub label: Option<String>,
    /// Where the prediction is in a response, such as /predictions/0/label [default: text, all of it]
    #[arg(long, value_name = "PLACE", requires = "label", help_heading = super::TESTS)]
    pub prediction: Option<String>,
    #[command(flatten)]
    pub pin: PinOptions,
}

/// Options of `upgrade`.
#[derive(Debug, Args)]
pub struct UpgradeOptions {
    /// Version of the files, which must be this program's own
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Show the changes and write nothing
    #[arg(long)]
    pub check: bool,
    /// Write files with conflicts, too, with all versions of the lines between markers
    #[arg(long, conflicts_with = "check")]
    pub write_conflicts: bool,
    #[command(flatten)]
    pub pin: PinOptions,
}

/// The pinned binary.
#[derive(Debug, Args)]
#[command(next_help_heading = super::PIN)]
pub struct PinOptions {
    /// Pin the binary at this URL: s3:// or https://
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// SHA-256 of that binary [default: that of this program]
    #[arg(long, value_name = "HASH", requires = "url")]
    pub sha256: Option<String>,
    /// Read `URL SHA256` from this SSM parameter in every build
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub from_parameter: Option<String>,
}
