//! The report of `doctor`: all checks with their outcomes, as text and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_names::{AccountId, Region};
use serde::Serialize;
use stack_rollout::preflight::{Check, CheckOutcome};

use crate::diagnostic::{Diagnostic, Failure, FailureKind, Level, Place};
use crate::manifest::Tool;

const SCHEMA_VERSION: u32 = 1;
/// The number of targets that are listed for a check; the rest are counted.
const NAMED: usize = 3;

/// All checks with their outcomes; failed checks are first.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DoctorReport {
    /// The version of this format: 1.
    pub schema_version: u32,
    /// The program that made the checks.
    pub tool: Tool,
    /// The number of checks by outcome. A check of several targets counts once for each target.
    pub counts: Counts,
    /// All checks.
    pub checks: Vec<Checked>,
    /// Adds the calling program's hint to a finding.
    #[serde(skip)]
    complete: fn(&Diagnostic) -> Diagnostic,
    /// The account and region that are called unless a check has targets.
    #[serde(skip)]
    session: Option<(AccountId, Region)>,
}

/// The number of checks by outcome.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    /// The check passed.
    pub ok: usize,
    /// The check passed with a warning.
    pub warning: usize,
    /// A prerequisite is missing.
    pub failed: usize,
    /// The check could not be made.
    pub not_checked: usize,
}

/// A check, for all targets with the same result.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checked {
    /// The check, such as `ssm-parameter`.
    pub check: String,
    /// The checked object, such as the parameter's name.
    pub subject: String,
    /// The outcome.
    pub outcome: Outcome,
    /// What was found, unless the check passed.
    pub message: Option<String>,
    /// AWS's error messages and other details.
    pub details: Vec<String>,
    /// How to fix it.
    pub hint: Option<String>,
    /// The targets as `ACCOUNT/REGION`; empty for the caller's account.
    pub targets: Vec<String>,
    /// The call failed, so another run may have a result.
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
    /// The check could not be made.
    NotChecked,
    /// The check passed with a warning.
    Warning,
    /// The check passed.
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
    /// A report without checks. `complete` adds the calling program's hint to a finding.
    pub fn new(tool: Tool, complete: fn(&Diagnostic) -> Diagnostic) -> Self {
        Self { schema_version: SCHEMA_VERSION, tool, counts: Counts::default(), checks: Vec::new(), complete, session: None }
    }

    /// Sets the account and region of the calls that are not in a target: failed ones name them.
    pub fn called_from(&mut self, account: AccountId, region: Region) {
        self.session = Some((account, region));
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
        self.checks.last_mut().expect("a check was just pushed")
    }

    /// The check passed.
    pub fn ok(&mut self, check: &str, subject: impl Into<String>) {
        self.push(check, subject, Outcome::Ok);
    }

    /// A prerequisite is missing.
    pub fn failed(&mut self, check: &str, subject: &str, finding: Diagnostic) {
        self.failure(check, subject, &Failure::new(FailureKind::Failed, vec![finding]));
    }

    /// A check that another problem prevents.
    pub fn not_reached(&mut self, check: &str, subject: &str, message: &str) {
        let checked = self.push(check, subject, Outcome::NotChecked);
        checked.message = Some(message.to_owned());
        checked.hint = Some("fix the blocking problem and run the command again".to_owned());
        checked.is_unknown = true;
    }

    /// Adds a failure: failed calls are not checked, nothing to do is a warning, all else failed.
    pub fn failure(&mut self, check: &str, subject: &str, failure: &Failure) {
        let outcome = match failure.kind {
            FailureKind::Unreachable => Outcome::NotChecked,
            FailureKind::Nothing => Outcome::Warning,
            FailureKind::Failed | FailureKind::BadInput => Outcome::Failed,
        };
        let mut failure = failure.clone();
        if let Some((account, region)) = &self.session {
            failure.of_session(account.as_str(), region.as_str());
        }
        for diagnostic in failure.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error || outcome == Outcome::Warning) {
            let diagnostic = (self.complete)(diagnostic);
            let checked = self.push(check, subject, outcome);
            checked.message = Some(diagnostic.message);
            checked.details = diagnostic.details;
            checked.details.extend(diagnostic.place.filter(|place| matches!(place, Place::Aws { .. })).map(|place| place.to_string()));
            checked.hint = diagnostic.hint;
            checked.is_unknown = outcome == Outcome::NotChecked;
        }
    }

    /// Adds the checks of the targets.
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
            // A failed call has its error as a detail; a check that AWS does not support has none.
            checked.is_unknown = outcome == Outcome::NotChecked && (check.detail.is_some() || check.name == "session");
        }
    }

    /// Counts the checks, merges equal results of several targets, and sorts by outcome.
    #[must_use]
    pub fn ended(mut self) -> Self {
        let mut indexes: BTreeMap<(String, String, Outcome, Option<String>), usize> = BTreeMap::new();
        let mut checks: Vec<Checked> = Vec::new();
        for checked in self.checks {
            let count = match checked.outcome {
                Outcome::Ok => &mut self.counts.ok,
                Outcome::Warning => &mut self.counts.warning,
                Outcome::Failed => &mut self.counts.failed,
                Outcome::NotChecked => &mut self.counts.not_checked,
            };
            let key = (checked.check.clone(), checked.subject.clone(), checked.outcome, checked.message.clone());
            match indexes.get(&key) {
                // Both stages check the same role in the caller's account.
                Some(_) if checked.targets.is_empty() => continue,
                Some(place) => checks[*place].targets.extend(checked.targets),
                None => {
                    indexes.insert(key, checks.len());
                    checks.push(checked);
                }
            }
            *count += 1;
        }
        checks.sort_by_key(|checked| checked.outcome);
        Self { checks, ..self }
    }

    /// The overall failure kind: `None` if no prerequisite is missing.
    pub fn worst(&self) -> Option<FailureKind> {
        let kinds = self.checks.iter().filter_map(|checked| match checked.outcome {
            Outcome::Failed => Some(FailureKind::Failed),
            Outcome::NotChecked if checked.is_unknown => Some(FailureKind::Unreachable),
            Outcome::NotChecked | Outcome::Warning | Outcome::Ok => None,
        });
        kinds.min_by_key(|kind| *kind != FailureKind::Failed)
    }

    /// One line for each check, with message and hint below it, and the counts at the end.
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
