//! The sources of the stages' parameters: options that `build` and `config` share.

use clap::Args;

use super::{ProjectOptions, StageAccounts};
use model_release::Stage;

/// The input files of a project's stages, and the pipeline's values.
#[derive(Debug, Args)]
pub struct ConfigurationOptions {
    #[command(flatten)]
    pub project: ProjectOptions,
    #[command(flatten)]
    pub accounts: StageAccounts,
    /// Deploy to these regions, comma-separated [default: the session's region]
    #[arg(long, value_name = "REGIONS", env = "DEPLOYMENT_REGIONS", help_heading = super::TARGETS)]
    pub regions: Option<String>,
    /// Read the template from NAME-template.yml, .yaml or .json
    #[arg(
        long,
        value_name = "NAME",
        env = "CFN_TEMPLATE_NAME",
        default_value = "cfn-sm-endpoint",
        help_heading = super::CONFIGURATION
    )]
    pub template_name: String,
    /// Read staging parameters from NAME-template.json and NAME-overrides.json
    #[arg(
        long,
        value_name = "NAME",
        env = "STAGING_CONFIG_NAME",
        default_value = "staging-config",
        help_heading = super::CONFIGURATION
    )]
    pub staging_config_name: String,
    /// Read production parameters from NAME-template.json and NAME-overrides.json
    #[arg(long, value_name = "NAME", env = "PROD_CONFIG_NAME", default_value = "prod-config", help_heading = super::CONFIGURATION)]
    pub prod_config_name: String,
    /// Read parameters of both stages from NAME-template.json [default: base-config if it exists]
    #[arg(long, value_name = "NAME", env = "BASE_CONFIG_NAME", help_heading = super::CONFIGURATION)]
    pub base_config_name: Option<String>,
    /// Environment type of the staging accounts, such as staging
    #[arg(long, value_name = "TYPE", env = "ENV_TYPE_STAGING_NAME", help_heading = super::CONFIGURATION)]
    pub env_type_staging_name: Option<String>,
    /// Environment type of the production accounts, such as prod
    #[arg(long, value_name = "TYPE", env = "ENV_TYPE_PROD_NAME", help_heading = super::CONFIGURATION)]
    pub env_type_prod_name: Option<String>,
    /// Model execution role in the staging accounts
    #[arg(
        long,
        value_name = "NAME-OR-ARN",
        env = "SAGEMAKER_EXECUTION_ROLE_STAGING_NAME",
        help_heading = super::CONFIGURATION
    )]
    pub sagemaker_execution_role_staging_name: Option<String>,
    /// Model execution role in the production accounts
    #[arg(
        long,
        value_name = "NAME-OR-ARN",
        env = "SAGEMAKER_EXECUTION_ROLE_PROD_NAME",
        help_heading = super::CONFIGURATION
    )]
    pub sagemaker_execution_role_prod_name: Option<String>,
    /// Encrypt the endpoints' volumes with this KMS key
    #[arg(long, value_name = "ARN", env = "SAGEMAKER_EBS_KMS_KEY_ARN", help_heading = super::CONFIGURATION)]
    pub ebs_kms_key_arn: Option<String>,
}

impl ConfigurationOptions {
    /// The name of a stage's configuration.
    pub fn config_name(&self, stage: Stage) -> &str {
        match stage {
            Stage::Staging => &self.staging_config_name,
            Stage::Prod => &self.prod_config_name,
        }
    }

    /// The environment type of a stage.
    pub fn env_type(&self, stage: Stage) -> Option<&String> {
        match stage {
            Stage::Staging => self.env_type_staging_name.as_ref(),
            Stage::Prod => self.env_type_prod_name.as_ref(),
        }
    }

    /// The model execution role of a stage.
    pub fn execution_role(&self, stage: Stage) -> Option<&String> {
        match stage {
            Stage::Staging => self.sagemaker_execution_role_staging_name.as_ref(),
            Stage::Prod => self.sagemaker_execution_role_prod_name.as_ref(),
        }
    }
}
