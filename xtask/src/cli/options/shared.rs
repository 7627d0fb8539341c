//! Options that several commands share.

use std::path::PathBuf;

use clap::Args;

/// The SageMaker project.
#[derive(Debug, Args)]
pub(crate) struct ProjectOptions {
    /// The SageMaker project's id, such as `p-abc123xyz`.
    #[arg(long, value_name = "ID", env = "SAGEMAKER_PROJECT_ID")]
    pub(crate) sagemaker_project_id: Option<String>,
    /// The SageMaker project's name.
    #[arg(long, value_name = "NAME", env = "SAGEMAKER_PROJECT_NAME")]
    pub(crate) sagemaker_project_name: Option<String>,
    /// The model package group, by name or ARN.
    #[arg(long, value_name = "NAME-OR-ARN", env = "SOURCE_MODEL_PACKAGE_GROUP_NAME")]
    pub(crate) model_package_group_name: Option<String>,
    /// The data science environment's name.
    #[arg(long, value_name = "NAME", env = "ENV_NAME")]
    pub(crate) env_name: Option<String>,
}

/// The target accounts of both stages.
#[derive(Debug, Args)]
pub(crate) struct StageAccounts {
    /// Whether the stages have accounts of their own: yes or no. With no, both stages go to the caller's account.
    #[arg(long, value_name = "YES-OR-NO", env = "MULTI_ACCOUNT_DEPLOYMENT")]
    pub(crate) multi_account_deployment: Option<String>,
    /// The staging accounts, with commas between them.
    #[arg(long, value_name = "ACCOUNTS", env = "STAGING_ACCOUNT_LIST")]
    pub(crate) staging_accounts: Option<String>,
    /// The production accounts, with commas between them.
    #[arg(long, value_name = "ACCOUNTS", env = "PROD_ACCOUNT_LIST")]
    pub(crate) prod_accounts: Option<String>,
    /// The organizational units that hold the staging accounts, in place of a list: all active accounts in them and below them.
    #[arg(long, value_name = "OUS", env = "ORGANIZATIONAL_UNIT_STAGING_ID")]
    pub(crate) organizational_unit_staging_id: Option<String>,
    /// The organizational units that hold the production accounts, in place of a list.
    #[arg(long, value_name = "OUS", env = "ORGANIZATIONAL_UNIT_PROD_ID")]
    pub(crate) organizational_unit_prod_id: Option<String>,
    /// What a list of accounts does to the accounts of organizational units, where both are given.
    #[arg(long, value_enum, env = "ACCOUNT_FILTER_TYPE", ignore_case = true)]
    pub(crate) account_filter: Option<AccountFilter>,
}

/// What a list of accounts does to the accounts of organizational units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum AccountFilter {
    /// Only those of the units' accounts that are listed.
    Intersection,
    /// Only those that are not.
    Difference,
    /// The units' accounts and the listed ones.
    Union,
}

/// A release that was built before.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ReleaseOptions {
    /// Where the release's files are [default: target/deploy]
    #[arg(long, value_name = "DIR")]
    pub(crate) build_dir: Option<PathBuf>,
    /// The SHA-256 of the release's manifest, as it was approved; a release with another one is refused before any call.
    #[arg(long, value_name = "SHA256", env = "RELEASE_MANIFEST_SHA256")]
    pub(crate) release_sha256: Option<String>,
}

/// The role that is taken in each target account.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RoleOptions {
    /// The role to take in each target account [default: the configuration's ExecutionRoleName]
    #[arg(long, value_name = "NAME-OR-ARN", env = "TEST_ROLE_NAME")]
    pub(crate) role_name: Option<String>,
    /// The external id that the role asks for.
    #[arg(long, value_name = "ID", env = "TEST_ROLE_EXTERNAL_ID")]
    pub(crate) role_external_id: Option<String>,
    /// A tag of the session in each target account; the role's trust policy must then allow `sts:TagSession` too.
    #[arg(long = "session-tag", value_name = "KEY=VALUE")]
    pub(crate) session_tags: Vec<String>,
}

/// Writing back into the model registry.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RecordOptions {
    /// After a success, writes the stage into the model package's life cycle: Staging or Production, and Deployed or Tested, or
    /// STAGE/STATUS.
    #[arg(long, value_name = "STAGE/STATUS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) record: Option<String>,
}
