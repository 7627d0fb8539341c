//! Choosing one model package, and saying why.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use crate::arn::ModelPackageArn;
use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::ModelPackageGroup;
use crate::package::{ApprovalStatus, ModelPackage, PackageStatus, PackageSummary, RegistrationType};
use crate::registry::{PackageQuery, Page, Registry};

/// The most that a page holds (SageMaker API, ListModelPackages): one page nearly always has an approved package in it.
const PAGE: u8 = 100;

/// Which model package is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The newest approved one, by creation time.
    LatestApproved,
    /// A version of the group.
    Version(u32),
    /// This very one, perhaps of another account.
    Arn(ModelPackageArn),
}

/// What a chosen package must satisfy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gates {
    /// A package that was named may be deployed without approval.
    pub allow_unapproved: bool,
}

/// The chosen package, and why it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The package.
    pub package: ModelPackage,
    /// What was wanted.
    pub selection: Selection,
    /// Why this one, in words.
    pub because: String,
    /// The packages that are newer or were looked at before, and were not chosen.
    pub passed_over: Vec<PassedOver>,
}

/// A package that was not chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Its ARN.
    pub arn: ModelPackageArn,
    /// Why not.
    pub reason: Reason,
}

/// Why a package was not chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It is not approved.
    Approval(ApprovalStatus),
    /// SageMaker did not finish making it.
    Status(PackageStatus),
    /// It is logged, not registered.
    Logged,
    /// The list said approved, and the description no longer does.
    Withdrawn,
    /// It was in the list, and is no longer there.
    Deleted,
}

/// What was found where there was nothing to deploy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The newest packages, each with the reason why it was not chosen.
    pub passed_over: Vec<PassedOver>,
    /// Whether there are older ones that were not looked at one by one.
    pub more: bool,
}

/// Why no package was chosen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// The group has no package that may be deployed: in a pipeline's first run this is no failure.
    #[error("no approved model package in group `{group}`: {found}")]
    NothingToDeploy {
        /// The group.
        group: ModelPackageGroup,
        /// What is there instead.
        found: Found,
    },
    /// The package that was named may not be deployed.
    #[error("model package `{arn}` is not deployed: {reason}")]
    NotAcceptable {
        /// The package.
        arn: ModelPackageArn,
        /// Why not.
        reason: Reason,
    },
    /// The package that was named is of another group.
    #[error("model package `{arn}` is not of group `{group}`")]
    OtherGroup {
        /// The package.
        arn: ModelPackageArn,
        /// The group that was named.
        group: ModelPackageGroup,
    },
    /// The registry refused, or could not be asked.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The text is no selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a version nor the ARN of a model package")]
pub struct ParseSelectionError(String);

/// Chooses a model package.
///
/// The newest approved package needs one list request in the usual case, at any size of the group, and one to describe it; a named one
/// needs no list. When none of the newest hundred may be deployed, the search goes on among the approved ones only.
pub async fn select<R: Registry>(
    registry: &R,
    group: &ModelPackageGroup,
    selection: &Selection,
    gates: &Gates,
) -> Result<Choice, SelectError> {
    match selection {
        Selection::LatestApproved => latest_approved(registry, group).await,
        Selection::Version(version) => {
            let arn = registry.version(group, *version).await?;
            named(registry, group, &arn, selection, gates).await
        }
        Selection::Arn(arn) => named(registry, group, arn, selection, gates).await,
    }
}

async fn latest_approved<R: Registry>(registry: &R, group: &ModelPackageGroup) -> Result<Choice, SelectError> {
    let mut passed_over: Vec<PassedOver> = Vec::new();
    let mut query = PackageQuery { group: group.clone(), approval_status: None, page_size: PAGE, next_token: None };
    let mut tokens = HashSet::new();
    let mut more = false;
    loop {
        let Page { mut packages, next_token } = registry.packages(&query).await?;
        // SageMaker sorts by creation time alone: of two that were made in the same second the higher version is the newer.
        packages.sort_by_key(|package| Reverse((package.created, package.arn.version())));
        for summary in packages {
            // The search among the approved ones begins at the newest again.
            if passed_over.iter().any(|passed| passed.arn == summary.arn) {
                continue;
            }
            if let Some(reason) = objection(&summary.approval_status, &summary.status, &summary.registration) {
                passed_over.push(PassedOver { arn: summary.arn, reason });
                continue;
            }
            if let Some(package) = describe(registry, &summary, &mut passed_over).await? {
                let because = because(group, &package, &passed_over, more);
                return Ok(Choice { package, selection: Selection::LatestApproved, because, passed_over });
            }
        }
        match next_token {
            None => break,
            Some(token) if !tokens.insert((query.approval_status.is_some(), token.clone())) => {
                let message = "the list of model packages does not end: a page's token came twice";
                return Err(RegistryError::new("sagemaker:ListModelPackages", RegistryErrorKind::Malformed, message).into());
            }
            Some(_) if query.approval_status.is_none() && !passed_over.is_empty() => {
                more = true;
                query.approval_status = Some(ApprovalStatus::Approved);
                query.next_token = None;
            }
            token => query.next_token = token,
        }
    }
    Err(SelectError::NothingToDeploy { group: group.clone(), found: Found { passed_over, more } })
}

