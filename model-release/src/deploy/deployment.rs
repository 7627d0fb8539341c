//! The result of a deployment, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use endpoint_test::{CheckReport, FindingCode, Outcome, TargetReport};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value as Json, json};
use stack_rollout::status::InstanceStatus;
use stack_rollout::{Outcome as RolledOut, Rollout, TargetRecord, Targets, Verdict, WaveOutcome, WaveRecord};

use crate::approved_bytes::NOT_KNOWN;
use crate::capacity::CapacityChange;
use crate::diagnostic::{Diagnostic, Failure, FailureKind, Level};
use crate::endpoint_state::{Health, TargetEndpoints};
use crate::manifest::{Freeze, Tool};
use crate::plural::plural;
use crate::{Release, Stage};
use crate::{recreate, serving};

/// The result of a deployment.
#[derive(Debug)]
pub struct Deployment {
    /// The rollout.
    pub rollout: Rollout,
    /// The identity checks of the endpoints; empty if the rollout did not succeed.
    pub identity: Vec<TargetReport>,
    /// What the endpoints of every target serve after the rollout.
    pub serving: Vec<TargetEndpoints>,
    /// Numbers of instances that changed although the release does not change them.
    pub capacity: Vec<CapacityChange>,
    /// Why no later wave was allowed to start, although the one before has passed.
    pub not_allowed: Vec<Diagnostic>,
    /// Why the release was rolled out although production was frozen.
    pub during_freeze: Option<DuringFreeze>,
    /// The stage.
    pub stage: Stage,
    /// When the deployment began.
    pub started_at: SystemTime,
    /// When it ended, with the identity checks.
    pub ended_at: SystemTime,
}

/// A deployment during a freeze of production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DuringFreeze {
    /// Why it was deployed.
    pub reason: String,
    /// The freezes during the deployment.
    pub freezes: Vec<Freeze>,
}

/// RFC 3339 in UTC, with milliseconds.
fn timestamp(date: SystemTime) -> Option<String> {
    Timestamp::try_from(date).ok().map(|date| format!("{date:.3}"))
}

impl Deployment {
    /// The kind of failure: `None` if every target has the release and every endpoint serves it.
    pub fn failure(&self) -> Option<FailureKind> {
        let rolled_out = match self.rollout.verdict() {
            Verdict::Succeeded => None,
            Verdict::Failed => Some(FailureKind::Failed),
            _ => Some(FailureKind::Unreachable),
        };
        let serving = self.identity.iter().filter_map(|report| match outcome(report) {
            Outcome::Failed => Some(FailureKind::Failed),
            Outcome::Errored => Some(FailureKind::Unreachable),
            _ => None,
        });
        // A failure has precedence over an unknown result.
        serving.chain(rolled_out).min_by_key(|kind| *kind != FailureKind::Failed)
    }

