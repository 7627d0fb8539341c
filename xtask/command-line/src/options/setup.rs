//! Options of `setup`.

use clap::Args;

use super::{ProjectOptions, StageAccounts};

/// Options of `setup`.
#[derive(Debug, Args)]
pub struct SetupOptions {
    #[command(flatten)]
    pub project: ProjectOptions,
    #[command(flatten)]
    pub accounts: StageAccounts,
    /// Environment type, for the group's tags
    #[arg(long, value_name = "TYPE", env = "ENV_TYPE", help_heading = super::PROJECT)]
    pub env_type: Option<String>,
    /// Allow only these roles of the target accounts to read the group, comma-separated
    #[arg(long, value_name = "ROLES", env = "PRINCIPAL_ROLES", help_heading = super::SHARING)]
    pub principal_roles: Option<String>,
    /// Also require that callers belong to this organization, such as o-a1b2c3d4e5
    #[arg(long, value_name = "ID", env = "PRINCIPAL_ORG_ID", help_heading = super::SHARING)]
    pub principal_org_id: Option<String>,
    /// Change nothing; exit with 1 if something would change
    #[arg(long, help_heading = super::OUTPUT)]
    pub check: bool,
}
