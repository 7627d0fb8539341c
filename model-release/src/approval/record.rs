//! `approval.json`: the approval of a release that was deployed to production.

use aws_names::{ModelPackageArn, Principal};
use serde::{Deserialize, Serialize};

use super::person::Comparison;
use crate::manifest::Tool;

/// The file's name in a folder of results.
pub const FILE_NAME: &str = "approval.json";

/// Who approved a release for production, when, and on which evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApprovalRecord {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that read and checked the approval.
    pub tool: Tool,
    /// The digest `sha256:…` of the approved release's manifest.
    pub release: String,
    /// How the approval names this release.
    pub release_named_by: Naming,
    /// The stage that the approval allows a deployment to.
    pub stage: String,
    /// Who approved; null if the service does not report it.
    pub approver: Option<Approver>,
    /// When (RFC 3339, UTC); null if the service does not report it.
    pub approved_at: Option<String>,
    /// The approver's comment.
    pub comment: Option<String>,
    /// Where the approval was recorded.
    pub evidence: Evidence,
    /// The text that the approver saw.
    pub shown_text: Option<String>,
    /// The link that the approver saw.
    pub shown_link: Option<String>,
    /// The model packages of the release, and whether the approver registered them.
    pub model_packages: Vec<ApprovedPackage>,
    /// When the staging tests ended (RFC 3339, UTC); null if they were not required or have no time.
    pub staging_tests_ended_at: Option<String>,
    /// When the approval was checked (RFC 3339, UTC).
    pub checked_at: String,
}

/// How an approval names the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Naming {
    /// The text that the approver saw has the digest of the manifest.
    ShownText,
    /// The workflow declares it: the digest is an output of the run that was approved.
    WorkflowRun,
}

/// An identity, with its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Approver {
    /// The ARN of the session or user, or the login of a GitHub user.
    pub id: String,
    /// The role of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The name of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The name of a person that the person did not choose for the session: of an IAM user or of a
    /// user of IAM Identity Center.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// Where an approval was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// The service.
    pub channel: Channel,
    /// Whether it was read from a file that the caller supplied, and not from the service.
    pub from_file: bool,
    /// The pipeline's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// The pipeline execution's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// The stage of the pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The approval action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The id of the action's execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_execution: Option<String>,
    /// The token of the approval request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The environment of GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// The service that recorded an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// AWS CodePipeline.
    CodePipeline,
    /// GitHub Actions.
    Github,
}

/// A model package of the release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApprovedPackage {
    /// Its ARN.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub arn: ModelPackageArn,
    /// Who registered it; null if SageMaker does not report it.
    pub registered_by: Option<String>,
    /// Whether the approver is another person.
    pub approver_is: Comparison,
    /// Why.
    pub because: String,
}

impl ApprovalRecord {
    /// Who approved, and when, in one line.
    pub fn summary(&self) -> String {
        let by = self.approver.as_ref().map(|approver| format!(" by {}", approver.name())).unwrap_or_default();
        let at = self.approved_at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        format!("approved{by}{at}")
    }
}

impl Evidence {
    /// Evidence of a service, with nothing else known.
    pub(super) fn of(channel: Channel) -> Self {
        Self {
            channel,
            from_file: false,
            pipeline: None,
            execution: None,
            stage: None,
            action: None,
            action_execution: None,
            token: None,
            environment: None,
        }
    }

    pub(super) fn read_from_file(&mut self) {
        self.from_file = true;
    }
}

impl From<&str> for Approver {
    fn from(id: &str) -> Self {
        let principal = Principal::of(id).ok();
        let part = |read: fn(&Principal) -> Option<&str>| principal.as_ref().and_then(read).map(str::to_owned);
        Self { id: id.to_owned(), role: part(Principal::role), session: part(Principal::session), person: part(Principal::person) }
    }
}

impl Approver {
    /// The shortest name: the person's or the session's.
    pub fn name(&self) -> &str {
        self.person.as_deref().or(self.session.as_deref()).unwrap_or(&self.id)
    }
}
