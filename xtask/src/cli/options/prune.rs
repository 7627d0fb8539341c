//! Options of `prune`.

use clap::Args;

use super::{PreferenceOptions, StackSetOptions};

/// Options of `prune`.
#[derive(Debug, Args)]
pub(crate) struct PruneOptions {
    #[command(flatten)]
    pub(crate) set: StackSetOptions,
    /// Delete this stack instance; repeatable [default: list orphaned ones and ask]
    #[arg(long, value_name = "ACCOUNT/REGION", help_heading = super::STACK_INSTANCES)]
    pub(crate) instance: Vec<String>,
    /// Keep the stacks and their endpoints, and only remove them from the stack set
    #[arg(long, help_heading = super::STACK_INSTANCES)]
    pub(crate) retain_stacks: bool,
    /// Delete the instances of --instance even if the release targets them
    #[arg(long, help_heading = super::STACK_INSTANCES)]
    pub(crate) even_targets: bool,
    #[command(flatten)]
    pub(crate) preferences: PreferenceOptions,
    /// Wait this long for the deletion
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = super::ROLLOUT)]
    pub(crate) wait: u64,
}
