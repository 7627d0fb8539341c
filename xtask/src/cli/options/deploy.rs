//! Options of `deploy`.

use std::path::PathBuf;

use clap::Args;

use model_release::Stage;

use super::{RecordOptions, ReleaseOptions, RoleOptions};

/// Options of `deploy`.
#[derive(Debug, Args)]
pub(crate) struct DeployOptions {
    #[command(flatten)]
    pub(crate) set: StackSetOptions,
    #[command(flatten)]
    pub(crate) preferences: PreferenceOptions,
    /// Does not ask the targets first whether the rollout could succeed there.
    #[arg(long)]
    pub(crate) no_preflight: bool,
    /// Whether operations that do not get in each other's way may run at once on the stack set: yes or no; what it has when not given.
    #[arg(long, value_name = "YES-OR-NO")]
    pub(crate) managed_execution: Option<String>,
    #[command(flatten)]
    pub(crate) record: RecordOptions,
    /// Where the record of the rollout goes [default: target/rollout/STAGE]
    #[arg(long, value_name = "DIR")]
    pub(crate) results_dir: Option<PathBuf>,
    /// How long to wait for the rollout, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) wait: u64,
    /// Waits for an operation of someone else to end, in place of refusing.
    #[arg(long)]
    pub(crate) wait_for_other: bool,
}

/// The stage of a release, and how its stack set is reached.
#[derive(Debug, Args)]
pub(crate) struct StackSetOptions {
    /// The stage.
    #[arg(long, value_parser = super::stage())]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) release: ReleaseOptions,
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
    #[command(flatten)]
    pub(crate) role: RoleOptions,
}

/// How an operation goes over the accounts and regions.
#[derive(Debug, Default, Args)]
pub(crate) struct PreferenceOptions {
    /// How many of a region's accounts may fail before CloudFormation stops.
    #[arg(long, value_name = "N", conflicts_with = "failure_tolerance_percentage")]
    pub(crate) failure_tolerance_count: Option<u32>,
    /// In how many of a region's accounts CloudFormation works at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "max_concurrent_percentage")]
    pub(crate) max_concurrent_count: Option<u32>,
    /// Whether CloudFormation works in one region after the other, in the order of --regions, or in all at once.
    #[arg(long, value_enum)]
    pub(crate) region_concurrency: Option<RegionConcurrency>,
    /// Whether fewer accounts are worked on at once when some fail, so that the tolerance is never passed.
    #[arg(long, value_enum)]
    pub(crate) concurrency_mode: Option<ConcurrencyMode>,
    /// How many of a region's accounts may fail before CloudFormation stops, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) failure_tolerance_percentage: Option<u8>,
    /// In how many of a region's accounts CloudFormation works at once, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) max_concurrent_percentage: Option<u8>,
}

/// Whether CloudFormation works in several regions at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RegionConcurrency {
    /// One region after the other.
    Sequential,
    /// All regions at once.
    Parallel,
}

/// What becomes of the number of accounts at once when some fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ConcurrencyMode {
    /// It sinks with each failure, so that the tolerance is never passed.
    Strict,
    /// It stays, so that more accounts than the tolerance can fail.
    Soft,
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
