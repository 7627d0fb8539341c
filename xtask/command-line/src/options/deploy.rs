//! Options of `deploy`.

use std::path::PathBuf;

use clap::Args;

use model_release::Stage;

use super::{
    HistoryPlaceOptions, RecordOptions, ReleaseOptions, RoleOptions, SignatureOptions, SigningOptions, StagingTestOptions,
    TemplateBucketOptions, WaveOptions,
};

/// Options of `deploy`.
#[derive(Debug, Clone, Args)]
pub struct DeployOptions {
    #[command(flatten)]
    pub set: StackSetOptions,
    #[command(flatten)]
    pub template: TemplateBucketOptions,
    #[command(flatten)]
    pub staging_tests: StagingTestOptions,
    #[command(flatten)]
    pub signatures: SignatureOptions,
    #[command(flatten)]
    pub preferences: PreferenceOptions,
    #[command(flatten)]
    pub waves: WaveOptions,
    /// Update the endpoints of this target again, although its stack has the release; repeatable
    #[arg(long, value_name = "ACCOUNT/REGION", help_heading = super::ROLLOUT)]
    pub reapply: Vec<String>,
    /// Skip the checks in the target accounts
    #[arg(long, help_heading = super::ROLLOUT)]
    pub no_preflight: bool,
    /// Set managed execution of the stack set [default: unchanged]
    #[arg(long, value_name = "YES-OR-NO", help_heading = super::ROLLOUT)]
    pub managed_execution: Option<String>,
    /// Wait this long for the rollout
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, help_heading = super::ROLLOUT)]
    pub wait: u64,
    /// Wait for a running operation to finish instead of failing
    #[arg(long, help_heading = super::ROLLOUT)]
    pub wait_for_other: bool,
    /// At Ctrl-C or a signal, stop the operation instead of letting it continue
    #[arg(long, help_heading = super::ROLLOUT)]
    pub stop_on_interrupt: bool,
    #[command(flatten)]
    pub record: RecordOptions,
    #[command(flatten)]
    pub history: HistoryPlaceOptions,
    #[command(flatten)]
    pub signing: SigningOptions,
    /// Write the record of the rollout to this folder [default: target/rollout/STAGE]
    #[arg(long, value_name = "DIR", help_heading = super::OUTPUT)]
    pub results_dir: Option<PathBuf>,
}

/// The stage of a release, and its stack set.
#[derive(Debug, Clone, Args)]
pub struct StackSetOptions {
    /// Stage of the release
    #[arg(long, value_parser = super::stage(), help_heading = super::RELEASE)]
    pub stage: Stage,
    #[command(flatten)]
    pub release: ReleaseOptions,
    /// Only these accounts of the stage, comma-separated
    #[arg(long, value_name = "ACCOUNTS", help_heading = super::RELEASE)]
    pub accounts: Option<String>,
    /// Only these regions of the release, comma-separated
    #[arg(long, value_name = "REGIONS", help_heading = super::RELEASE)]
    pub regions: Option<String>,
    #[command(flatten)]
    pub access: StackSetAccess,
    #[command(flatten)]
    pub role: RoleOptions,
}

/// How the stack set is accessed, and how CloudFormation accesses the targets.
#[derive(Debug, Clone, Default, Args)]
pub struct StackSetAccess {
    /// How CloudFormation gets its permissions in the target accounts
    #[arg(long, value_enum, value_name = "MODEL", default_value_t, help_heading = super::STACK_SET)]
    pub permission_model: Permissions,
    /// Administration role in this account, with self-managed permissions
    #[arg(long, value_name = "ARN", env = "STACK_SET_ADMINISTRATION_ROLE_ARN", help_heading = super::STACK_SET)]
    pub administration_role_arn: Option<String>,
    /// Execution role in each target account, with self-managed permissions
    #[arg(long, value_name = "NAME", env = "STACK_SET_EXECUTION_ROLE_NAME", help_heading = super::STACK_SET)]
    pub execution_role_name: Option<String>,
    /// Organizational units of the target accounts, with service-managed permissions
    #[arg(long, value_name = "OUS", env = "DEPLOYMENT_ORGANIZATIONAL_UNIT_IDS", help_heading = super::STACK_SET)]
    pub organizational_unit_ids: Option<String>,
    /// Act as the management account or as a delegated administrator, with service-managed permissions
    #[arg(long, value_enum, value_name = "CALLER", default_value_t, help_heading = super::STACK_SET)]
    pub call_as: Caller,
}

/// CloudFormation's operation preferences.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = super::ROLLOUT)]
pub struct PreferenceOptions {
    /// Stop after more than this many accounts of a region failed
    #[arg(long, value_name = "N", conflicts_with = "failure_tolerance_percentage")]
    pub failure_tolerance_count: Option<u32>,
    /// Stop after more than this percentage of a region's accounts failed
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub failure_tolerance_percentage: Option<u8>,
    /// Operate on this many accounts of a region at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "max_concurrent_percentage")]
    pub max_concurrent_count: Option<u32>,
    /// Operate on this percentage of a region's accounts at once
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub max_concurrent_percentage: Option<u8>,
    /// Operate region by region, in the order of --regions, or in parallel
    #[arg(long, value_enum, value_name = "MODE")]
    pub region_concurrency: Option<RegionConcurrency>,
    /// Reduce concurrency after each failure (strict) or keep it (soft)
    #[arg(long, value_enum, value_name = "MODE")]
    pub concurrency_mode: Option<ConcurrencyMode>,
}

/// Whether CloudFormation deploys to several regions at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RegionConcurrency {
    Sequential,
    Parallel,
}

/// The number of concurrent accounts after failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ConcurrencyMode {
    // Reduced after each failure, so that the tolerance is never exceeded.
    Strict,
    // Unchanged, so that more accounts than the tolerance can fail.
    Soft,
}

/// How CloudFormation gets its permissions in the target accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Permissions {
    // Roles that the team creates in this account and in each target.
    #[default]
    SelfManaged,
    // AWS Organizations.
    ServiceManaged,
}

/// The role of the account in the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Caller {
    // The management account.
    #[default]
    #[value(name = "self")]
    Itself,
    DelegatedAdmin,
}
