//! Writes golden files from the responses of a run that passed everything else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use endpoint_test::{Report, TargetReport};

use model_release::{Diagnostic, Failure, FailureKind};
use terminal::Printer;
use terminal::files::{self, FileSet};

/// Writes all files. Writes none if two responses differ or a file is outside the suite's folder.
pub(crate) fn write(printer: Printer, suite: &Path, report: &Report) -> Result<(), Failure> {
    let folder = suite.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found: BTreeMap<&str, (&[u8], &TargetReport)> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for target in &report.targets {
        for update in target.cases.iter().filter_map(|case| case.golden_update.as_ref()) {
            let (content, first) = *found.entry(&update.file).or_insert((&update.content, target));
            if content != update.content {
                diagnostics.push(
                    Diagnostic::error(format!("two endpoints give different responses for `{}`", update.file))
                        .detail(first.title())
                        .detail(target.title())
                        .with_hint("set a tolerance or ignored places for `golden`, or write it from one endpoint's response"),
                );
            }
        }
    }
    let mut set = FileSet::default();
    let mut written = Vec::new();
    for (file, (content, _)) in found {
        match inside(folder, file) {
            Ok(path) => {
                written.push(path.clone());
                set.add(path, content);
            }
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    if !diagnostics.is_empty() {
        return Err(Failure::new(FailureKind::Failed, diagnostics));
    }
    set.write()?;
    for path in written {
        printer.step("Written", files::shown(&path));
    }
    Ok(())
}

/// The file's path, unless a symbolic link leads out of the suite's folder.
fn inside(folder: &Path, file: &str) -> Result<PathBuf, Diagnostic> {
    let path = folder.join(file);
    let parent = path.parent().unwrap_or(folder);
    let existing = parent.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(folder);
    let canonical = |path: &Path| path.canonicalize().map_err(|error| files::cannot("find", path, &error));
    if canonical(existing)?.starts_with(canonical(folder)?) {
        return Ok(path);
    }
    Err(Diagnostic::error(format!("the golden file `{file}` is outside the suite's folder, behind a link")).file(&path))
}
