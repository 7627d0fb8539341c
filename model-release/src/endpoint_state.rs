//! What an endpoint serves now, and with how many instances.

use std::collections::BTreeSet;

use endpoint_test::{Description, EndpointStatus, FindingCode, Outcome, TargetReport, Variant};
use model_registry::ModelPackageArn;
use serde::{Deserialize, Serialize};
use stack_rollout::{AccountId, Region, Target};

/// The endpoints of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TargetEndpoints {
    /// The account.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub account_id: AccountId,
    /// The region.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub region: Region,
    /// The endpoints; none if there is no stack.
    pub endpoints: Vec<EndpointState>,
}

/// The desired number of instances of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VariantCapacity {
    /// The variant's name.
    pub variant: String,
    /// Its desired number of instances.
    pub desired_instances: i32,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EndpointState {
    /// Its name.
    pub endpoint: String,
    /// Whether it serves the model package that the newest operation deploys.
    pub health: Health,
    /// Its status, such as `InService`; none if it could not be read.
    pub status: Option<String>,
    /// The model packages that its variants serve.
    pub model_packages: Vec<String>,
    /// The desired number of instances of each variant that has instances.
    pub capacity: Vec<VariantCapacity>,
    /// The reason if the endpoint is not `ok`.
    pub reason: Option<String>,
    /// What to do if the endpoint could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Whether a target or endpoint serves the model package that the newest operation deploys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It serves it.
    Ok,
    /// It could not be read.
    Unknown,
    /// It serves another model package, or is being updated.
    Differs,
    /// It failed.
    Failed,
}

impl Health {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Differs => "differs",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().max().unwrap_or(Self::Ok)
    }
}

