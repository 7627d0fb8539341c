//! Which model packages and releases of a project wait.

use model_registry::{ApprovalStatus, ModelPackageArn, ModelPackageGroup, PackageStatus, PackageSummary, RegistrationType};
use serde::Serialize;

/// The newest model packages of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupReading {
    /// The group.
    pub group: ModelPackageGroup,
    /// Its packages.
    pub packages: Vec<PackageSummary>,
}

/// A model package that waits for an approval or a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// What it waits for.
    pub waits_for: WaitingKind,
    /// The model package's ARN.
    pub model_package: String,
    /// Its version.
    pub version: u32,
    /// Its approval status; none if it is not among the newest packages of the group.
    pub approval_status: Option<String>,
    /// When it was registered (RFC 3339).
    pub created: Option<String>,
    /// The stages that deploy it.
    pub deployed_in: Vec<String>,
    /// The stages that deploy an older one.
    pub not_deployed_in: Vec<String>,
}

/// What a model package waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WaitingKind {
    /// A stage deploys it, and others an older one: the release waits for its approval or its rollout.
    OtherStages,
    /// It is approved, and no stage deploys it.
    Deployment,
    /// It is newer than every deployed and approved one, and waits for its approval in the registry.
    Approval,
}

/// The group of a model package.
pub(crate) fn group_of(package: &ModelPackageArn) -> Option<ModelPackageGroup> {
    let (partition, region, account, name) = (package.partition(), package.region(), package.account(), package.name());
    format!("arn:{partition}:sagemaker:{region}:{account}:model-package-group/{name}").parse().ok()
}

fn version_in(group: &ModelPackageGroup, package: &ModelPackageArn) -> Option<u32> {
    // SageMaker writes the group's name into ARNs as it is or in lower case.
    let is_same = group_of(package).is_some_and(|other| other.request_value().eq_ignore_ascii_case(&group.request_value()));
    package.version().filter(|_| is_same)
}

impl GroupReading {
    /// The package of this ARN, if it is among the newest ones.
    pub(crate) fn find(&self, package: &ModelPackageArn) -> Option<&PackageSummary> {
        self.packages.iter().find(|known| known.arn.as_str().eq_ignore_ascii_case(package.as_str()))
    }

