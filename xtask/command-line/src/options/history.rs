//! Options of `history`, and the place of the history, which other commands also have.

use std::path::PathBuf;

use clap::Args;
use model_release::Stage;

/// Where events and releases are recorded.
#[derive(Debug, Clone, Default, Args)]
pub struct HistoryPlaceOptions {
    /// Record what happens, and the release, in this versioned bucket [default: no history]
    #[arg(long, value_name = "s3://BUCKET/PREFIX", env = "RELEASE_HISTORY", help_heading = super::HISTORY)]
    pub history: Option<String>,
}

/// Options of `history`.
#[derive(Debug, Args)]
pub struct HistoryOptions {
    /// Stage
    #[arg(long, value_parser = super::stage(), help_heading = super::HISTORY)]
    pub stage: Stage,
    /// Read the history in this bucket
    #[arg(long, value_name = "s3://BUCKET/PREFIX", env = "RELEASE_HISTORY", help_heading = super::HISTORY)]
    pub history: Option<String>,
    /// SageMaker project id [default: that of the release in target/deploy]
    #[arg(long, value_name = "ID", env = "SAGEMAKER_PROJECT_ID", help_heading = super::HISTORY)]
    pub sagemaker_project_id: Option<String>,
    /// Time of the question in UTC, such as 2026-01-31 (its end) or 2026-01-31T12:00Z [default: now]
    #[arg(long, value_name = "DATE", help_heading = super::HISTORY)]
    pub at: Option<String>,
    /// Only this account
    #[arg(long, value_name = "ACCOUNT", help_heading = super::HISTORY)]
    pub account: Option<String>,
    /// Only this region
    #[arg(long, value_name = "REGION", help_heading = super::HISTORY)]
    pub region: Option<String>,
    /// Show this many of the newest events
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = super::HISTORY)]
    pub limit: usize,
    /// Trust the public key in this PEM file [default: the key of the release policy]
    #[arg(long, value_name = "FILE", conflicts_with = "release_policy", help_heading = super::HISTORY)]
    pub public_key: Option<PathBuf>,
    /// Trust the public key of this release policy [default: release-policy.json if it exists]
    #[arg(long, visible_alias = "policy", value_name = "FILE", env = "RELEASE_POLICY", help_heading = super::HISTORY)]
    pub release_policy: Option<PathBuf>,
}
