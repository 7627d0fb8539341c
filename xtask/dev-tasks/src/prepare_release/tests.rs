//! On a clone of this repository.

use std::fs;
use std::path::Path;

use super::*;
use crate::program::Task;

/// A clone with a change to release, and the version to release.
struct Clone {
    folder: tempfile::TempDir,
    project: Project,
    version: String,
}

impl Clone {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clone = folder.path().join("clone");
        let (cloned, output) = Task::new("git").args(["clone", "--quiet", "--no-tags"]).arg(root).arg(&clone).output().unwrap();
        assert!(cloned, "{output}");
        let project = Project { root: clone };
        let old = manifest::version(&read(&project, "Cargo.toml").unwrap()).unwrap();
        let next: u64 = old.split('.').next().unwrap().parse().unwrap();
        let this = Self { folder, project, version: format!("{}.0.0", next + 1) };
        this.git(&["config", "user.name", "Test"]);
        this.git(&["config", "user.email", "test@example.com"]);
        let log = read(&this.project, changelog::FILE).unwrap();
        this.write(changelog::FILE, &log.replacen("## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- What the test releases.\n", 1));
        this.git(&["commit", "--quiet", "--all", "--message", "A change"]);
        this
    }

    fn git(&self, arguments: &[&str]) -> String {
        let (succeeds, output) = Task::new("git").folder(&self.project.root).args(arguments.iter().copied()).output().unwrap();
        assert!(succeeds, "git {arguments:?}: {output}");
        output
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.project.root.join(file), text).unwrap();
    }

    fn prepare(&self) -> Result<Preparation, Failure> {
        prepare(&self.project, &self.version, "2026-01-02")
    }
}

fn message(failure: &Failure) -> &str {
    &failure.diagnostics[0].message
}

#[test]
fn a_release_changes_every_version_commits_and_tags_and_pushes_nothing() {
    let clone = Clone::new();
    let preparation = clone.prepare().unwrap();
    assert_eq!(clone.git(&["status", "--porcelain"]), "", "without --execute, nothing changes");
    let shown = preparation.changes.iter().flat_map(Change::lines).collect::<Vec<_>>().join("\n");
    assert!(shown.contains(&format!("+ version = \"{}\"", clone.version)), "{shown}");

    execute(&clone.project, &preparation).unwrap();
    assert_eq!(clone.git(&["status", "--porcelain"]), "", "everything is committed");
    let tag = format!("v{}", clone.version);
    assert_eq!(clone.git(&["tag", "--points-at", "HEAD"]).trim(), tag);
    let notes = clone.git(&["tag", "--list", "--format=%(contents)", &tag]);
    assert!(notes.contains("### Added") && notes.contains("- What the test releases."), "{notes}");
    let remote = clone.git(&["ls-remote", "--tags", "origin"]);
    assert!(!remote.contains(&tag), "{remote}");

    // Both lock files are up to date, and every crate has the version.
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let metadata = cargo(&clone.project).args([
            "metadata",
            "--locked",
            "--offline",
            "--quiet",
            "--format-version",
            "1",
            "--manifest-path",
            manifest,
        ]);
        let (succeeds, output) = metadata.output().unwrap();
        assert!(succeeds, "{output}");
    }
    for package in crate::program::packages(&clone.project).unwrap() {
        assert_eq!(package["version"], clone.version.as_str(), "{}", package["name"]);
    }
    let changed = clone.git(&["show", "--name-only", "--format=", "HEAD"]);
    for file in ["Cargo.toml", "Cargo.lock", "fuzz/Cargo.lock", "CHANGELOG.md", "buildspec.yml", "docs/commands.md"] {
        assert!(changed.lines().any(|line| line == file), "{changed}");
    }
    let locks = clone.git(&["show", "--format=", "--unified=0", "HEAD", "--", "Cargo.lock", "fuzz/Cargo.lock"]);
    let other =
        locks.lines().filter(|line| line.starts_with('+') && !line.starts_with("+++")).find(|line| !line.starts_with("+version = "));
    assert_eq!(other, None, "only versions change in the lock files");

    assert!(message(&clone.prepare().unwrap_err()).contains("is not after the current one"));
    drop(clone.folder);
}

#[test]
fn what_is_not_committed_is_not_released() {
    let clone = Clone::new();
    let preparation = clone.prepare().unwrap();
    clone.write("README.md", "changed");
    let failure = execute(&clone.project, &preparation).unwrap_err();
    assert!(message(&failure).contains("not committed") && failure.diagnostics[0].details[0].contains("README.md"), "{failure:?}");
    assert_eq!(clone.git(&["tag", "--list"]), "");
}

#[test]
fn a_tag_is_never_moved() {
    let clone = Clone::new();
    clone.git(&["tag", &format!("v{}", clone.version)]);
    assert!(message(&clone.prepare().unwrap_err()).contains("exists already"));
}

#[test]
fn a_version_that_is_none_and_an_older_one_are_refused() {
    let clone = Clone::new();
    assert!(message(&prepare(&clone.project, "next", "2026-01-02").unwrap_err()).contains("is not a version"));
    assert!(message(&prepare(&clone.project, "0.0.1", "2026-01-02").unwrap_err()).contains("is not after"));
}
