//! The pipeline's values for the template, with the parameter names of AWS's Python seed code.

use std::collections::BTreeSet;

use aws_names::{AccountId, ModelPackageArn};
use stage_config::Layer;

use crate::{DEPLOYMENT_ATTEMPT, MODEL_PACKAGE, Stage};

/// The pipeline values of a stage; `None` if not known yet.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline<'a> {
    /// The stage.
    pub stage: Stage,
    /// The SageMaker project's name.
    pub project_name: Option<&'a str>,
    /// The project's id.
    pub project_id: Option<&'a str>,
    /// The data science environment's name.
    pub env_name: Option<&'a str>,
    /// The environment type of the stage.
    pub env_type: Option<&'a str>,
    /// The model execution role's name, with its path if it has one.
    pub execution_role: Option<&'a str>,
    /// The key that encrypts the endpoints' volumes.
    pub volume_kms_key_arn: Option<&'a str>,
    /// The chosen model package.
    pub model_package_arn: Option<&'a ModelPackageArn>,
    /// The stage's accounts.
    pub accounts: Option<&'a [AccountId]>,
    /// Whether all values are final. Otherwise, a missing value can still be set.
    pub is_complete: bool,
    /// The source of each value.
    pub sources: &'static Sources,
}

/// The parameters that the pipeline offers. They are passed if the template declares them.
pub const OFFERED: [&str; 11] = [
    "SageMakerProjectName",
    "SageMakerProjectId",
    "EnvName",
    "EnvType",
    MODEL_PACKAGE,
    "ExecutionRoleName",
    "VolumeKmsKeyArn",
    "SageMakerSubnetIds",
    "SageMakerSecurityGroupIds",
    "Accounts",
    DEPLOYMENT_ATTEMPT,
];

/// The source of each offered parameter, such as an option. `STAGE` becomes the stage's name.
pub type Sources = [(&'static str, &'static str)];

impl Pipeline<'_> {
    /// The known values, as a layer.
    pub fn layer(&self) -> Layer {
        let mut layer = Layer::default();
        for name in OFFERED {
            if let Some(value) = self.value(name) {
                layer.set_by_pipeline(name, value, &self.source(name));
            }
        }
        layer
    }

    /// The parameters whose values will be known later, without the optional volume key.
    pub fn not_known(&self) -> BTreeSet<String> {
        let unknown = OFFERED.iter().filter(|name| **name != "VolumeKmsKeyArn" && self.value(name).is_none());
        unknown.map(|name| (*name).to_owned()).collect()
    }

    /// The optional parameters that can still be set.
    pub(crate) fn later(&self) -> impl Iterator<Item = &'static str> {
        (!self.is_complete && self.volume_kms_key_arn.is_none()).then_some("VolumeKmsKeyArn").into_iter()
    }

    /// The source of a parameter in this stage.
    pub fn source(&self, name: &str) -> String {
        let source = self.sources.iter().find(|(known, _)| *known == name).map_or("the pipeline", |(_, source)| source);
        source.replace("STAGE", self.stage.name())
    }

    fn value(&self, name: &str) -> Option<String> {
        let environment = || Some(format!("{}-{}", self.env_name?, self.env_type?));
        match name {
            "SageMakerProjectName" => self.project_name.map(str::to_owned),
            "SageMakerProjectId" => self.project_id.map(str::to_owned),
            "EnvName" => self.env_name.map(str::to_owned),
            "EnvType" => self.env_type.map(str::to_owned),
            MODEL_PACKAGE => self.model_package_arn.map(ModelPackageArn::to_string),
            "ExecutionRoleName" => self.execution_role.map(str::to_owned),
            "VolumeKmsKeyArn" => self.volume_kms_key_arn.map(str::to_owned),
            "SageMakerSubnetIds" => environment().map(|environment| format!("{environment}-private-subnet-ids")),
            "SageMakerSecurityGroupIds" => environment().map(|environment| format!("{environment}-sagemaker-sg-ids")),
            // Only a rollout that updates endpoints again sets another value.
            DEPLOYMENT_ATTEMPT => Some(String::new()),
            _ => self.accounts.map(|accounts| accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(",")),
        }
    }

    /// The stage's stack set, if all parts of its name are known.
    pub fn stack_set(&self) -> Option<String> {
        Some(format!("sagemaker-{}-{}-deploy-{}", self.project_name?, self.project_id?, self.env_type?))
    }
}
