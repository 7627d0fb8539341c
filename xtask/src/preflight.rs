//! The preflight at the terminal: its progress, and what it found.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model_release::aws::{PreflightProgress, Session, TargetSessions, check_targets};
use model_release::plural;
use model_release::preflight::{PlannedRollout, PreflightReport};

use crate::hints::completed;
use crate::printer::Printer;

/// How many targets are named with a finding before the rest is counted.
const NAMED: usize = 4;

/// Makes every check of a planned rollout, and shows how far they are.
pub(crate) async fn report(
    printer: Printer,
    session: &Session,
    sessions: &TargetSessions,
    rollout: &PlannedRollout<'_>,
) -> PreflightReport {
    let bar = PreflightBar::new(printer);
    let mut report = PreflightReport::of(&check_targets(session, sessions, rollout, bar.listener()).await);
    report.complete(|finding| completed(finding).into_owned());
    report
}

/// Every finding: what failed as errors, what could not be checked as warnings.
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

/// One line that moves while targets are checked.
#[derive(Debug)]
pub(crate) struct PreflightBar {
    printer: Printer,
    bar: ProgressBar,
}

impl PreflightBar {
    pub(crate) fn new(printer: Printer) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}") {
            bar.set_style(style);
        }
        Self { printer, bar }
    }

    /// What hears of the progress.
    pub(crate) fn listener(&self) -> impl FnMut(PreflightProgress) + Send + use<> {
        let (printer, bar) = (self.printer, self.bar.clone());
        move |progress| {
            let PreflightProgress { targets, accounts, checked, failures } = progress;
            if checked == 0 {
                let place = format!("{} in {}", plural(targets, "target"), plural(accounts, "account"));
                printer.step("Checking", format_args!("{place}, without changing anything"));
                if printer.shows_progress() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(Duration::from_millis(120));
                }
            }
            let failed = if failures > 0 { format!(", {failures} failures") } else { String::new() };
            bar.set_message(format!("{checked} of {targets} targets checked{failed}"));
        }
    }
}

impl Drop for PreflightBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
