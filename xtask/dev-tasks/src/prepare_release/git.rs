//! git, for the files, the commit and the tag of a release. It never pushes.

use std::path::PathBuf;

use crate::program::Task;
use model_release::{Diagnostic, Failure, FailureKind};
use terminal::Project;

/// git in a project's folder.
pub(super) struct Git {
    root: PathBuf,
}

impl Git {
    pub(super) fn of(project: &Project) -> Self {
        Self { root: project.root.clone() }
    }

    pub(super) fn has_tag(&self, tag: &str) -> Result<bool, Failure> {
        Ok(!self.output(&["tag", "--list", tag])?.trim().is_empty())
    }

    /// The committed files that match the patterns.
    pub(super) fn files(&self, patterns: &[&str]) -> Result<Vec<String>, Failure> {
        let output = self.output(&[&["ls-files", "-z", "--"], patterns].concat())?;
        Ok(output.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    pub(super) fn uncommitted(&self) -> Result<String, Failure> {
        self.output(&["status", "--porcelain", "--untracked-files=no"])
    }

    pub(super) fn commit(&self, files: &[PathBuf], message: &str) -> Result<(), Failure> {
        let files: Vec<String> = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        self.output(&[&["commit", "--quiet", "--message", message, "--"], files.as_slice()].concat()).map(drop)
    }

    /// An annotated tag. Lines of the message that begin with `#` are headings, not comments.
    pub(super) fn tag(&self, name: &str, message: &str) -> Result<(), Failure> {
        self.output(&["tag", "--annotate", "--cleanup=whitespace", "--message", message, name]).map(drop)
    }

    pub(super) fn head(&self) -> Result<String, Failure> {
        Ok(self.output(&["rev-parse", "--short", "HEAD"])?.trim().to_owned())
    }

    fn output(&self, arguments: &[&str]) -> Result<String, Failure> {
        let (succeeds, output) = Task::new("git").folder(&self.root).args(arguments.iter().copied()).output()?;
        if succeeds {
            return Ok(output);
        }
        let diagnostic = Diagnostic::error(format!("`git {}` failed", arguments.first().unwrap_or(&""))).detail(output.trim());
        let hint = "git's message is above; `git restore .` undoes changes of files";
        Err(Failure::new(FailureKind::Failed, vec![diagnostic.with_hint(hint)]))
    }
}
