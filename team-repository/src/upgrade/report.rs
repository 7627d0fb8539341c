//! An upgrade as text, as JSON and as the text of a pull request.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{FileChange, Outcome, Upgrade};
use crate::{LOCK, Pin};

impl Outcome {
    fn verb(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Kept => "kept",
            Self::Updated => "updated",
            Self::Merged => "merged",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Deleted => "deleted",
            Self::Conflict => "CONFLICT",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Unchanged => "this version writes the same",
            Self::Kept => "your changes stay; this version changes nothing else",
            Self::Updated => "you did not change it",
            Self::Merged => "your changes stay; the others are added",
            Self::Added => "new in this version",
            Self::Removed => "this version does not need it",
            Self::Deleted => "you deleted it, and it stays deleted",
            Self::Conflict => "you and this version changed the same lines",
        }
    }
}

impl Upgrade {
    /// What changes, with a diff of each file.
    pub fn text(&self) -> String {
        let mut text = format!("xtask {} -> {}\npin   {}", self.from.0, self.to.0, Pin::text(self.to.1.as_ref()));
        if self.from.1 != self.to.1 {
            let _ = write!(text, "\n      instead of {}", Pin::text(self.from.1.as_ref()));
        }
        for file in &self.files {
            let _ = write!(text, "\n{:>10}  {}: {}", file.outcome.verb(), file.path, file.outcome.reason());
        }
        for file in &self.files {
            let diff = file.diff();
            if !diff.is_empty() {
                let _ = write!(text, "\n\n{}", diff.trim_end());
            }
            for (line, conflict) in file.conflicts() {
                let _ = write!(text, "\n\n{}:{line}\n{}", file.path, conflict.trim_end());
            }
        }
        text
    }

    /// The upgrade as JSON.
    pub fn json(&self) -> Value {
        let pin = |pin: &Option<Pin>| json!(pin);
        let file = |file: &FileChange| {
            let conflicts: Vec<_> = file.conflicts().into_iter().map(|(line, text)| json!({ "line": line, "text": text })).collect();
            json!({ "path": file.path, "outcome": file.outcome, "diff": file.diff(), "conflicts": conflicts })
        };
        json!({
            "schema_version": 1,
            "from": { "xtask": self.from.0, "pin": pin(&self.from.1) },
            "to": { "xtask": self.to.0, "pin": pin(&self.to.1) },
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
        })
    }

    /// The text of a pull request.
    pub fn markdown(&self) -> String {
        let mut text = format!("# Upgrade of xtask: {} to {}\n\n", self.from.0, self.to.0);
        let _ = writeln!(text, "| | before | after |\n|---|---|---|\n| version | {} | {} |", self.from.0, self.to.0);
        let _ = writeln!(text, "| pin | {} | {} |\n", code(&Pin::text(self.from.1.as_ref())), code(&Pin::text(self.to.1.as_ref())));
        text += "| file | | |\n|---|---|---|\n";
        for file in &self.files {
            let _ = writeln!(text, "| {} | {} | {} |", code(&file.path), file.outcome.verb(), file.outcome.reason());
        }
        for file in &self.files {
            let diff = file.diff();
            if !diff.is_empty() {
                let _ = writeln!(text, "\n<details><summary>{}</summary>\n\n{}\n</details>", file.path, fenced("diff", &diff));
            }
            for (line, conflict) in file.conflicts() {
                let _ = write!(text, "\n**Conflict in {}:{line}.** Decide which lines stay:\n\n{}", file.path, fenced("text", &conflict));
            }
        }
        text + &format!("\n`{LOCK}` records what this version wrote: it is the base of the next upgrade.\n")
    }
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}

/// A block whose fence is longer than any in the text.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}
