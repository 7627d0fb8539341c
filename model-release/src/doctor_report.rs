//! What `doctor` found: every check with its outcome, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use stack_rollout::preflight::{Check, CheckOutcome};

use crate::diagnostic::{Diagnostic, Failure, FailureKind, Level};
use crate::manifest::Tool;

const SCHEMA_VERSION: u32 = 1;
/// How many targets are named with a check before the rest is counted.
const NAMED: usize = 3;

/// Every check with its outcome; those that are not well come first.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DoctorReport {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that checked.
    pub tool: Tool,
    /// How many checks had which outcome; a check of several targets counts once for each.
    pub counts: Counts,
    /// Every check.
    pub checks: Vec<Checked>,
    /// Gives a finding the hint of the program that asks.
    #[serde(skip)]
    complete: fn(&Diagnostic) -> Diagnostic,
}

/// How many checks had which outcome.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    /// All is well.
    pub ok: usize,
    /// Something is worth knowing.
    pub warning: usize,
    /// A prerequisite is missing.
    pub failed: usize,
    /// It could not be checked.
    pub not_checked: usize,
}

/// One check, in all targets in which its answer is the same.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checked {
    /// Such as `ssm-parameter`.
    pub check: String,
    /// What it is about, such as the parameter's name.
    pub subject: String,
    /// The outcome.
    pub outcome: Outcome,
    /// What was found, unless all is well.
    pub message: Option<String>,
    /// What AWS said.
    pub details: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// `ACCOUNT/REGION`; empty for the caller's own account.
    pub targets: Vec<String>,
    /// AWS could not be asked: another run may be told.
    #[serde(skip)]
    is_unknown: bool,
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// A prerequisite is missing.
    Failed,
    /// It could not be asked.
    NotChecked,
    /// Nothing is in the way, and something is worth knowing.
    Warning,
    /// All is well.
    Ok,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::NotChecked => "not checked",
            Self::Warning => "warning",
            Self::Ok => "ok",
        }
    }
}

impl DoctorReport {
    /// A report without checks. `complete` gives a finding the hint of the program that asks.
    pub fn new(tool: Tool, complete: fn(&Diagnostic) -> Diagnostic) -> Self {
        Self { schema_version: SCHEMA_VERSION, tool, counts: Counts::default(), checks: Vec::new(), complete }
    }

    fn push(&mut self, check: &str, subject: impl Into<String>, outcome: Outcome) -> &mut Checked {
        self.checks.push(Checked {
            check: check.to_owned(),
            subject: subject.into(),
            outcome,
            message: None,
            details: Vec::new(),
            hint: None,
            targets: Vec::new(),
            is_unknown: false,
        });
        self.checks.last_mut().expect("one was just pushed")
    }

    /// All is well.
    pub fn ok(&mut self, check: &str, subject: impl Into<String>) {
        self.push(check, subject, Outcome::Ok);
    }

    /// A prerequisite is missing.
    pub fn failed(&mut self, check: &str, subject: &str, finding: Diagnostic) {
        self.failure(check, subject, &Failure::new(FailureKind::Failed, vec![finding]));
    }

    /// What another finding stands in the way of.
    pub fn not_reached(&mut self, check: &str, subject: &str, message: &str) {
        let checked = self.push(check, subject, Outcome::NotChecked);
        checked.message = Some(message.to_owned());
        checked.hint = Some("fix the blocking problem and run this again".to_owned());
        checked.is_unknown = true;
    }

