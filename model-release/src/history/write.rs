//! Stores releases, evidence and events. Nothing that exists is changed.

use jiff::Timestamp;
use release_records::Statement;

use super::History;
use super::event::{Event, EventFile, Facts};
use super::layout::EventName;
use super::store::{HistoryStore, Put};
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::records::{PROVENANCE, RecordingRun};
use crate::{Release, Stage, manifest};

impl<S: HistoryStore> History<S> {
    /// Stores the files of a release, the manifest last: a release with a manifest is complete.
    /// `provenance` is its signed record.
    pub async fn put_release(&self, release: &Release, provenance: Option<&[u8]>) -> Result<(), Failure> {
        let digest = &release.digest;
        for (name, bytes) in release.files() {
            self.put_same(&self.keys.release(digest, name), bytes).await?;
        }
        if let Some(bytes) = provenance {
            // A second record of the same release states the same at another time: the first one stays.
            self.store.put_new(&self.keys.release(digest, PROVENANCE), bytes).await.map_err(not_written)?;
        }
        self.put_same(&self.keys.release(digest, manifest::FILE_NAME), release.manifest_text().as_bytes()).await
    }

    /// Stores files that an event names.
    pub async fn put_files(&self, files: &[(String, Vec<u8>)]) -> Result<Vec<EventFile>, Failure> {
        let mut stored = Vec::with_capacity(files.len());
        for (name, bytes) in files {
            let digest = crate::files::digest(bytes);
            self.put_same(&self.keys.evidence(&digest, name), bytes).await?;
            stored.push(EventFile { name: name.clone(), digest });
        }
        Ok(stored)
    }

    /// The statement of an event, which the caller can sign.
    pub async fn statement(
        &self,
        release: &Release,
        stage: Option<Stage>,
        facts: Facts,
        run: &RecordingRun,
    ) -> Result<Statement<Event>, Failure> {
        let manifest = &release.manifest;
        if manifest.project.id != self.project() {
            let message =
                format!("the release is one of the project `{}`, and the history is that of `{}`", manifest.project.id, self.project());
            return Err(Diagnostic::error(message).code("history-of-another-project").into());
        }
        let folder = self.keys.events(stage);
        let newest = self.store.list(&folder, None, 1).await.map_err(not_written)?.keys.pop();
        let event = Event {
            schema_version: 1,
            project: manifest.project.clone(),
            stage: stage.map(|stage| stage.name().to_owned()),
            at: shown(Timestamp::try_from(run.at).unwrap_or_default()),
            tool: run.tool.clone(),
            run: run.invocation.clone(),
            release: release.digest.clone(),
            model_package: manifest.model_package.arn.to_string(),
            version: manifest.model_package.version,
            after: newest.map(|key| key[folder.len()..].to_owned()),
            facts,
        };
        Ok(Statement::new([crate::records::release_subject(&release.digest)], event))
    }

    /// Stores an event: the bundle, if it was signed. Returns its name.
    pub async fn put_event(&self, statement: &Statement<Event>, bundle: Option<&str>) -> Result<EventName, Failure> {
        let event = statement.predicate();
        let (text, stage) = (statement.to_json(), event.stage.as_deref().and_then(|stage| stage.parse().ok()));
        let at = event.at.parse().unwrap_or_default();
        let name = EventName::new(at, event.facts.kind(), &event.release, &text, bundle.is_some());
        let key = format!("{}{name}", self.keys.events(stage));
        match bundle {
            // Signatures of the same statement differ.
            Some(bundle) => drop(self.store.put_new(&key, bundle.as_bytes()).await.map_err(not_written)?),
            None => self.put_same(&key, format!("{text}\n").as_bytes()).await?,
        }
        Ok(name)
    }

    /// Stores an object whose key determines its bytes.
    async fn put_same(&self, key: &str, bytes: &[u8]) -> Result<(), Failure> {
        if self.store.put_new(key, bytes).await.map_err(not_written)? == Put::Written {
            return Ok(());
        }
        match self.store.get(key).await.map_err(not_written)? {
            Some(found) if found == bytes => Ok(()),
            _ => {
                let address = self.address(key);
                let message = format!("`{address}` has other bytes than the history of this release: it was not written by this program");
                Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error(message).code("history-altered").about(address)]))
            }
        }
    }
}

/// RFC 3339 in UTC with milliseconds, whatever the time zone of the machine.
pub(super) fn shown(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// A failed call says that something is missing in the history.
fn not_written(mut failure: Failure) -> Failure {
    for diagnostic in &mut failure.diagnostics {
        diagnostic.details.push("the history of the release is not complete".to_owned());
    }
    failure
}
