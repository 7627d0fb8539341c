//! Reads a registry snapshot from a file, instead of SageMaker.

use std::path::{Path, PathBuf};

use model_registry::snapshot::Snapshot;

use model_release::Failure;
use model_release::problems;
use terminal::files;

/// Reads a registry snapshot.
pub(crate) fn read(path: &Path) -> Result<Snapshot, Failure> {
    let text = files::read_registry(path)
        .map_err(|diagnostic| diagnostic.named("--registry").with_hint("examples/registry.json is an example of a registry snapshot"))?;
    Snapshot::parse(&text).map_err(|found| problems::of_registry(&found, path, &text))
}

/// The folder with copies of the packages' S3 documents: `registry.s3` beside `registry.json`.
pub(crate) fn mirror(path: &Path) -> PathBuf {
    path.with_extension("s3")
}
