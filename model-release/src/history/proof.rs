//! What the history proves about a release, years later.

use std::collections::BTreeMap;

use super::History;
use super::event::{Event, EventFile, Facts, TargetResult, approved};
use super::layout::EventKind;
use super::store::HistoryStore;
use super::stored::{SignatureState, StoredEvent};
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::records::TrustedKeys;
use crate::{Release, Stage};

/// The links of the chain that the history has of a release.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryProof {
    /// What is proven, one line each.
    pub proven: Vec<String>,
    /// What no record proves.
    pub missing: Vec<String>,
    /// Records that prove nothing, or that contradict the release.
    pub refused: Vec<Diagnostic>,
    /// The files that the events name, together for each event.
    pub evidence: Vec<Vec<EventFile>>,
}

/// The events about the release in one stage, oldest first.
struct StageEvents {
    stage: Stage,
    events: Vec<StoredEvent>,
}

impl<S: HistoryStore> History<S> {
    /// Reads all events about a release, and checks that what was approved is what was deployed, and
    /// that each endpoint served it.
    pub async fn prove(&self, release: &Release, trusted: &TrustedKeys) -> Result<HistoryProof, Failure> {
        let mut proof = HistoryProof::default();
        let builds = self.about(&mut proof, None, release, trusted).await?;
        match builds.first() {
            Some(built) => proof.add(built, "built"),
            None => proof.missing.push("no record says when it was built".to_owned()),
        }
        for stage in Stage::ALL {
            let events = self.about(&mut proof, Some(stage), release, trusted).await?;
            proof.stage(release, &StageEvents { stage, events });
        }
        Ok(proof)
    }

    async fn about(
        &self,
        proof: &mut HistoryProof,
        stage: Option<Stage>,
        release: &Release,
        trusted: &TrustedKeys,
    ) -> Result<Vec<StoredEvent>, Failure> {
        let mut found = Vec::new();
        let mut timeline = self.timeline(stage, None);
        while let Some(name) = timeline.next().await? {
            if !name.is_about(&release.digest) {
                continue;
            }
            match self.event(stage, &name, Some(trusted)).await {
                Ok(stored) => {
                    if stored.event.release == release.digest {
                        found.push(stored);
                    }
                }
                Err(failure) if failure.kind == FailureKind::Failed => proof.refused.extend(failure.diagnostics),
                Err(failure) => return Err(failure),
            }
        }
        found.reverse();
        Ok(found)
    }
}

impl HistoryProof {
    /// Adds an event as a link: only a signed one proves something.
    fn add(&mut self, stored: &StoredEvent, what: &str) {
        let line = format!("{what}, at {}", stored.event.at);
        match stored.signature {
            SignatureState::Verified => self.proven.push(line),
            _ => self.missing.push(format!("a signature of the record that says: {line}")),
        }
        let files = stored.event.facts.files();
        if !files.is_empty() && !self.evidence.iter().any(|known| known == files) {
            self.evidence.push(files.to_vec());
        }
    }

