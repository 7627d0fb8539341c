//! What was deployed in a stage at a time, who approved it, and what proves it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::event::{DeploymentOutcome, Event, EventFile, Facts, GoingBack, TargetResult, approved};
use super::going_back::time;
use super::layout::{EventKind, EventName};
use super::store::HistoryStore;
use super::stored::{SignatureState, StoredEvent};
use super::timeline::Timeline;
use super::{History, write};
use crate::Stage;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::endpoint_state::EndpointState;
use crate::manifest::Tool;
use crate::records::TrustedKeys;

/// A question about the history.
#[derive(Debug, Clone)]
pub struct HistoryQuery<'a> {
    /// The stage.
    pub stage: Stage,
    /// The time; `None`: now.
    pub at: Option<Timestamp>,
    /// Only this account.
    pub account: Option<String>,
    /// Only this region.
    pub region: Option<String>,
    /// How many of the newest events are shown.
    pub limit: usize,
    /// The key that signed events must be signed with.
    pub trusted: Option<&'a TrustedKeys>,
    /// The program.
    pub tool: Tool,
}

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

/// The walk over the events.
struct Walk<'a, 'b, S> {
    history: &'a History<S>,
    query: &'b HistoryQuery<'b>,
    answer: HistoryAnswer,
    /// The targets that the newest deployment's release has, of the question.
    wanted: Option<Vec<String>>,
    /// Deployments whose start was not seen yet, by the beginning of the release's digest.
    unstarted: BTreeMap<String, usize>,
}

/// Reads the time of a question: a date means its end. Without an offset it is in UTC, on every
/// machine.
pub fn question_time(text: &str) -> Result<Timestamp, Diagnostic> {
    let in_utc = |time: String| format!("{time}Z").parse::<Timestamp>().ok();
    let read = if text.len() == "2026-01-31".len() {
        let next = || in_utc(format!("{}T00:00:00", text.parse::<Date>().ok()?.tomorrow().ok()?));
        next().and_then(|next| Timestamp::from_millisecond(next.as_millisecond() - 1).ok())
    } else {
        text.parse().ok().or_else(|| in_utc(text.parse::<DateTime>().ok()?.to_string()))
    };
    read.ok_or_else(|| Diagnostic::error(format!("`{text}` is not a date or time")).with_hint("write 2026-01-31, or 2026-01-31T12:00:00Z"))
}

impl<S: HistoryStore> History<S> {
    /// Answers a question.
    pub async fn answer(&self, query: &HistoryQuery<'_>) -> Result<HistoryAnswer, Failure> {
        let answer = HistoryAnswer {
            schema_version: 1,
            tool: query.tool.clone(),
            history: self.place.to_string(),
            project: self.project().to_owned(),
            stage: query.stage.name().to_owned(),
            at: query.at.map(write::shown),
            served: Vec::new(),
            events: Vec::new(),
            gaps: Vec::new(),
            refused: Vec::new(),
            requests: 0,
        };
        let mut walk = Walk { history: self, query, answer, wanted: None, unstarted: BTreeMap::new() };
        let mut timeline = self.timeline(Some(query.stage), query.at);
        while !walk.is_complete() {
            let Some(name) = timeline.next().await? else { break };
            walk.add(&mut timeline, &name).await?;
        }
        let mut answer = walk.ended();
        answer.gaps.extend(timeline.gaps());
        answer.requests += timeline.requests;
        Ok(answer)
    }
}

impl<S: HistoryStore> Walk<'_, '_, S> {
    /// Whether older events cannot add anything.
    fn is_complete(&self) -> bool {
        let is_served =
            |target: &String| self.answer.served.iter().any(|served| format!("{}/{}", served.account_id, served.region) == *target);
        let needs_approval =
            |served: &ServedThen| self.query.stage == Stage::Prod && served.approved_by.is_none() && served.approval_signature.is_none();
        self.answer.events.len() >= self.query.limit
            && self.wanted.as_ref().is_some_and(|wanted| wanted.iter().all(is_served))
            && !self.answer.served.iter().any(|served| needs_approval(served) || served.deployed_at.is_none())
    }

    async fn add(&mut self, timeline: &mut Timeline<'_, S>, name: &EventName) -> Result<(), Failure> {
        let release = name.release_digits().to_owned();
        match name.kind {
            EventKind::Ended => *self.unstarted.entry(release).or_default() += 1,
            EventKind::Started => match self.unstarted.get_mut(&release).filter(|count| **count > 0) {
                Some(count) => *count -= 1,
                None => {
                    let gap =
                        format!("no record says how the deployment of sha256:{release}… ended that started at {}", write::shown(name.at()));
                    self.answer.gaps.push(gap);
                }
            },
            _ => {}
        }
        let is_shown = self.answer.events.len() < self.query.limit;
        let approves = name.kind == EventKind::Checked && self.answer.served.iter().any(|served| name.is_about(&served.release));
        let is_undated = |served: &ServedThen| served.deployed_at.is_none() && name.is_about(&served.release);
        let deploys = match name.kind {
            EventKind::Ended => !self.all_served() || self.answer.served.iter().any(is_undated),
            EventKind::Tested => !self.all_served(),
            _ => false,
        };
        if !is_shown && !approves && !deploys {
            return Ok(());
        }
        self.answer.requests += 1;
        let stored = match self.history.event(Some(self.query.stage), name, self.query.trusted).await {
            Ok(stored) => stored,
            // A record that was changed is reported, and nothing is believed of it.
            Err(failure) if failure.kind == FailureKind::Failed => {
                self.answer.refused.extend(failure.diagnostics.into_iter().map(|diagnostic| diagnostic.message));
                return Ok(());
            }
            Err(failure) => return Err(failure),
        };
        timeline.expect(stored.event.after.as_ref());
        if is_shown {
            self.answer.events.push(EventThen::of(&stored));
        }
        if deploys {
            self.served(&stored);
            self.deployed(&stored);
        }
        if approves {
            self.approved(&stored);
        }
        Ok(())
    }

