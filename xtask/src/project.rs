//! The project's folder, and what git knows of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use model_release::manifest::Source;
use model_release::{Diagnostic, Failure};

use crate::files;

/// The project's folder: everything that people write is in it.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
}

impl Project {
    /// The named folder, else the nearest one upward from the working directory that has a template or a stage file: one of `marks`.
    pub(crate) fn find(named: Option<&Path>, marks: &[String]) -> Result<Self, Failure> {
        let here = Self::here()?;
        Self::find_if_any(named, marks)?.ok_or_else(|| {
            Diagnostic::error(format!("no project in `{}` or above it", here.root.display()))
                .detail(format!("a project has one of {}", marks.join(", ")))
                .with_hint("run this inside a project, or name its folder with --project-dir")
                .into()
        })
    }

    /// The same, for a command that also works outside of a project.
    pub(crate) fn find_if_any(named: Option<&Path>, marks: &[String]) -> Result<Option<Self>, Failure> {
        if let Some(root) = named {
            if root.is_dir() {
                return Ok(Some(Self { root: root.to_owned() }));
            }
            return Err(Diagnostic::error(format!("the project's folder `{}` does not exist", root.display()))
                .named("--project-dir")
                .into());
        }
        let is_project = |folder: &&Path| marks.iter().any(|mark| folder.join(mark).is_file());
        Ok(Self::here()?.root.ancestors().find(is_project).map(|root| Self { root: root.to_owned() }))
    }

    /// The folder of a template that is named by its path.
    pub(crate) fn of_template(template: &Path) -> Self {
        let folder = template.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { root: folder.to_owned() }
    }

    /// The working directory.
    pub(crate) fn here() -> Result<Self, Failure> {
        std::env::current_dir()
            .map(|root| Self { root })
            .map_err(|error| Failure::bad_input(Diagnostic::error(format!("the working directory cannot be read: {error}"))))
    }

    /// A file of the project, as a person in the working directory would name it.
    pub(crate) fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        files::relative(self.root.join(name))
    }

    /// A path as a person gave it, seen from the working directory; a default is seen from the project's folder.
    pub(crate) fn path(&self, given: Option<&Path>, default: &str) -> PathBuf {
        given.map_or_else(|| self.file(default), |path| files::relative(path.to_owned()))
    }

    /// A path below the folder for what is made: `CARGO_TARGET_DIR`, else `target` in the project.
    pub(crate) fn target(&self, below: &str) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .filter(|folder| !folder.is_empty())
            .map_or_else(|| self.root.join("target"), PathBuf::from)
            .join(below)
    }

    /// A folder as a person gave it, else one below the folder for what is made.
    pub(crate) fn folder(&self, given: Option<&Path>, below: &str) -> PathBuf {
        files::relative(given.map_or_else(|| self.target(below), Path::to_owned))
    }

    /// The commit that the project is at. CodeBuild hands the sources over without git, but says the commit.
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
