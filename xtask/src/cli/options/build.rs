//! Options of `build`.

use std::path::PathBuf;

use clap::Args;

use super::{ProjectOptions, StageAccounts};

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
    /// The model package of another region, as REGION=ARN, REGION=VERSION or REGION=same-version; once for each, or with commas.
    #[arg(long, value_name = "REGION=WHICH", env = "REGIONAL_MODEL_PACKAGES", value_delimiter = ',')]
    pub(crate) regional_model_package: Vec<String>,
    /// Where the release goes [default: target/deploy]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
}
