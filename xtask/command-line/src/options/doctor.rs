//! Options of `doctor`.

use clap::{Arg, Args};

use model_release::Stage;

use super::deploy::{Caller, Permissions};
use super::{BuildOptions, RoleOptions};
use super::{StackSetAccess, StackSetOptions};

/// `doctor` accepts the command line of `build`, of which these options have no effect or are
/// rejected.
pub(crate) fn hide_what_only_build_reads(argument: Arg) -> Arg {
    let hidden = ["artifact_dir", "event", "history", "output_dir", "registry", "rollback_to", "sign_with", "template_configuration"];
    if hidden.iter().any(|id| argument.get_id() == id) { argument.hide(true) } else { argument }
}

/// Options of `doctor`: those of `build` (the same command line works), and the roles of `deploy`.
#[derive(Debug, Args)]
pub struct DoctorOptions {
    #[command(flatten)]
    pub build: BuildOptions,
    /// Check that only these roles of the target accounts can read the group, comma-separated
    #[arg(long, value_name = "ROLES", env = "PRINCIPAL_ROLES", help_heading = super::SHARING)]
    pub principal_roles: Option<String>,
    /// Organization that `setup` requires callers to belong to
    #[arg(long, value_name = "ID", env = "PRINCIPAL_ORG_ID", help_heading = super::SHARING)]
    pub principal_org_id: Option<String>,
    /// Administration role in this account, with self-managed permissions
    #[arg(long, value_name = "ARN", env = "STACK_SET_ADMINISTRATION_ROLE_ARN", help_heading = super::STACK_SET)]
    pub administration_role_arn: Option<String>,
    /// Execution role in each target account; {env-type} is the stage's environment type
    #[arg(long, value_name = "NAME", env = "STACK_SET_EXECUTION_ROLE_NAME", help_heading = super::STACK_SET)]
    pub execution_role_name: Option<String>,
    /// How CloudFormation gets its permissions in the target accounts
    #[arg(long, value_enum, value_name = "MODEL", default_value_t, help_heading = super::STACK_SET)]
    pub permission_model: Permissions,
    /// Act as the management account or as a delegated administrator, with service-managed permissions
    #[arg(long, value_enum, value_name = "CALLER", default_value_t, help_heading = super::STACK_SET)]
    pub call_as: Caller,
    #[command(flatten)]
    pub role: RoleOptions,
}

impl DoctorOptions {
    /// The options of `plan` for a stage.
    pub fn stack_set(&self, stage: Stage, env_type: &str) -> StackSetOptions {
        let accounts = &self.build.configuration.accounts;
        let of_stage = |name: &Option<String>| name.as_ref().map(|name| name.replace("{env-type}", env_type));
        StackSetOptions {
            stage,
            release: super::ReleaseOptions::default(),
            access: StackSetAccess {
                administration_role_arn: self.administration_role_arn.clone(),
                execution_role_name: of_stage(&self.execution_role_name),
                permission_model: self.permission_model,
                organizational_unit_ids: match stage {
                    Stage::Staging => accounts.organizational_unit_staging_id.clone(),
                    Stage::Prod => accounts.organizational_unit_prod_id.clone(),
                },
                call_as: self.call_as,
            },
            accounts: None,
            regions: None,
            role: RoleOptions { role_name: of_stage(&self.role.role_name), ..self.role.clone() },
        }
    }
}
