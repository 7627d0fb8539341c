//! A registry snapshot from a file, in place of SageMaker.

use std::path::Path;

use model_registry::snapshot::Snapshot;

use crate::diagnostic::{Diagnostic, Failure};
use crate::files;

/// Reads a registry snapshot.
pub(crate) fn read(path: &Path) -> Result<Snapshot, Failure> {
    let text = files::read_text(path)
        .map_err(|diagnostic| diagnostic.named("--registry").hinting("examples/registry.json shows what a registry snapshot holds"))?;
    Snapshot::parse(&text).map_err(|error| {
        let diagnostic = Diagnostic::error(format!("`{}` is not a registry snapshot: {error}", path.display()));
        let diagnostic = match error.position() {
            Some((line, column)) => diagnostic.source(&path.display().to_string(), line, column, &text),
            None => diagnostic.file(path),
        };
        diagnostic
            .hinting("examples/registry.json shows the shape: what `aws sagemaker list-model-packages` and `describe-model-package` print")
            .into()
    })
}