    /// What waits in a project whose stages, by environment type, deploy these packages.
    pub(crate) fn waiting(&self, stages: &[(String, ModelPackageArn)]) -> Vec<Waiting> {
        let deployed: Vec<(&str, u32, &ModelPackageArn)> =
            stages.iter().filter_map(|(stage, package)| Some((stage.as_str(), version_in(&self.group, package)?, package))).collect();
        let Some((_, newest_deployed, package)) = deployed.iter().max_by_key(|(_, version, _)| *version) else { return Vec::new() };
        let mut waiting = Vec::new();
        let stages = |includes: &dyn Fn(u32) -> bool| -> Vec<String> {
            deployed.iter().filter(|(_, version, _)| includes(*version)).map(|(stage, ..)| (*stage).to_owned()).collect()
        };
        let older = stages(&|version| version < *newest_deployed);
        if !older.is_empty() {
            let known = self.find(package);
            waiting.push(Waiting {
                waits_for: WaitingKind::OtherStages,
                model_package: package.to_string(),
                version: *newest_deployed,
                approval_status: known.map(|known| known.approval_status.to_string()),
                created: known.map(|known| known.created.to_string()),
                deployed_in: stages(&|version| version == *newest_deployed),
                not_deployed_in: older,
            });
        }
        let is_usable =
            |package: &&PackageSummary| package.status == PackageStatus::Completed && package.registration == RegistrationType::Registered;
        let versions = |status: ApprovalStatus| {
            let of_status = self.packages.iter().filter(is_usable).filter(move |package| package.approval_status == status);
            of_status.filter_map(|package| Some((package.arn.version()?, package)))
        };
        let waits = |waits_for: WaitingKind, (version, package): (u32, &PackageSummary)| Waiting {
            waits_for,
            model_package: package.arn.to_string(),
            version,
            approval_status: Some(package.approval_status.to_string()),
            created: Some(package.created.to_string()),
            deployed_in: Vec::new(),
            not_deployed_in: stages(&|_| true),
        };
        let approved =
            versions(ApprovalStatus::Approved).filter(|(version, _)| version > newest_deployed).max_by_key(|(version, _)| *version);
        waiting.extend(approved.map(|approved| waits(WaitingKind::Deployment, approved)));
        // A build chooses the newest approved package: the approval of an older one changes nothing.
        let newest = approved.map_or(*newest_deployed, |(version, _)| version);
        let mut pending: Vec<_> = versions(ApprovalStatus::PendingManualApproval).filter(|(version, _)| *version > newest).collect();
        pending.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        waiting.extend(pending.into_iter().map(|pending| waits(WaitingKind::Approval, pending)));
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(version: u32) -> ModelPackageArn {
        format!("arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/{version}").parse().unwrap()
    }

    fn group(statuses: &[&str]) -> GroupReading {
        let package = |(index, status): (usize, &&str)| {
            let version = u32::try_from(index + 1).unwrap();
            PackageSummary {
                arn: arn(version),
                approval_status: ApprovalStatus::from(*status),
                status: PackageStatus::Completed,
                registration: RegistrationType::Registered,
                created: "2026-01-01T00:00:00Z".parse().unwrap(),
                life_cycle: None,
                description: None,
            }
        };
        GroupReading { group: group_of(&arn(1)).unwrap(), packages: statuses.iter().enumerate().map(package).rev().collect() }
    }

    const A: &str = "Approved";
    const P: &str = "PendingManualApproval";
    const R: &str = "Rejected";

    /// What waits, such as `Deployment 3`, with versions deployed in staging and prod.
    fn waits(group: &GroupReading, staging: u32, prod: u32) -> Vec<String> {
        let stages = [("staging".to_owned(), arn(staging)), ("prod".to_owned(), arn(prod))];
        group.waiting(&stages).iter().map(|it| format!("{:?} {}", it.waits_for, it.version)).collect()
    }

    #[test]
    fn a_deployed_package_waits_for_the_stages_with_an_older_one() {
        let group = group(&[A, A]);
        assert_eq!(waits(&group, 2, 2), [""; 0]);
        assert_eq!(waits(&group, 2, 1), ["OtherStages 2"]);
        let waiting = &group.waiting(&[("staging".to_owned(), arn(2)), ("prod".to_owned(), arn(1))])[0];
        assert_eq!((waiting.deployed_in.join(","), waiting.not_deployed_in.join(",")), ("staging".to_owned(), "prod".to_owned()));
        assert_eq!(waiting.approval_status.as_deref(), Some("Approved"));
    }

    #[test]
    fn only_the_newest_approved_package_waits_for_a_deployment() {
        assert_eq!(waits(&group(&[A, A, A, R]), 1, 1), ["Deployment 3"]);
        assert_eq!(waits(&group(&[A, R, R]), 1, 1), [""; 0]);
        let mut failed = group(&[A, A, A]);
        failed.packages[0].status = PackageStatus::Failed;
        failed.packages[1].registration = RegistrationType::Logged;
        assert_eq!(waits(&failed, 1, 1), [""; 0]);
    }

    #[test]
    fn a_pending_package_waits_only_if_its_approval_changes_what_is_built() {
        assert_eq!(waits(&group(&[A, P, A, P, P]), 1, 1), ["Deployment 3", "Approval 5", "Approval 4"]);
        assert_eq!(waits(&group(&[P, A, P]), 2, 2), ["Approval 3"]);
    }

    #[test]
    fn a_group_that_could_not_be_read_still_shows_what_the_stages_differ_in() {
        let unread = GroupReading { packages: Vec::new(), ..group(&[A]) };
        let waiting = unread.waiting(&[("staging".to_owned(), arn(2)), ("prod".to_owned(), arn(1))]);
        assert_eq!((waiting.len(), &waiting[0].approval_status), (1, &None));
    }

    #[test]
    fn packages_of_other_groups_and_spellings_in_lower_case_are_told_apart() {
        let upper: ModelPackageArn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/IRIS/1".parse().unwrap();
        let other: ModelPackageArn = "arn:aws:sagemaker:us-east-1:111111111111:model-package/wine/1".parse().unwrap();
        let group = group(&[A, A]);
        let versions = |package: ModelPackageArn| group.waiting(&[("prod".to_owned(), package)]).len();
        assert_eq!((versions(upper), versions(other)), (1, 0));
    }
}
