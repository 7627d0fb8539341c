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
    /// The roles of the target accounts that may read the group, with commas between them; every identity that its account allows to when
    /// not given.
    #[arg(long, value_name = "ROLES", env = "PRINCIPAL_ROLES")]
    pub(crate) principal_roles: Option<String>,
    /// The organization that callers must be of, besides, such as o-a1b2c3d4e5.
    #[arg(long, value_name = "ID", env = "PRINCIPAL_ORG_ID")]
    pub(crate) principal_org_id: Option<String>,
    /// Changes nothing; exit code 1 says that something would change.
    #[arg(long)]
    pub(crate) check: bool,
}
