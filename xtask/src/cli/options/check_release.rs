//! Options of `check-release`, and those for the staging tests, which `deploy` also has.

use std::path::PathBuf;

use clap::Args;
use model_release::Stage;

use super::{ReleaseOptions, SignatureOptions, SigningOptions};

/// Options of `check-release`.
#[derive(Debug, Args)]
pub(crate) struct CheckReleaseOptions {
    /// Stage that the release will be deployed to
    #[arg(long, value_parser = super::stage(), help_heading = super::RELEASE)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) release: ReleaseOptions,
    #[command(flatten)]
    pub(crate) staging_tests: StagingTestOptions,
    #[command(flatten)]
    pub(crate) signatures: SignatureOptions,
    /// Write the signed result to this folder [default: target/check-release/STAGE]
    #[arg(long, value_name = "DIR", help_heading = super::OUTPUT)]
    pub(crate) results_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) signing: SigningOptions,
}

/// The staging tests that a deployment to production requires.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StagingTestOptions {
    /// Read the results of test-staging from this file, for prod [default: target/test-results/test-results.json]
    #[arg(long, value_name = "FILE", help_heading = super::RELEASE)]
    pub(crate) staging_results: Option<PathBuf>,
    /// Do not require passed staging tests for prod
    #[arg(long, conflicts_with = "staging_results", help_heading = super::RELEASE)]
    pub(crate) without_staging_tests: bool,
}
