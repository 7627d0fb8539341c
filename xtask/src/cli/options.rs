//! The options of each command.

use std::path::PathBuf;

use clap::Args;

/// The value of an option, unless it is empty.
pub(crate) fn given(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// One of the two stages of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Stage {
    /// The staging accounts.
    Staging,
    /// The production accounts.
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
    /// The organizational units that hold the staging accounts, in place of a list: all active accounts in them and below them.
    #[arg(long, value_name = "OUS", env = "ORGANIZATIONAL_UNIT_STAGING_ID")]
    pub(crate) organizational_unit_staging_id: Option<String>,
    /// The organizational units that hold the production accounts, in place of a list.
    #[arg(long, value_name = "OUS", env = "ORGANIZATIONAL_UNIT_PROD_ID")]
    pub(crate) organizational_unit_prod_id: Option<String>,
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
    /// Writes JSON; without it a template keeps the form that it has.
    #[arg(long)]
    pub(crate) use_json: bool,
    /// Uploads what is in the bucket already, too.
    #[arg(long)]
    pub(crate) force_upload: bool,
    /// Metadata for every object: KEY=VALUE, with commas between them.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) metadata: Option<String>,
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
}

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

/// Options of `test-staging` and `test-prod`.
#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Where the release's files are [default: target/deploy]
    #[arg(long, value_name = "DIR")]
    pub(crate) build_dir: Option<PathBuf>,
    /// The stage's configuration in the release, by its file's name; the release says so itself when not given.
    #[arg(long, value_name = "NAME", env = "BUILD_CONFIG")]
    pub(crate) build_config: Option<String>,
    /// The tests [default: test/endpoint-tests.yaml; for production test/smoke-tests.yaml where it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) suite: Option<PathBuf>,
    /// Where the results go [default: target/test-results]
    #[arg(long, value_name = "DIR")]
    pub(crate) results_dir: Option<PathBuf>,
    /// The name of the results file.
    #[arg(long, value_name = "NAME", env = "TEST_RESULTS", default_value = "test-results")]
    pub(crate) test_results: String,
    #[command(flatten)]
    pub(crate) role: RoleOptions,
    /// How many endpoints to test at once.
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub(crate) jobs: usize,
    /// How long to wait for an endpoint that is being created or updated, in seconds [default: 1800; for a container 60]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) wait: Option<u64>,
    /// A model container on this machine in place of SageMaker endpoints, such as http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Answers the approvals.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Leaves the local AWS up at the end, and prints the environment to play with.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Where everything goes; emptied first [default: target/demo]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
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
