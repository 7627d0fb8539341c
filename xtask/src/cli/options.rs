//! The options of each command.

use std::path::PathBuf;

use clap::Args;

/// The value of an option, unless it is empty.
pub(crate) fn given(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// One of the two stages of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Staging,
    Prod,
}

impl Stage {
    pub(crate) const ALL: [Self; 2] = [Self::Staging, Self::Prod];

    /// The stage's name in files and options.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

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
}

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

/// Options of `build`.
#[derive(Debug, Args)]
pub(crate) struct BuildOptions {
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
    #[command(flatten)]
    pub(crate) accounts: StageAccounts,
    /// The name of the staging configuration: reads NAME-template.json, writes NAME.json.
    #[arg(long, value_name = "NAME", env = "STAGING_CONFIG_NAME", default_value = "staging-config")]
    pub(crate) staging_config_name: String,
    /// The name of the production configuration: reads NAME-template.json, writes NAME.json.
    #[arg(long, value_name = "NAME", env = "PROD_CONFIG_NAME", default_value = "prod-config")]
    pub(crate) prod_config_name: String,
    /// The model execution role in the staging accounts: its name, with its path if it has one.
    #[arg(long, value_name = "ROLE", env = "SAGEMAKER_EXECUTION_ROLE_STAGING_NAME")]
    pub(crate) sagemaker_execution_role_staging_name: Option<String>,
    /// The model execution role in the production accounts: its name, with its path if it has one.
    #[arg(long, value_name = "ROLE", env = "SAGEMAKER_EXECUTION_ROLE_PROD_NAME")]
    pub(crate) sagemaker_execution_role_prod_name: Option<String>,
    /// The environment type of the staging accounts.
    #[arg(long, value_name = "TYPE", env = "ENV_TYPE_STAGING_NAME")]
    pub(crate) env_type_staging_name: Option<String>,
    /// The environment type of the production accounts.
    #[arg(long, value_name = "TYPE", env = "ENV_TYPE_PROD_NAME")]
    pub(crate) env_type_prod_name: Option<String>,
    /// The key that encrypts the endpoints' volumes.
    #[arg(long, value_name = "ARN", env = "SAGEMAKER_EBS_KMS_KEY_ARN")]
    pub(crate) ebs_kms_key_arn: Option<String>,
    /// The template's name: reads NAME-template.yml (or .yaml), writes NAME.yaml.
    #[arg(long, value_name = "NAME", env = "CFN_TEMPLATE_NAME", default_value = "cfn-sm-endpoint")]
    pub(crate) template_name: String,
    /// The bucket for what the template refers to by a local path.
    #[arg(long, value_name = "BUCKET", env = "ARTIFACT_BUCKET")]
    pub(crate) artifact_bucket: Option<String>,
    /// A registry snapshot in place of SageMaker: no call to AWS is made at all.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry: Option<PathBuf>,
    /// The model package to deploy, by version or ARN; the newest approved one when not given.
    #[arg(long, value_name = "VERSION-OR-ARN", env = "MODEL_PACKAGE")]
    pub(crate) model_package: Option<String>,
    /// The regions to deploy to, with commas between them; the session's when not given.
    #[arg(long, value_name = "REGIONS", env = "DEPLOYMENT_REGIONS")]
    pub(crate) regions: Option<String>,
    /// Where the release goes [default: target/deploy]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
}

/// Options of `package`, as `aws cloudformation package` has them.
#[derive(Debug, Args)]
pub(crate) struct PackageOptions {
    /// The template.
    #[arg(long, alias = "template", value_name = "FILE")]
    pub(crate) template_file: PathBuf,
    /// The bucket for what the template refers to by a local path.
    #[arg(long, value_name = "BUCKET", env = "ARTIFACT_BUCKET")]
    pub(crate) s3_bucket: Option<String>,
    /// What the objects' keys begin with.
    #[arg(long, value_name = "PREFIX")]
    pub(crate) s3_prefix: Option<String>,
    /// The key that encrypts the objects.
    #[arg(long, value_name = "KEY")]
    pub(crate) kms_key_id: Option<String>,
    /// Where the packaged template goes; standard output when not given.
    #[arg(long, alias = "output-template", value_name = "FILE")]
    pub(crate) output_template_file: Option<PathBuf>,
    /// Uploads what is in the bucket already, too.
    #[arg(long)]
    pub(crate) force_upload: bool,
    /// Metadata for every object: KEY=VALUE, with commas between them.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) metadata: Option<String>,
}

/// Options of `test-staging` and `test-prod`.
#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Where the release's files are [default: target/deploy]
    #[arg(long, value_name = "DIR")]
    pub(crate) build_dir: Option<PathBuf>,
    /// The stage's configuration in the release, by its file's name; the release says so itself when not given.
    #[arg(long, value_name = "NAME", env = "BUILD_CONFIG")]
    pub(crate) build_config: Option<String>,
    /// The tests.
    #[arg(long, value_name = "FILE")]
    pub(crate) suite: Option<PathBuf>,
    /// Where the results go [default: target/test-results]
    #[arg(long, value_name = "DIR")]
    pub(crate) results_dir: Option<PathBuf>,
    /// The name of the results file.
    #[arg(long, value_name = "NAME", env = "TEST_RESULTS", default_value = "test-results")]
    pub(crate) test_results: String,
    /// The role to take in each target account [default: the configuration's ExecutionRoleName]
    #[arg(long, value_name = "NAME-OR-ARN", env = "TEST_ROLE_NAME")]
    pub(crate) role_name: Option<String>,
    /// The external id that the role asks for.
    #[arg(long, value_name = "ID", env = "TEST_ROLE_EXTERNAL_ID")]
    pub(crate) role_external_id: Option<String>,
    /// How many endpoints to test at once.
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub(crate) jobs: usize,
    /// How long to wait for an endpoint that is being created or updated, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub(crate) wait: u64,
    /// A model container on this machine in place of SageMaker endpoints, such as http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
}

/// Options of `tour`.
#[derive(Debug, Args)]
pub(crate) struct TourOptions {
    /// Where everything goes [default: target/tour]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
}

/// Options of `dist`.
#[derive(Debug, Args)]
pub(crate) struct DistOptions {
    /// Where the binary and its checksum go [default: target/dist]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
}
