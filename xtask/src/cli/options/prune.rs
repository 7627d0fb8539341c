//! Options of `prune`.

use clap::Args;

use super::{PreferenceOptions, StackSetOptions};

/// Options of `prune`.
#[derive(Debug, Args)]
pub(crate) struct PruneOptions {
    #[command(flatten)]
    pub(crate) set: StackSetOptions,
    #[command(flatten)]
    pub(crate) preferences: PreferenceOptions,
    /// An instance to remove, as ACCOUNT/REGION; once for each. Without any, the orphans are listed and, on a terminal, asked about.
    #[arg(long, value_name = "ACCOUNT/REGION")]
    pub(crate) instance: Vec<String>,
    /// Leaves the stacks, and with them the endpoints, and takes them out of the stack set only.
    #[arg(long)]
    pub(crate) retain_stacks: bool,
    /// Removes named instances even where the release has a target.
    #[arg(long)]
    pub(crate) even_targets: bool,
    /// How long to wait for the removal, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) wait: u64,
}
