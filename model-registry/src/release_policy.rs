//! What a team demands of a model package before it is deployed: the gates of `release-policy.json`.
//!
//! ```json
//! {
//!   "schema_version": 1,
//!   "metadata": [{ "key": "owner" }, { "key": "risk", "one_of": ["low", "medium"] }],
//!   "metrics": [{ "name": "accuracy", "at": "/multiclass_classification_metrics/accuracy/value", "min": 0.95, "tolerance": 0.001 }],
//!   "life_cycle": { "stages": ["Staging"], "statuses": ["Approved"] },
//!   "image_registries": ["111111111111.dkr.ecr.us-east-1.amazonaws.com"],
//!   "content_types": ["text/csv"],
//!   "instance_types": ["ml.m5.large"],
//!   "deny": [{ "version": 12, "reason": "trained on the wrong labels" }],
//!   "four_eyes": true
//! }
//! ```
//!
//! A gate that is not met makes the search for the newest package go on, and refuses one that was named. A gate that cannot be read is an
//! error, never a pass.

mod gates;
mod metrics;
mod reader;

pub(crate) use gates::{Evaluation, denied, evaluate};
pub use gates::{GateError, GateViolation, PassedGate};

use crate::package::MetricSource;
use crate::problem::Problems;
use aws_names::ModelPackageArn;

/// The gates of a team. Without any it demands nothing.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ReleasePolicy {
    /// What the package's owner must have noted about it (`CustomerMetadataProperties`).
    pub metadata: Vec<RequiredMetadata>,
    /// Limits of its metrics.
    pub metrics: Vec<RequiredMetric>,
    /// Where it must be in its life.
    pub life_cycle: Option<RequiredLifeCycle>,
    /// Where its images may come from: a registry, or a registry and the beginning of a repository's name. Empty: from anywhere.
    pub image_registries: Vec<String>,
    /// The media types that it must take.
    pub content_types: Vec<String>,
    /// The instance types that it must support for endpoints.
    pub instance_types: Vec<String>,
    /// The packages that must not be deployed, whatever their approval says.
    pub deny: Vec<Denied>,
    /// Whether the last who changed it, the approver, must be someone else than the one who registered it.
    pub four_eyes: bool,
}

/// Something that the package's owner must have noted about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredMetadata {
    /// The key.
    pub key: String,
    /// The values that will do; empty: any.
    pub one_of: Vec<String>,
}

/// Limits of a metric.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RequiredMetric {
    /// What people call it.
    pub name: String,
    /// The document of the package's `ModelMetrics` that it is in.
    pub source: MetricSource,
    /// Where in the document it is: a JSON pointer (RFC 6901).
    pub at: String,
    /// It must be at least this.
    pub min: Option<f64>,
    /// It must be at most this.
    pub max: Option<f64>,
    /// How far beyond a limit it may be, in the metric's own unit.
    pub tolerance: f64,
}

/// Where a package must be in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredLifeCycle {
    /// The stages that will do; empty: any.
    pub stages: Vec<String>,
    /// The statuses that will do; empty: any.
    pub statuses: Vec<String>,
}

/// A package that must not be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denied {
    /// Which.
    pub package: DeniedPackage,
    /// Why.
    pub reason: String,
}

/// How a package that must not be deployed is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeniedPackage {
    /// A version, of any group that the policy is used for.
    Version(u32),
    /// This very one.
    Arn(ModelPackageArn),
}

impl ReleasePolicy {
    /// Reads a policy. Everything that is wrong with it is reported at once, each with its place.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        reader::read(text)
    }
}

impl Denied {
    /// Whether this is about that package.
    pub(crate) fn names(&self, arn: &ModelPackageArn) -> bool {
        match &self.package {
            DeniedPackage::Version(version) => arn.version() == Some(*version),
            DeniedPackage::Arn(denied) => denied.same_package(arn),
        }
    }
}
