//! Progress of a rollout: one line that moves on a terminal, and one line for each thing that is settled.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stack_rollout::status::DetailedStatus;
use stack_rollout::{Event, Plan, SetChange};

use crate::printer::Printer;

/// Shows how far a rollout is.
#[derive(Debug, Clone)]
pub(crate) struct RolloutProgress {
    printer: Printer,
    bar: ProgressBar,
}

impl RolloutProgress {
    pub(crate) fn new(printer: Printer) -> Self {
        let target = if printer.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { printer, bar }
    }

    /// What hears of the rollout.
    pub(crate) fn listener(&self) -> impl FnMut(Event) + Send + use<> {
        let progress = self.clone();
        let mut statuses: BTreeMap<String, DetailedStatus> = BTreeMap::new();
        move |event| match event {
            Event::Planned(plan) if plan.is_nothing_to_do() => progress.line("Unchanged", "every target has this release already"),
            Event::Planned(plan) => {
                if let Some(what) = resets(&plan) {
                    progress.line("Resetting", &what);
                }
            }
            Event::StackSetCreated { stack_set } => progress.line("Created", &format!("stack set {stack_set}")),
            Event::Resumed { operation } => progress.line(
                "Resuming",
                &format!(
                    "operation {} ({} {}), which an earlier run of this release has started",
                    operation.id, operation.action, operation.status
                ),
            ),
            Event::WaitingForOther { operation } => progress
                .line("Waiting", &format!("for operation {} ({} {}) of someone else", operation.id, operation.action, operation.status)),
            Event::OperationStarted { operation_id, action, targets } => {
                progress.line(
                    "Started",
                    &format!("{action} in {targets} {} (operation {operation_id})", if targets == 1 { "target" } else { "targets" }),
                );
            }
            Event::OperationStatus { operation_id, status } => progress.bar.set_message(format!("operation {operation_id}: {status}")),
            Event::InstanceStatus { target, status, reason } => {
                let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                match &status {
                    DetailedStatus::Pending | DetailedStatus::Running => {}
                    DetailedStatus::Succeeded => progress.line(status.as_str(), &format!("{target}{reason}")),
                    _ => progress.bar.suspend(|| progress.printer.bad_step(status.as_str(), format_args!("{target}{reason}"))),
                }
                statuses.insert(target.to_string(), status);
                let under_way = statuses.values().filter(|status| !settled(status)).count();
                let now: Vec<&str> = statuses
                    .iter()
                    .filter(|(_, status)| **status == DetailedStatus::Running)
                    .map(|(target, _)| target.as_str())
                    .take(3)
                    .collect();
                let now = if now.is_empty() { String::new() } else { format!("; now {}", now.join(", ")) };
                progress.bar.set_message(format!("{} of {} targets settled{now}", statuses.len() - under_way, statuses.len()));
            }
            Event::Tolerated { error, attempt } => progress.line("Retrying", &format!("{error} (attempt {attempt})")),
            _ => {}
        }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, verb: &str, what: &str) {
        self.bar.suspend(|| self.printer.step(verb, what));
    }
}

/// The parameter overrides that this release does not have: somebody has set them by hand, or another release or an interrupted run has
/// left them behind.
fn resets(plan: &Plan) -> Option<String> {
    const NAMED: usize = 3;
    let is_there = plan.stack_set == SetChange::Untouched;
    let mut resets = Vec::new();
    for planned in plan.instances.iter().filter(|planned| planned.observed.is_some()) {
        let changes = planned.override_changes().into_iter().filter(|change| change.to.is_none() || is_there);
        let keys: Vec<_> = changes.map(|change| change.key).collect();
        if !keys.is_empty() {
            resets.push(format!("{} of {}", keys.join(", "), planned.target));
        }
    }
    let more = resets.len().saturating_sub(NAMED);
    resets.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and in {more} more") };
    (!resets.is_empty()).then(|| format!("parameter overrides that this release does not have: {}{more}", resets.join("; ")))
}

fn settled(status: &DetailedStatus) -> bool {
    !matches!(status, DetailedStatus::Pending | DetailedStatus::Running)
}
