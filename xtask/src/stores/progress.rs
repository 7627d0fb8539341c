//! Progress of uploads, on a terminal alone: what is uploaded is said afterwards anyway.

use std::time::Duration;

use cfn_render::{Artifact, ArtifactStore, Location, PackagePlan, StoreError};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::Printer;

/// A store that shows what it is at.
#[derive(Debug)]
pub(super) struct Progress<S> {
    store: S,
    bar: ProgressBar,
}

impl<S> Progress<S> {
    pub(super) fn new(printer: Printer, plan: &PackagePlan, store: S) -> Self {
        let target = if printer.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(plan.uploads().len() as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} of {len} uploads  {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { store, bar }
    }
}

impl<S: ArtifactStore> ArtifactStore for Progress<S> {
    async fn put(&self, artifact: &Artifact) -> Result<Location, StoreError> {
        self.bar.set_message(format!("{} ({})", artifact.source().display(), HumanBytes(artifact.len())));
        let outcome = self.store.put(artifact).await;
        self.bar.inc(1);
        outcome
    }
}

impl<S> Drop for Progress<S> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
