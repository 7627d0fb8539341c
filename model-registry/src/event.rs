//! What a change in the registry requires: EventBridge's event, and AWS's table of transitions.
//!
//! | the package was | and is now | then |
//! |---|---|---|
//! | pending, rejected or new | approved | this package is deployed |
//! | pending | rejected | nothing |
//! | approved | rejected, or pending again | the newest package that is still approved is deployed |
//!
//! (SageMaker guide, "Update the Approval Status of a Model". The guide does not mention the second
//! case of the last row; it is treated like the first.) An event says what a package is now and
//! which fields changed. Only some events say what it was before: see [`Rule`].

mod reader;

use std::fmt;

use jiff::Timestamp;

use crate::choice::Selection;
use crate::group::ModelPackageGroup;
use crate::package::{ApprovalStatus, PackageStatus};
use crate::problem::Problems;
use aws_names::ModelPackageArn;

/// The life cycle stages that mark a package as deployed, as this project records them.
const DEPLOYED_STAGES: [&str; 2] = ["Staging", "Production"];

/// A state change of a model package: EventBridge's event "SageMaker Model Package State Change".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateChange {
    /// The event's id.
    pub id: Option<String>,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// The package.
    pub package: ModelPackageArn,
    /// The approval status now.
    pub approval_status: ApprovalStatus,
    /// The approval status before, if the event contains it: most changes through the API do not.
    pub previous_approval_status: Option<ApprovalStatus>,
    /// Whether SageMaker completed the package.
    pub status: Option<PackageStatus>,
    /// Which fields changed; empty if the event does not list them, as for a registration.
    pub updated_fields: Vec<String>,
    /// The stage of its life cycle, if it has one.
    pub life_cycle_stage: Option<String>,
}

/// What is known, apart from the event, about the current deployment. By default, nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployed {
    /// The packages that are deployed.
    pub packages: Vec<ModelPackageArn>,
    /// Whether these are all.
    pub complete: bool,
}

/// The rule of the table that applies to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The package is approved: it is deployed.
    Approved,
    /// The approval was withdrawn: the newest package that is still approved is deployed.
    ApprovalWithdrawn,
    /// The package is rejected and the event does not say whether it was approved. It is treated
    /// like [`Self::ApprovalWithdrawn`]: a rejected model must not stay deployed, and a second
    /// rollout of the same package changes nothing.
    RejectedPerhapsApproved,
    /// The package was never approved and is rejected: nothing.
    RejectedWithoutApproval,
    /// The package is rejected, and it is not deployed: nothing.
    RejectedNotDeployed,
    /// The package is pending approval: nothing.
    Pending,
    /// SageMaker has not completed the package, or failed to: nothing.
    NotCompleted,
    /// Something else about the package changed, such as its life cycle: nothing.
    ApprovalUnchanged,
}

impl StateChange {
    /// Reads an event and checks that it is about this group. All mistakes are reported at once.
    pub fn parse(text: &str, group: &ModelPackageGroup) -> Result<Self, Problems> {
        reader::read(text, group)
    }

    /// The rule that applies to this event.
    pub fn rule(&self, deployed: &Deployed) -> Rule {
        // The record that this project writes to the registry is a state change too: a release must
        // not start the next one.
        let relevant = ["ModelApprovalStatus", "ModelPackageStatus", "ModelPackageStatusDetails"];
        if !self.updated_fields.is_empty() && !self.updated_fields.iter().any(|field| relevant.contains(&field.as_str())) {
            return Rule::ApprovalUnchanged;
        }
        if self.status.as_ref().is_some_and(|status| *status != PackageStatus::Completed) {
            return Rule::NotCompleted;
        }
        let previous = self.previous_approval_status.as_ref();
        match &self.approval_status {
            status if previous == Some(status) && !self.updated_fields.iter().any(|field| field.starts_with("ModelPackageStatus")) => {
                Rule::ApprovalUnchanged
            }
            ApprovalStatus::Approved => Rule::Approved,
            _ if previous == Some(&ApprovalStatus::Approved) => Rule::ApprovalWithdrawn,
            ApprovalStatus::Rejected => self.rejected(previous, deployed),
            _ => Rule::Pending,
        }
    }

    fn rejected(&self, previous: Option<&ApprovalStatus>, deployed: &Deployed) -> Rule {
        let is_deployed = deployed.packages.iter().any(|deployed| deployed.same_package(&self.package));
        let was_deployed = self.life_cycle_stage.as_deref().is_some_and(|stage| DEPLOYED_STAGES.contains(&stage));
        match previous {
            Some(_) => Rule::RejectedWithoutApproval,
            None if is_deployed => Rule::ApprovalWithdrawn,
            None if deployed.complete => Rule::RejectedNotDeployed,
            None if was_deployed => Rule::ApprovalWithdrawn,
            None => Rule::RejectedPerhapsApproved,
        }
    }

    /// The package that the rule deploys, if any.
    pub fn selection(&self, rule: Rule) -> Option<Selection> {
        match rule {
            Rule::Approved => Some(Selection::Arn(self.package.clone())),
            Rule::ApprovalWithdrawn | Rule::RejectedPerhapsApproved => Some(Selection::LatestApproved),
            _ => None,
        }
    }
}

impl Rule {
    /// A stable name, such as `approved`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::ApprovalWithdrawn => "approval-withdrawn",
            Self::RejectedPerhapsApproved => "rejected-perhaps-approved",
            Self::RejectedWithoutApproval => "rejected-without-approval",
            Self::RejectedNotDeployed => "rejected-not-deployed",
            Self::Pending => "pending",
            Self::NotCompleted => "not-completed",
            Self::ApprovalUnchanged => "approval-unchanged",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approved => "it was approved, so it is deployed",
            Self::ApprovalWithdrawn => "its approval was withdrawn, so the newest package that is still approved is deployed",
            Self::RejectedPerhapsApproved => {
                "it was rejected and may have been approved before, so the newest package that is still approved is deployed"
            }
            Self::RejectedWithoutApproval => "it was rejected and had not been approved, so there is nothing to do",
            Self::RejectedNotDeployed => "it was rejected and is not deployed, so there is nothing to do",
            Self::Pending => "it is pending approval, so there is nothing to do",
            Self::NotCompleted => "SageMaker has not completed it, so there is nothing to do",
            Self::ApprovalUnchanged => "its approval did not change, so there is nothing to do",
        })
    }
}
