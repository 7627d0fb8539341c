//! A registry snapshot from a file, in place of SageMaker.

use std::path::{Path, PathBuf};

use model_registry::snapshot::Snapshot;

use crate::files;
use model_release::Failure;
use model_release::problems;

/// Reads a registry snapshot.
pub(crate) fn read(path: &Path) -> Result<Snapshot, Failure> {
    let text = files::read_registry(path)
        .map_err(|diagnostic| diagnostic.named("--registry").with_hint("examples/registry.json shows what a registry snapshot holds"))?;
    Snapshot::parse(&text).map_err(|found| problems::of_registry(&found, path, &text))
}

/// The folder that mirrors S3 for the documents that the packages of a snapshot name: `registry.json` has `registry.s3` beside it.
pub(crate) fn mirror(path: &Path) -> PathBuf {
    path.with_extension("s3")
}