    /// Why a command would have stopped: what AWS could not be asked is not known, nothing to do is worth knowing, and all else is wrong.
    pub fn failure(&mut self, check: &str, subject: &str, failure: &Failure) {
        let outcome = match failure.kind {
            FailureKind::Unreachable => Outcome::NotChecked,
            FailureKind::Nothing => Outcome::Warning,
            FailureKind::Failed | FailureKind::BadInput => Outcome::Failed,
        };
        for diagnostic in failure.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error || outcome == Outcome::Warning) {
            let diagnostic = (self.complete)(diagnostic);
            let checked = self.push(check, subject, outcome);
            checked.message = Some(diagnostic.message);
            checked.details = diagnostic.details;
            checked.hint = diagnostic.hint;
            checked.is_unknown = outcome == Outcome::NotChecked;
        }
    }

    /// What the targets were asked.
    pub fn preflight(&mut self, checks: &[Check]) {
        for check in checks {
            let outcome = match check.outcome {
                CheckOutcome::Passed => Outcome::Ok,
                CheckOutcome::Failed => Outcome::Failed,
                CheckOutcome::Unchecked => Outcome::NotChecked,
            };
            let finding = Diagnostic { code: check.code, ..Diagnostic::error("").with_hint_opt(check.hint.clone()) };
            let hint = (self.complete)(&finding).hint;
            let checked = self.push(check.name, check.subject.as_str(), outcome);
            checked.message.clone_from(&check.message);
            checked.details.extend(check.detail.clone());
            checked.hint = hint;
            checked.targets.extend(check.target.as_ref().map(ToString::to_string));
            // What AWS refused to answer has its answer as a detail; what AWS cannot tell has none.
            checked.is_unknown = outcome == Outcome::NotChecked && (check.detail.is_some() || check.name == "session");
        }
    }

    /// Counted, the same answers of several targets put together, and what matters most first.
    #[must_use]
    pub fn ended(mut self) -> Self {
        let mut places: BTreeMap<(String, String, Outcome, Option<String>), usize> = BTreeMap::new();
        let mut checks: Vec<Checked> = Vec::new();
        for checked in self.checks {
            let count = match checked.outcome {
                Outcome::Ok => &mut self.counts.ok,
                Outcome::Warning => &mut self.counts.warning,
                Outcome::Failed => &mut self.counts.failed,
                Outcome::NotChecked => &mut self.counts.not_checked,
            };
            let key = (checked.check.clone(), checked.subject.clone(), checked.outcome, checked.message.clone());
            match places.get(&key) {
                // Both stages are asked about the same role of the caller's own account.
                Some(_) if checked.targets.is_empty() => continue,
                Some(place) => checks[*place].targets.extend(checked.targets),
                None => {
                    places.insert(key, checks.len());
                    checks.push(checked);
                }
            }
            *count += 1;
        }
        checks.sort_by_key(|checked| checked.outcome);
        Self { checks, ..self }
    }

    /// What the checks come to: `None` when nothing is missing.
    pub fn worst(&self) -> Option<FailureKind> {
        let kinds = self.checks.iter().filter_map(|checked| match checked.outcome {
            Outcome::Failed => Some(FailureKind::Failed),
            Outcome::NotChecked if checked.is_unknown => Some(FailureKind::Unreachable),
            Outcome::NotChecked | Outcome::Warning | Outcome::Ok => None,
        });
        kinds.min_by_key(|kind| *kind != FailureKind::Failed)
    }

    /// A line a check, what was found and what to do below it, and the counts at the end.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let width = self.checks.iter().map(|checked| checked.check.len()).max().unwrap_or_default();
        for checked in &self.checks {
            let more = checked.targets.len().saturating_sub(NAMED);
            let mut targets = checked.targets[..checked.targets.len() - more].join(", ");
            if more > 0 {
                let _ = write!(targets, " and {more} more");
            }
            let place = if targets.is_empty() { String::new() } else { format!("  in {targets}") };
            let _ = writeln!(out, "{:<11}  {:<width$}  {}{place}", checked.outcome.word(), checked.check, checked.subject);
            let lines =
                checked.message.iter().chain(&checked.details).cloned().chain(checked.hint.iter().map(|hint| format!("hint: {hint}")));
            for line in lines {
                let _ = writeln!(out, "{:13}{}", "", line.replace('\n', "\n             "));
            }
        }
        let Counts { ok, warning, failed, not_checked } = self.counts;
        let mut parts = vec![format!("{ok} ok")];
        for (count, word) in [(failed, "failed"), (not_checked, "not checked"), (warning, "with a warning")] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        let _ = write!(out, "\n{}", parts.join(", "));
        out
    }
}
