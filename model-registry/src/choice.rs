//! Chooses one model package and explains the choice.

mod reason;
mod selection;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;

pub use reason::Reason;
pub use selection::{ParseSelectionError, Selection};

use crate::documents::{Documents, NoDocuments};
use crate::error::{LIST_ALL, RegistryError, RegistryErrorKind};
use crate::group::ModelPackageGroup;
use crate::listing::{endless, list};
use crate::package::{ApprovalStatus, ModelPackage, PackageStatus, PackageSummary, RegistrationType};
use crate::registry::{PackageQuery, Page, Registry};
use crate::release_policy::{Evaluation, GateError, PassedGate, ReleasePolicy, denied, evaluate};
use aws_names::ModelPackageArn;

/// The largest page (SageMaker API, ListModelPackages). One page nearly always contains an approved
/// package.
const PAGE: u8 = 100;

/// The search ends after this many approved packages that fail a gate: an older model is not what a
/// team expects to deploy.
const MAX_CANDIDATES: usize = 100;

/// What a chosen package must satisfy. `D` reads the documents with metrics.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Gates<D = NoDocuments> {
    /// A package that is requested explicitly can be deployed without approval. It must still pass
    /// the gates of the policy.
    pub allow_unapproved: bool,
    /// The team's release policy.
    pub policy: ReleasePolicy,
    /// Reads the documents with metrics.
    pub documents: D,
}

impl Default for Gates {
    /// Only what SageMaker itself requires: approved, completed, registered.
    fn default() -> Self {
        Self { allow_unapproved: false, policy: ReleasePolicy::default(), documents: NoDocuments }
    }
}

impl<D: Documents> Gates<D> {
    /// The gates of a policy.
    pub fn new(policy: ReleasePolicy, documents: D) -> Self {
        Self { allow_unapproved: false, policy, documents }
    }
}

/// The chosen package, and why it was chosen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// The package.
    pub package: ModelPackage,
    /// What was requested.
    pub selection: Selection,
    /// Why this package was chosen.
    pub because: ChoiceReason,
    /// The packages that were considered before this one, each with the reason why it was skipped.
    pub skipped: Vec<SkippedPackage>,
    /// The gates of the policy that it passes, and the values found.
    pub gates: Vec<PassedGate>,
    /// It is not approved, and [`Gates::allow_unapproved`] allowed it.
    pub without_approval: bool,
}

/// Why a package was chosen. Its `Display` is a phrase for people.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ChoiceReason {
    /// It is the newest deployable package of its group.
    Newest {
        /// The group.
        group: ModelPackageGroup,
        /// Its version; none for an unversioned package.
        version: Option<u32>,
        /// How many newer ones are not deployable.
        newer: usize,
        /// There are newer ones that were not examined one by one.
        more: bool,
        /// How many gates of the release policy it passes.
        gates: usize,
    },
    /// It was requested explicitly.
    Requested {
        /// How it was requested.
        selection: Selection,
        /// What requested it if a person did not: an event, for example.
        requested_by: Option<String>,
        /// Its approval status, if it is deployed without approval.
        without_approval: Option<ApprovalStatus>,
        /// How many gates of the release policy it passes.
        gates: usize,
    },
}

/// A package that was not chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct SkippedPackage {
    /// Its ARN.
    pub arn: ModelPackageArn,
    /// Why it was skipped.
    pub reason: Reason,
}

/// What was found in a group without a deployable package.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// The newest packages, each with the reason why it was skipped.
    pub skipped: Vec<SkippedPackage>,
    /// Whether there are older ones that were not examined one by one.
    pub more: bool,
}

