//! Progress of a test run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use endpoint_test::{Event, Outcome, TargetInfo, TargetReport, Verdict};
use model_release::TestObserver;

use super::Line;
use terminal::Printer;

/// Shows the progress of a run; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct EndpointProgress {
    printer: Printer,
    line: Arc<Line>,
    /// The current activity of each endpoint.
    activities: Arc<Mutex<BTreeMap<String, String>>>,
}

impl EndpointProgress {
    pub(crate) fn new(printer: Printer, targets: usize) -> Self {
        let line = Line::new(printer, Some(targets), "{spinner} {pos}/{len} endpoints  {elapsed}  {wide_msg}");
        Self { printer, line: Arc::new(line), activities: Arc::default() }
    }

    fn set(&self, name: &str, what: Option<String>) {
        let Ok(mut activities) = self.activities.lock() else { return };
        match what {
            Some(what) => drop(activities.insert(name.to_owned(), what)),
            None => drop(activities.remove(name)),
        }
        let message: Vec<_> = activities.iter().take(3).map(|(name, what)| format!("{name} {what}")).collect();
        self.line.0.set_message(message.join("  "));
    }
}

impl TestObserver for EndpointProgress {
    fn listener(&self, info: &TargetInfo) -> impl FnMut(Event) + Send + use<> {
        let progress = self.clone();
        let name = if info.region == "local" { info.endpoint.clone() } else { format!("{}/{}", info.account_id, info.region) };
        let mut last = String::new();
        move |event| {
            let activities = match &event {
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
            // Without a terminal, print only changes.
            let news = match &event {
                Event::Waiting { status, .. } => Some(status.as_str()),
                Event::NotDescribed { message, .. } => Some(message.as_str()),
                _ => None,
            };
            if let Some(news) = news.filter(|news| progress.line.0.is_hidden() && last != *news) {
                news.clone_into(&mut last);
                progress.printer.step("Waiting", format_args!("{name}: {news}"));
            }
            if let Event::LoadStarted { duration, .. } = &event
                && progress.line.0.is_hidden()
            {
                progress.printer.step("Load", format_args!("{name}: {} s", duration.as_secs()));
            }
            progress.set(&name, Some(activities));
        }
    }

    fn finished(&self, report: &TargetReport) {
        self.set(&format!("{}/{}", report.account_id, report.region), None);
        self.line.0.inc(1);
        let (is_bad, verb) = match report.verdict {
            Verdict::Passed => (false, "Passed"),
            Verdict::Failed => (true, "FAILED"),
            Verdict::NotProven => (true, "Unproven"),
            Verdict::Errored => (true, "ERROR"),
            // Without cases, the checks are the whole result.
            Verdict::Empty if report.checks.iter().any(|check| check.outcome == Outcome::Passed) => (false, "Checked"),
            Verdict::Empty => (false, "Empty"),
            Verdict::Skipped => (false, "Skipped"),
        };
        let (printer, title) = (self.printer, report.title());
        self.line.0.suspend(|| if is_bad { printer.bad_step(verb, title) } else { printer.step(verb, title) });
    }
}
