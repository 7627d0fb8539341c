//! Preflight on the terminal: progress and findings.

use model_release::aws::{Session, TargetSessions, check_targets};
use model_release::preflight::{PlannedRollout, PreflightReport};

use crate::hints::completed;
use crate::progress;
use terminal::Printer;

/// How many targets a finding names; it counts the others.
const NAMED: usize = 4;

/// Runs every check of a planned rollout, and shows progress.
pub(crate) async fn report(
    printer: Printer,
    session: &Session,
    sessions: &TargetSessions,
    rollout: &PlannedRollout<'_>,
) -> PreflightReport {
    let mut report = PreflightReport::of(&check_targets(session, sessions, rollout, progress::preflight(printer)).await);
    report.complete(|finding| completed(finding).into_owned());
    report
}

/// Prints every finding: failed checks as errors, checks that could not run as warnings.
pub(crate) fn show(printer: Printer, report: &PreflightReport) {
    for finding in &report.findings {
        let mut diagnostic = finding.diagnostic();
        let more = finding.targets.len().saturating_sub(NAMED);
        let named = finding.targets[..finding.targets.len() - more].join(", ");
        if !named.is_empty() {
            diagnostic = diagnostic.named(if more > 0 { format!("{named} and {more} more") } else { named });
        }
        printer.diagnostic(&diagnostic);
    }
}
