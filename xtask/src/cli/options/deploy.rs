//! Options of `deploy`.

use std::path::PathBuf;

use clap::Args;

use super::{RoleOptions, Stage};

/// Options of `deploy`.
#[derive(Debug, Args)]
pub(crate) struct DeployOptions {
    /// The stage to roll out.
    #[arg(long, value_enum)]
    pub(crate) stage: Stage,
    /// Where the release's files are [default: target/deploy]
    #[arg(long, value_name = "DIR")]
    pub(crate) build_dir: Option<PathBuf>,
    /// Where the record of the rollout goes [default: target/rollout/STAGE]
    #[arg(long, value_name = "DIR")]
    pub(crate) results_dir: Option<PathBuf>,
    /// The role in this account that rolls the stacks out, with self-managed permissions.
    #[arg(long, value_name = "ARN", env = "STACK_SET_ADMINISTRATION_ROLE_ARN")]
    pub(crate) administration_role_arn: Option<String>,
    /// The role in each target account that CloudFormation works as, with self-managed permissions.
    #[arg(long, value_name = "NAME", env = "STACK_SET_EXECUTION_ROLE_NAME")]
    pub(crate) execution_role_name: Option<String>,
    /// Who gives CloudFormation its rights in the target accounts.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) permission_model: Permissions,
    /// The organizational units that hold the target accounts, with service-managed permissions; with commas between them.
    #[arg(long, value_name = "OUS", env = "DEPLOYMENT_ORGANIZATIONAL_UNIT_IDS")]
    pub(crate) organizational_unit_ids: Option<String>,
    /// Only these of the release's regions, with commas between them.
    #[arg(long, value_name = "REGIONS")]
    pub(crate) regions: Option<String>,
    /// Whom this account acts as in the organization, with service-managed permissions.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) call_as: Caller,
    /// How many of a region's accounts may fail before CloudFormation stops, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) failure_tolerance_percentage: Option<u8>,
    /// In how many of a region's accounts CloudFormation works at once, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) max_concurrent_percentage: Option<u8>,
    /// How long to wait for the rollout, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) wait: u64,
    #[command(flatten)]
    pub(crate) role: RoleOptions,
}

/// Who gives CloudFormation its rights in the target accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Permissions {
    /// Roles that the team made in this account and in each target.
    #[default]
    SelfManaged,
    /// AWS Organizations.
    ServiceManaged,
}

/// Whom an account acts as in the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Caller {
    /// Itself: the management account.
    #[default]
    #[value(name = "self")]
    Itself,
    /// A delegated administrator.
    DelegatedAdmin,
}
