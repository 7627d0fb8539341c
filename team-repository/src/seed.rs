//! A repository of the Python seed: what is carried over, and what a person must decide.

mod programs;
mod read;
mod stage_file;
mod template;

use std::collections::BTreeMap;
use std::path::Path;

use model_release::{Diagnostic, Failure, stop_on_errors};
use serde::Serialize;

use crate::{SUITE, TeamFile};

/// What happened to something of the seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A person must decide.
    Decide,
    /// It behaves differently.
    Changed,
    /// It is part of the program.
    Replaced,
    /// It is carried over unchanged.
    Carried,
}

/// What happened to a part of the seed, or what must be decided about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What happened.
    pub action: Action,
    /// A stable code, such as `unused-parameter`.
    pub code: &'static str,
    /// The file in the seed repository.
    pub file: String,
    /// The line, if it is about a part of the file.
    pub line: Option<usize>,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A repository of the Python seed.
#[derive(Debug, Clone, Default)]
pub struct Seed {
    /// The path of its template.
    pub template: String,
    /// The files to write, with their content here.
    pub files: Vec<TeamFile>,
    /// What happened to each part: first what must be decided.
    pub findings: Vec<Finding>,
}

impl Finding {
    fn new(action: Action, code: &'static str, file: &str, line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        Self { action, code, file: file.to_owned(), line: line.into(), message: message.into(), hint: None }
    }

    fn decide(code: &'static str, file: &str, line: impl Into<Option<usize>>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::new(Action::Decide, code, file, line, message) }
    }

    /// The place, such as `test/test.py:12`.
    pub fn place(&self) -> String {
        self.line.map_or_else(|| self.file.clone(), |line| format!("{}:{line}", self.file))
    }

    /// The finding as lines for a person.
    pub fn text(&self) -> String {
        let verb = match self.action {
            Action::Decide => "DECIDE",
            Action::Changed => "changed",
            Action::Replaced => "replaced",
            Action::Carried => "carried",
        };
        let hint = self.hint.as_ref().map(|hint| format!("\n{:>12}{hint}", "")).unwrap_or_default();
        format!("{verb:>10}  {}: {}{hint}", self.place(), self.message)
    }
}

/// The seed's own files, and what replaces them.
const REPLACED: [(&str, &str); 5] = [
    ("build.py", "`xtask build`"),
    ("setup.py", "`xtask setup`"),
    ("test/test.py", "`xtask test-staging` with test/endpoint-tests.yaml"),
    ("buildspec.yml", "a buildspec that runs `xtask`"),
    ("test/buildspec.yml", "a buildspec that runs `xtask`"),
];

/// Files of a new repository that are written in place of the seed's.
const OURS: [&str; 4] = ["README.md", "xtask.lock", "pipeline/obtain-xtask.sh", ".gitignore"];

impl Seed {
    /// Reads a seed repository.
    ///
    /// # Errors
    ///
    /// All files that cannot be read or used, and a folder that is not a seed repository.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let sources = read::files(folder)?;
        Self::of(&sources, folder)
    }

    fn of(sources: &BTreeMap<String, Vec<u8>>, folder: &Path) -> Result<Self, Failure> {
        let mut seed = Self::default();
        let mut errors = Vec::new();
        let (name, template) = template::find(sources, folder)?;
        seed.template.clone_from(&name);
        let parameters = template::analyze(&name, &template, &mut seed.findings);
        for (path, stage) in [("staging-config-template.json", "staging"), ("prod-config-template.json", "prod")] {
            match sources.get(path) {
                Some(bytes) => stage_file::analyze(path, stage, bytes, &parameters, &mut seed.findings, &mut errors),
                None => errors.push(
                    Diagnostic::error(format!("`{}` has no `{path}`", folder.display()))
                        .code("not-a-seed")
                        .with_hint("name the folder of a model deploy repository that was made from the Python seed"),
                ),
            }
        }
        stop_on_errors(errors)?;
        let text = |path: &str| sources.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        for (path, by) in REPLACED {
            let Some(text) = text(path) else { continue };
            seed.findings.push(Finding::new(Action::Replaced, "replaced", path, None, format!("replaced by {by}")));
            if path.ends_with("buildspec.yml") {
                programs::buildspec(path, &text, &mut seed.findings);
            } else {
                programs::python(path, &text, &mut seed.findings);
            }
        }
        if let Some(test) = text("test/test.py")
            && !sources.contains_key(SUITE)
            && let Some(suite) = programs::requests(&test, &mut seed.findings)
        {
            seed.files.push(TeamFile::new(SUITE, suite));
        }
        for (path, bytes) in sources {
            seed.other(path, bytes);
        }
        seed.files.sort_by(|one, other| one.path.cmp(&other.path));
        seed.findings.sort();
        Ok(seed)
    }

    /// Carries over a file that the program does not replace.
    fn other(&mut self, path: &str, bytes: &[u8]) {
        if REPLACED.iter().any(|(replaced, _)| *replaced == path) {
            return;
        }
        if OURS.contains(&path) {
            let hint = "add what is your own to the new file";
            self.findings.push(Finding::decide("not-carried", path, None, "not carried over: a new file is written here", hint));
            return;
        }
        let message = if path == self.template {
            "carried over unchanged: the template stays yours, and `upgrade` does not change it"
        } else {
            "carried over unchanged"
        };
        self.findings.push(Finding::new(Action::Carried, "carried", path, None, message));
        self.files.push(TeamFile::new(path, bytes));
    }
}

#[cfg(test)]
mod tests;
