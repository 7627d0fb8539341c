//! Choosing one model package, and saying why.

mod reason;
mod selection;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;

pub use reason::Reason;
pub use selection::{ParseSelectionError, Selection};

use crate::documents::{Documents, NoDocuments};
use crate::error::{RegistryError, RegistryErrorKind};
use crate::group::ModelPackageGroup;
use crate::listing::{endless, list};
use crate::package::{ApprovalStatus, ModelPackage, PackageStatus, PackageSummary, RegistrationType};
use crate::registry::{PackageQuery, Page, Registry};
use crate::release_policy::{Evaluation, GateError, PassedGate, ReleasePolicy, denied, evaluate};
use aws_names::ModelPackageArn;

/// The most that a page holds (SageMaker API, ListModelPackages): one page nearly always has an approved package in it.
const PAGE: u8 = 100;

/// Of a group whose approved packages all fail a gate, this many are described and no more: a model that old is not what anybody waits for.
const MOST_CANDIDATES: usize = 100;

/// What a chosen package must satisfy. `D` is where the documents with metrics are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Gates<D = NoDocuments> {
    /// A package that was named may be deployed without approval; the gates of the policy hold for it all the same.
    pub allow_unapproved: bool,
    /// What the team demands.
    pub policy: ReleasePolicy,
    /// Where the documents with metrics are.
    pub documents: D,
}

impl Default for Gates {
    /// Nothing but what SageMaker itself asks for: approved, completed, registered.
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
    /// What was wanted.
    pub selection: Selection,
    /// Why this one.
    pub because: Because,
    /// The packages that are newer or were looked at before, and were not chosen.
    pub passed_over: Vec<SkippedPackage>,
    /// The gates of the policy that it meets, and what was found.
    pub gates: Vec<PassedGate>,
    /// Nobody approved it, and [`Gates::allow_unapproved`] let it through.
    pub without_approval: bool,
}

/// Why a package was chosen. Displays as words.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Because {
    /// It is the newest deployable package of its group.
    Newest {
        /// The group.
        group: ModelPackageGroup,
        /// Its version; none for an unversioned package.
        version: Option<u32>,
        /// How many newer ones may not be deployed.
        newer: usize,
        /// There are newer ones that were not looked at one by one.
        more: bool,
        /// How many gates of the release policy it passes.
        gates: usize,
    },
    /// It was named.
    Named {
        /// How it was named.
        selection: Selection,
        /// What named it, in words, when that was not a person: an event, say.
        named_by: Option<String>,
        /// Its approval status, when it is deployed without an approval.
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
    /// Why not.
    pub reason: Reason,
}

/// What was found where there was nothing to deploy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// The newest packages, each with the reason why it was not chosen.
    pub passed_over: Vec<SkippedPackage>,
    /// Whether there are older ones that were not looked at one by one.
    pub more: bool,
}