    fn stage(&mut self, release: &Release, found: &StageEvents) {
        let StageEvents { stage, events } = found;
        self.tested(*stage, events);
        let of_kind = |kind: EventKind| events.iter().filter(move |stored| stored.event.facts.kind() == kind);
        let deployments: Vec<_> = of_kind(EventKind::Ended).collect();
        if *stage == Stage::Prod {
            let starts: Vec<_> = of_kind(EventKind::Started).collect();
            // CodePipeline deploys without a record of its own: the first test shows it.
            let starts = if starts.is_empty() { of_kind(EventKind::Tested).take(1).collect() } else { starts };
            self.approved(release, &of_kind(EventKind::Checked).collect::<Vec<_>>(), &starts);
        }
        self.unended(*stage, of_kind(EventKind::Started), &deployments);
        let mut served: BTreeMap<String, (&StoredEvent, &TargetResult)> = BTreeMap::new();
        for stored in events {
            let Some((targets, _)) = stored.event.facts.served() else { continue };
            for target in targets {
                // A later deployment can have failed: what was served once was served.
                if serves(release, target) {
                    served.insert(target.target(), (stored, target));
                }
            }
        }
        let manifest = release.manifest.stage(*stage);
        for account in &manifest.accounts {
            for region in &manifest.regions {
                let target = format!("{account}/{region}");
                match served.get(&target) {
                    None => self.missing.push(format!("no record says that {target} served it in {stage}")),
                    Some((stored, result)) => {
                        let absent: Vec<_> = manifest
                            .endpoints
                            .iter()
                            .filter(|name| !result.endpoints.iter().any(|endpoint| endpoint.endpoint == **name))
                            .collect();
                        for name in absent {
                            self.missing.push(format!("no record says that `{name}` in {target} served it in {stage}"));
                        }
                        let names: Vec<_> = result.endpoints.iter().map(|endpoint| format!("`{}`", endpoint.endpoint)).collect();
                        self.add(stored, &format!("served by {} in {target} ({stage})", names.join(", ")));
                    }
                }
            }
        }
    }

    fn tested(&mut self, stage: Stage, events: &[StoredEvent]) {
        let is_passed = |event: &Event| matches!(&event.facts, Facts::Tested { verdict, .. } if verdict == "passed");
        match events.iter().rev().find(|stored| is_passed(&stored.event)) {
            Some(stored) => self.add(stored, &format!("passed the tests of {stage}")),
            None => self.missing.push(format!("no record says that it passed the tests of {stage}")),
        }
    }

    /// Each deployment to production needs an approval before it, unless it was an emergency, which
    /// is named.
    fn approved(&mut self, release: &Release, checks: &[&StoredEvent], starts: &[&StoredEvent]) {
        for stored in checks {
            let Some(approval) = approved(&stored.event.facts) else { continue };
            if approval.release != release.digest {
                let message = format!("the record of the approval at {} is about another release: {}", stored.event.at, approval.release);
                self.refused.push(Diagnostic::error(message).code("history-altered"));
                continue;
            }
            let who = approval.approver.as_ref().map_or("(not reported)", |approver| &approver.id);
            self.add(stored, &format!("approved for prod by {who}"));
        }
        for start in starts {
            let is_before = |check: &&&StoredEvent| check.event.at <= start.event.at;
            let going_back = match &start.event.facts {
                Facts::Started { going_back, .. } => going_back.as_ref(),
                _ => None,
            };
            let before: Vec<_> = checks.iter().filter(is_before).collect();
            if before.iter().any(|check| approved(&check.event.facts).is_some()) {
                continue;
            }
            let reason = going_back.and_then(|back| back.reason.as_deref());
            let why = reason.map(|reason| format!("; the reason is: {reason}")).unwrap_or_default();
            let checked =
                if before.is_empty() { "no record says that it was allowed or approved" } else { "no record says who approved it" };
            self.missing.push(format!("{checked} before the deployment to prod at {}{why}", start.event.at));
        }
    }

    fn unended<'a>(&mut self, stage: Stage, starts: impl Iterator<Item = &'a StoredEvent>, ended: &[&StoredEvent]) {
        for start in starts {
            let name = start.name.to_string();
            let has_ended = |stored: &&StoredEvent| matches!(&stored.event.facts, Facts::Ended { started, .. } if *started == name);
            if !ended.iter().any(has_ended) {
                self.missing.push(format!("no record says how the deployment to {stage} ended that started at {}", start.event.at));
            }
        }
    }
}

/// Whether every endpoint of a target served the model package of the release for its region.
fn serves(release: &Release, target: &TargetResult) -> bool {
    let Ok(region) = target.region.parse() else { return false };
    let package = release.manifest.model_package.in_region(&region).as_str();
    let serves = |packages: &[String]| packages.iter().any(|served| served.eq_ignore_ascii_case(package));
    target.serves_release()
        && target.endpoints.iter().all(|endpoint| endpoint.model_packages.is_empty() || serves(&endpoint.model_packages))
}