    /// The file in a folder that has only the record of this deployment: by the time of its start,
    /// with a number if another one started in the same millisecond.
    pub fn own_record(&self, folder: &Path) -> PathBuf {
        let started = Timestamp::try_from(self.started_at).unwrap_or_default().strftime("%Y%m%dT%H%M%S.%3fZ").to_string();
        let name = |number: u32| match number {
            1 => folder.join(format!("rollout-{started}.json")),
            _ => folder.join(format!("rollout-{started}-{number}.json")),
        };
        (1..=u32::MAX).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(1))
    }

    /// `rollout.json`.
    pub fn record(&self, release: &Release, stage: Stage, tool: &Tool) -> Result<Json, Failure> {
        let mut record = serde_json::to_value(&self.rollout).map_err(|error| Failure::from(Diagnostic::error(error.to_string())))?;
        record["tool"] = json!(tool);
        record["stage"] = json!(stage.name());
        record["release"] = json!(release.digest);
        record["started_at"] = json!(timestamp(self.started_at));
        record["ended_at"] = json!(timestamp(self.ended_at));
        record["model_package"] = json!(release.manifest.model_package.arn);
        record["serving"] = json!(self.serving);
        record["unrequested_capacity"] = json!(self.capacity);
        if let Some(during_freeze) = &self.during_freeze {
            record["during_freeze"] = json!(during_freeze);
        }
        record["identity"] = self
            .identity
            .iter()
            .map(|report| {
                json!({
                    "account_id": report.account_id,
                    "region": report.region,
                    "endpoint": report.endpoint,
                    "outcome": outcome(report).as_str(),
                    "checks": report.checks,
                })
            })
            .collect();
        Ok(record)
    }

    /// All failures and orphans. `all_targets` are the targets of the whole release: an instance in
    /// a region that this rollout skipped is not an orphan.
    pub fn findings(&self, all_targets: &Targets) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        let stack_set = &self.rollout.stack_set;
        for target in &self.rollout.targets {
            if matches!(target.outcome, RolledOut::Succeeded | RolledOut::Unchanged) {
                continue;
            }
            let mut finding =
                Diagnostic::error(format!("`{stack_set}` was not rolled out: {}", target.outcome)).named(target.target().to_string());
            finding.details.extend(target.reason.clone());
            finding
                .details
                .extend(target.events.iter().map(|event| format!("{} ({}): {}", event.logical_id, event.resource_type, event.reason)));
            finding.details.extend(
                target.events.iter().filter_map(|event| Some(format!("{} reports: {}", event.logical_id, event.failure_reason.as_ref()?))),
            );
            findings.push(finding);
        }
        for report in &self.identity {
            for check in report.checks.iter().filter(|check| !matches!(check.outcome, Outcome::Passed | Outcome::Skipped)) {
                let message = check.message.clone().unwrap_or_else(|| format!("the check `{}` {}", check.name, check.outcome.as_str()));
                let mut finding = Diagnostic::error(message).named(report.title()).with_hint_opt(check.hint.clone());
                finding.details.extend(check.expected.as_ref().map(|text| format!("expected {text}")));
                finding.details.extend(check.actual.as_ref().map(|text| format!("actual   {text}")));
                findings.push(finding);
            }
        }
        findings.extend(self.unknown_bytes());
        // The waves after the first one that has not passed were not started.
        let has_stopped = |wave: &&WaveRecord| match wave.outcome {
            WaveOutcome::Failed | WaveOutcome::Unfinished => true,
            outcome => outcome == WaveOutcome::Passed && wave.reason.is_some(),
        };
        findings.extend(self.rollout.waves.iter().find(has_stopped).map(|wave| {
            let what = match wave.outcome {
                WaveOutcome::Failed => "failed",
                WaveOutcome::Passed => "passed, but the next one is not allowed",
                _ => "is not known to have passed",
            };
            let reason = wave.reason.clone().unwrap_or_default();
            Diagnostic::error(format!("wave {} (`{}`) {what}, so no later one was started", wave.number, wave.size)).detail(reason)
        }));
        findings.extend(self.not_allowed.iter().cloned());
        findings.extend(self.not_back());
        let problems = self.rollout.problems.iter();
        findings.extend(problems.map(|problem| {
            let level = if problem.code == "superseded" { Level::Error } else { Level::Warning };
            Diagnostic { level, ..Diagnostic::from(problem) }
        }));
        for orphan in self.rollout.orphans.iter().filter(|orphan| !all_targets.contains(&orphan.target())) {
            let state = if orphan.status == InstanceStatus::Current { String::new() } else { format!(" ({})", orphan.status) };
            let message = format!("`{stack_set}` has a stack that is not a target of the release{state}; it is not deleted");
            let target = orphan.target().to_string();
            let code = if orphan.status == InstanceStatus::Inoperable { "inoperable-orphan" } else { "orphan" };
            let subject = format!("{} {target}", self.stage);
            let mut finding = Diagnostic::warning(message).code(code).about(subject).named(&target);
            finding.details.extend(orphan.status_reason.clone());
            findings.push(finding);
        }
        findings.extend(self.capacity.iter().map(CapacityChange::finding));
        findings.extend(self.next_steps());
        findings
    }

    /// Warnings about what is not known to be what was approved: one for all endpoints with the same.
    fn unknown_bytes(&self) -> Vec<Diagnostic> {
        let mut endpoints: BTreeMap<(&str, Option<&str>), Vec<String>> = BTreeMap::new();
        for report in &self.identity {
            let unknown = |check: &&CheckReport| check.outcome == Outcome::Skipped && check.code == Some(FindingCode::NotKnown);
            for check in report.checks.iter().filter(unknown) {
                let message = check.message.as_deref().unwrap_or_default();
                endpoints.entry((message, check.hint.as_deref())).or_default().push(report.title());
            }
        }
        let warning = |((message, hint), mut titles): ((&str, Option<&str>), Vec<String>)| {
            titles.sort();
            let warning = Diagnostic::warning(message).code(NOT_KNOWN).named(&titles[0]).with_hint_opt(hint.map(str::to_owned));
            match titles.len() - 1 {
                0 => warning,
                others => warning.detail(format!("also of {}", plural(others, "other endpoint"))),
            }
        };
        endpoints.into_iter().map(warning).collect()
    }

    /// The targets of a failed wave that do not serve the release before again.
    fn not_back(&self) -> Vec<Diagnostic> {
        let targets = self.rollout.rolled_back.iter().flat_map(|back| &back.targets);
        let serving = |target: &TargetRecord| self.serving.iter().find(|serving| serving.target() == target.target());
        let is_back = |target: &&TargetRecord| {
            let is_ok = |serving: &TargetEndpoints| serving.endpoints.iter().all(|endpoint| endpoint.health == Health::Ok);
            matches!(target.outcome, RolledOut::Succeeded | RolledOut::Unchanged) && serving(target).is_some_and(is_ok)
        };
        let finding = |target: &TargetRecord| {
            let reasons = serving(target).into_iter().flat_map(|serving| &serving.endpoints).filter_map(|endpoint| endpoint.reason.clone());
            let finding = Diagnostic::error("it was not rolled back to the release before").named(target.target().to_string());
            target.reason.clone().into_iter().chain(reasons).fold(finding, Diagnostic::detail)
        };
        targets.filter(|target| !is_back(target)).map(finding).collect()
    }

    /// What to do after a failure.
    fn next_steps(&self) -> Vec<Diagnostic> {
        let is_up_to_date = |target: &TargetRecord| matches!(target.outcome, RolledOut::Succeeded | RolledOut::Unchanged);
        let (there, missing): (Vec<_>, Vec<_>) = self.rollout.targets.iter().partition(|target| is_up_to_date(target));
        let there: BTreeSet<_> = there.into_iter().map(TargetRecord::target).collect();
        let mut steps = Vec::new();
        if !missing.is_empty() {
            let count = plural(self.rollout.targets.len(), "target");
            let have = if missing.len() == 1 { "does not have" } else { "do not have" };
            let others = match there.len() {
                0 => "",
                1 => "; the other one keeps it",
                _ => "; the others keep it",
            };
            let message = format!("{} of {count} {have} the release{others}", missing.len());
            let hint = "fix the cause, then roll out the release again: that updates only the targets that do not have it";
            let accounts: BTreeSet<_> = missing.iter().map(|target| target.account_id.as_str()).collect();
            let subject = format!("{} {}", self.stage, accounts.into_iter().collect::<Vec<_>>().join(","));
            steps.push(Diagnostic::new(Level::Note, message).code("rollout-incomplete").about(subject).with_hint(hint));
        }
        steps.extend(recreate::next_steps(self.stage, &self.serving, |target| there.contains(target)));
        steps
    }

    /// What every endpoint serves, one line each; empty after a success.
    pub fn serving_lines(&self) -> Vec<String> {
        if self.failure().is_none() { Vec::new() } else { serving::lines(&self.serving) }
    }

    /// The deployment in one line.
    pub fn summary(&self) -> String {
        let counts = &self.rollout.counts;
        let endpoints = || self.serving.iter().flat_map(|target| &target.endpoints);
        let serving = endpoints().filter(|endpoint| endpoint.health == Health::Ok).count();
        let mut parts = vec![plural(counts.targets, "target")];
        for (count, word) in [
            (counts.succeeded, "rolled out"),
            (counts.unchanged, "unchanged"),
            (counts.failed, "failed"),
            (counts.cancelled, "cancelled"),
            (counts.rolled_back, "rolled back"),
            (counts.skipped, "skipped"),
            (counts.unfinished, "unfinished"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        format!("{}: {}; {serving} of {} endpoints serve the release", self.rollout.stack_set, parts.join(", "), endpoints().count())
    }
}

/// The overall outcome of an endpoint's checks; the suite has no cases. The stack is up to date, so
/// an endpoint that does not exist was deleted: a proven failure.
pub(super) fn outcome(report: &TargetReport) -> Outcome {
    if report.checks.iter().any(|check| check.code == Some(FindingCode::EndpointMissing)) {
        return Outcome::Failed;
    }
    Outcome::of_all(report.checks.iter().map(|check| check.outcome))
}