/// Describes a package that the list calls acceptable; none when the description says otherwise by now.
async fn describe<R: Registry>(
    registry: &R,
    summary: &PackageSummary,
    passed_over: &mut Vec<PassedOver>,
) -> Result<Option<ModelPackage>, SelectError> {
    let reason = match registry.describe(&summary.arn).await {
        Ok(package) => match objection(&package.approval_status, &package.status, &package.registration) {
            None => return Ok(Some(package)),
            Some(Reason::Approval(_)) => Reason::Withdrawn,
            Some(reason) => reason,
        },
        Err(error) if error.kind == RegistryErrorKind::NotFound => Reason::Deleted,
        Err(error) => return Err(error.into()),
    };
    passed_over.push(PassedOver { arn: summary.arn.clone(), reason });
    Ok(None)
}

async fn named<R: Registry>(
    registry: &R,
    group: &ModelPackageGroup,
    arn: &ModelPackageArn,
    selection: &Selection,
    gates: &Gates,
) -> Result<Choice, SelectError> {
    let same_group = arn.name().as_str().eq_ignore_ascii_case(group.name().as_str());
    let same_owner = group.account().is_none_or(|account| account == arn.account());
    if arn.version().is_some() && !(same_group && same_owner) {
        return Err(SelectError::OtherGroup { arn: arn.clone(), group: group.clone() });
    }
    let package = registry.describe(arn).await?;
    let mut because = format!("{selection} was named");
    match objection(&package.approval_status, &package.status, &package.registration) {
        None => {}
        Some(Reason::Approval(status)) if gates.allow_unapproved => {
            // The leave is for a missing approval only: what SageMaker did not finish, or what was only logged, cannot be deployed.
            if let Some(reason) = unusable(&package.status, &package.registration) {
                return Err(SelectError::NotAcceptable { arn: arn.clone(), reason });
            }
            because = format!("{because}, and may be deployed although it is {}", words(&status));
        }
        Some(reason) => return Err(SelectError::NotAcceptable { arn: arn.clone(), reason }),
    }
    Ok(Choice { package, selection: selection.clone(), because, passed_over: Vec::new() })
}

/// Why a package may not be deployed, if so.
fn objection(approval: &ApprovalStatus, status: &PackageStatus, registration: &RegistrationType) -> Option<Reason> {
    if *approval == ApprovalStatus::Approved { unusable(status, registration) } else { Some(Reason::Approval(approval.clone())) }
}

/// Why a package could not be deployed even if it were approved, if so.
fn unusable(status: &PackageStatus, registration: &RegistrationType) -> Option<Reason> {
    if *status != PackageStatus::Completed {
        Some(Reason::Status(status.clone()))
    } else if *registration == RegistrationType::Logged {
        Some(Reason::Logged)
    } else {
        None
    }
}

/// `more`: there are newer ones that were not looked at one by one.
fn because(group: &ModelPackageGroup, package: &ModelPackage, passed_over: &[PassedOver], more: bool) -> String {
    let newer = match passed_over.len() {
        count if more => format!("{count} newer ones or more may not be deployed"),
        0 => "there is no newer one".to_owned(),
        1 => "1 newer one may not be deployed".to_owned(),
        count => format!("{count} newer ones may not be deployed"),
    };
    let version = package.version.map_or_else(String::new, |version| format!("version {version} is "));
    format!("{version}the newest approved model package of `{}`; {newer}", group.name())
}

fn words(status: &ApprovalStatus) -> String {
    match status {
        ApprovalStatus::Approved => "approved".to_owned(),
        ApprovalStatus::Rejected => "rejected".to_owned(),
        ApprovalStatus::PendingManualApproval => "pending approval".to_owned(),
        ApprovalStatus::Other(word) => format!("approval status {word}"),
    }
}

impl SelectError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NothingToDeploy { found, .. } if found.passed_over.is_empty() => {
                Some("register a model package in the group and approve it; check the group's name and the region".to_owned())
            }
            Self::NothingToDeploy { .. } => {
                Some("approve a model package in SageMaker Studio, or with `aws sagemaker update-model-package`".to_owned())
            }
            Self::NotAcceptable { reason: Reason::Approval(_), .. } => Some("approve it, or name another version".to_owned()),
            Self::NotAcceptable { .. } => Some("name another version".to_owned()),
            Self::OtherGroup { .. } => Some("name the group that it belongs to".to_owned()),
            Self::Registry(error) => error.hint(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approval(status) => f.write_str(&words(status)),
            Self::Status(status) => write!(f, "status is {status}"),
            Self::Logged => f.write_str("logged, not registered"),
            Self::Withdrawn => f.write_str("its approval was withdrawn a moment ago"),
            Self::Deleted => f.write_str("deleted a moment ago"),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(newest) = self.passed_over.first() else { return f.write_str("it has none at all") };
        let mut counts: Vec<(String, usize)> = Vec::new();
        for reason in self.passed_over.iter().map(|passed| passed.reason.to_string()) {
            match counts.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += 1,
                None => counts.push((reason, 1)),
            }
        }
        let counts: Vec<_> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let newest_version = newest.arn.version().map_or_else(|| newest.arn.to_string(), |version| format!("version {version}"));
        let among = if self.more { "among the newest there are " } else { "there are " };
        write!(f, "{among}{}; the newest is {newest_version}, {}", counts.join(", "), newest.reason)
    }
}

impl FromStr for Selection {
    type Err = ParseSelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseSelectionError(text.to_owned());
        if text.starts_with("arn:") {
            return text.parse().map(Self::Arn).map_err(|_| refused());
        }
        match text.parse::<u32>() {
            Ok(version) if version > 0 && version <= 999_999_999 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self::Version(version))
            }
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LatestApproved => f.write_str("latest-approved"),
            Self::Version(version) => write!(f, "version {version}"),
            Self::Arn(arn) => write!(f, "{arn}"),
        }
    }
}
