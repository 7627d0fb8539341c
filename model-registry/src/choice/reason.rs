//! Why a package was not chosen.

use std::fmt;

use crate::package::{ApprovalStatus, PackageStatus};
use crate::release_policy::GateViolation;

/// Why a package was not chosen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// It is not approved.
    Approval(ApprovalStatus),
    /// SageMaker has not completed it.
    Status(PackageStatus),
    /// It is logged, not registered.
    Logged,
    /// It was approved in the list and no longer in its description.
    Withdrawn,
    /// It was in the list and no longer exists.
    Deleted,
    /// The release policy denies it.
    Denied {
        /// The reason in the policy.
        because: String,
    },
    /// It fails gates of the release policy: all failures found.
    Gates(Vec<GateViolation>),
}

impl Reason {
    /// A stable name for this kind of reason, such as `pending-approval`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Approval(ApprovalStatus::PendingManualApproval) => "pending-approval",
            Self::Approval(ApprovalStatus::Rejected) => "rejected",
            Self::Approval(_) => "not-approved",
            Self::Status(PackageStatus::Failed) => "failed",
            Self::Status(_) => "not-completed",
            Self::Logged => "logged",
            Self::Withdrawn => "approval-withdrawn",
            Self::Deleted => "deleted",
            Self::Denied { .. } => "denied",
            Self::Gates(_) => "gate-not-met",
        }
    }

    /// The kind of reason in words, for counting.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Denied { .. } => "denied by the release policy".to_owned(),
            Self::Gates(_) => "failing the release policy".to_owned(),
            other => other.to_string(),
        }
    }
}

/// An approval status in words.
pub(super) fn words(status: &ApprovalStatus) -> String {
    match status {
        ApprovalStatus::Approved => "approved".to_owned(),
        ApprovalStatus::Rejected => "rejected".to_owned(),
        ApprovalStatus::PendingManualApproval => "pending approval".to_owned(),
        ApprovalStatus::Other(word) => format!("approval status {word}"),
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
            Self::Denied { because } => write!(f, "denied by the release policy: {because}"),
            Self::Gates(violations) => {
                let violations: Vec<_> = violations.iter().map(ToString::to_string).collect();
                write!(f, "gate failed: {}", violations.join("; "))
            }
        }
    }
}