/// Why no package was chosen.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// The group has no deployable package. In a pipeline's first run this is not a failure.
    #[error("{} `{group}`: {found}", found.headline())]
    NothingToDeploy {
        /// The group.
        group: ModelPackageGroup,
        /// What the group contains instead.
        found: Candidates,
    },
    /// The requested package is not deployable.
    #[error("model package `{arn}` is not deployed: {reason}")]
    NotAcceptable {
        /// The package.
        arn: ModelPackageArn,
        /// Why not.
        reason: Reason,
    },
    /// The requested package belongs to another group.
    #[error("model package `{arn}` is not of group `{group}`")]
    OtherGroup {
        /// The package.
        arn: ModelPackageArn,
        /// The requested group.
        group: ModelPackageGroup,
    },
    /// The named package is not in its group.
    #[error("{selection} does not exist in group `{group}`{}", newest_words(.newest.as_ref()))]
    NoSuchPackage {
        /// The named package.
        selection: Selection,
        /// The group.
        group: ModelPackageGroup,
        /// The newest package of the group, if it has any.
        newest: Option<ModelPackageArn>,
    },
    /// The named package is not in the registry snapshot, whose list is not complete.
    #[error(
        "{selection} of group `{group}` is not in the registry snapshot, whose list is cut off (it has a `NextToken`): \
         whether it exists, and which version is the newest, is unknown"
    )]
    NotInCutOffList {
        /// The named package.
        selection: Selection,
        /// The group.
        group: ModelPackageGroup,
    },
    /// A gate of the policy could not be read, so it is not known whether the package passes.
    #[error("model package `{arn}` is not deployed: {error}")]
    Gate {
        /// The package.
        arn: ModelPackageArn,
        /// Which gate, and why.
        #[source]
        error: GateError,
    },
    /// A call to the registry failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Chooses a model package.
///
/// The newest approved package usually needs one list request, at any size of the group, and one
/// request to describe it. A requested version or ARN needs no list. If none of the newest hundred
/// packages is deployable, the search continues among the approved ones only. Metrics gates read
/// their documents only for packages that pass all other gates.
pub async fn select<R: Registry, D: Documents>(
    registry: &R,
    group: &ModelPackageGroup,
    selection: &Selection,
    gates: &Gates<D>,
) -> Result<Choice, SelectError> {
    match selection {
        Selection::LatestApproved => latest_approved(registry, group, gates).await,
        Selection::Version(version) => {
            let arn = match registry.version(group, *version).await {
                Err(error) if is_missing(&error) => return Err(no_such_package(registry, group, selection, error).await),
                arn => arn?,
            };
            requested(registry, group, &arn, selection, gates).await
        }
        Selection::Arn(arn) => requested(registry, group, arn, selection, gates).await,
    }
}

async fn latest_approved<R: Registry, D: Documents>(
    registry: &R,
    group: &ModelPackageGroup,
    gates: &Gates<D>,
) -> Result<Choice, SelectError> {
    let mut skipped: Vec<SkippedPackage> = Vec::new();
    let mut query = PackageQuery { group: group.clone(), approval_status: None, page_size: PAGE, next_token: None };
    let mut tokens = HashSet::new();
    let mut examined = HashSet::new();
    let mut candidates = 0;
    let mut more = false;
    'search: loop {
        let Page { mut packages, next_token } = registry.packages(&query).await?;
        // SageMaker sorts by creation time only. Of two packages created in the same second, the
        // higher version is newer.
        packages.sort_by_key(|package| Reverse((package.created, package.arn.version())));
        for summary in packages {
            // The search among the approved packages begins at the newest again.
            if !examined.insert(summary.arn.clone()) {
                continue;
            }
            let objection = objection(&summary.approval_status, &summary.status, &summary.registration)
                .or_else(|| denied(&gates.policy, &summary.arn).map(|denied| Reason::Denied { because: denied.reason.clone() }));
            if let Some(reason) = objection {
                skipped.push(SkippedPackage { arn: summary.arn, reason });
                continue;
            }
            if candidates == MAX_CANDIDATES {
                more = true;
                break 'search;
            }
            candidates += 1;
            match candidate(registry, &summary, gates).await? {
                Ok((package, passed)) => {
                    let because = ChoiceReason::Newest {
                        group: group.clone(),
                        version: package.version,
                        newer: skipped.len(),
                        more,
                        gates: passed.len(),
                    };
                    let selection = Selection::LatestApproved;
                    return Ok(Choice { package, selection, because, skipped, gates: passed, without_approval: false });
                }
                Err(reason) => skipped.push(SkippedPackage { arn: summary.arn, reason }),
            }
        }
        match next_token {
            None => break,
            Some(token) if !tokens.insert((query.approval_status.is_some(), token.clone())) => {
                return Err(endless().into());
            }
            Some(_) if query.approval_status.is_none() && !skipped.is_empty() => {
                more = true;
                query.approval_status = Some(ApprovalStatus::Approved);
                query.next_token = None;
            }
            token => query.next_token = token,
        }
    }
    Err(SelectError::NothingToDeploy { group: group.clone(), found: Candidates { skipped, more } })
}

