//! Options that several commands share.

use std::path::PathBuf;

use clap::Args;

/// The SageMaker project.
#[derive(Debug, Args)]
#[command(next_help_heading = super::PROJECT)]
pub struct ProjectOptions {
    /// SageMaker project id, such as p-abc123xyz
    #[arg(long, value_name = "ID", env = "SAGEMAKER_PROJECT_ID")]
    pub sagemaker_project_id: Option<String>,
    /// SageMaker project name
    #[arg(long, value_name = "NAME", env = "SAGEMAKER_PROJECT_NAME")]
    pub sagemaker_project_name: Option<String>,
    /// Model package group
    #[arg(long, value_name = "NAME-OR-ARN", env = "SOURCE_MODEL_PACKAGE_GROUP_NAME")]
    pub model_package_group_name: Option<String>,
    /// Data science environment name, the prefix of the network's SSM parameters
    #[arg(long, value_name = "NAME", env = "ENV_NAME")]
    pub env_name: Option<String>,
}

/// The target accounts of both stages.
#[derive(Debug, Args)]
#[command(next_help_heading = super::TARGETS)]
pub struct StageAccounts {
    /// Deploy to the stages' own accounts (yes) or to the caller's account (no)
    #[arg(long, value_name = "YES-OR-NO", env = "MULTI_ACCOUNT_DEPLOYMENT")]
    pub multi_account_deployment: Option<String>,
    /// Staging account ids, comma-separated
    #[arg(long, value_name = "ACCOUNTS", env = "STAGING_ACCOUNT_LIST")]
    pub staging_accounts: Option<String>,
    /// Production account ids, comma-separated
    #[arg(long, value_name = "ACCOUNTS", env = "PROD_ACCOUNT_LIST")]
    pub prod_accounts: Option<String>,
    /// Use all active accounts of these organizational units for staging
    #[arg(long, value_name = "OUS", env = "ORGANIZATIONAL_UNIT_STAGING_ID")]
    pub organizational_unit_staging_id: Option<String>,
    /// Use all active accounts of these organizational units for production
    #[arg(long, value_name = "OUS", env = "ORGANIZATIONAL_UNIT_PROD_ID")]
    pub organizational_unit_prod_id: Option<String>,
    /// Combine account ids with the accounts of organizational units
    #[arg(long, value_enum, value_name = "FILTER", env = "ACCOUNT_FILTER_TYPE", ignore_case = true)]
    pub account_filter: Option<AccountFilter>,
}

/// How to combine a list of accounts with the accounts of organizational units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AccountFilter {
    // The listed accounts of the units.
    Intersection,
    // The accounts of the units that are not listed.
    Difference,
    // The accounts of the units, and the listed ones.
    Union,
}

/// A release that `build` wrote.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = super::RELEASE)]
pub struct ReleaseOptions {
    /// Read the release from this folder [default: target/deploy]
    #[arg(long, value_name = "DIR")]
    pub build_dir: Option<PathBuf>,
    /// Refuse a release whose manifest does not have this SHA-256
    #[arg(long, value_name = "SHA256", env = "RELEASE_MANIFEST_SHA256")]
    pub release_sha256: Option<String>,
}

/// The bucket for a template that is too large for a request.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = super::STACK_SET)]
pub struct TemplateBucketOptions {
    /// Upload a template of more than 51,200 bytes to this bucket
    #[arg(long, value_name = "BUCKET", env = "ARTIFACT_BUCKET")]
    pub artifact_bucket: Option<String>,
    /// Prefix the key of the uploaded template
    #[arg(long, value_name = "PREFIX", env = "ARTIFACT_PREFIX")]
    pub artifact_prefix: Option<String>,
}

/// The role to assume in each target account.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = super::SESSION)]
pub struct RoleOptions {
    /// Assume this role in each target account [default: the stage's ExecutionRoleName]
    #[arg(long, value_name = "NAME-OR-ARN", env = "TEST_ROLE_NAME")]
    pub role_name: Option<String>,
    /// Pass this external id when assuming the role
    #[arg(long, value_name = "ID", env = "TEST_ROLE_EXTERNAL_ID")]
    pub role_external_id: Option<String>,
    /// Tag the session; the role must allow sts:TagSession; repeatable
    #[arg(long = "session-tag", value_name = "KEY=VALUE")]
    pub session_tags: Vec<String>,
}

/// Recording a success in the model registry.
#[derive(Debug, Clone, Default, Args)]
pub struct RecordOptions {
    /// After a success, record the stage in the model package's life cycle
    #[arg(long, value_name = "STAGE/STATUS", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = super::OUTPUT)]
    pub record: Option<String>,
}

/// Signing records with a key of AWS KMS.
#[derive(Debug, Clone, Default, Args)]
pub struct SigningOptions {
    /// Sign the record of the result with this asymmetric KMS key, or with the key of an alias
    #[arg(long, value_name = "KEY-ARN", env = "SIGNING_KEY_ARN", help_heading = super::OUTPUT)]
    pub sign_with: Option<String>,
}

/// Requiring signed records of a release.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = super::RELEASE)]
pub struct SignatureOptions {
    /// Refuse a release without signed records [default: as the release policy requires]
    #[arg(long)]
    pub require_signature: bool,
    /// Trust the public key of this release policy [default: release-policy.json if it exists]
    #[arg(long, visible_alias = "policy", value_name = "FILE", env = "RELEASE_POLICY")]
    pub release_policy: Option<PathBuf>,
    /// Refuse a release whose provenance is not signed with this KMS key, instead of a pinned one
    #[arg(long, value_name = "KEY-ARN", env = "TRUSTED_BUILD_KEY_ARN")]
    pub trusted_build_key: Option<String>,
}
