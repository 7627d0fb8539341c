//! What the release says that a target is.

/// What the release says that a target serves, and how it is set up. What is `None`, or empty, is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// The ARN of the model package that was approved; without it the check `identity` is skipped.
    pub model_package_arn: Option<String>,
    /// The container images of that package, with their digests where they are known.
    pub images: Vec<String>,
    /// Variants that must exist.
    pub variants: Vec<ExpectedVariant>,
    /// Whether requests and replies must be captured; without it the check `data_capture` only records what is.
    pub data_capture: Option<bool>,
    /// The part of the requests that must be captured, in percent.
    pub data_capture_percentage: Option<i32>,
    /// The KMS key of the instances' volumes.
    pub volume_kms_key: Option<ExpectedSetting>,
    /// Whether the model's containers may make no network calls.
    pub network_isolation: Option<bool>,
    /// Whether the model is in a VPC, and where in it.
    pub vpc: Option<ExpectedVpc>,
    /// Where in S3 an asynchronous endpoint puts its responses and failures, where that is known: its caller must be able to read them.
    pub async_output_locations: Vec<String>,
}

/// A variant that must exist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedVariant {
    /// Its name.
    pub name: String,
    /// Whether its weight must be above zero.
    pub takes_traffic: bool,
    /// The least number of instances that it must be asked for: scaling may add some.
    pub instance_count: Option<i32>,
    /// The instance type.
    pub instance_type: Option<String>,
    /// Whether it is serverless.
    pub serverless: Option<bool>,
    /// The ARN of the model package that it serves, when that is another than the approved one: a challenger's, say.
    pub model_package_arn: Option<String>,
}

/// A setting that must have a value, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedSetting {
    /// It must not be set.
    Absent,
    /// It must be this.
    Is(String),
}

/// Whether a model is in a VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedVpc {
    /// It must be in none.
    Absent,
    /// It must be in one; in these subnets and security groups where they are known.
    Within {
        /// The subnets; empty when they are not known.
        subnets: Vec<String>,
        /// The security groups; empty when they are not known.
        security_groups: Vec<String>,
    },
}

impl Expected {
    /// With these variants besides, which must take traffic.
    pub(super) fn with_variants(&self, names: &[String]) -> Self {
        let mut expected = self.clone();
        for name in names {
            match expected.variants.iter_mut().find(|variant| variant.name == *name) {
                Some(variant) => variant.takes_traffic = true,
                None => {
                    expected.variants.push(ExpectedVariant { name: name.clone(), takes_traffic: true, ..ExpectedVariant::default() });
                }
            }
        }
        expected
    }
}
