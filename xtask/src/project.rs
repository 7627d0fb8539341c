//! The project's folder and its git commit.

use std::path::{Path, PathBuf};
use std::process::Command;

use model_release::manifest::Source;
use model_release::{Diagnostic, Failure};

use crate::files;

/// The files that identify a project's folder.
const MARKERS: [&str; 3] = ["cfn-sm-endpoint-template.yml", "staging-config-template.json", "buildspec.yml"];

/// The project's folder, which contains all input files.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
}

impl Project {
    /// The named folder, else the nearest project at or above the working directory.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, Failure> {
        if let Some(root) = named {
            if root.is_dir() {
                return Ok(Self { root: root.to_owned() });
            }
            return Err(Diagnostic::error(format!("the project's folder `{}` does not exist", root.display()))
                .named("--project-dir")
                .into());
        }
        let start = std::env::current_dir()
            .map_err(|error| Failure::bad_input(Diagnostic::error(format!("the working directory cannot be read: {error}"))))?;
        start
            .ancestors()
            .find(|folder| MARKERS.iter().any(|marker| folder.join(marker).is_file()))
            .map(|root| Self { root: root.to_owned() })
            .ok_or_else(|| {
                Diagnostic::error(format!("no project in `{}` or above it", start.display()))
                    .detail(format!("a project has one of {}", MARKERS.join(", ")))
                    .with_hint("run this inside a project, or name its folder with --project-dir")
                    .into()
            })
    }

    /// A file of the project, relative to the working directory.
    pub(crate) fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        files::relative(self.root.join(name))
    }

    /// The named path, relative to the working directory, else the default in the project's folder.
    pub(crate) fn path(&self, named: Option<&Path>, default: &str) -> PathBuf {
        named.map_or_else(|| self.file(default), |path| files::relative(path.to_owned()))
    }

    /// A path in the folder for generated files: `CARGO_TARGET_DIR`, else `target`.
    pub(crate) fn target(&self, below: &str) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .filter(|folder| !folder.is_empty())
            .map_or_else(|| self.root.join("target"), PathBuf::from)
            .join(below)
    }

    /// The named folder, else one below the folder for generated files.
    pub(crate) fn folder(&self, named: Option<&Path>, below: &str) -> PathBuf {
        files::relative(named.map_or_else(|| self.target(below), Path::to_owned))
    }

    /// The project's commit. CodeBuild's sources have no git folder; a variable names the commit.
    pub(crate) fn source(&self) -> Source {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        if let Some(commit) = self.git(&["rev-parse", "HEAD"]) {
            let dirty = self.git(&["status", "--porcelain", "--untracked-files=no"]).map(|changes| !changes.is_empty());
            return Source { commit: Some(commit), dirty };
        }
        Source { commit: variable("CODEBUILD_RESOLVED_SOURCE_VERSION"), dirty: None }
    }

    fn git(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("git").arg("-C").arg(&self.root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}
