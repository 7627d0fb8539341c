//! The release's expectations for a target.

use std::collections::{BTreeMap, BTreeSet};

use aws_names::ModelPackageArn;

use crate::report::CheckReport;

/// The release's expectations for a target. What is `None`, or empty, is not checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expected {
    /// The ARN of the approved model package; without it the check `identity` is skipped.
    pub model_package_arn: Option<ModelPackageArn>,
    /// The container images of that package, with their digests if known.
    pub images: Vec<String>,
    /// Variants that must exist.
    pub variants: Vec<ExpectedVariant>,
    /// Whether requests and responses must be captured; if `None`, the setting is only recorded.
    pub data_capture: Option<bool>,
    /// The percentage of requests that must be captured.
    pub data_capture_percentage: Option<i32>,
    /// The KMS key of the instances' volumes.
    pub volume_kms_key: Option<ExpectedSetting>,
    /// Whether the model's containers must be isolated from the network.
    pub network_isolation: Option<bool>,
    /// Whether the model is in a VPC, and where in it.
    pub vpc: Option<ExpectedVpc>,
    /// The S3 locations where an asynchronous endpoint stores its responses and failures, if known:
    /// its caller must be able to read them.
    pub async_output_locations: Vec<String>,
    /// Checks that the caller has made, such as of the model's artifacts, for the report of an
    /// endpoint.
    pub checked: Vec<CheckReport>,
    /// Whether it is a failure if it is not known whether something is what was approved.
    pub blocks_unknown: bool,
}

/// A variant that must exist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedVariant {
    /// Its name.
    pub name: String,
    /// Whether its weight must be above zero.
    pub takes_traffic: bool,
    /// The minimum desired number of instances: scaling may add some.
    pub instance_count: Option<i32>,
    /// The instance type.
    pub instance_type: Option<String>,
    /// Whether it is serverless.
    pub serverless: Option<bool>,
    /// What the release's template says about its model.
    pub model: ExpectedModel,
    /// The ARN of the model package that the template gives it; `None` if the template is not known.
    pub model_package_arn: Option<ModelPackageArn>,
    /// The images of its containers that are not from a model package, as far as they are known.
    pub images: Vec<String>,
    /// The number of such containers whose images are not known before the deployment.
    pub unknown_images: usize,
    /// Whether it is a shadow variant: it gets copies of requests and no traffic of its own.
    pub is_shadow: bool,
    /// The environment variables of its containers, in the template's order; empty if they are not
    /// checked.
    pub containers: Vec<ExpectedContainer>,
}

/// The environment variables of a container, by name, with the digests of their values: see
/// [`environment_digest`](crate::environment_digest).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedContainer {
    /// What the model package sets, in any of its containers; `None` if that is not known.
    pub package: Option<BTreeMap<String, BTreeSet<String>>>,
    /// What the template sets. A value of `None` is not known before the deployment: the variable
    /// can have any value, and can be missing.
    pub template: BTreeMap<String, Option<String>>,
}

/// What the release's template says about a variant's model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ExpectedModel {
    /// It is created from a model package: the approved one, unless the variant has another one.
    #[default]
    Package,
    /// It is created from images only, such as a baseline's.
    Images,
    /// It is a model with this name, which the template does not create.
    Named(String),
    /// It is not known before the deployment, so that nothing is expected.
    Unknown,
}

/// A setting that must have a value, or must not be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedSetting {
    /// It must not be set.
    Absent,
    /// It must have this value.
    Is(String),
}

/// Whether a model is in a VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedVpc {
    /// It must not be in one.
    Absent,
    /// It must be in one; in these subnets and security groups if known.
    Within {
        /// The subnets; empty if unknown.
        subnets: Vec<String>,
        /// The security groups; empty if unknown.
        security_groups: Vec<String>,
    },
}

impl Expected {
    /// The same with these variants, which must exist and get traffic.
    pub(super) fn with_variants(&self, names: &[String]) -> Self {
        let mut expected = self.clone();
        for name in names {
            match expected.variants.iter_mut().find(|variant| variant.name == *name && !variant.is_shadow) {
                Some(variant) => variant.takes_traffic = true,
                None => {
                    expected.variants.push(ExpectedVariant { name: name.clone(), takes_traffic: true, ..ExpectedVariant::default() });
                }
            }
        }
        expected
    }
}
