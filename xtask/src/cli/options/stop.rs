//! Options of `stop`.

use clap::Args;

use super::StackSetOptions;

/// Options of `stop`.
#[derive(Debug, Args)]
pub(crate) struct StopOptions {
    #[command(flatten)]
    pub(crate) set: StackSetOptions,
    /// Wait this long until the operation has stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = super::ROLLOUT)]
    pub(crate) wait: u64,
}
