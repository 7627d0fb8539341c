//! The approval before production as evidence: who approved which release, when, and what the
//! approver saw.
//!
//! An [`Approval`] is read from CodePipeline's history or from GitHub's review history.
//! [`Release::check_approval`](crate::Release::check_approval) compares it with the release and with
//! the release policy, and returns the [`ApprovalRecord`] to keep.

mod check;
mod code_pipeline;
mod github;
mod person;
mod record;

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Failure};
use crate::files;

pub use code_pipeline::Execution;
pub use person::{Comparison, compare};
pub use record::{ApprovalRecord, ApprovedPackage, Approver, Channel, Evidence, FILE_NAME, Naming};

/// A person's decision about a release.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Approval {
    /// The decision.
    pub decision: Decision,
    /// Who decided: the ARN that CodePipeline recorded, or the login of a GitHub user.
    pub approver: Option<String>,
    /// When; none if the service does not report it.
    pub at: Option<Timestamp>,
    /// The approver's comment.
    pub comment: Option<String>,
    /// Where the decision was recorded.
    pub evidence: Evidence,
    /// The text that the approver saw, with all variables replaced; none if the service does not
    /// report it.
    pub shown: Option<String>,
    /// The link that the approver saw.
    pub link: Option<String>,
}

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The release is approved.
    Approved,
    /// It is rejected, or nobody decided in time.
    Rejected,
    /// Nobody has decided yet.
    Pending,
}

/// How the caller identifies the approval in a file.
#[derive(Debug, Clone, Default)]
pub struct ApprovalQuery {
    /// The pipeline execution, if the file has several.
    pub execution: Option<Execution>,
    /// The environment of GitHub whose deployment was approved.
    pub environment: String,
}

impl Approval {
    /// Reads the approval from a file: the response of CodePipeline's `ListActionExecutions`, as the
    /// AWS CLI prints it, or the review history of a GitHub workflow run.
    pub fn read(path: &Path, query: &ApprovalQuery) -> Result<Self, Failure> {
        let text = files::read_text(path).map_err(|diagnostic| diagnostic.code("not-an-approval"))?;
        let bad = |message: String| Diagnostic::error(message).code("not-an-approval").file(path);
        let document: Json = serde_json::from_str(&text).map_err(|error| {
            let place = path.display().to_string();
            bad(format!("this is not JSON: {error}")).source(&place, error.line().max(1), error.column().max(1), &text)
        })?;
        let read = match &document {
            Json::Array(reviews) => github::approval(reviews, &query.environment),
            Json::Object(members) if members.contains_key("actionExecutionDetails") => {
                code_pipeline::listed(&document).and_then(|actions| code_pipeline::approval(&actions, query.execution.as_ref()))
            }
            _ => {
                Err("this is neither the review history of a GitHub workflow run nor a list of CodePipeline's action executions".to_owned())
            }
        };
        let mut approval = read.map_err(bad)?.ok_or_else(|| no_approval(&query.place()).file(path))?;
        approval.evidence.read_from_file();
        Ok(approval)
    }

    /// The approval in the action executions of one pipeline execution, as `ListActionExecutions`
    /// returns them. All pages belong to the list.
    pub fn of_code_pipeline(details: &[Json], execution: &Execution) -> Result<Self, Failure> {
        let read = code_pipeline::approval(details, Some(execution));
        let read = read.map_err(|message| Failure::unreachable(Diagnostic::error(format!("`ListActionExecutions`: {message}"))))?;
        read.ok_or_else(|| {
            Failure::new(
                crate::FailureKind::Failed,
                vec![no_approval(&format!("execution `{}` of `{}`", execution.id, execution.pipeline))],
            )
        })
    }
}

impl ApprovalQuery {
    fn place(&self) -> String {
        match &self.execution {
            Some(execution) => format!("execution `{}`, or the environment `{}`", execution.id, self.environment),
            None => format!("a pipeline execution, or the environment `{}`", self.environment),
        }
    }
}

fn no_approval(place: &str) -> Diagnostic {
    Diagnostic::error(format!("no approval is recorded for {place}")).code("no-approval-recorded")
}
