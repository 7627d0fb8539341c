//! Progress of a test run: one line that moves on a terminal, one line an endpoint otherwise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use endpoint_test::{Event, Outcome, TargetInfo, TargetReport, Verdict};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model_release::TestObserver;

use crate::printer::Printer;

/// Shows how far a run is; clones show the same.
#[derive(Clone)]
pub(crate) struct TestProgress {
    printer: Printer,
    bar: ProgressBar,
    /// What each endpoint that is under way is doing.
    doing: Arc<Mutex<BTreeMap<String, String>>>,
}

impl TestProgress {
    pub(crate) fn new(printer: Printer, targets: usize) -> Self {
        let target = if printer.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(targets as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} endpoints  {elapsed}  {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { printer, bar, doing: Arc::default() }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn set(&self, name: &str, what: Option<String>) {
        let Ok(mut doing) = self.doing.lock() else { return };
        match what {
            Some(what) => drop(doing.insert(name.to_owned(), what)),
            None => drop(doing.remove(name)),
        }
        let message: Vec<_> = doing.iter().take(3).map(|(name, what)| format!("{name} {what}")).collect();
        self.bar.set_message(message.join("  "));
    }
}

impl TestObserver for TestProgress {
    fn listener(&self, info: &TargetInfo) -> impl FnMut(Event) + Send + use<> {
        let progress = self.clone();
        let name = if info.region == "local" { info.endpoint.clone() } else { format!("{}/{}", info.account_id, info.region) };
        let mut last = String::new();
        move |event| {
            let doing = match &event {
                Event::Waiting { status, elapsed, .. } => format!("{} for {} s", status.as_str(), elapsed.as_secs()),
                Event::NotDescribed { message, .. } => message.clone(),
                Event::InService { .. } => "in service".to_owned(),
                Event::CaseStarted { index, of, .. } => format!("case {} of {of}", index + 1),
                Event::RowFinished { index, of, done, rows } => format!("case {} of {of}, row {done} of {rows}", index + 1),
                Event::LoadStarted { duration, .. } => format!("load for {} s", duration.as_secs()),
                Event::LoadProgress { elapsed, of, sent, errors, .. } => {
                    format!("load {} of {} s, {sent} sent, {errors} errors", elapsed.as_secs(), of.as_secs())
                }
                _ => return,
            };
            // Without a terminal only a change is news.
            let news = match &event {
                Event::Waiting { status, .. } => Some(status.as_str()),
                Event::NotDescribed { message, .. } => Some(message.as_str()),
                _ => None,
            };
            if let Some(news) = news.filter(|news| progress.bar.is_hidden() && last != *news) {
                news.clone_into(&mut last);
                progress.printer.step("Waiting", format_args!("{name}: {news}"));
            }
            if let Event::LoadStarted { duration, .. } = &event
                && progress.bar.is_hidden()
            {
                progress.printer.step("Load", format_args!("{name}: {} s", duration.as_secs()));
            }
            progress.set(&name, Some(doing));
        }
    }

    fn finished(&self, report: &TargetReport) {
        self.set(&format!("{}/{}", report.account_id, report.region), None);
        self.bar.inc(1);
        let verb = match report.verdict {
            Verdict::Passed => "Passed",
            Verdict::Failed => "FAILED",
            Verdict::Errored => "ERROR",
            // No case was asked for: the checks are all there is to say.
            Verdict::Empty if report.checks.iter().any(|check| check.outcome == Outcome::Passed) => "Checked",
            Verdict::Empty => "Empty",
            Verdict::Skipped => "Skipped",
        };
        self.bar.suspend(|| match verb {
            "FAILED" | "ERROR" => self.printer.bad_step(verb, report.title()),
            _ => self.printer.step(verb, report.title()),
        });
        if self.bar.position() == self.bar.length().unwrap_or(0) {
            self.end();
        }
    }
}

impl std::fmt::Debug for TestProgress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestProgress").finish_non_exhaustive()
    }
}