/// Why no package was chosen.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// The group has no package that may be deployed: in a pipeline's first run this is no failure.
    #[error("{} `{group}`: {found}", found.headline())]
    NothingToDeploy {
        /// The group.
        group: ModelPackageGroup,
        /// What is there instead.
        found: Candidates,
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
    /// The package that was named is not in its group.
    #[error("{selection} does not exist in group `{group}`{}", newest_words(.newest.as_ref()))]
    NoSuchPackage {
        /// How it was named.
        selection: Selection,
        /// The group.
        group: ModelPackageGroup,
        /// The newest package of the group, if it has any.
        newest: Option<ModelPackageArn>,
    },
    /// A gate of the policy could not be read, so that nobody knows whether the package may be deployed.
    #[error("model package `{arn}` is not deployed: {error}")]
    Gate {
        /// The package.
        arn: ModelPackageArn,
        /// Which gate, and why.
        #[source]
        error: GateError,
    },
    /// The registry refused, or could not be asked.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Chooses a model package.
///
/// The newest approved package needs one list request in the usual case, at any size of the group, and one to describe it; a named one
/// needs no list. When none of the newest hundred may be deployed, the search goes on among the approved ones only. A gate of the policy
/// on metrics reads their documents, of packages that meet everything else.
pub async fn select<R: Registry, D: Documents>(
    registry: &R,
    group: &ModelPackageGroup,
    selection: &Selection,
    gates: &Gates<D>,
) -> Result<Choice, SelectError> {
    match selection {
        Selection::LatestApproved => latest_approved(registry, group, gates).await,
        Selection::Version(version) => {
            let arn = registry.version(group, *version).await?;
            named(registry, group, &arn, selection, gates).await
        }
        Selection::Arn(arn) => named(registry, group, arn, selection, gates).await,
    }
}

async fn latest_approved<R: Registry, D: Documents>(
    registry: &R,
    group: &ModelPackageGroup,
    gates: &Gates<D>,
) -> Result<Choice, SelectError> {
    let mut passed_over: Vec<SkippedPackage> = Vec::new();
    let mut query = PackageQuery { group: group.clone(), approval_status: None, page_size: PAGE, next_token: None };
    let mut tokens = HashSet::new();
    let mut looked_at = HashSet::new();
    let mut candidates = 0;
    let mut more = false;
    'search: loop {
        let Page { mut packages, next_token } = registry.packages(&query).await?;
        // SageMaker sorts by creation time alone: of two that were made in the same second the higher version is the newer.
        packages.sort_by_key(|package| Reverse((package.created, package.arn.version())));
        for summary in packages {
            // The search among the approved ones begins at the newest again.
            if !looked_at.insert(summary.arn.clone()) {
                continue;
            }
            let objection = objection(&summary.approval_status, &summary.status, &summary.registration)
                .or_else(|| denied(&gates.policy, &summary.arn).map(|denied| Reason::Denied { because: denied.reason.clone() }));
            if let Some(reason) = objection {
                passed_over.push(SkippedPackage { arn: summary.arn, reason });
                continue;
            }
            if candidates == MOST_CANDIDATES {
                more = true;
                break 'search;
            }
            candidates += 1;
            match candidate(registry, &summary, gates).await? {
                Ok((package, passed)) => {
                    let because = Because::Newest {
                        group: group.clone(),
                        version: package.version,
                        newer: passed_over.len(),
                        more,
                        gates: passed.len(),
                    };
                    let selection = Selection::LatestApproved;
                    return Ok(Choice { package, selection, because, passed_over, gates: passed, without_approval: false });
                }
                Err(reason) => passed_over.push(SkippedPackage { arn: summary.arn, reason }),
            }
        }
        match next_token {
            None => break,
            Some(token) if !tokens.insert((query.approval_status.is_some(), token.clone())) => {
                return Err(endless().into());
            }
            Some(_) if query.approval_status.is_none() && !passed_over.is_empty() => {
                more = true;
                query.approval_status = Some(ApprovalStatus::Approved);
                query.next_token = None;
            }
            token => query.next_token = token,
        }
    }
    Err(SelectError::NothingToDeploy { group: group.clone(), found: Candidates { passed_over, more } })
}

