//! What a target says of itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a target is, since not every check applies to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetKind {
    /// A SageMaker endpoint: it has variants, a model package and data capture.
    #[default]
    Endpoint,
    /// A model container: it only says that it is ready.
    Container,
}

/// What a target says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Description {
    /// What was described.
    pub kind: TargetKind,
    /// The state that the target is in.
    pub status: EndpointStatus,
    /// Why it is in a failed state, in AWS's words.
    pub failure_reason: Option<String>,
    /// The endpoint's ARN.
    pub arn: Option<String>,
    /// The endpoint configuration in force.
    pub config_name: Option<String>,
    /// The production variants; shadow variants, whose replies nobody sees, are left out.
    pub variants: Vec<Variant>,
    /// Whether requests and replies are captured; `None` when that does not apply.
    pub data_capture: Option<bool>,
    /// The part of the requests that is captured, in percent.
    pub data_capture_percentage: Option<i32>,
    /// How an asynchronous endpoint answers: requests wait in a queue. `None` for one that answers at once.
    pub asynchronous: Option<Asynchronous>,
    /// What the endpoint's configuration and models say; `None` when they were not looked at, or are gone.
    pub settings: Option<EndpointSettings>,
}

/// Where an asynchronous endpoint puts its answers: S3 URIs of folders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asynchronous {
    /// Where answers go.
    pub output: Option<String>,
    /// Where the messages of failed requests go; without it nobody hears of them.
    pub failures: Option<String>,
}

/// How an endpoint is set up, beyond its variants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndpointSettings {
    /// The KMS key that encrypts the instances' volumes; `None` for the key of AWS.
    pub volume_kms_key: Option<String>,
}

/// One production variant of an endpoint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Variant {
    /// The variant's name, `AllTraffic` by custom.
    pub name: String,
    /// The variant's share of the traffic, relative to the other variants'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
    /// Instances in service; absent for serverless variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_instance_count: Option<i32>,
    /// Instances asked for; absent for serverless variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_instance_count: Option<i32>,
    /// The SageMaker model that the variant serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_name: Option<String>,
    /// The ARNs of the model packages that the model was made from: one, unless the model is a chain of containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_packages: Vec<String>,
    /// The container images, as deployed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The instance type; absent for serverless variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// Whether the variant is serverless, and so has no instances.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub serverless: bool,
    /// The inference components that the variant serves in place of a model of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inference_components: Vec<String>,
    /// Whether the model's containers may make no network calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_isolation: Option<bool>,
    /// The subnets of the model's VPC; none without a VPC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// The security groups of the model's VPC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
}

impl Variant {
    /// Whether requests reach the variant without naming it. An unknown weight counts as some.
    pub fn takes_traffic(&self) -> bool {
        self.weight.is_none_or(|weight| weight > 0.0)
    }
}

/// An endpoint's state, as `DescribeEndpoint` names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EndpointStatus {
    /// The first deployment is under way.
    #[default]
    Creating,
    /// A deployment is under way.
    Updating,
    /// AWS is maintaining the endpoint.
    SystemUpdating,
    /// A deployment failed and the former one is being restored.
    RollingBack,
    /// The endpoint answers requests.
    InService,
    /// The deployment failed; the endpoint can only be deleted.
    Failed,
    /// The endpoint takes no requests and cannot be updated.
    OutOfService,
    /// The endpoint is being deleted.
    Deleting,
    /// A rollback failed: old and new instances are in service together.
    UpdateRollbackFailed,
    /// A state that this version does not know: waited for like a change under way.
    Unknown(String),
}

impl EndpointStatus {
    /// Reads AWS's spelling.
    pub fn from_aws(text: &str) -> Self {
        let known = [
            Self::Creating,
            Self::Updating,
            Self::SystemUpdating,
            Self::RollingBack,
            Self::InService,
            Self::Failed,
            Self::OutOfService,
            Self::Deleting,
            Self::UpdateRollbackFailed,
        ];
        known.into_iter().find(|status| status.as_str() == text).unwrap_or_else(|| Self::Unknown(text.to_owned()))
    }

    /// AWS's spelling.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Creating => "Creating",
            Self::Updating => "Updating",
            Self::SystemUpdating => "SystemUpdating",
            Self::RollingBack => "RollingBack",
            Self::InService => "InService",
            Self::Failed => "Failed",
            Self::OutOfService => "OutOfService",
            Self::Deleting => "Deleting",
            Self::UpdateRollbackFailed => "UpdateRollbackFailed",
            Self::Unknown(other) => other,
        }
    }

    /// Whether the state stays as it is until somebody acts, so that waiting for `InService` is in vain.
    pub fn is_dead_end(&self) -> bool {
        matches!(self, Self::Failed | Self::OutOfService | Self::Deleting | Self::UpdateRollbackFailed)
    }
}

impl fmt::Display for EndpointStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
