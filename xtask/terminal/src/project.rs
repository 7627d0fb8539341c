//! The project's folder and its git commit.

use std::path::{Path, PathBuf};
use std::process::Command;

use model_release::manifest::Source;
use model_release::{Diagnostic, Failure};

use crate::files;

/// The project's folder, which contains all input files.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder.
    pub root: PathBuf,
}

impl Project {
    /// The named folder, else the nearest project at or above the working directory: a folder with one
    /// of the `markers`.
    pub fn find(named: Option<&Path>, markers: &[String]) -> Result<Self, Failure> {
        let here = Self::here()?;
        Self::find_if_any(named, markers)?.ok_or_else(|| {
            Diagnostic::error(format!("no project in `{}` or above it", here.root.display()))
                .detail(format!("a project has one of {}", markers.join(", ")))
                .with_hint("run this inside a project, or name its folder with --project-dir")
                .into()
        })
    }

    /// As [`Self::find`], for a command that does not require a project.
    pub fn find_if_any(named: Option<&Path>, markers: &[String]) -> Result<Option<Self>, Failure> {
        if let Some(root) = named {
            if root.is_dir() {
                return Ok(Some(Self { root: root.to_owned() }));
            }
            return Err(Diagnostic::error(format!("the project's folder `{}` does not exist", root.display()))
                .named("--project-dir")
                .into());
        }
        let is_project = |folder: &&Path| markers.iter().any(|marker| folder.join(marker).is_file());
        Ok(Self::here()?.root.ancestors().find(is_project).map(|root| Self { root: root.to_owned() }))
    }

    /// The folder of a template.
    pub fn of_template(template: &Path) -> Self {
        let folder = template.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { root: folder.to_owned() }
    }

    /// The working directory.
    pub fn here() -> Result<Self, Failure> {
        std::env::current_dir()
            .map(|root| Self { root })
            .map_err(|error| Failure::bad_input(Diagnostic::error(format!("the working directory cannot be read: {error}"))))
    }

    /// A file of the project, relative to the working directory.
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        files::relative(self.root.join(name))
    }

    /// The named path, relative to the working directory, else the default in the project's folder.
    pub fn path(&self, named: Option<&Path>, default: &str) -> PathBuf {
        named.map_or_else(|| self.file(default), |path| files::relative(path.to_owned()))
    }

    /// A path in the folder for generated files: `CARGO_TARGET_DIR`, else `target`.
    pub fn target(&self, below: &str) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .filter(|folder| !folder.is_empty())
            .map_or_else(|| self.root.join("target"), PathBuf::from)
            .join(below)
    }

    /// The named folder, else one below the folder for generated files.
    pub fn folder(&self, named: Option<&Path>, below: &str) -> PathBuf {
        files::relative(named.map_or_else(|| self.target(below), Path::to_owned))
    }

    /// The project's commit. CodeBuild's sources have no git folder; a variable names the commit.
    pub fn source(&self) -> Source {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        self.git_status()
            .and_then(|status| of_status(&status))
            .unwrap_or_else(|| Source { commit: variable("CODEBUILD_RESOLVED_SOURCE_VERSION"), dirty: None })
    }

    /// One process, and none without a repository: a build takes less time than git does.
    fn git_status(&self) -> Option<String> {
        let is_repository =
            || std::path::absolute(&self.root).is_ok_and(|root| root.ancestors().any(|folder| folder.join(".git").exists()));
        if std::env::var_os("GIT_DIR").is_none() && !is_repository() {
            return None;
        }
        let arguments = ["-c", "status.aheadBehind=false", "status", "--porcelain=v2", "--branch", "--untracked-files=no"];
        let output = Command::new("git").arg("-C").arg(&self.root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The commit, and whether files differ from it; `None` before the first commit.
fn of_status(status: &str) -> Option<Source> {
    let commit = status.lines().find_map(|line| line.strip_prefix("# branch.oid ")).filter(|commit| !commit.starts_with('('))?;
    let dirty = status.lines().any(|line| !line.starts_with('#'));
    Some(Source { commit: Some(commit.to_owned()), dirty: Some(dirty) })
}

#[cfg(test)]
mod tests;