/// Describes a package that the list calls acceptable and holds it against the gates; a reason when it may not be deployed after all.
async fn candidate<R: Registry, D: Documents>(
    registry: &R,
    summary: &PackageSummary,
    gates: &Gates<D>,
) -> Result<Result<(ModelPackage, Vec<PassedGate>), Reason>, SelectError> {
    let package = match registry.describe(&summary.arn).await {
        Ok(package) => package,
        Err(error) if matches!(error.kind, RegistryErrorKind::NotFound | RegistryErrorKind::NotInSnapshot) => {
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

async fn named<R: Registry, D: Documents>(
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
        Err(error) if error.kind == RegistryErrorKind::NotFound => return Err(no_such_package(registry, group, selection, error).await),
        described => described?,
    };
    let not_acceptable = |reason| SelectError::NotAcceptable { arn: arn.clone(), reason };
    let mut without_approval = None;
    match objection(&package.approval_status, &package.status, &package.registration) {
        None => {}
        Some(Reason::Approval(status)) if gates.allow_unapproved => {
            // The leave is for a missing approval only: what SageMaker did not finish, or what was only logged, cannot be deployed.
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
    let because = Because::Named { selection: selection.clone(), named_by: None, without_approval, gates: passed.len() };
    Ok(Choice {
        package,
        selection: selection.clone(),
        because,
        passed_over: Vec::new(),
        gates: passed,
        without_approval: is_without_approval,
    })
}

/// A named package that the registry does not have: the group's newest one shows what a valid name looks like. Without a list of the group
/// only the registry's own refusal is known.
async fn no_such_package<R: Registry>(registry: &R, group: &ModelPackageGroup, selection: &Selection, error: RegistryError) -> SelectError {
    match list(registry, group, Some(1)).await {
        Ok(listing) => {
            let newest = listing.packages.into_iter().next().map(|package| package.arn);
            SelectError::NoSuchPackage { selection: selection.clone(), group: group.clone(), newest }
        }
        Err(_) => error.into(),
    }
}

fn newest_words(newest: Option<&ModelPackageArn>) -> String {
    match newest.map(|newest| (newest.version(), newest)) {
        Some((Some(version), _)) => format!("; the newest is version {version}"),
        Some((None, arn)) => format!("; the newest is `{arn}`"),
        None => "; it has no model packages".to_owned(),
    }
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

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest { group, version, newer, more, gates } => {
                if let Some(version) = version {
                    write!(f, "version {version} is ")?;
                }
                write!(f, "the newest approved model package of `{}`; ", group.name())?;
                match newer {
                    count if *more => write!(f, "{count} newer ones or more may not be deployed")?,
                    0 => f.write_str("there is no newer one")?,
                    1 => f.write_str("1 newer one may not be deployed")?,
                    count => write!(f, "{count} newer ones may not be deployed")?,
                }
                f.write_str(&gates_met(*gates))
            }
            Self::Named { selection, named_by, without_approval, gates } => {
                match named_by {
                    Some(words) => f.write_str(words)?,
                    None => write!(f, "{selection} was named")?,
                }
                if let Some(status) = without_approval {
                    write!(f, ", and may be deployed although it is {}", reason::words(status))?;
                }
                f.write_str(&gates_met(*gates))
            }
        }
    }
}

fn gates_met(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "; it meets the 1 gate of the release policy".to_owned(),
        count => format!("; it meets the {count} gates of the release policy"),
    }
}

impl SelectError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NothingToDeploy { found, .. } if found.passed_over.is_empty() => {
                Some("register a model package in the group and approve it; check the group's name and the region".to_owned())
            }
            Self::NothingToDeploy { found, .. } if found.approved_but_refused() => {
                Some("approve a model package that meets the release policy, or change the policy".to_owned())
            }
            Self::NothingToDeploy { found, .. } => Some(match found.newest_pending() {
                Some(arn) => format!(
                    "approve a model package in SageMaker Studio, or the newest pending one with \
                     `aws sagemaker update-model-package --model-package-arn {arn} --model-approval-status Approved`"
                ),
                None => "approve a model package in SageMaker Studio".to_owned(),
            }),
            Self::NotAcceptable { reason: Reason::Approval(_), .. } => Some("approve it, or name another version".to_owned()),
            Self::NotAcceptable { reason: Reason::Gates(_) | Reason::Denied { .. }, .. } => {
                Some("name a version that meets the release policy, or change the policy".to_owned())
            }
            Self::NotAcceptable { .. } => Some("name another version".to_owned()),
            Self::NoSuchPackage { .. } => Some("name a version of the group; a listing of the group shows them".to_owned()),
            Self::OtherGroup { .. } => Some("name the group that it belongs to".to_owned()),
            Self::Gate { error, .. } => error.hint.clone(),
            Self::Registry(error) => error.hint(),
        }
    }
}

impl Candidates {
    /// Whether there are approved packages, which the release policy refuses.
    fn approved_but_refused(&self) -> bool {
        self.passed_over.iter().any(|passed| matches!(passed.reason, Reason::Gates(_) | Reason::Denied { .. }))
    }

    fn newest_pending(&self) -> Option<&ModelPackageArn> {
        let pending = |passed: &&SkippedPackage| matches!(passed.reason, Reason::Approval(ApprovalStatus::PendingManualApproval));
        self.passed_over.iter().find(pending).map(|passed| &passed.arn)
    }

    fn headline(&self) -> &'static str {
        if self.approved_but_refused() { "no model package may be deployed of group" } else { "no approved model package in group" }
    }
}

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(newest) = self.passed_over.first() else { return f.write_str("it has none at all") };
        let mut counts: Vec<(String, usize)> = Vec::new();
        for reason in self.passed_over.iter().map(|passed| passed.reason.kind()) {
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
