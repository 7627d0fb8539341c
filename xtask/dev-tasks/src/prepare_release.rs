//! `prepare-release`: the version of all crates, the changelog, the lock files, a commit and a tag.
//!
//! It only shows the changes unless `--execute` is used, and never pushes or publishes.

mod changelog;
mod git;
mod manifest;
mod version;

use std::path::{Path, PathBuf};

use super::options::PrepareReleaseOptions;
use super::program::cargo;
use git::Git;
use model_release::{Diagnostic, Failure, FailureKind};
use terminal::{Exit, Printer, Project, files};
use version::Version;

/// The workspaces, each with a lock file.
const WORKSPACES: [&str; 2] = ["", "fuzz/"];

/// What a release changes.
#[derive(Debug)]
struct Preparation {
    version: String,
    tag: String,
    /// The changelog's section, for the tag and the release page.
    notes: String,
    changes: Vec<Change>,
}

/// A file, relative to the project, with its text before and after.
#[derive(Debug)]
struct Change {
    file: PathBuf,
    before: String,
    after: String,
}

pub(crate) fn run(printer: Printer, project: &Project, options: &PrepareReleaseOptions) -> Result<Exit, Failure> {
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let preparation = prepare(project, &options.version, &today)?;
    for change in &preparation.changes {
        printer.step("Changing", change.file.display());
        for line in change.lines() {
            printer.line(line);
        }
    }
    printer.step("Changing", "Cargo.lock and fuzz/Cargo.lock");
    if options.execute {
        let commit = execute(project, &preparation)?;
        printer.step("Tagged", format_args!("{} at {commit}", preparation.tag));
    }
    let Preparation { version, tag, notes, .. } = &preparation;
    let next = if options.execute {
        format!("push the commit and the tag when they are right: `git push origin HEAD {tag}`")
    } else {
        format!("nothing is changed yet; to change it, commit and tag: `cargo xtask prepare-release {version} --execute`")
    };
    let result = serde_json::json!({ "schema_version": 1, "version": version, "tag": tag, "notes": notes, "executed": options.execute });
    printer.result(&result, format_args!("{tag}\n\n{notes}\n{next}"));
    Ok(Exit::Done)
}

/// Computes the changes. Changes nothing.
fn prepare(project: &Project, version: &str, date: &str) -> Result<Preparation, Failure> {
    let git = Git::of(project);
    let new: Version = version.parse()?;
    let manifest = read(project, "Cargo.toml")?;
    let old_text = manifest::version(&manifest)?;
    let old: Version = old_text.parse()?;
    if new <= old {
        let hint = "the next version has a higher number; https://semver.org says which";
        return Err(Diagnostic::error(format!("the version {version} is not after the current one, {old_text}")).with_hint(hint).into());
    }
    let tag = format!("v{version}");
    if git.has_tag(&tag)? {
        let hint = format!("choose another version, or delete the tag: `git tag --delete {tag}`");
        return Err(Diagnostic::error(format!("the tag `{tag}` exists already")).with_hint(hint).into());
    }
    let log = read(project, changelog::FILE)?;
    let (released, notes) = changelog::release(&log, version, date)?;

    let mut changes = vec![
        Change { file: "Cargo.toml".into(), after: manifest::with_version(&manifest, &old_text, version)?, before: manifest },
        Change { file: changelog::FILE.into(), before: log, after: released },
    ];
    // The binary's name in guides and buildspecs.
    let (from, to) = (format!("xtask-{old_text}-"), format!("xtask-{version}-"));
    for file in git.files(&["*.md", "*.yml", "*.yaml"])? {
        if file == changelog::FILE {
            continue;
        }
        let before = read(project, &file)?;
        if before.contains(&from) {
            changes.push(Change { after: before.replace(&from, &to), before, file: file.into() });
        }
    }
    Ok(Preparation { version: version.to_owned(), tag, notes, changes })
}

/// Writes the files, commits them and creates the tag; the commit.
fn execute(project: &Project, preparation: &Preparation) -> Result<String, Failure> {
    let git = Git::of(project);
    let uncommitted = git.uncommitted()?;
    if !uncommitted.is_empty() {
        return Err(Diagnostic::error("there are changes that are not committed")
            .detail(uncommitted.trim_end())
            .with_hint("commit or stash them: the release's commit contains the release only")
            .into());
    }
    let mut set = files::FileSet::default();
    for change in &preparation.changes {
        set.add(project.root.join(&change.file), change.after.clone());
    }
    set.write()?;
    for workspace in WORKSPACES {
        update_lock(project, &format!("{workspace}Cargo.toml"))?;
    }
    let mut paths: Vec<PathBuf> = preparation.changes.iter().map(|change| change.file.clone()).collect();
    paths.extend(WORKSPACES.map(|workspace| PathBuf::from(format!("{workspace}Cargo.lock"))));
    git.commit(&paths, &format!("Release {}", preparation.version))?;
    git.tag(&preparation.tag, &format!("{}\n\n{}", preparation.tag, preparation.notes))?;
    git.head()
}

/// Writes the new versions of this workspace's crates to a lock file, and no other change.
fn update_lock(project: &Project, manifest: &str) -> Result<(), Failure> {
    let (passed, output) =
        cargo(project).args(["metadata", "--offline", "--quiet", "--format-version", "1", "--manifest-path", manifest]).output()?;
    if passed {
        return Ok(());
    }
    let diagnostic = Diagnostic::error(format!("the lock file beside `{manifest}` cannot be updated")).detail(output.trim());
    let hint = "fetch the dependencies (`cargo fetch`, `cargo fetch --manifest-path fuzz/Cargo.toml`), undo the changes (`git restore .`), and try again";
    Err(Failure::new(FailureKind::Failed, vec![diagnostic.with_hint(hint)]))
}

impl Change {
    /// The lines that differ, the old ones before the new ones.
    fn lines(&self) -> Vec<String> {
        let only_in = |text: &str, other: &str, sign: char| -> Vec<String> {
            let known: std::collections::BTreeSet<&str> = other.lines().collect();
            text.lines().filter(|line| !known.contains(line)).map(|line| format!("           {sign} {line}")).collect()
        };
        [only_in(&self.before, &self.after, '-'), only_in(&self.after, &self.before, '+')].concat()
    }
}

fn read(project: &Project, file: impl AsRef<Path>) -> Result<String, Failure> {
    let path = project.root.join(file);
    std::fs::read_to_string(&path).map_err(|error| Failure::bad_input(files::cannot("read", &path, &error)))
}

#[cfg(test)]
mod tests;
