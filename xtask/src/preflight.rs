//! The preflight at the terminal: its progress, and what it found.

use model_release::aws::{Session, TargetSessions, check_targets};
use model_release::preflight::{PlannedRollout, PreflightReport};
use model_release::{Diagnostic, Level};

use crate::printer::Printer;
use crate::progress;

/// How many targets are named with a finding before the rest is counted.
const NAMED: usize = 4;

/// Makes every check of a planned rollout, and shows how far they are.
pub(crate) async fn report(
    printer: Printer,
    session: &Session,
    sessions: &TargetSessions,
    rollout: &PlannedRollout<'_>,
) -> PreflightReport {
    PreflightReport::of(&check_targets(session, sessions, rollout, progress::preflight(printer)).await)
}

/// Every finding: what failed as errors, what could not be checked as warnings.
pub(crate) fn show(printer: Printer, report: &PreflightReport) {
    for finding in &report.findings {
        let (level, message) = match finding.outcome.as_str() {
            "failed" => (Level::Error, finding.message.clone()),
            _ => (Level::Warning, format!("not checked: {}", finding.message)),
        };
        let mut diagnostic = Diagnostic::new(level, message).hint(finding.hint.clone());
        diagnostic.details.extend(finding.detail.clone());
        let more = finding.targets.len().saturating_sub(NAMED);
        let named = finding.targets[..finding.targets.len() - more].join(", ");
        if !named.is_empty() {
            diagnostic = diagnostic.named(if more > 0 { format!("{named} and {more} more") } else { named });
        }
        printer.diagnostic(&diagnostic);
    }
}