/// Describes a package that is acceptable by its list entry, and evaluates the gates. Returns a
/// reason if it is not deployable.
async fn candidate<R: Registry, D: Documents>(
    registry: &R,
    summary: &PackageSummary,
    gates: &Gates<D>,
) -> Result<Result<(ModelPackage, Vec<PassedGate>), Reason>, SelectError> {
    let package = match registry.describe(&summary.arn).await {
        Ok(package) => package,
        Err(error) if is_missing(&error) => {
            return Ok(Err(Reason::Deleted));
        }
        Err(error) => return Err(error.into()),
    };
    match objection(&package.approval_status, &package.status, &package.registration) {
        None => {}
        Some(Reason::Approval(_)) => return Ok(Err(Reason::Withdrawn)),
        Some(reason) => return Ok(Err(reason)),
    }
    Ok(evaluate_gates(&package, gates).await?.map(|passed| (package, passed)))
}

/// Evaluates the gates of the policy for a package.
async fn evaluate_gates<D: Documents>(package: &ModelPackage, gates: &Gates<D>) -> Result<Result<Vec<PassedGate>, Reason>, SelectError> {
    match evaluate(&gates.policy, &gates.documents, package).await {
        Ok(Evaluation::Passed(gates)) => Ok(Ok(gates)),
        Ok(Evaluation::Violated(violations)) => Ok(Err(Reason::Gates(violations))),
        Err(error) => Err(SelectError::Gate { arn: package.arn.clone(), error }),
    }
}

async fn requested<R: Registry, D: Documents>(
    registry: &R,
    group: &ModelPackageGroup,
    arn: &ModelPackageArn,
    selection: &Selection,
    gates: &Gates<D>,
) -> Result<Choice, SelectError> {
    let same_group = arn.name().eq_ignore_ascii_case(group.name().as_str());
    let same_owner = group.account().is_none_or(|account| account == arn.account());
    if arn.version().is_some() && !(same_group && same_owner) {
        return Err(SelectError::OtherGroup { arn: arn.clone(), group: group.clone() });
    }
    let package = match registry.describe(arn).await {
        Err(error) if is_missing(&error) => return Err(no_such_package(registry, group, selection, error).await),
        described => described?,
    };
    let not_acceptable = |reason| SelectError::NotAcceptable { arn: arn.clone(), reason };
    let mut without_approval = None;
    match objection(&package.approval_status, &package.status, &package.registration) {
        None => {}
        Some(Reason::Approval(status)) if gates.allow_unapproved => {
            // `allow_unapproved` covers missing approval only. Packages that SageMaker did not
            // complete, and logged ones, cannot be deployed.
            if let Some(reason) = unusable(&package.status, &package.registration) {
                return Err(not_acceptable(reason));
            }
            without_approval = Some(status);
        }
        Some(reason) => return Err(not_acceptable(reason)),
    }
    if let Some(denied) = denied(&gates.policy, &package.arn) {
        return Err(not_acceptable(Reason::Denied { because: denied.reason.clone() }));
    }
    let passed = evaluate_gates(&package, gates).await?.map_err(not_acceptable)?;
    let is_without_approval = without_approval.is_some();
    let because = ChoiceReason::Requested { selection: selection.clone(), requested_by: None, without_approval, gates: passed.len() };
    Ok(Choice { package, selection: selection.clone(), because, skipped: Vec::new(), gates: passed, without_approval: is_without_approval })
}

/// The error for a named package that the registry does not have, with the newest package of the
/// group. If the group cannot be listed, it is the registry's own error.
async fn no_such_package<R: Registry>(registry: &R, group: &ModelPackageGroup, selection: &Selection, error: RegistryError) -> SelectError {
    match list(registry, group, Some(1)).await {
        Ok(listing) => {
            if listing.is_cut_off {
                return SelectError::NotInCutOffList { selection: selection.clone(), group: group.clone() };
            }
            let newest = listing.packages.into_iter().next().map(|package| package.arn);
            SelectError::NoSuchPackage { selection: selection.clone(), group: group.clone(), newest }
        }
        Err(_) => error.into(),
    }
}

fn is_missing(error: &RegistryError) -> bool {
    matches!(error.kind, RegistryErrorKind::NotFound | RegistryErrorKind::NotInSnapshot)
}

fn newest_words(newest: Option<&ModelPackageArn>) -> String {
    match newest.map(|newest| (newest.version(), newest)) {
        Some((Some(version), _)) => format!("; the newest is version {version}"),
        Some((None, arn)) => format!("; the newest is `{arn}`"),
        None => "; the group has no model packages".to_owned(),
    }
}

