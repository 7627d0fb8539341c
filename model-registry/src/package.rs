//! Model packages, as SageMaker describes them.

mod container;
mod metrics;
mod status;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::group::GroupName;
use crate::life_cycle::LifeCycle;
use aws_names::{ModelPackageArn, Principal};

pub(crate) use container::S3DataSource;
pub use container::{PackageArtifact, PackageContainer, environment_digest};
pub use metrics::{MetricDocument, MetricSource};
pub use status::{ApprovalStatus, PackageStatus, RegistrationType};

/// A model package, as SageMaker describes it.
///
/// [`ModelPackage::new`] creates one with nothing else known; set the other fields by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPackage {
    /// Its ARN.
    pub arn: ModelPackageArn,
    /// Its group, or its own name if it is not versioned.
    pub group: GroupName,
    /// Its version in the group.
    pub version: Option<u32>,
    /// Its approval status.
    pub approval_status: ApprovalStatus,
    /// The approver's comment.
    pub approval_description: Option<String>,
    /// Whether SageMaker completed it.
    pub status: PackageStatus,
    /// How it was added to the registry.
    pub registration: RegistrationType,
    /// When it was registered.
    pub created: Timestamp,
    /// Who registered it.
    pub created_by: Option<Person>,
    /// Who last changed anything about it: AWS keeps no other record of the approver.
    pub last_modified_by: Option<Person>,
    /// When anything about it was last changed, the approval included.
    pub last_modified: Option<Timestamp>,
    /// The status of its model card, such as `Approved`, if it has one.
    pub model_card_status: Option<String>,
    /// Its life cycle.
    pub life_cycle: Option<LifeCycle>,
    /// Its description.
    pub description: Option<String>,
    /// The container images that serve it.
    pub images: Vec<String>,
    /// The model artifacts, as S3 URIs: the first one of each container.
    pub model_data: Vec<String>,
    /// The containers, with what the registry knows about their bytes.
    pub containers: Vec<PackageContainer>,
    /// The content types that it accepts.
    pub content_types: Vec<String>,
    /// The media types of its responses.
    pub response_types: Vec<String>,
    /// The instance types that it supports for endpoints; empty if it lists none.
    pub realtime_instance_types: Vec<String>,
    /// Where its sample payloads are (`SamplePayloadUrl`), if it has any.
    pub sample_payloads: Option<String>,
    /// The owner's metadata (`CustomerMetadataProperties`).
    pub metadata: BTreeMap<String, String>,
    /// The documents with its metrics (`ModelMetrics`).
    pub metrics: Vec<MetricDocument>,
    /// How much of it is known.
    pub detail: Detail,
}

/// How much of a model package is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Detail {
    /// Everything that SageMaker returns.
    #[default]
    Described,
    /// Only the list entry: the snapshot does not contain the package's description. Gates that
    /// need more cannot be read.
    Listed,
}

/// Who did something in SageMaker, as far as SageMaker reports it (SageMaker API, UserContext).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The ARN of the IAM identity, including the session name.
    pub iam_arn: Option<String>,
    /// The source identity of the session (`sts:SourceIdentity`).
    pub source_identity: Option<String>,
    /// The Studio profile's ARN.
    pub user_profile_arn: Option<String>,
    /// The Studio profile's name.
    pub user_profile_name: Option<String>,
}

/// An entry of a list of model packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSummary {
    /// Its ARN.
    pub arn: ModelPackageArn,
    /// Its approval status.
    pub approval_status: ApprovalStatus,
    /// Whether SageMaker completed it.
    pub status: PackageStatus,
    /// How it was added to the registry.
    pub registration: RegistrationType,
    /// When it was registered.
    pub created: Timestamp,
    /// Its life cycle.
    pub life_cycle: Option<LifeCycle>,
    /// Its description.
    pub description: Option<String>,
}

impl ModelPackage {
    /// A completed package that is pending approval, with nothing else known.
    pub fn new(arn: ModelPackageArn, created: Timestamp) -> Self {
        Self {
            group: GroupName::from(&arn),
            version: arn.version(),
            arn,
            approval_status: ApprovalStatus::PendingManualApproval,
            approval_description: None,
            status: PackageStatus::Completed,
            registration: RegistrationType::Registered,
            created,
            created_by: None,
            last_modified_by: None,
            last_modified: None,
            model_card_status: None,
            life_cycle: None,
            description: None,
            images: Vec::new(),
            model_data: Vec::new(),
            containers: Vec::new(),
            content_types: Vec::new(),
            response_types: Vec::new(),
            realtime_instance_types: Vec::new(),
            sample_payloads: None,
            metadata: BTreeMap::new(),
            metrics: Vec::new(),
            detail: Detail::Described,
        }
    }

