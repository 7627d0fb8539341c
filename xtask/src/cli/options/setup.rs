//! Options of `setup`.

use clap::Args;

use super::{ProjectOptions, StageAccounts};

/// Options of `setup`.
#[derive(Debug, Args)]
pub(crate) struct SetupOptions {
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
    #[command(flatten)]
    pub(crate) accounts: StageAccounts,
    /// The environment's type, for the group's tags.
    #[arg(long, value_name = "TYPE", env = "ENV_TYPE")]
    pub(crate) env_type: Option<String>,
    /// Changes nothing; exit code 1 says that something would change.
    #[arg(long)]
    pub(crate) check: bool,
}