    fn all_served(&self) -> bool {
        let is_served =
            |target: &String| self.answer.served.iter().any(|served| format!("{}/{}", served.account_id, served.region) == *target);
        self.wanted.as_ref().is_some_and(|wanted| wanted.iter().all(is_served))
    }

    fn is_asked(&self, target: &str) -> bool {
        let (account, region) = target.split_once('/').unwrap_or((target, ""));
        self.query.account.as_deref().is_none_or(|asked| asked == account)
            && self.query.region.as_deref().is_none_or(|asked| asked == region)
    }

    /// The newest deployment of what a target served.
    fn deployed(&mut self, stored: &StoredEvent) {
        let event = &stored.event;
        let Facts::Ended { going_back, targets, .. } = &event.facts else { return };
        for served in self.answer.served.iter_mut().filter(|served| served.deployed_at.is_none() && served.release == event.release) {
            if targets.iter().any(|target| target.account_id == served.account_id && target.region == served.region) {
                served.deployed_at = Some(event.at.clone());
                served.going_back.clone_from(going_back);
            }
        }
    }

    /// The newest record of a target decides.
    fn served(&mut self, stored: &StoredEvent) {
        let event = &stored.event;
        let Some((targets, stage_targets)) = event.facts.served() else { return };
        if self.wanted.is_none() {
            let wanted: Vec<_> = stage_targets.iter().filter(|target| self.is_asked(target)).cloned().collect();
            // A target that this release does not have can be one of an earlier release.
            self.wanted = Some(wanted).filter(|wanted| !wanted.is_empty());
        }
        let known = |target: &&TargetResult| {
            let name = target.target();
            self.is_asked(&name)
                && !self.answer.served.iter().any(|served| served.account_id == target.account_id && served.region == target.region)
        };
        let found: Vec<_> = targets.iter().filter(known).collect();
        for target in found {
            if !target.is_known() && matches!(event.facts, Facts::Tested { .. }) {
                continue;
            }
            if !target.is_known() {
                let gap = format!("no record says what {} served after the deployment that ended at {}", target.target(), event.at);
                self.answer.gaps.push(gap);
                continue;
            }
            self.answer.served.push(ServedThen {
                account_id: target.account_id.clone(),
                region: target.region.clone(),
                release: event.release.clone(),
                model_package: event.model_package.clone(),
                version: event.version,
                serves_release: target.serves_release(),
                endpoints: target.endpoints.clone(),
                recorded_at: event.at.clone(),
                deployed_at: None,
                going_back: None,
                approved_by: None,
                approved_at: None,
                signature: stored.signature,
                approval_signature: None,
            });
        }
    }

    /// The newest approval before a deployment is the one that allowed it.
    fn approved(&mut self, stored: &StoredEvent) {
        let event = &stored.event;
        let approval = approved(&event.facts);
        for served in self.answer.served.iter_mut().filter(|served| served.release == event.release && served.approval_signature.is_none())
        {
            let is_before = served.recorded_at.parse::<Timestamp>().is_ok_and(|ended| time(event) <= ended);
            if let Some(approval) = approval.filter(|_| is_before) {
                served.approved_by =
                    Some(approval.approver.as_ref().map_or_else(|| "(not reported)".to_owned(), |approver| approver.id.clone()));
                served.approved_at.clone_from(&approval.approved_at);
                served.approval_signature = Some(stored.signature);
            }
        }
    }

    fn ended(self) -> HistoryAnswer {
        let mut answer = self.answer;
        let place = match (&self.query.account, &self.query.region) {
            (Some(account), Some(region)) => format!(" in {account}/{region}"),
            (Some(account), None) => format!(" in the account {account}"),
            (None, Some(region)) => format!(" in {region}"),
            (None, None) => String::new(),
        };
        if answer.served.is_empty() {
            let then = answer.at.as_ref().map(|at| format!(" at {at} or before")).unwrap_or_default();
            answer.gaps.push(format!("no record says that anything was deployed to {}{place}{then}", answer.stage));
        }
        for target in self.wanted.into_iter().flatten() {
            if !answer.served.iter().any(|served| format!("{}/{}", served.account_id, served.region) == target) {
                answer.gaps.push(format!("no record says what {target} served"));
            }
        }
        if self.query.stage == Stage::Prod {
            let mut releases: Vec<_> =
                answer.served.iter().filter(|served| served.approved_by.is_none()).map(|served| &served.release).collect();
            releases.sort();
            releases.dedup();
            let gaps: Vec<_> = releases.into_iter().map(|release| format!("no record says who approved {release}")).collect();
            answer.gaps.extend(gaps);
        }
        answer.served.sort_by(|one, other| (&one.account_id, &one.region).cmp(&(&other.account_id, &other.region)));
        answer.gaps.dedup();
        answer
    }
}

impl EventThen {
    fn of(stored: &StoredEvent) -> Self {
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
