//! Checks an approval against the release and its policy.

use std::time::SystemTime;

use jiff::Timestamp;
use model_registry::ModelPackage;

use super::person::{Comparison, compare};
use super::record::{ApprovalRecord, ApprovedPackage, Approver, Channel, Naming};
use super::{Approval, Decision};
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::manifest::{OtherPerson, RequiredApproval, Tool};
use crate::plural::plural;
use crate::release_check::StagingTests;
use crate::{Release, Stage};

impl Release {
    /// The approval that the release policy requires, if any.
    pub fn required_approval(&self) -> Option<&RequiredApproval> {
        self.manifest.choice.release_policy.as_ref().and_then(|policy| policy.approval.as_ref())
    }

    /// Refuses a release whose policy requires an approval, for a caller that has none.
    pub fn check_needs_no_approval(&self) -> Result<(), Failure> {
        match self.required_approval() {
            None => Ok(()),
            Some(_) => Err(Diagnostic::error("the release policy requires an approval, and none is named").code("no-approval").into()),
        }
    }

    /// Checks that an approval is one of this release, and that it is what the release policy
    /// requires. `packages` are the model packages as the registry describes them now; `now` is the
    /// time of the check. Returns the record to keep with the results of production.
    pub fn check_approval(
        &self,
        approval: &Approval,
        packages: &[ModelPackage],
        tests: Option<&StagingTests>,
        now: SystemTime,
        tool: Tool,
    ) -> Result<ApprovalRecord, Failure> {
        let mut found = decided(approval).into_iter().collect::<Vec<_>>();
        let named = self.named(approval);
        found.extend(named.as_ref().err().cloned());
        let packages: Vec<_> = packages.iter().map(|package| compared(package, approval)).collect();
        if let Some(required) = self.required_approval() {
            found.extend(packages.iter().filter_map(|package| other_person(required, package, approval)));
            // GitHub reports no time: the reviewers are asked after the staging tests.
            let ended = tests.and_then(|tests| tests.ended_at);
            let asked = approval.at.or(ended.filter(|_| approval.evidence.channel == Channel::Github));
            found.extend(self.too_old("the approval", asked, now));
        }
        let Ok(release_named_by) = named else { return Err(Failure::new(FailureKind::Failed, found)) };
        if !found.is_empty() {
            return Err(Failure::new(FailureKind::Failed, found));
        }
        Ok(ApprovalRecord {
            schema_version: 1,
            tool,
            release: self.digest.clone(),
            release_named_by,
            stage: Stage::Prod.name().to_owned(),
            approver: approval.approver.as_deref().map(Approver::from),
            approved_at: approval.at.map(shown),
            comment: approval.comment.clone(),
            evidence: approval.evidence.clone(),
            shown_text: approval.shown.clone(),
            shown_link: approval.link.clone(),
            model_packages: packages,
            staging_tests_ended_at: tests.and_then(|tests| tests.ended_at).map(shown),
            checked_at: Timestamp::try_from(now).map(shown).unwrap_or_default(),
        })
    }

    /// How the approval names this release; a finding if it names another one or none.
    fn named(&self, approval: &Approval) -> Result<Naming, Diagnostic> {
        if approval.evidence.channel == Channel::Github {
            return Ok(Naming::WorkflowRun);
        }
        let digest = self.digest.trim_start_matches("sha256:");
        let digests: Vec<_> = approval.shown.as_deref().map(digests).unwrap_or_default();
        if digests.iter().any(|found| found.eq_ignore_ascii_case(digest)) {
            return Ok(Naming::ShownText);
        }
        Err(match digests.first() {
            Some(other) => Diagnostic::error("the approver approved another release")
                .code("approval-of-another-release")
                .detail(format!("approved sha256:{}", other.to_lowercase()))
                .detail(format!("release  {}", self.digest)),
            None => Diagnostic::error("the text that the approver saw does not name this release").code("approval-names-no-release"),
        })
    }

    /// A finding if evidence is older than the release policy allows, or has no time.
    pub(crate) fn too_old(&self, what: &str, at: Option<Timestamp>, now: SystemTime) -> Option<Diagnostic> {
        let days = self.required_approval()?.max_age_days?;
        let Some(at) = at else {
            return Some(Diagnostic::error(format!("the age of {what} is not known")).code("evidence-too-old"));
        };
        let age = Timestamp::try_from(now).ok()?.duration_since(at);
        if age <= jiff::SignedDuration::from_hours(24 * i64::from(days)) {
            return None;
        }
        let (limit, age) = (plural(days as usize, "day"), plural(usize::try_from(age.as_hours() / 24).unwrap_or(0), "day"));
        Some(
            Diagnostic::error(format!("{what} is {age} old, and the release policy allows {limit}: {}", shown(at)))
                .code("evidence-too-old"),
        )
    }
}

fn shown(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The digests in a text: words of 64 hexadecimal digits.
fn digests(text: &str) -> Vec<&str> {
    let is_digest = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(|character: char| !character.is_ascii_alphanumeric()).filter(is_digest).collect()
}

fn decided(approval: &Approval) -> Option<Diagnostic> {
    let who = approval.approver.as_deref().map(|who| format!(" by `{who}`")).unwrap_or_default();
    let (message, code) = match approval.decision {
        Decision::Approved => return None,
        Decision::Rejected => {
            (format!("the release is not approved: the approval was rejected or ended without a decision{who}"), "approval-rejected")
        }
        Decision::Pending => ("the release is not approved: the approval is pending".to_owned(), "approval-pending"),
    };
    Some(
        approval
            .comment
            .iter()
            .fold(Diagnostic::error(message).code(code), |diagnostic, comment| diagnostic.detail(format!("comment: {comment}"))),
    )
}

fn compared(package: &ModelPackage, approval: &Approval) -> ApprovedPackage {
    let (approver_is, because) = compare(package.created_by.as_ref(), approval.approver.as_deref());
    ApprovedPackage {
        arn: package.arn.clone(),
        registered_by: package.created_by.as_ref().and_then(|person| person.name()).map(str::to_owned),
        approver_is,
        because: because.to_owned(),
    }
}

/// A finding if the release policy requires another person than the one who registered the package.
fn other_person(required: &RequiredApproval, package: &ApprovedPackage, approval: &Approval) -> Option<Diagnostic> {
    let arn = &package.arn;
    let diagnostic = match (required.other_person?, package.approver_is) {
        (_, Comparison::Different) | (OtherPerson::IfKnown, Comparison::NotKnown) => return None,
        (_, Comparison::Same) => {
            let message = format!("the approver also registered the model package `{arn}`: {}", package.because);
            Diagnostic::error(message).code("approver-is-registrant")
        }
        (OtherPerson::Required, Comparison::NotKnown) => {
            let message = format!("whether the approver also registered the model package `{arn}` is not known: {}", package.because);
            Diagnostic::error(message).code("approver-not-known")
        }
    };
    let unknown = "(not reported)";
    let registered = package.registered_by.as_deref().unwrap_or(unknown);
    Some(
        diagnostic
            .detail(format!("registered by {registered}"))
            .detail(format!("approved by   {}", approval.approver.as_deref().unwrap_or(unknown))),
    )
}
