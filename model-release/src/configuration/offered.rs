//! What the pipeline knows and offers to the template, under the names of the Python seed.

use std::collections::BTreeSet;

use aws_names::{AccountId, ModelPackageArn};
use stage_config::Layer;

use crate::Stage;

/// What the pipeline knows of one stage; what it does not know yet is none.
#[derive(Debug, Clone, Copy)]
pub struct Pipeline<'a> {
    /// The stage.
    pub stage: Stage,
    /// The SageMaker project's name.
    pub project_name: Option<&'a str>,
    /// Its id.
    pub project_id: Option<&'a str>,
    /// The data science environment's name.
    pub env_name: Option<&'a str>,
    /// The type of the stage's environment.
    pub env_type: Option<&'a str>,
    /// The model execution role's name, with its path if it has one.
    pub execution_role: Option<&'a str>,
    /// The key that encrypts the endpoints' volumes.
    pub volume_kms_key_arn: Option<&'a str>,
    /// The chosen model package.
    pub model_package_arn: Option<&'a ModelPackageArn>,
    /// The stage's accounts.
    pub accounts: Option<&'a [AccountId]>,
    /// Whether the caller gave all that will be known: then an option that is missing stays missing.
    pub is_complete: bool,
    /// Where each value comes from.
    pub sources: &'static Sources,
}

/// The parameters that the pipeline offers. They are passed on where the template declares them.
pub const OFFERED: [&str; 10] = [
    "SageMakerProjectName",
    "SageMakerProjectId",
    "EnvName",
    "EnvType",
    "ModelPackageName",
    "ExecutionRoleName",
    "VolumeKmsKeyArn",
    "SageMakerSubnetIds",
    "SageMakerSecurityGroupIds",
    "Accounts",
];

/// Where each offered parameter comes from, in the words of the program that asks: an option, say. `STAGE` stands for the stage's name.
pub type Sources = [(&'static str, &'static str)];

impl Pipeline<'_> {
    /// Every value that is known, as a layer.
    pub fn layer(&self) -> Layer {
        let mut layer = Layer::default();
        for name in OFFERED {
            if let Some(value) = self.value(name) {
                layer.offer(name, value, &self.source(name));
            }
        }
        layer
    }

    /// The parameters whose value is not known yet, although there will be one. A key for the volumes there need not be.
    pub fn not_known(&self) -> BTreeSet<String> {
        let unknown = OFFERED.iter().filter(|name| **name != "VolumeKmsKeyArn" && self.value(name).is_none());
        unknown.map(|name| (*name).to_owned()).collect()
    }

    /// The parameter that need not have a value, and may still get one.
    pub(crate) fn later(&self) -> impl Iterator<Item = &'static str> {
        (!self.is_complete && self.volume_kms_key_arn.is_none()).then_some("VolumeKmsKeyArn").into_iter()
    }

    /// What gives a parameter, in the words of this stage.
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
            "ModelPackageName" => self.model_package_arn.map(ModelPackageArn::to_string),
            "ExecutionRoleName" => self.execution_role.map(str::to_owned),
            "VolumeKmsKeyArn" => self.volume_kms_key_arn.map(str::to_owned),
            "SageMakerSubnetIds" => environment().map(|environment| format!("{environment}-private-subnet-ids")),
            "SageMakerSecurityGroupIds" => environment().map(|environment| format!("{environment}-sagemaker-sg-ids")),
            _ => self.accounts.map(|accounts| accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(",")),
        }
    }

    /// The stack set that deploys the stage, when all parts of its name are known.
    pub fn stack_set(&self) -> Option<String> {
        Some(format!("sagemaker-{}-{}-deploy-{}", self.project_name?, self.project_id?, self.env_type?))
    }
}
