//! Progress of uploads, only on a terminal; the commands print the uploads when they finish.

use cfn_render::{Artifact, ArtifactStore, Location, PackagePlan, StoreError};
use indicatif::HumanBytes;

use super::Line;
use terminal::Printer;

/// A store that shows the current upload.
#[derive(Debug)]
pub(crate) struct Uploads<S> {
    store: S,
    line: Line,
}

impl<S> Uploads<S> {
    pub(crate) fn new(printer: Printer, plan: &PackagePlan, store: S) -> Self {
        Self { store, line: Line::new(printer, Some(plan.uploads().len()), "{spinner} {pos} of {len} uploads  {wide_msg}") }
    }
}

impl<S: ArtifactStore> ArtifactStore for Uploads<S> {
    async fn put(&self, artifact: &Artifact) -> Result<Location, StoreError> {
        self.line.0.set_message(format!("{} ({})", artifact.source().display(), HumanBytes(artifact.len())));
        let outcome = self.store.put(artifact).await;
        self.line.0.inc(1);
        outcome
    }
}
