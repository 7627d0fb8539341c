//! Model packages, as SageMaker describes them.

mod metrics;
mod status;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::arn::ModelPackageArn;
use crate::group::GroupName;
use crate::life_cycle::LifeCycle;

pub use metrics::{MetricDocument, MetricSource};
pub use status::{ApprovalStatus, PackageStatus, RegistrationType};

/// A model package, as SageMaker describes it.
///
/// [`ModelPackage::new`] is one of which nothing else is known; the other fields are then set by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPackage {
    /// Its ARN.
    pub arn: ModelPackageArn,
    /// Its group, or its own name when it is not versioned.
    pub group: GroupName,
    /// Its version in the group.
    pub version: Option<u32>,
    /// Whether a person approved it.
    pub approval_status: ApprovalStatus,
    /// What the approver wrote.
    pub approval_description: Option<String>,
    /// Whether SageMaker finished making it.
    pub status: PackageStatus,
    /// Whether it is a governed registration.
    pub registration: RegistrationType,
    /// When it was registered.
    pub created: Timestamp,
    /// Who registered it.
    pub created_by: Option<Person>,
    /// Who last changed anything of it: AWS keeps no other trace of the approver.
    pub last_modified_by: Option<Person>,
    /// Where it is in its life: the stage, and what became of it there.
    pub life_cycle: Option<LifeCycle>,
    /// What its owner says of it.
    pub description: Option<String>,
    /// The container images that serve it.
    pub images: Vec<String>,
    /// The model artifacts, as S3 URIs.
    pub model_data: Vec<String>,
    /// The media types that it takes.
    pub content_types: Vec<String>,
    /// The media types that it answers in.
    pub response_types: Vec<String>,
    /// The instance types that it was made for, for endpoints; empty where it says nothing of them.
    pub realtime_instance_types: Vec<String>,
    /// What its owner notes about it (`CustomerMetadataProperties`).
    pub metadata: BTreeMap<String, String>,
    /// Where the documents with its metrics are (`ModelMetrics`).
    pub metrics: Vec<MetricDocument>,
    /// How much of it is known.
    pub detail: Detail,
}

/// How much of a model package is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Detail {
    /// All that SageMaker says of it.
    #[default]
    Described,
    /// Only what a list says: a snapshot without the package's description. No gate that needs more can be read.
    Listed,
}

/// Who did something in SageMaker, as far as it says (SageMaker API, UserContext).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The ARN of the IAM identity, with the name of the session.
    pub iam_arn: Option<String>,
    /// The identity that stands behind the session (`sts:SourceIdentity`).
    pub source_identity: Option<String>,
    /// The Studio profile's ARN.
    pub user_profile_arn: Option<String>,
    /// The Studio profile's name.
    pub user_profile_name: Option<String>,
}

/// What a list of model packages says of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSummary {
    /// Its ARN.
    pub arn: ModelPackageArn,
    /// Whether a person approved it.
    pub approval_status: ApprovalStatus,
    /// Whether SageMaker finished making it.
    pub status: PackageStatus,
    /// Whether it is a governed registration.
    pub registration: RegistrationType,
    /// When it was registered.
    pub created: Timestamp,
    /// Where it is in its life.
    pub life_cycle: Option<LifeCycle>,
    /// What its owner says of it.
    pub description: Option<String>,
}

impl ModelPackage {
    /// A completed package that nobody decided on yet, and of which nothing else is known.
    pub fn new(arn: ModelPackageArn, created: Timestamp) -> Self {
        Self {
            group: arn.name().clone(),
            version: arn.version(),
            arn,
            approval_status: ApprovalStatus::PendingManualApproval,
            approval_description: None,
            status: PackageStatus::Completed,
            registration: RegistrationType::Registered,
            created,
            created_by: None,
            last_modified_by: None,
            life_cycle: None,
            description: None,
            images: Vec::new(),
            model_data: Vec::new(),
            content_types: Vec::new(),
            response_types: Vec::new(),
            realtime_instance_types: Vec::new(),
            metadata: BTreeMap::new(),
            metrics: Vec::new(),
            detail: Detail::Described,
        }
    }

    /// What a list says of it.
    pub fn summary(&self) -> PackageSummary {
        PackageSummary {
            arn: self.arn.clone(),
            approval_status: self.approval_status.clone(),
            status: self.status.clone(),
            registration: self.registration.clone(),
            created: self.created,
            life_cycle: self.life_cycle.clone(),
            description: self.description.clone(),
        }
    }
}

impl Person {
    /// The name that tells people apart best, of those that SageMaker gave.
    pub fn name(&self) -> Option<&str> {
        [&self.source_identity, &self.iam_arn, &self.user_profile_name, &self.user_profile_arn].into_iter().find_map(Option::as_deref)
    }

    /// Whether both are the same person; none when SageMaker says nothing that the two could be compared by.
    pub fn same_as(&self, other: &Self) -> Option<bool> {
        let kinds = [
            (&self.source_identity, &other.source_identity),
            (&self.iam_arn, &other.iam_arn),
            (&self.user_profile_arn, &other.user_profile_arn),
        ];
        kinds.into_iter().find_map(|kind| match kind {
            (Some(left), Some(right)) => Some(left == right),
            _ => None,
        })
    }
}
