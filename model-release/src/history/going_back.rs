//! Which release to go back to.

use jiff::Timestamp;

use super::History;
use super::event::{DeploymentOutcome, Event, Facts, TargetResult};
use super::layout::{EventKind, is_sha256};
use super::store::HistoryStore;
use super::stored::StoredEvent;
use crate::Stage;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::records::TrustedKeys;

/// The fewest digits that name a release.
const FEWEST_DIGITS: usize = 8;

/// A release that was deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// Its digest.
    pub release: String,
    /// Its model package.
    pub model_package: String,
    /// The version.
    pub version: Option<u32>,
    /// When the deployment ended.
    pub at: String,
}

/// How a caller names a release: by its digest or its beginning, or by its model package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseName {
    /// At least eight digits of the digest.
    Digest(String),
    /// A version of the model package.
    Version(u32),
    /// The ARN of a model package.
    ModelPackage(String),
}

impl std::str::FromStr for ReleaseName {
    type Err = Diagnostic;

    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let is_hexadecimal = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if text.starts_with("arn:") {
            return Ok(Self::ModelPackage(text.to_owned()));
        }
        if let Some(version) = text.parse().ok().filter(|_| text.len() < FEWEST_DIGITS) {
            return Ok(Self::Version(version));
        }
        let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
        if (FEWEST_DIGITS..=64).contains(&digits.len()) && is_hexadecimal(&digits) {
            return Ok(Self::Digest(digits));
        }
        Err(Diagnostic::error(format!("`{text}` is not the name of a release")).code("not-a-release-name"))
    }
}

impl ReleaseName {
    fn is_of(&self, event: &Event) -> bool {
        match self {
            Self::Digest(digits) => event.release.trim_start_matches("sha256:").starts_with(digits.as_str()),
            Self::Version(version) => event.version == Some(*version),
            Self::ModelPackage(arn) => event.model_package == *arn,
        }
    }
}

impl<S: HistoryStore> History<S> {
    /// The release that was deployed last, and the one that ran before it. A release that was
    /// replaced by going back is not one to go back to.
    pub async fn last_two(&self, stage: Stage, trusted: Option<&TrustedKeys>) -> Result<(Option<Deployed>, Option<Deployed>), Failure> {
        let (mut last, mut skip_until): (Option<Deployed>, Option<String>) = (None, None);
        let mut timeline = self.timeline(Some(stage), None);
        while let Some(name) = timeline.next().await? {
            let wanted = skip_until.as_ref().or(last.as_ref().map(|last| &last.release));
            // A test says which release is there only if it is another one than expected.
            let is_useful = match name.kind {
                EventKind::Ended => true,
                EventKind::Tested => wanted.is_none_or(|wanted| name.is_about(wanted) == skip_until.is_some()),
                _ => false,
            };
            if !is_useful {
                continue;
            }
            let event = self.event(Some(stage), &name, trusted).await?.event;
            let none = None;
            let (outcome, going_back) = match &event.facts {
                Facts::Ended { outcome, going_back, .. } => (*outcome, going_back),
                Facts::Tested { targets, .. } if targets.iter().any(TargetResult::serves_release) => (DeploymentOutcome::Succeeded, &none),
                _ => continue,
            };
            if outcome == DeploymentOutcome::Refused {
                continue;
            }
            let was_going_back = going_back.is_some();
            let Some(current) = &last else {
                // A failed deployment has changed something: it is what to go back from.
                skip_until = was_going_back.then(|| event.release.clone());
                last = Some(deployed(&event));
                continue;
            };
            if outcome != DeploymentOutcome::Succeeded {
                continue;
            }
            match &skip_until {
                Some(release) if event.release != *release => {}
                Some(_) if was_going_back => {}
                Some(_) => skip_until = None,
                None if event.release != current.release => return Ok((last, Some(deployed(&event)))),
                None if was_going_back => skip_until = Some(event.release.clone()),
                None => {}
            }
        }
        Ok((last, None))
    }

    /// The digest of the release that the name means. Of a model package, it is one that was
    /// deployed in the stage.
    pub async fn named(&self, stage: Stage, name: &ReleaseName, trusted: Option<&TrustedKeys>) -> Result<String, Failure> {
        let none = |detail: &str| {
            Diagnostic::error(format!("the history has no such release: {detail}")).code("not-in-history").about(self.place.to_string())
        };
        if let ReleaseName::Digest(digits) = name {
            let folder = self.keys.releases();
            let found = self.store.list(&format!("{folder}{digits}"), None, 1000).await?;
            let mut digests: Vec<_> =
                found.keys.iter().filter_map(|key| key[folder.len()..].split('/').next()).filter(|digest| is_sha256(digest)).collect();
            digests.dedup();
            return match digests.as_slice() {
                [digest] => Ok(format!("sha256:{digest}")),
                [] => Err(none(&format!("no digest begins with `{digits}`")).into()),
                several => Err(ambiguous(several.iter().map(|digest| format!("sha256:{digest}")).collect())),
            };
        }
        let mut found: Vec<String> = Vec::new();
        let mut timeline = self.timeline(Some(stage), None);
        while let Some(event) = timeline.next().await? {
            let is_known = found.iter().any(|release| event.is_about(release));
            if is_known || !matches!(event.kind, EventKind::Ended | EventKind::Tested) {
                continue;
            }
            let StoredEvent { event, .. } = self.event(Some(stage), &event, trusted).await?;
            let was_deployed = event.facts.served().is_some_and(|(targets, _)| targets.iter().any(TargetResult::serves_release));
            if was_deployed && name.is_of(&event) && !found.contains(&event.release) {
                found.push(event.release);
            }
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(none(&format!("no release with this model package was deployed to {stage}")).into()),
            _ => Err(ambiguous(found)),
        }
    }
}

fn deployed(event: &Event) -> Deployed {
    Deployed { release: event.release.clone(), model_package: event.model_package.clone(), version: event.version, at: event.at.clone() }
}

fn ambiguous(releases: Vec<String>) -> Failure {
    let diagnostic = Diagnostic::error("several releases have this name").code("several-releases");
    Failure::new(FailureKind::BadInput, vec![releases.into_iter().fold(diagnostic, Diagnostic::detail)])
}

/// The time in an event.
pub(super) fn time(event: &Event) -> Timestamp {
    event.at.parse().unwrap_or_default()
}
