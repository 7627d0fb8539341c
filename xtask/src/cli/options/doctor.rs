//! Options of `doctor`.

use clap::Args;

#[cfg(feature = "aws")]
use model_release::Stage;

#[cfg(feature = "aws")]
use super::StackSetOptions;
use super::deploy::{Caller, Permissions};
use super::{BuildOptions, RoleOptions};

/// Options of `doctor`: those of `build`, so that one command line serves both, and those of `plan` and `deploy` that say who does what.
#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    pub(crate) build: BuildOptions,
    /// The roles of the target accounts that may read the group, as `setup` was told; with commas between them.
    #[arg(long, value_name = "ROLES", env = "PRINCIPAL_ROLES")]
    pub(crate) principal_roles: Option<String>,
    /// The organization that callers must be of, as `setup` was told.
    #[arg(long, value_name = "ID", env = "PRINCIPAL_ORG_ID")]
    pub(crate) principal_org_id: Option<String>,
    /// The role in this account that rolls the stacks out, with self-managed permissions.
    #[arg(long, value_name = "ARN", env = "STACK_SET_ADMINISTRATION_ROLE_ARN")]
    pub(crate) administration_role_arn: Option<String>,
    /// The role in each target account that CloudFormation works as, with self-managed permissions; `{env-type}` stands for the stage's
    /// environment type.
    #[arg(long, value_name = "NAME", env = "STACK_SET_EXECUTION_ROLE_NAME")]
    pub(crate) execution_role_name: Option<String>,
    /// Who gives CloudFormation its rights in the target accounts.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) permission_model: Permissions,
    /// Whom this account acts as in the organization, with service-managed permissions.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) call_as: Caller,
    #[command(flatten)]
    pub(crate) role: RoleOptions,
}

#[cfg(feature = "aws")]
impl DoctorOptions {
    /// What `plan` of a stage would be given.
    pub(crate) fn stack_set(&self, stage: Stage, env_type: &str) -> StackSetOptions {
        let accounts = &self.build.configuration.accounts;
        let of_stage = |name: &Option<String>| name.as_ref().map(|name| name.replace("{env-type}", env_type));
        StackSetOptions {
            stage,
            release: super::ReleaseOptions::default(),
            administration_role_arn: self.administration_role_arn.clone(),
            execution_role_name: of_stage(&self.execution_role_name),
            permission_model: self.permission_model,
            organizational_unit_ids: match stage {
                Stage::Staging => accounts.organizational_unit_staging_id.clone(),
                Stage::Prod => accounts.organizational_unit_prod_id.clone(),
            },
            regions: None,
            call_as: self.call_as,
            role: RoleOptions { role_name: of_stage(&self.role.role_name), ..self.role.clone() },
        }
    }
}
