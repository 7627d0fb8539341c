//! Options of `prune`.

use clap::Args;

use super::{PreferenceOptions, StackSetOptions};

/// Options of `prune`.
#[derive(Debug, Args)]
pub struct PruneOptions {
    #[command(flatten)]
    pub set: StackSetOptions,
    /// Delete this stack instance; repeatable [default: list orphaned ones and ask]
    #[arg(long, value_name = "ACCOUNT/REGION", help_heading = super::STACK_INSTANCES)]
    pub instance: Vec<String>,
    /// Keep the stacks and their endpoints, and only remove them from the stack set
    #[arg(long, help_heading = super::STACK_INSTANCES)]
    pub retain_stacks: bool,
    /// Delete the instances of --instance even if the release targets them
    #[arg(long, help_heading = super::STACK_INSTANCES)]
    pub even_targets: bool,
    #[command(flatten)]
    pub preferences: PreferenceOptions,
    /// Wait this long for the deletion
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = super::ROLLOUT)]
    pub wait: u64,
}
