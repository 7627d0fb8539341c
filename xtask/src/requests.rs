//! Converts options to the library's requests, without calls to AWS.

mod build;
mod configuration;
mod option_errors;
mod release;
#[cfg(feature = "aws")]
mod rollout;
mod selection;
#[cfg(feature = "aws")]
mod target_role;
#[cfg(feature = "aws")]
mod waves;

pub(crate) use build::BuildCommand;
pub(crate) use configuration::ConfigRequest;
pub(crate) use option_errors::OptionErrors;
pub(crate) use release::release;
#[cfg(feature = "aws")]
pub(crate) use rollout::{call_as, rollout, template_bucket};
pub(crate) use selection::{read as selection, read_policy as release_policy};
#[cfg(feature = "aws")]
pub(crate) use target_role::target_role;
#[cfg(feature = "aws")]
pub(crate) use waves::{planned_waves, waves};

/// The options that set the pipeline's values.
pub(crate) const SOURCES: [(&str, &str); 10] = [
    ("SageMakerProjectName", "--sagemaker-project-name"),
    ("SageMakerProjectId", "--sagemaker-project-id"),
    ("EnvName", "--env-name"),
    ("EnvType", "--env-type-STAGE-name"),
    ("ModelPackageName", "the chosen model package"),
    ("ExecutionRoleName", "--sagemaker-execution-role-STAGE-name"),
    ("VolumeKmsKeyArn", "--ebs-kms-key-arn"),
    ("SageMakerSubnetIds", "the environment's name and type"),
    ("SageMakerSecurityGroupIds", "the environment's name and type"),
    ("Accounts", "the stage's accounts"),
];
