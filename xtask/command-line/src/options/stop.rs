//! Options of `stop`.

use clap::Args;

use super::StackSetOptions;

/// Options of `stop`.
#[derive(Debug, Args)]
pub struct StopOptions {
    #[command(flatten)]
    pub set: StackSetOptions,
    /// Wait this long until the operation has stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = super::ROLLOUT)]
    pub wait: u64,
}
