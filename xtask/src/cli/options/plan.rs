//! Options of `plan`.

use std::path::PathBuf;

use clap::Args;

use super::StackSetOptions;

/// Options of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanOptions {
    #[command(flatten)]
    pub(crate) set: StackSetOptions,
    /// Does not ask the targets first whether the rollout could succeed there.
    #[arg(long)]
    pub(crate) no_preflight: bool,
    /// Has CloudFormation look for drift first. That is an operation on the stack set: it changes no stack, and no other can run beside it.
    #[arg(long)]
    pub(crate) detect_drift: bool,
    /// How long to wait for the search for drift, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) wait: u64,
    /// Also writes the plan as Markdown, such as for a comment on a pull request; `-` is standard output, in place of the text.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}
