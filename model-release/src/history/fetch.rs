//! Reads releases and evidence, verified by their digests.

use super::History;
use super::event::{Event, EventFile, Facts};
use super::layout::{EventKind, digits};
use super::store::HistoryStore;
use super::stored::StoredEvent;
use crate::diagnostic::{Diagnostic, Failure, FailureKind};
use crate::manifest::{self, Manifest};
use crate::records::{PROVENANCE, TrustedKeys};
use crate::{Release, Stage};

/// The files of a release, the manifest last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedRelease {
    /// The digest `sha256:…` of the manifest.
    pub digest: String,
    /// The files, by name.
    pub files: Vec<(String, Vec<u8>)>,
}

impl<S: HistoryStore> History<S> {
    /// Reads a release by its digest, with its provenance if there is one.
    pub async fn release(&self, digest: &str) -> Result<FetchedRelease, Failure> {
        let bytes = self.verified(&self.keys.release(digest, manifest::FILE_NAME), digest).await?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::bad_input(
                Diagnostic::error(format!("the manifest of the release {digest} cannot be read: {error}")).code("not-in-history"),
            )
        })?;
        let mut files = Vec::with_capacity(manifest.files.len() + 2);
        for (name, digest_of_file) in &manifest.files {
            if name.contains(['/', '\\']) || name.starts_with('.') {
                let message = format!("the manifest of the release {digest} names `{name}`, which is not in its folder");
                return Err(Diagnostic::error(message).code("history-altered").into());
            }
            files.push((name.clone(), self.verified(&self.keys.release(digest, name), digest_of_file).await?));
        }
        if let Some(bytes) = self.store.get(&self.keys.release(digest, PROVENANCE)).await? {
            files.push((PROVENANCE.to_owned(), bytes));
        }
        files.push((manifest::FILE_NAME.to_owned(), bytes));
        Ok(FetchedRelease { digest: digest.to_owned(), files })
    }

    /// Reads the files that an event names.
    pub async fn files(&self, files: &[EventFile]) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let mut read = Vec::with_capacity(files.len());
        for file in files {
            if file.name.contains(['/', '\\']) || file.name.starts_with('.') {
                return Err(Diagnostic::error(format!("an event names `{}`, which is not a file name", file.name))
                    .code("history-altered")
                    .into());
            }
            read.push((file.name.clone(), self.verified(&self.keys.evidence(&file.digest, &file.name), &file.digest).await?));
        }
        Ok(read)
    }

    /// The newest event of a kind about a release for which `found` returns something.
    pub async fn newest_about<T>(
        &self,
        stage: Stage,
        kind: EventKind,
        release: &str,
        trusted: Option<&TrustedKeys>,
        found: impl Fn(&Event) -> Option<T>,
    ) -> Result<Option<(StoredEvent, T)>, Failure> {
        let mut timeline = self.timeline(Some(stage), None);
        while let Some(name) = timeline.next().await? {
            if name.kind != kind || !name.is_about(release) {
                continue;
            }
            let stored = self.event(Some(stage), &name, trusted).await?;
            if stored.event.release == release
                && let Some(found) = found(&stored.event)
            {
                return Ok(Some((stored, found)));
            }
        }
        Ok(None)
    }

    /// The results of the passed staging tests of a release, and their record if they are signed.
    pub async fn passed_staging_tests(
        &self,
        release: &Release,
        trusted: Option<&TrustedKeys>,
    ) -> Result<Option<Vec<(String, Vec<u8>)>>, Failure> {
        let passed = |event: &Event| match &event.facts {
            Facts::Tested { verdict, files, .. } if verdict == "passed" => Some(files.clone()),
            _ => None,
        };
        match self.newest_about(Stage::Staging, EventKind::Tested, &release.digest, trusted, passed).await? {
            Some((_, files)) => self.files(&files).await.map(Some),
            None => Ok(None),
        }
    }

    /// An object whose digest is known.
    async fn verified(&self, key: &str, digest: &str) -> Result<Vec<u8>, Failure> {
        let address = self.address(key);
        let Some(bytes) = self.store.get(key).await? else {
            let diagnostic =
                Diagnostic::error(format!("the history has no `{address}`")).code("not-in-history").about(self.place.to_string());
            return Err(Failure::bad_input(diagnostic));
        };
        let found = crate::files::digest(&bytes);
        if digits(&found) == digits(digest) {
            return Ok(bytes);
        }
        let diagnostic = Diagnostic::error(format!("`{address}` was changed: it does not have its digest"))
            .code("history-altered")
            .about(address)
            .detail(format!("expected {digest}"))
            .detail(format!("found    {found}"));
        Err(Failure::new(FailureKind::Failed, vec![diagnostic]))
    }
}