/// Why a package is not deployable, if so.
fn objection(approval: &ApprovalStatus, status: &PackageStatus, registration: &RegistrationType) -> Option<Reason> {
    if *approval == ApprovalStatus::Approved { unusable(status, registration) } else { Some(Reason::Approval(approval.clone())) }
}

/// Why a package would not be deployable even if it were approved, if so.
fn unusable(status: &PackageStatus, registration: &RegistrationType) -> Option<Reason> {
    if *status != PackageStatus::Completed {
        Some(Reason::Status(status.clone()))
    } else if *registration == RegistrationType::Logged {
        Some(Reason::Logged)
    } else {
        None
    }
}

impl fmt::Display for ChoiceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest { group, version, newer, more, gates } => {
                if let Some(version) = version {
                    write!(f, "version {version} is ")?;
                }
                write!(f, "the newest approved model package of `{}`; ", group.name())?;
                match newer {
                    count if *more => write!(f, "at least {count} newer ones are not deployable")?,
                    0 => f.write_str("there is no newer one")?,
                    1 => f.write_str("1 newer one is not deployable")?,
                    count => write!(f, "{count} newer ones are not deployable")?,
                }
                f.write_str(&passed_gates(*gates))
            }
            Self::Requested { selection, requested_by, without_approval, gates } => {
                match requested_by {
                    Some(words) => f.write_str(words)?,
                    None => write!(f, "{selection} was requested")?,
                }
                if let Some(status) = without_approval {
                    write!(f, ", and is deployed although it is {}", reason::words(status))?;
                }
                f.write_str(&passed_gates(*gates))
            }
        }
    }
}

fn passed_gates(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "; it passes the 1 gate of the release policy".to_owned(),
        count => format!("; it passes the {count} gates of the release policy"),
    }
}

impl SelectError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NothingToDeploy { found, .. } if found.skipped.is_empty() => {
                Some("register a model package in the group and approve it; check the group's name and the region".to_owned())
            }
            Self::NothingToDeploy { found, .. } if found.approved_but_failed() => {
                Some("approve a model package that passes the release policy, or change the policy".to_owned())
            }
            Self::NothingToDeploy { found, .. } => Some(match found.newest_pending() {
                Some(arn) => format!(
                    "approve a model package in SageMaker Studio, or the newest pending one with \
                     `aws sagemaker update-model-package --model-package-arn {arn} --model-approval-status Approved`"
                ),
                None => "approve a model package in SageMaker Studio".to_owned(),
            }),
            Self::NotAcceptable { reason: Reason::Approval(_), .. } => Some("approve it, or choose another version".to_owned()),
            Self::NotAcceptable { reason: Reason::Gates(_) | Reason::Denied { .. }, .. } => {
                Some("choose a version that passes the release policy, or change the policy".to_owned())
            }
            Self::NotAcceptable { .. } => Some("choose another version".to_owned()),
            Self::NoSuchPackage { .. } => Some("choose a version of the group; list the group to see its versions".to_owned()),
            Self::NotInCutOffList { .. } => Some(LIST_ALL.to_owned()),
            Self::OtherGroup { .. } => Some("use the group that it belongs to".to_owned()),
            Self::Gate { error, .. } => error.hint.clone(),
            Self::Registry(error) => error.hint(),
        }
    }
}

impl Candidates {
    /// Whether there are approved packages that fail the release policy.
    fn approved_but_failed(&self) -> bool {
        self.skipped.iter().any(|skipped| matches!(skipped.reason, Reason::Gates(_) | Reason::Denied { .. }))
    }

    fn newest_pending(&self) -> Option<&ModelPackageArn> {
        let pending = |skipped: &&SkippedPackage| matches!(skipped.reason, Reason::Approval(ApprovalStatus::PendingManualApproval));
        self.skipped.iter().find(pending).map(|skipped| &skipped.arn)
    }

    fn headline(&self) -> &'static str {
        if self.approved_but_failed() { "no deployable model package in group" } else { "no approved model package in group" }
    }
}

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(newest) = self.skipped.first() else { return f.write_str("the group is empty") };
        let mut counts: Vec<(String, usize)> = Vec::new();
        for reason in self.skipped.iter().map(|skipped| skipped.reason.kind()) {
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
