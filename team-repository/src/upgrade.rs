//! An upgrade of the owned files: a three-way merge with what the team changed.

mod report;

use std::collections::BTreeMap;

use diffy::{ConflictStyle, DiffOptions, MergeOptions};
use model_release::Diagnostic;
use serde::Serialize;

use crate::{LOCK, Lock, Pin, TeamFile, VERSION, owned_files};

/// What an upgrade does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The new version does not change it, nor did the team.
    Unchanged,
    /// The new version does not change it; the team's changes stay.
    Kept,
    /// The team did not change it.
    Updated,
    /// Both changed it, in different places.
    Merged,
    /// It is new in this version.
    Added,
    /// This version does not need it, and the team did not change it.
    Removed,
    /// The team deleted it: it stays deleted.
    Deleted,
    /// Both changed the same lines.
    Conflict,
}

/// A file of an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path in the repository.
    pub path: String,
    /// What happens to it.
    pub outcome: Outcome,
    /// The team's text, if the file exists.
    pub before: Option<String>,
    /// The text after the upgrade. For a conflict it has both versions between markers.
    pub after: Option<String>,
}

/// An upgrade of a repository.
#[derive(Debug, Clone)]
pub struct Upgrade {
    /// The version and pin that the repository has.
    pub from: (String, Option<Pin>),
    /// The version and pin of the upgrade.
    pub to: (String, Option<Pin>),
    /// The owned files, sorted by path.
    pub files: Vec<FileChange>,
    lock: Lock,
    is_lock_changed: bool,
}

impl Upgrade {
    /// Plans the upgrade to this version with a pin, else with the pin of the lock. `read` returns a
    /// file of the repository.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn plan(lock: &Lock, pin: Option<Pin>, read: impl Fn(&str) -> Result<Option<String>, Diagnostic>) -> Result<Self, Vec<Diagnostic>> {
        let pin = pin.or_else(|| lock.pin.clone());
        let new: BTreeMap<_, _> = owned_files(pin.as_ref()).into_iter().filter(|(path, _)| !lock.team_files.contains(*path)).collect();
        let old: BTreeMap<_, _> = lock.files().collect();
        let mut paths: Vec<_> = new.keys().copied().chain(old.keys().copied()).collect();
        paths.sort_unstable();
        paths.dedup();
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        for path in paths {
            match read(path) {
                Ok(current) => {
                    let (outcome, after) = merge(old.get(path).copied(), current.as_deref(), new.get(path).map(String::as_str));
                    files.push(FileChange { path: path.to_owned(), outcome, before: current, after });
                }
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let next = Lock::new(pin.clone(), lock.team_files.clone());
        let is_lock_changed = next != *lock;
        Ok(Self { from: (lock.xtask.clone(), lock.pin.clone()), to: (VERSION.to_owned(), pin), files, lock: next, is_lock_changed })
    }

    /// Whether the team and this version changed the same lines of a file.
    pub fn has_conflicts(&self) -> bool {
        self.files.iter().any(|file| file.outcome == Outcome::Conflict)
    }

    /// Whether anything is to be written.
    pub fn is_needed(&self) -> bool {
        self.is_lock_changed || self.files.iter().any(|file| file.before != file.after)
    }

    /// The files to write, the lock last.
    pub fn written(&self) -> Vec<TeamFile> {
        let changed = self.files.iter().filter(|file| file.before != file.after);
        let files = changed.filter_map(|file| Some(TeamFile::new(&file.path, file.after.clone()?)));
        let lock = self.is_lock_changed.then(|| TeamFile::new(LOCK, self.lock.text()));
        files.chain(lock).collect()
    }

    /// The files to remove.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter(|file| file.outcome == Outcome::Removed).map(|file| file.path.as_str())
    }
}

/// Merges what the earlier version wrote, the team's file and what this version writes.
fn merge(old: Option<&str>, current: Option<&str>, new: Option<&str>) -> (Outcome, Option<String>) {
    let keep = || current.map(str::to_owned);
    let (Some(text), Some(new)) = (current, new) else {
        return match (old, current, new) {
            (None, None, Some(new)) => (Outcome::Added, Some(new.to_owned())),
            (Some(old), Some(text), None) if text == with_line_ends_of(text, old) => (Outcome::Removed, None),
            (_, None, _) => (Outcome::Deleted, None),
            _ => (Outcome::Kept, keep()),
        };
    };
    // A checkout on Windows can have other line ends than the commit.
    let (old, new) = (with_line_ends_of(text, old.unwrap_or_default()), with_line_ends_of(text, new));
    if text == new {
        return (Outcome::Unchanged, keep());
    }
    if old == new {
        return (Outcome::Kept, keep());
    }
    if old == text {
        return (Outcome::Updated, Some(new));
    }
    match MergeOptions::new().set_conflict_style(ConflictStyle::Diff3).merge(&old, text, &new) {
        Ok(merged) if merged == text => (Outcome::Kept, keep()),
        Ok(merged) => (Outcome::Merged, Some(merged)),
        Err(marked) => (Outcome::Conflict, Some(marked)),
    }
}

/// A text with the line ends of another one.
fn with_line_ends_of(other: &str, text: &str) -> String {
    if other.contains("\r\n") { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text.to_owned() }
}

impl FileChange {
    /// The change as a unified diff; empty if there is none.
    pub fn diff(&self) -> String {
        let (before, after) = (self.before.as_deref().unwrap_or_default(), self.after.as_deref().unwrap_or_default());
        if before == after || self.outcome == Outcome::Conflict {
            return String::new();
        }
        let name = |prefix: &str, text: &Option<String>| {
            text.as_ref().map_or_else(|| "/dev/null".to_owned(), |_| format!("{prefix}/{}", self.path))
        };
        let mut options = DiffOptions::new();
        options.set_original_filename(name("a", &self.before)).set_modified_filename(name("b", &self.after));
        options.create_patch(before, after).to_string()
    }

    /// The lines that both changed, each with the line number in the team's file.
    pub fn conflicts(&self) -> Vec<(usize, String)> {
        if self.outcome != Outcome::Conflict {
            return Vec::new();
        }
        let (mut line, mut open, mut is_mine) = (1, None::<(usize, String)>, true);
        let mut found = Vec::new();
        for text in self.after.as_deref().unwrap_or_default().lines() {
            match text {
                "<<<<<<< ours" => open = Some((line, String::new())),
                "||||||| original" | "=======" if open.is_some() => is_mine = false,
                ">>>>>>> theirs" => is_mine = true,
                _ if is_mine => line += 1,
                _ => {}
            }
            if let Some((_, shown)) = &mut open {
                let named = match text {
                    "<<<<<<< ours" => "<<<<<<< yours",
                    "||||||| original" => "||||||| earlier version",
                    ">>>>>>> theirs" => ">>>>>>> this version",
                    other => other,
                };
                shown.push_str(named);
                shown.push('\n');
            }
            if text == ">>>>>>> theirs" {
                found.extend(open.take());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
