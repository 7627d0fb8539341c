//! The events of the history.

use endpoint_test::Report;
use release_records::Predicate;
use serde::{Deserialize, Serialize};
use stack_rollout::{Outcome, Target};

use super::layout::EventKind;
use crate::approval::ApprovalRecord;
use crate::deploy::Deployment;
use crate::diagnostic::FailureKind;
use crate::endpoint_state::{EndpointState, Health, TargetEndpoints};
use crate::manifest::{ProjectIdentity, Tool};
use crate::{Release, Stage};

/// The outcome of a target whose endpoints were only tested.
const TESTED: &str = "tested";

/// Something that happened to a release. It is the predicate of a statement about the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The SageMaker project.
    pub project: ProjectIdentity,
    /// The stage; null for a build.
    pub stage: Option<String>,
    /// When it happened (RFC 3339, UTC, with milliseconds).
    pub at: String,
    /// The program that recorded it.
    pub tool: Tool,
    /// The build of CodeBuild, or the run of GitHub Actions; null outside of them.
    pub run: Option<String>,
    /// The digest `sha256:…` of the release's manifest.
    pub release: String,
    /// The model package of the release.
    pub model_package: String,
    /// Its version; null for an unversioned package.
    pub version: Option<u32>,
    /// The name of the newest event of the stage when this one was recorded; null for the first one.
    pub after: Option<String>,
    /// What happened.
    pub facts: Facts,
}

impl Predicate for Event {
    const TYPE: &'static str = "pkg:cargo/model-release#history-event/v1";
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Facts {
    /// The release was built, and its files were stored.
    Built {
        /// Whether its signed provenance was stored with it.
        is_signed: bool,
    },
    /// The endpoints of the stage were tested.
    Tested {
        /// The result, such as `passed`.
        verdict: String,
        /// The result as text.
        summary: String,
        /// What each target served then, as AWS reported it.
        targets: Vec<TargetResult>,
        /// All targets of the release in the stage, as `ACCOUNT/REGION`.
        stage_targets: Vec<String>,
        /// The results, and their signed record.
        files: Vec<EventFile>,
    },
    /// The release was found to be allowed in the stage.
    Checked {
        /// The approval; null if none was required and none was named.
        approval: Option<Box<ApprovalRecord>>,
        /// The result of the staging tests; null if they were not required.
        staging_tests: Option<String>,
        /// The signed result.
        files: Vec<EventFile>,
    },
    /// A deployment started.
    Started {
        /// Its targets, as `ACCOUNT/REGION`.
        targets: Vec<String>,
        /// Whether no staging tests were required.
        without_staging_tests: bool,
        /// If an earlier release was deployed again: from where, and why.
        going_back: Option<GoingBack>,
    },
    /// A deployment ended.
    Ended {
        /// The name of the event of its start.
        started: String,
        /// The result.
        outcome: DeploymentOutcome,
        /// The result as text.
        summary: String,
        /// What each target served then, as AWS reported it.
        targets: Vec<TargetResult>,
        /// All targets of the release in the stage, as `ACCOUNT/REGION`.
        stage_targets: Vec<String>,
        /// If an earlier release was deployed again: from where, and why.
        going_back: Option<GoingBack>,
        /// The record of the rollout.
        files: Vec<EventFile>,
    },
}

/// A file that an event names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventFile {
    /// Its name.
    pub name: String,
    /// Its digest `sha256:…`.
    pub digest: String,
}

/// The result of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DeploymentOutcome {
    /// Every target has the release, and every endpoint serves it.
    Succeeded,
    /// A target does not have the release, or an endpoint does not serve it.
    Failed,
    /// Whether it succeeded is not known.
    Unknown,
    /// Nothing was changed.
    Refused,
}

/// What a target served after a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TargetResult {
    /// The account.
    pub account_id: String,
    /// The region.
    pub region: String,
    /// The outcome of the rollout, such as `succeeded`; `tested` if the endpoints were only tested.
    pub outcome: String,
    /// The endpoints, as SageMaker described them; none if they were not read.
    pub endpoints: Vec<EndpointState>,
}

impl TargetResult {
    /// `ACCOUNT/REGION`.
    pub fn target(&self) -> String {
        format!("{}/{}", self.account_id, self.region)
    }

