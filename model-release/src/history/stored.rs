//! Reads events, and refuses those that were changed, moved or copied.

#[cfg(feature = "signatures")]
use release_records::Bundle;
use release_records::{ResourceDescriptor, Statement};

use super::History;
use super::event::Event;
use super::layout::{EventKind, EventName};
use super::store::HistoryStore;
use crate::Stage;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::records::{TrustedKeys, release_subject};

/// Whether an event is signed with the trusted key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// The trusted key signed it.
    Verified,
    /// It is signed, and no key is trusted.
    NotVerified,
    /// It is not signed.
    Unsigned,
}

impl SignatureState {
    /// The state as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "signature verified",
            Self::NotVerified => "signature not verified",
            Self::Unsigned => "not signed",
        }
    }
}

/// An event that is what its name says.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its name.
    pub name: EventName,
    /// What it states.
    pub event: Event,
    /// Whether it is signed.
    pub signature: SignatureState,
}

impl<S: HistoryStore> History<S> {
    /// Reads an event of a stage, or of the builds. A record that does not prove itself is refused.
    pub async fn event(&self, stage: Option<Stage>, name: &EventName, trusted: Option<&TrustedKeys>) -> Result<StoredEvent, Failure> {
        let key = format!("{}{name}", self.keys.events(stage));
        let refused = |reason: String| self.refused(&key, &reason);
        let bytes = self.store.get(&key).await?.ok_or_else(|| refused("it does not exist any more".to_owned()))?;
        let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8 text".to_owned()))?;
        let (payload, signature) = if name.is_signed {
            signed(&text, name.kind, trusted).map_err(refused)?
        } else {
            let payload = text.strip_suffix('\n').ok_or_else(|| refused("its last line has no end".to_owned()))?;
            (payload.to_owned(), SignatureState::Unsigned)
        };
        let statement: Statement<Event> = Statement::parse(payload.as_bytes()).map_err(|error| refused(error.to_string()))?;
        if statement.to_json() != payload {
            return Err(refused("it is not canonical JSON, so it was changed or written by another program".to_owned()));
        }
        self.check_place(stage, name, &statement, &payload).map_err(refused)?;
        Ok(StoredEvent { name: name.clone(), event: statement.predicate().clone(), signature })
    }

    /// Checks that an event is where its content belongs.
    fn check_place(&self, stage: Option<Stage>, name: &EventName, statement: &Statement<Event>, payload: &str) -> Result<(), String> {
        let event = statement.predicate();
        if event.schema_version != 1 {
            return Err(format!("it has the format version {}, and this program supports version 1", event.schema_version));
        }
        let manifest: ResourceDescriptor = release_subject(&event.release);
        statement.check_subjects([manifest]).map_err(|error| error.to_string())?;
        if event.project.id != self.project() {
            return Err(format!("it is an event of the project `{}`, and this is the history of `{}`", event.project.id, self.project()));
        }
        let of_stage = stage.map(Stage::name);
        if event.stage.as_deref() != of_stage {
            let found = event.stage.as_deref().unwrap_or("build");
            return Err(format!("it is an event of the stage `{found}`, and not of `{}`", of_stage.unwrap_or("build")));
        }
        let at = event.at.parse().map_err(|_| format!("`at` is `{}`, not a time", event.at))?;
        let expected = EventName::new(at, event.facts.kind(), &event.release, payload, name.is_signed);
        if expected != *name {
            return Err(format!("its content belongs to another name, `{expected}`: it was changed, moved or copied"));
        }
        Ok(())
    }

    fn refused(&self, key: &str, reason: &str) -> Failure {
        let address = self.address(key);
        let diagnostic = Diagnostic::error(format!("`{address}` proves nothing: {reason}")).code("history-altered").about(address);
        Failure::new(FailureKind::Failed, vec![diagnostic])
    }
}

/// The payload of a bundle. Without a trusted key it is read, and not verified.
#[cfg(feature = "signatures")]
fn signed(text: &str, kind: EventKind, trusted: Option<&TrustedKeys>) -> Result<(String, SignatureState), String> {
    let bundle = Bundle::parse(text).map_err(|error| error.to_string())?;
    match trusted {
        Some(trusted) => {
            // The check before production and the deployment have one key.
            let key = match kind {
                EventKind::Built => &trusted.build,
                EventKind::Tested => &trusted.test,
                EventKind::Checked | EventKind::Started | EventKind::Ended => &trusted.check_release,
            };
            let key = key.as_ref().ok_or("no key is trusted for events of this kind")?;
            let statement: Statement<Event> = bundle.verify(&key.key).map_err(|error| error.to_string())?;
            Ok((statement.to_json(), SignatureState::Verified))
        }
        None => Ok((bundle.claimed_payload().ok_or("its payload is not text")?, SignatureState::NotVerified)),
    }
}

/// Without the verification of signatures.
#[cfg(not(feature = "signatures"))]
fn signed(text: &str, _: EventKind, _: Option<&TrustedKeys>) -> Result<(String, SignatureState), String> {
    let bundle = release_records::Bundle::parse(text).map_err(|error| error.to_string())?;
    Ok((bundle.claimed_payload().ok_or("its payload is not text")?, SignatureState::NotVerified))
}
