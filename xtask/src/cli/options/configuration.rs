//! What the stages' parameters are made of: `build` and `config` ask for the same.

use clap::Args;

use super::{ProjectOptions, StageAccounts};
use model_release::Stage;

/// The files of a project's stages, and what the pipeline knows.
#[derive(Debug, Args)]
pub(crate) struct ConfigurationOptions {
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
    #[command(flatten)]
    pub(crate) accounts: StageAccounts,
    /// The name of the staging configuration: reads NAME-template.json and, where it is there, NAME-overrides.json; writes NAME.json.
    #[arg(long, value_name = "NAME", env = "STAGING_CONFIG_NAME", default_value = "staging-config")]
    pub(crate) staging_config_name: String,
    /// The name of the production configuration: reads NAME-template.json and, where it is there, NAME-overrides.json; writes NAME.json.
    #[arg(long, value_name = "NAME", env = "PROD_CONFIG_NAME", default_value = "prod-config")]
    pub(crate) prod_config_name: String,
    /// The name of the configuration that both stages begin with: reads NAME-template.json [default: base-config, where it is there]
    #[arg(long, value_name = "NAME", env = "BASE_CONFIG_NAME")]
    pub(crate) base_config_name: Option<String>,
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
    /// The regions to deploy to, with commas between them; the session's when not given.
    #[arg(long, value_name = "REGIONS", env = "DEPLOYMENT_REGIONS")]
    pub(crate) regions: Option<String>,
}

impl ConfigurationOptions {
    /// The name of a stage's configuration.
    pub(crate) fn config_name(&self, stage: Stage) -> &str {
        match stage {
            Stage::Staging => &self.staging_config_name,
            Stage::Prod => &self.prod_config_name,
        }
    }

    /// The environment type of a stage.
    pub(crate) fn env_type(&self, stage: Stage) -> Option<&String> {
        match stage {
            Stage::Staging => self.env_type_staging_name.as_ref(),
            Stage::Prod => self.env_type_prod_name.as_ref(),
        }
    }

    /// The model execution role of a stage.
    pub(crate) fn execution_role(&self, stage: Stage) -> Option<&String> {
        match stage {
            Stage::Staging => self.sagemaker_execution_role_staging_name.as_ref(),
            Stage::Prod => self.sagemaker_execution_role_prod_name.as_ref(),
        }
    }
}