    /// Its list entry.
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
    /// The most specific name that SageMaker returned.
    pub fn name(&self) -> Option<&str> {
        [&self.source_identity, &self.iam_arn, &self.user_profile_name, &self.user_profile_arn].into_iter().find_map(Option::as_deref)
    }

    /// Whether both are the same person; none if SageMaker returned nothing that can be compared.
    ///
    /// Compares the source identities, else the Studio profiles, else the IAM identities. The
    /// creator of a session chooses its name, and many tools choose a new one every time, so two
    /// sessions of a role count as the same person. Only IAM Identity Center (`AWSReservedSSO_…`)
    /// names each session after its user, who is one person with every permission set.
    pub fn same_as(&self, other: &Self) -> Option<bool> {
        let kinds = [
            (self.source_identity.as_deref(), other.source_identity.as_deref()),
            (self.user_profile_arn.as_deref(), other.user_profile_arn.as_deref()),
            (self.iam_arn.as_deref().map(identity), other.iam_arn.as_deref().map(identity)),
        ];
        kinds.into_iter().find_map(|kind| match kind {
            (Some(left), Some(right)) => Some(left == right),
            _ => None,
        })
    }
}

/// The part of an IAM identity's ARN that stays the same in all its sessions.
fn identity(arn: &str) -> &str {
    let end = |rest: &str| &arn[arn.len() - rest.len()..];
    match Principal::of(arn) {
        Ok(Principal::IdentityCenterUser { name, .. }) => end(&name),
        Ok(Principal::Session { session, .. }) => &arn[..arn.len() - session.len() - 1],
        _ => arn,
    }
}

#[cfg(test)]
mod tests {
    use super::Person;

    fn iam(arn: &str) -> Person {
        Person { iam_arn: Some(format!("arn:aws:sts::111111111111:{arn}")), ..Person::default() }
    }

    #[test]
    fn two_sessions_of_a_role_are_one_person_unless_the_session_is_named_for_its_user() {
        let same = |left: &str, right: &str| iam(left).same_as(&iam(right));
        assert_eq!(same("assumed-role/Scientist/botocore-session-1", "assumed-role/Scientist/botocore-session-2"), Some(true));
        assert_eq!(same("assumed-role/Scientist/x", "assumed-role/Approver/x"), Some(false));
        let sso = "assumed-role/AWSReservedSSO_Scientist_0123456789abcdef";
        assert_eq!(same(&format!("{sso}/ann@example.com"), &format!("{sso}/eve@example.com")), Some(false));
        assert_eq!(same(&format!("{sso}/ann@example.com"), &format!("{sso}/ann@example.com")), Some(true));
        // Another permission set does not make another person.
        let other = "assumed-role/AWSReservedSSO_Approver_fedcba9876543210";
        assert_eq!(same(&format!("{sso}/ann@example.com"), &format!("{other}/ann@example.com")), Some(true));
        assert_eq!(same(&format!("{sso}/ann@example.com"), &format!("{other}/eve@example.com")), Some(false));
        // A role whose session has that name is another identity.
        assert_eq!(same(&format!("{sso}/ann@example.com"), "assumed-role/Approver/ann@example.com"), Some(false));
        assert_eq!(same("user/ann", "user/eve"), Some(false));
    }

    #[test]
    fn the_source_identity_is_compared_before_the_session() {
        let behind = |name: &str| Person { source_identity: Some(name.to_owned()), ..iam("assumed-role/Studio/SageMaker") };
        assert_eq!(behind("ann").same_as(&behind("eve")), Some(false));
        let profile = |name: &str| Person { user_profile_arn: Some(name.to_owned()), ..iam("assumed-role/Studio/SageMaker") };
        assert_eq!(profile("ann").same_as(&profile("eve")), Some(false));
        // If they have different identifiers, the common one is compared.
        assert_eq!(behind("ann").same_as(&profile("eve")), Some(true));
        assert_eq!(Person::default().same_as(&iam("user/ann")), None);
    }
}
