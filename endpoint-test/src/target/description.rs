//! The description of a target.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a target, because not every check applies to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetKind {
    /// A SageMaker endpoint: it has variants, a model package and data capture.
    #[default]
    Endpoint,
    /// A model container: it only reports whether it is ready.
    Container,
}

/// The description of a target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Description {
    /// The kind of the target.
    pub kind: TargetKind,
    /// The target's status.
    pub status: EndpointStatus,
    /// The reason of a failed status, as reported by AWS.
    pub failure_reason: Option<String>,
    /// The endpoint's ARN.
    pub arn: Option<String>,
    /// The current endpoint configuration.
    pub config_name: Option<String>,
    /// The production variants.
    pub variants: Vec<Variant>,
    /// The shadow variants, whose responses are discarded.
    pub shadow_variants: Vec<Variant>,
    /// Whether requests and responses are captured; `None` if that does not apply.
    pub data_capture: Option<bool>,
    /// The percentage of requests that is captured.
    pub data_capture_percentage: Option<i32>,
    /// Where an asynchronous endpoint stores its responses. `None` for a real-time endpoint.
    pub asynchronous: Option<Asynchronous>,
    /// Settings from configuration and models; `None` if they were not described, or were deleted.
    pub settings: Option<EndpointSettings>,
}

/// Where an asynchronous endpoint stores its responses: S3 URIs of folders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asynchronous {
    /// Where responses are stored.
    pub output: Option<String>,
    /// Where the messages of failed requests are stored; if `None`, they are not reported.
    pub failures: Option<String>,
}

/// The configuration of an endpoint, besides its variants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndpointSettings {
    /// The KMS key that encrypts the instances' volumes; `None` for AWS's own key.
    pub volume_kms_key: Option<String>,
}

/// One production variant of an endpoint.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Variant {
    /// The variant's name, `AllTraffic` by convention.
    pub name: String,
    /// The variant's share of the traffic, relative to the other variants'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
    /// Instances in service; absent for serverless variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_instance_count: Option<i32>,
    /// The desired number of instances; absent for serverless variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_instance_count: Option<i32>,
    /// The SageMaker model that the variant serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_name: Option<String>,
    /// The ARNs of the model packages of the model: one, unless the model is an inference pipeline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_packages: Vec<String>,
    /// The container images, as deployed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The instance type; absent for serverless variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// Whether the variant is serverless and so has no instances.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub serverless: bool,
    /// The inference components that the variant serves instead of its own model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inference_components: Vec<String>,
    /// Whether the model's containers are isolated from the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_isolation: Option<bool>,
    /// The subnets of the model's VPC; none without a VPC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
    /// The security groups of the model's VPC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
    /// The containers of the model, in its order. Not in any written report.
    #[serde(skip)]
    pub containers: Vec<DeployedContainer>,
}

/// A container of a deployed model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeployedContainer {
    /// The digest of each environment variable, by name: see
    /// [`environment_digest`](crate::environment_digest).
    pub environment: BTreeMap<String, String>,
}

impl Variant {
    /// Whether requests without a target variant reach it. An unknown weight counts as above zero.
    pub fn takes_traffic(&self) -> bool {
        self.weight.is_none_or(|weight| weight > 0.0)
    }
}

/// An endpoint's status, as returned by `DescribeEndpoint`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EndpointStatus {
    /// The first deployment is in progress.
    #[default]
    Creating,
    /// A deployment is in progress.
    Updating,
    /// AWS is maintaining the endpoint.
    SystemUpdating,
    /// A deployment failed and the former one is being restored.
    RollingBack,
    /// The endpoint accepts requests.
    InService,
    /// The deployment failed; the endpoint can only be deleted.
    Failed,
    /// The endpoint accepts no requests and cannot be updated.
    OutOfService,
    /// The endpoint is being deleted.
    Deleting,
    /// A rollback failed: old and new instances are in service together.
    UpdateRollbackFailed,
    /// A status that this version does not know: treated like a change in progress.
    Unknown(String),
}

impl EndpointStatus {
    /// Parses AWS's spelling.
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

    /// Whether the status stays as it is without intervention, so that waiting is useless.
    pub fn is_final_failure(&self) -> bool {
        matches!(self, Self::Failed | Self::OutOfService | Self::Deleting | Self::UpdateRollbackFailed)
    }
}

impl fmt::Display for EndpointStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
