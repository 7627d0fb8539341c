//! The answer of the history, as data.

use serde::{Deserialize, Serialize};

use super::event::{DeploymentOutcome, Event, EventFile, Facts, GoingBack};
use super::stored::{SignatureState, StoredEvent};
use crate::diagnostic::{Diagnostic, FailureKind};
use crate::endpoint_state::EndpointState;
use crate::manifest::Tool;

/// The answer, from records only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryAnswer {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program.
    pub tool: Tool,
    /// The history's address.
    pub history: String,
    /// The project's id.
    pub project: String,
    /// The stage.
    pub stage: String,
    /// The time of the question (RFC 3339, UTC); null for now.
    pub at: Option<String>,
    /// What each target served then, from the newest record before that time.
    pub served: Vec<ServedThen>,
    /// The newest events, newest first.
    pub events: Vec<EventThen>,
    /// What no record says, and records that are missing.
    pub gaps: Vec<String>,
    /// Records that prove nothing: they were changed, moved or copied.
    pub refused: Vec<String>,
    /// The number of requests to the storage.
    pub requests: usize,
}

/// What a target served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServedThen {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// The release of the deployment.
    pub release: String,
    /// Its model package.
    pub model_package: String,
    /// Its version.
    pub version: Option<u32>,
    /// Whether every endpoint served the model package of the release.
    pub serves_release: bool,
    /// The endpoints, as SageMaker described them when the deployment ended.
    pub endpoints: Vec<EndpointState>,
    /// When that was recorded: the end of the deployment, or a later test.
    pub recorded_at: String,
    /// When the deployment ended; null if no record says it, such as for CodePipeline's own action.
    pub deployed_at: Option<String>,
    /// If an earlier release was deployed again: from where, and why.
    pub going_back: Option<GoingBack>,
    /// Who approved the release for the stage; null if no record says it.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<String>,
    /// Whether the record of the deployment is signed.
    pub signature: SignatureState,
    /// Whether the record of the approval is signed; null without one.
    pub approval_signature: Option<SignatureState>,
}

/// An event as a line of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventThen {
    /// When.
    pub at: String,
    /// What happened, such as `ended`.
    pub kind: String,
    /// The release.
    pub release: String,
    /// The version of its model package.
    pub version: Option<u32>,
    /// What happened, as text.
    pub summary: String,
    /// Whether the record is signed.
    pub signature: SignatureState,
    /// The name of the record.
    pub name: String,
    /// The files that it names.
    pub files: Vec<EventFile>,
}

impl EventThen {
    pub(super) fn of(stored: &StoredEvent) -> Self {
        let event = &stored.event;
        Self {
            at: event.at.clone(),
            kind: event.facts.kind().word().to_owned(),
            release: event.release.clone(),
            version: event.version,
            summary: summary(event),
            signature: stored.signature,
            name: stored.name.to_string(),
            files: event.facts.files().to_vec(),
        }
    }
}

/// What happened, in one line.
fn summary(event: &Event) -> String {
    let going_back = |going_back: &Option<GoingBack>| {
        let Some(back) = going_back else { return String::new() };
        let reason = back.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let skipped = if back.skipped_staging { ", without the evidence of staging" } else { "" };
        format!(" (going back{skipped}{reason})")
    };
    match &event.facts {
        Facts::Built { is_signed } => format!("built{}", if *is_signed { ", with a signed provenance" } else { "" }),
        Facts::Tested { verdict, summary, .. } => format!("tests {verdict}: {summary}"),
        Facts::Checked { approval, .. } => {
            let approval = approval.as_ref().map(|approval| format!(", {}", approval.summary())).unwrap_or_default();
            format!("allowed{approval}")
        }
        Facts::Started { targets, going_back: back, .. } => {
            format!("deployment to {} started{}", crate::plural(targets.len(), "target"), going_back(back))
        }
        Facts::Ended { outcome, summary, going_back: back, .. } => {
            let outcome = match outcome {
                DeploymentOutcome::Succeeded => "deployed",
                DeploymentOutcome::Failed => "deployment failed",
                DeploymentOutcome::Unknown => "deployment with an unknown result",
                DeploymentOutcome::Refused => "deployment refused",
            };
            format!("{outcome}: {summary}{}", going_back(back))
        }
    }
}

impl HistoryAnswer {
    /// A record that proves nothing is a failure; a gap is not.
    pub fn failure(&self) -> Option<FailureKind> {
        (!self.refused.is_empty()).then_some(FailureKind::Failed)
    }

    /// The refused records as findings.
    pub fn findings(&self) -> Vec<Diagnostic> {
        self.refused.iter().map(|refused| Diagnostic::error(refused).code("history-altered")).collect()
    }
}