impl EndpointState {
    /// An endpoint that could not be read, and what to do about it.
    pub fn unread(endpoint: &str, reason: String, hint: Option<String>) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            health: Health::Unknown,
            status: None,
            model_packages: Vec::new(),
            capacity: Vec::new(),
            reason: Some(reason),
            hint,
        }
    }

    /// Whether it could not be read.
    pub(crate) fn is_unread(&self) -> bool {
        self.health == Health::Unknown && self.status.is_none()
    }

    /// An endpoint that does not exist.
    pub fn missing(endpoint: &str) -> Self {
        Self { health: Health::Differs, ..Self::unread(endpoint, "the endpoint does not exist".to_owned(), None) }
    }

    /// An endpoint with SageMaker's description; `deployed` is the model package of the newest operation.
    pub fn described(endpoint: &str, description: &Description, deployed: Option<&str>) -> Self {
        let packages: BTreeSet<&String> = description.variants.iter().flat_map(|variant| &variant.model_packages).collect();
        // The release may deploy its package as a shadow variant.
        let of_shadows = || description.shadow_variants.iter().flat_map(|variant| &variant.model_packages);
        let is_served = |deployed: &str| packages.iter().copied().chain(of_shadows()).any(|package| package.eq_ignore_ascii_case(deployed));
        let failure = |reason: &str| description.failure_reason.clone().or_else(|| Some(reason.to_owned()));
        let (health, reason) = match (&description.status, deployed) {
            (EndpointStatus::Failed | EndpointStatus::OutOfService | EndpointStatus::UpdateRollbackFailed, _) => {
                (Health::Failed, failure("SageMaker gave no reason"))
            }
            (status, _) if *status != EndpointStatus::InService => (Health::Differs, failure("an update is running")),
            (_, Some(deployed)) if !is_served(deployed) && packages.is_empty() => {
                (Health::Unknown, Some("its variants have no model package".to_owned()))
            }
            (_, Some(deployed)) if !is_served(deployed) => {
                let served: Vec<_> = packages.iter().map(|package| version(package)).collect();
                (Health::Differs, Some(format!("it serves {}, but the newest operation deploys {}", served.join(", "), version(deployed))))
            }
            _ => (Health::Ok, None),
        };
        Self {
            endpoint: endpoint.to_owned(),
            health,
            status: Some(description.status.as_str().to_owned()),
            model_packages: packages.into_iter().cloned().collect(),
            capacity: VariantCapacity::of(&description.variants),
            reason,
            hint: None,
        }
    }

    /// The endpoint as its identity checks found it. If it is in service, only the check of its
    /// model package decides: with another failed check it serves the release all the same.
    pub fn of_report(report: &TargetReport) -> Self {
        let is_in_service = report.status.as_deref() == Some(EndpointStatus::InService.as_str());
        let identity = report.identity().filter(|_| is_in_service);
        let failed = report.checks.iter().find(|check| check.outcome.is_wrong());
        if failed.is_some_and(|check| check.code == Some(FindingCode::EndpointMissing)) {
            return Self::missing(&report.endpoint);
        }
        let deciding = identity.filter(|check| check.outcome.is_wrong()).or(failed.filter(|_| identity.is_none()));
        let health = match deciding.map(|check| check.outcome) {
            None => Health::Ok,
            Some(Outcome::Errored) => Health::Unknown,
            Some(_) if identity.is_some() => Health::Differs,
            // Another check failed before the model package was checked.
            Some(_) if is_in_service => Health::Unknown,
            Some(_) => Health::Failed,
        };
        let packages: BTreeSet<&String> = report.variants.iter().flat_map(|variant| &variant.model_packages).collect();
        Self {
            endpoint: report.endpoint.clone(),
            health,
            status: report.status.clone(),
            model_packages: packages.into_iter().cloned().collect(),
            capacity: VariantCapacity::of(&report.variants),
            reason: deciding.and_then(|check| check.message.clone()),
            hint: deciding.filter(|_| health == Health::Unknown).and_then(|check| check.hint.clone()),
        }
    }

    /// What it serves, such as `serves version 7`, with its status or the reason if it is not `ok`.
    pub fn summary(&self) -> String {
        let packages: Vec<_> = self.model_packages.iter().map(|package| version(package)).collect();
        let status = self.status.as_deref().filter(|status| *status != EndpointStatus::InService.as_str());
        match (packages.is_empty(), status, self.reason.as_deref()) {
            (false, None, _) => format!("serves {}", packages.join(", ")),
            (false, Some(status), _) => format!("serves {} ({status})", packages.join(", ")),
            (true, Some(status), Some(reason)) => format!("{status}: {reason}"),
            (true, Some(status), None) => status.to_owned(),
            (true, None, Some(reason)) if self.health == Health::Unknown => format!("unknown: {reason}"),
            (true, None, Some(reason)) => format!("not in service: {reason}"),
            (true, None, None) => "serves no model package".to_owned(),
        }
    }
}

impl VariantCapacity {
    fn of(variants: &[Variant]) -> Vec<Self> {
        let capacity = |variant: &Variant| Some(Self { variant: variant.name.clone(), desired_instances: variant.desired_instance_count? });
        variants.iter().filter_map(capacity).collect()
    }
}

impl TargetEndpoints {
    /// The endpoints of a target.
    pub fn new(target: Target, endpoints: Vec<EndpointState>) -> Self {
        Self { account_id: target.account, region: target.region, endpoints }
    }

    /// The endpoints of identity checks, by target.
    pub fn of_reports(reports: &[TargetReport]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for report in reports {
            let (Ok(account), Ok(region)) = (report.account_id.parse(), report.region.parse()) else { continue };
            let (target, endpoint) = (Target::new(account, region), EndpointState::of_report(report));
            match all.iter_mut().find(|known| known.target() == target) {
                Some(known) => known.endpoints.push(endpoint),
                None => all.push(Self::new(target, vec![endpoint])),
            }
        }
        all.sort_by_key(Self::target);
        all
    }

    /// The target.
    pub fn target(&self) -> Target {
        Target::new(self.account_id.clone(), self.region.clone())
    }
}

/// `version 7`, or the ARN if the package has no version.
pub(crate) fn version(arn: &str) -> String {
    let version = arn.parse::<ModelPackageArn>().ok().and_then(|arn| arn.version());
    version.map_or_else(|| arn.to_owned(), |version| format!("version {version}"))
}
