//! Options of `check-release`, and those for the staging tests, which `deploy` also has.

use std::path::PathBuf;

use clap::Args;
use model_release::Stage;

use super::{HistoryPlaceOptions, ReleaseOptions, SignatureOptions, SigningOptions};

/// Options of `check-release`.
#[derive(Debug, Args)]
pub struct CheckReleaseOptions {
    /// Stage that the release will be deployed to
    #[arg(long, value_parser = super::stage(), help_heading = super::RELEASE)]
    pub stage: Stage,
    #[command(flatten)]
    pub release: ReleaseOptions,
    #[command(flatten)]
    pub staging_tests: StagingTestOptions,
    #[command(flatten)]
    pub approval: ApprovalOptions,
    #[command(flatten)]
    pub signatures: SignatureOptions,
    /// Write approval.json and the signed result to this folder [default: target/check-release/STAGE]
    #[arg(long, value_name = "DIR", help_heading = super::OUTPUT)]
    pub results_dir: Option<PathBuf>,
    #[command(flatten)]
    pub signing: SigningOptions,
    #[command(flatten)]
    pub history: HistoryPlaceOptions,
}

/// The approval that allows a deployment to production, and where its record is written.
#[derive(Debug, Clone, Default, Args)]
pub struct ApprovalOptions {
    /// Read the approval from this pipeline's history, for prod
    #[arg(long, value_name = "NAME", env = "PIPELINE_NAME", help_heading = super::APPROVAL)]
    pub pipeline: Option<String>,
    /// Execution of the pipeline that was approved
    #[arg(long, value_name = "ID", env = "PIPELINE_EXECUTION_ID", help_heading = super::APPROVAL)]
    pub pipeline_execution: Option<String>,
    /// Read the approval from this file instead: a review history of GitHub, or a history of CodePipeline
    #[arg(long, value_name = "FILE", help_heading = super::APPROVAL)]
    pub approval: Option<PathBuf>,
    /// Environment of GitHub whose deployment was approved
    #[arg(long, value_name = "NAME", default_value = "production", help_heading = super::APPROVAL)]
    pub approval_environment: String,
}

/// The staging tests that a deployment to production requires.
#[derive(Debug, Clone, Default, Args)]
pub struct StagingTestOptions {
    /// Read the results of test-staging from this file, for prod [default: target/test-results/test-results.json]
    #[arg(long, value_name = "FILE", help_heading = super::RELEASE)]
    pub staging_results: Option<PathBuf>,
    /// Do not require passed staging tests for prod
    #[arg(long, conflicts_with = "staging_results", help_heading = super::RELEASE)]
    pub without_staging_tests: bool,
    /// Require results that are signed with this KMS key, instead of a pinned one
    #[arg(long, value_name = "KEY-ARN", env = "TRUSTED_TEST_KEY_ARN", help_heading = super::RELEASE)]
    pub trusted_test_key: Option<String>,
}
