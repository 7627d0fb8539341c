//! Options of `plan`.

use std::path::PathBuf;

use clap::Args;

use super::{StackSetOptions, TemplateBucketOptions};

/// Options of `plan`.
#[derive(Debug, Args)]
pub struct PlanOptions {
    #[command(flatten)]
    pub set: StackSetOptions,
    #[command(flatten)]
    pub template: TemplateBucketOptions,
    /// Show these waves, such as 1,10%,rest [default: `waves` of the stage file, else all at once]
    #[arg(long, value_name = "WAVES", help_heading = super::WAVES)]
    pub waves: Option<String>,
    /// Skip the checks in the target accounts, and do not read what their endpoints serve
    #[arg(long, help_heading = super::ROLLOUT)]
    pub no_preflight: bool,
    /// Also create, read and delete a change set in each existing stack, and show the differences
    #[arg(long, help_heading = super::ROLLOUT)]
    pub exact: bool,
    /// Run CloudFormation's drift detection first: an operation that changes no stack
    #[arg(long, help_heading = super::ROLLOUT)]
    pub detect_drift: bool,
    /// Wait this long for drift detection
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = super::ROLLOUT)]
    pub wait: u64,
    /// Also write the plan as Markdown; - prints Markdown instead of text
    #[arg(long, value_name = "FILE", help_heading = super::OUTPUT)]
    pub markdown: Option<PathBuf>,
}
