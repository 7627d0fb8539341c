//! What a team requires of a model package before it is deployed: the gates of
//! `release-policy.json`.
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
//!   "four_eyes": true,
//!   "signatures": { "public_key": "release-key.pem", "required": true },
//!   "approved_bytes": { "not_known": "block" },
//!   "approval": { "other_person": "required", "max_age_days": 7 }
//! }
//! ```
//!
//! If a package fails a gate, the search for the newest package continues, and a requested package
//! is rejected. A gate that cannot be read is an error and never counts as passed.
//!
//! `approval` is no gate of a model package: it is checked directly before production, and a release
//! carries it in its manifest.

mod gates;
pub(crate) mod metrics;
mod reader;
mod signatures;

pub(crate) use gates::{Evaluation, denied, evaluate};
pub use gates::{GateError, GateViolation, PassedGate};

use crate::package::MetricSource;
use crate::problem::Problems;
use aws_names::ModelPackageArn;

/// A team's gates. The default has none.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ReleasePolicy {
    /// The metadata that the package must have (`CustomerMetadataProperties`).
    pub metadata: Vec<RequiredMetadata>,
    /// Limits on its metrics.
    pub metrics: Vec<RequiredMetric>,
    /// The life cycle that it must have.
    pub life_cycle: Option<RequiredLifeCycle>,
    /// Where its images must come from: a registry, or a registry and the beginning of a
    /// repository's name. Empty: from anywhere.
    pub image_registries: Vec<String>,
    /// The content types that it must accept.
    pub content_types: Vec<String>,
    /// The instance types that it must support for endpoints.
    pub instance_types: Vec<String>,
    /// The packages that must not be deployed, whatever their approval status.
    pub deny: Vec<Denied>,
    /// Whether the last person who changed it, the approver, must differ from the person who
    /// registered it.
    pub four_eyes: bool,
    /// What applies if it is not known whether an image or artifact is still the approved one.
    pub unknown_bytes: UnknownBytes,
    /// The keys that sign the records of releases.
    pub signatures: Option<Signatures>,
    /// The approval that a deployment to production needs; none: no record of one is read.
    pub approval: Option<RequiredApproval>,
}

/// What applies if it is not known whether an image or artifact is still the approved one, such as
/// after a denied call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownBytes {
    /// The release is allowed, with a warning.
    #[default]
    Allow,
    /// The release is refused.
    Block,
}

/// The keys that sign the records of releases.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signatures {
    /// The public keys that are trusted.
    pub public_keys: PublicKeys,
    /// Whether a release without its signed records is refused.
    pub required: bool,
}

/// The trusted public key of each kind of record; with `public_key`, one for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeys {
    /// The provenance, which the build signs.
    pub build: PublicKeySource,
    /// The results of tests.
    pub test: PublicKeySource,
    /// The verification summary, which the check before production signs.
    pub check_release: PublicKeySource,
}

/// Where a policy has a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKeySource {
    /// In the policy, as PEM.
    Pem(String),
    /// In a PEM file, relative to the folder of the policy.
    File(String),
}

/// The approval that a deployment to production needs, and how old the evidence is at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredApproval {
    /// Whether the approver must be another person than the one who registered the model package.
    pub other_person: Option<OtherPerson>,
    /// The maximum age of the approval and of the staging tests, in days.
    pub max_age_days: Option<u32>,
}

/// When the identity of the approver blocks a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherPerson {
    /// Unless AWS's records show two different persons.
    Required,
    /// Only if AWS's records show the same person.
    IfKnown,
}

impl OtherPerson {
    /// All values, as in the policy.
    pub const ALL: [(&'static str, Self); 2] = [("required", Self::Required), ("if-known", Self::IfKnown)];
}

/// Metadata that the package must have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredMetadata {
    /// The key.
    pub key: String,
    /// The allowed values; empty: any.
    pub one_of: Vec<String>,
}

/// Limits on a metric.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RequiredMetric {
    /// The metric's name in reports.
    pub name: String,
    /// The document of the package's `ModelMetrics` that contains it.
    pub source: MetricSource,
    /// Its place in the document: a JSON pointer (RFC 6901).
    pub at: String,
    /// It must be at least this.
    pub min: Option<f64>,
    /// It must be at most this.
    pub max: Option<f64>,
    /// How far the metric may be beyond a limit, in its own unit.
    pub tolerance: f64,
}

/// The life cycle that a package must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequiredLifeCycle {
    /// The allowed stages; empty: any.
    pub stages: Vec<String>,
    /// The allowed statuses; empty: any.
    pub statuses: Vec<String>,
}

/// A package that must not be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denied {
    /// Which package.
    pub package: DeniedPackage,
    /// Why.
    pub reason: String,
}

/// How a denied package is identified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeniedPackage {
    /// By its version, in every group that the policy is used for.
    Version(u32),
    /// By its ARN.
    Arn(ModelPackageArn),
}

impl ReleasePolicy {
    /// Reads a policy. All mistakes are reported at once, each with its place.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        reader::read(text)
    }
}

impl Denied {
    /// Whether this denies the package.
    pub(crate) fn matches(&self, arn: &ModelPackageArn) -> bool {
        match &self.package {
            DeniedPackage::Version(version) => arn.version() == Some(*version),
            DeniedPackage::Arn(denied) => denied.same_package(arn),
        }
    }
}