    /// Whether every endpoint served the model package of the deployed release.
    pub fn serves_release(&self) -> bool {
        let is_up_to_date = [Outcome::Succeeded.to_string(), Outcome::Unchanged.to_string(), TESTED.to_owned()].contains(&self.outcome);
        is_up_to_date && !self.endpoints.is_empty() && self.endpoints.iter().all(|endpoint| endpoint.health == Health::Ok)
    }

    /// Whether AWS reported what it served.
    pub(super) fn is_known(&self) -> bool {
        !self.endpoints.is_empty() && self.endpoints.iter().all(|endpoint| endpoint.health != Health::Unknown)
    }
}

/// Why an earlier release was deployed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GoingBack {
    /// The release that was deployed before; null if none is known.
    pub from: Option<String>,
    /// Its model package.
    pub from_model_package: Option<String>,
    /// Why; null if no reason was named.
    pub reason: Option<String>,
    /// Whether the staging tests and the approval were skipped.
    pub skipped_staging: bool,
}

impl Facts {
    /// What the event is about.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Built { .. } => EventKind::Built,
            Self::Tested { .. } => EventKind::Tested,
            Self::Checked { .. } => EventKind::Checked,
            Self::Started { .. } => EventKind::Started,
            Self::Ended { .. } => EventKind::Ended,
        }
    }

    /// What targets served, and all targets of the release, if the event says so. A deployment that
    /// was refused says nothing.
    pub(super) fn served(&self) -> Option<(&[TargetResult], &[String])> {
        match self {
            Self::Ended { outcome: DeploymentOutcome::Refused, .. } => None,
            Self::Tested { targets, stage_targets, .. } | Self::Ended { targets, stage_targets, .. } => Some((targets, stage_targets)),
            _ => None,
        }
    }

    /// The files that the event names.
    pub fn files(&self) -> &[EventFile] {
        match self {
            Self::Built { .. } | Self::Started { .. } => &[],
            Self::Tested { files, .. } | Self::Checked { files, .. } | Self::Ended { files, .. } => files,
        }
    }
}

/// The facts of a test run of a stage.
pub fn tested(report: &Report, release: &Release, stage: Stage, files: Vec<EventFile>) -> Facts {
    let target = |serving: TargetEndpoints| TargetResult {
        account_id: serving.account_id.to_string(),
        region: serving.region.to_string(),
        outcome: TESTED.to_owned(),
        endpoints: serving.endpoints,
    };
    let manifest = release.manifest.stage(stage);
    let places = manifest.accounts.iter().flat_map(|account| manifest.regions.iter().map(move |region| format!("{account}/{region}")));
    Facts::Tested {
        verdict: report.verdict.as_str().to_owned(),
        summary: report.summary(),
        targets: TargetEndpoints::of_reports(&report.targets).into_iter().map(target).collect(),
        stage_targets: places.collect(),
        files,
    }
}

/// The approval in the facts of a check.
pub fn approved(facts: &Facts) -> Option<&ApprovalRecord> {
    match facts {
        Facts::Checked { approval, .. } => approval.as_deref(),
        _ => None,
    }
}

/// The result of a deployment for its event.
pub fn outcome_of(failure: Option<FailureKind>) -> DeploymentOutcome {
    match failure {
        None => DeploymentOutcome::Succeeded,
        Some(FailureKind::Failed) => DeploymentOutcome::Failed,
        Some(_) => DeploymentOutcome::Unknown,
    }
}

/// What every target of a deployment served when it ended.
pub fn deployment_targets(deployment: &Deployment) -> Vec<TargetResult> {
    let endpoints = |target: &Target| {
        let found = deployment.serving.iter().find(|serving| serving.target() == *target);
        found.map(|serving| serving.endpoints.clone()).unwrap_or_default()
    };
    let mut results: Vec<_> = deployment
        .rollout
        .targets
        .iter()
        .map(|record| TargetResult {
            account_id: record.account_id.to_string(),
            region: record.region.to_string(),
            outcome: record.outcome.to_string(),
            endpoints: endpoints(&record.target()),
        })
        .collect();
    results.sort_by(|one, other| (&one.account_id, &one.region).cmp(&(&other.account_id, &other.region)));
    results
}
