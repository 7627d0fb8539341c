//! The file with the release before, which finishes a roll-back after `deploy` was killed.

use std::path::{Path, PathBuf};

use model_release::Diagnostic;
use stack_rollout::ReleaseBefore;

use terminal::{Printer, files};

/// The release before, in the folder of the rollout's record.
pub(crate) struct ReleaseBeforeFile {
    path: PathBuf,
}

impl ReleaseBeforeFile {
    pub(crate) fn beside(record: &Path) -> Self {
        Self { path: record.with_file_name("release-before.json") }
    }

    /// What an earlier run has kept. A file that cannot be read is a warning: only a roll-back needs it.
    pub(crate) fn read(&self, printer: Printer) -> Option<ReleaseBefore> {
        let text = std::fs::read_to_string(&self.path).ok()?;
        serde_json::from_str(&text).map_err(|error| self.warn(printer, "read", &error.to_string())).ok()
    }

    pub(crate) fn keep(&self, printer: Printer, before: Option<&ReleaseBefore>) {
        let Some(before) = before else {
            let _ = std::fs::remove_file(&self.path);
            return;
        };
        let text = serde_json::to_string_pretty(before).expect("plain data always serializes");
        if let Err(failure) = files::write(&self.path, text.as_bytes()) {
            for diagnostic in &failure.diagnostics {
                self.warn(printer, "written", &diagnostic.message);
            }
        }
    }

    fn warn(&self, printer: Printer, what: &str, why: &str) {
        let warning = Diagnostic::warning(format!("the release before cannot be {what}: {why}")).file(&self.path);
        printer.diagnostic(&warning.with_hint("a roll-back that is interrupted cannot be finished without it"));
    }
}
