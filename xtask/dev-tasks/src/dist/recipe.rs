//! What a build must be told so that the same commit gives the same binary in every folder.

use std::path::{Path, PathBuf};

use crate::program::Task;
use model_release::{Diagnostic, Failure};
use terminal::Project;

/// The commit that is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) id: String,
    /// Its time, in seconds since 1970.
    pub(super) seconds: i64,
    /// Whether files differ from it.
    pub(super) is_modified: bool,
}

impl Commit {
    /// The project's commit, or `None` outside of git.
    pub(super) fn of(project: &Project) -> Result<Option<Self>, Failure> {
        let source = project.source();
        let Some(id) = source.commit else { return Ok(None) };
        let (succeeds, output) = Task::new("git").folder(&project.root).args(["show", "--no-patch", "--format=%ct", &id]).output()?;
        let seconds = output.trim().parse().ok().filter(|_| succeeds);
        // CodeBuild names the commit of sources without a git folder.
        Ok(seconds.map(|seconds| Self { id, seconds, is_modified: source.dirty == Some(true) }))
    }

    /// RFC 3339, in UTC.
    pub(super) fn time(&self) -> String {
        jiff::Timestamp::from_second(self.seconds).map(|time| time.to_string()).unwrap_or_default()
    }

    /// What `xtask --version` prints after the name.
    pub(super) fn version(&self) -> String {
        let modified = if self.is_modified { ", modified" } else { "" };
        let date = self.time();
        let date = date.split('T').next().unwrap_or_default();
        format!("{} ({} {date}{modified})", env!("CARGO_PKG_VERSION"), self.id.get(..12).unwrap_or(&self.id))
    }
}

/// The arguments and variables of a build.
#[derive(Debug)]
pub(super) struct Recipe {
    variables: Vec<(&'static str, String)>,
}

impl Recipe {
    /// `target` is the folder for generated files.
    pub(super) fn new(project: &Project, target: &Path, commit: Option<&Commit>) -> Result<Self, Failure> {
        let mut prefixes = vec![(absolute(&project.root), "/xtask".to_owned()), (absolute(target), "/xtask/target".to_owned())];
        prefixes.push((cargo_home()?, "/cargo".to_owned()));
        prefixes.extend(standard_library(project)?);
        // Of several prefixes of a path, rustc replaces the last one.
        prefixes.sort_by_key(|(path, _)| path.as_os_str().len());
        let flags = |name: &str| prefixes.iter().map(|(path, to)| format!("{name}={}={to}", path.display())).collect::<Vec<_>>();
        let mut variables = vec![
            ("CARGO_ENCODED_RUSTFLAGS", flags("--remap-path-prefix").join("\u{1f}")),
            ("CFLAGS", flags("-ffile-prefix-map").join(" ")),
            ("CARGO_INCREMENTAL", "0".to_owned()),
        ];
        if let Some(commit) = commit {
            variables.push(("SOURCE_DATE_EPOCH", commit.seconds.to_string()));
            variables.push(("XTASK_VERSION", commit.version()));
        }
        Ok(Self { variables })
    }

    /// A task of cargo that builds with the shipped program's profile, without default features.
    pub(super) fn apply(&self, task: Task) -> Task {
        let task = task.args(["--locked", "--profile", "dist", "--no-default-features"]);
        self.variables.iter().fold(task, |task, (name, value)| task.env(name, value))
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.components().collect())
}

fn cargo_home() -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = variable("CARGO_HOME").or_else(|| Some(variable("HOME")?.join(".cargo")));
    home.ok_or_else(|| Diagnostic::error("neither CARGO_HOME nor HOME is set").with_hint("set HOME: cargo's downloads are below it").into())
}

/// The sources of the standard library, if they are installed; without them, rustc uses this path.
fn standard_library(project: &Project) -> Result<Option<(PathBuf, String)>, Failure> {
    let rustc = |argument: &[&str]| Task::new("rustc").folder(&project.root).args(argument.iter().copied()).output();
    let (_, sysroot) = rustc(&["--print", "sysroot"])?;
    let (_, version) = rustc(&["--version", "--verbose"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    Ok(commit.map(|commit| (Path::new(sysroot.trim()).join("lib/rustlib/src/rust"), format!("/rustc/{commit}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_names_the_commit_its_date_and_changes() {
        let commit = Commit { id: "0123456789abcdef".to_owned(), seconds: 1_767_312_000, is_modified: false };
        assert_eq!(commit.version(), format!("{} (0123456789ab 2026-01-02)", env!("CARGO_PKG_VERSION")));
        let modified = Commit { is_modified: true, ..commit };
        assert!(modified.version().ends_with(" 2026-01-02, modified)"), "{}", modified.version());
        assert_eq!(modified.time(), "2026-01-02T00:00:00Z");
    }

    #[test]
    fn no_path_of_the_machine_is_left_and_the_innermost_folder_decides() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project { root: folder.path().join("project") };
        std::fs::create_dir(&project.root).unwrap();
        let root = project.root.display();
        let recipe = Recipe::new(&project, &project.root.join("target"), None).unwrap();
        let value = |name: &str| recipe.variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.clone());
        let flags = value("CARGO_ENCODED_RUSTFLAGS").unwrap();
        let flags: Vec<_> = flags.split('\u{1f}').collect();
        assert!(flags.contains(&&*format!("--remap-path-prefix={root}=/xtask")), "{flags:?}");
        let lengths: Vec<_> = flags.iter().map(|flag| flag.split('=').nth(1).unwrap().len()).collect();
        assert!(lengths.is_sorted(), "{flags:?}");
        assert!(value("CFLAGS").unwrap().contains(&format!("-ffile-prefix-map={root}=/xtask")));
        assert_eq!(value("SOURCE_DATE_EPOCH"), None, "without a commit there is no time");
    }
}
