//! Progress of a rollout.

use std::collections::BTreeMap;
use std::time::Duration;

use model_release::deploy::reset_overrides;
use model_release::plural;
use stack_rollout::status::DetailedStatus;
use stack_rollout::{Event, InstanceAction, WaitReports};

use super::Line;
use terminal::Printer;

/// An observer that shows the events of a rollout.
pub(crate) fn rollout(printer: Printer) -> impl FnMut(Event) + Send + use<> {
    let bar = Line::new(printer, None, "{spinner} {elapsed}  {prefix}  {wide_msg}");
    let mut reports = WaitReports::new(Duration::from_mins(1));
    let mut statuses: BTreeMap<String, DetailedStatus> = BTreeMap::new();
    move |event| {
        let line = |verb: &str, what: &str| bar.0.suspend(|| printer.step(verb, what));
        match event {
            Event::Planned(plan) if plan.is_nothing_to_do() => line("Unchanged", "every target has this release already"),
            Event::Planned(plan) => {
                for target in plan.targets(InstanceAction::Reapply) {
                    line("Reapplying", &format!("the release to {target}"));
                }
                if let Some(what) = reset_overrides(&plan) {
                    line("Resetting", &what);
                }
            }
            Event::StackSetCreated { stack_set } => line("Created", &format!("stack set {stack_set}")),
            Event::Resumed { operation } => line(
                "Resuming",
                &format!(
                    "operation {} ({} {}), which an earlier run of this release started",
                    operation.id, operation.action, operation.status
                ),
            ),
            Event::WaitingForOther { operation } => line(
                "Waiting",
                &format!("for operation {} ({} {}), which another caller started", operation.id, operation.action, operation.status),
            ),
            Event::WaveStarted { wave, of } => {
                let place =
                    format!("{} in {}", plural(wave.targets.accounts.len(), "account"), plural(wave.targets.regions.len(), "region"));
                line("Wave", &format!("{} of {of} ({}): {place}", wave.number, wave.size));
            }
            Event::RollingBack { targets } => {
                line("Rolling back", &format!("{} to the release before", plural(targets, "target")));
            }
            Event::Stopping { operation } => {
                line("Stopping", &format!("operation {} ({} {})", operation.id, operation.action, operation.status));
            }
            Event::OperationStarted { operation_id, action, targets } => {
                let place = targets.map_or_else(|| "of the stack set".to_owned(), |targets| format!("in {}", plural(targets, "target")));
                line("Started", &format!("{action} {place} (operation {operation_id})"));
            }
            Event::Waiting { elapsed, remaining, .. } => {
                bar.0.set_prefix(format!("at most {} min more", remaining.as_secs() / 60));
                if let Some(report) = reports.due(elapsed, remaining).filter(|_| bar.0.is_hidden()) {
                    line("Waiting", &report);
                }
            }
            Event::OperationStatus { operation_id, status } => bar.0.set_message(format!("operation {operation_id}: {status}")),
            Event::InstanceStatus { target, status, reason } => {
                let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                match &status {
                    DetailedStatus::Pending | DetailedStatus::Running => {}
                    DetailedStatus::Succeeded => line(status.as_str(), &format!("{target}{reason}")),
                    _ => bar.0.suspend(|| printer.bad_step(status.as_str(), format_args!("{target}{reason}"))),
                }
                statuses.insert(target.to_string(), status);
                let under_way = statuses.values().filter(|status| !is_finished(status)).count();
                let now: Vec<&str> = statuses
                    .iter()
                    .filter(|(_, status)| **status == DetailedStatus::Running)
                    .map(|(target, _)| target.as_str())
                    .take(3)
                    .collect();
                let now = if now.is_empty() { String::new() } else { format!("; now {}", now.join(", ")) };
                bar.0.set_message(format!("{} of {} targets finished{now}", statuses.len() - under_way, statuses.len()));
            }
            Event::Tolerated { error, attempt } => line("Retrying", &format!("{error} (attempt {attempt})")),
            _ => {}
        }
    }
}

fn is_finished(status: &DetailedStatus) -> bool {
    !matches!(status, DetailedStatus::Pending | DetailedStatus::Running)
}
