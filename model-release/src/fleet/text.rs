//! The status of a fleet as text.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::{FleetStatus, ProjectStatus, UnreadReason, Waiting, WaitingKind};
use crate::endpoint_state::version;
use crate::plural;
use crate::stage_status::TargetStatus;

/// The most names in one line; the JSON document has all of them.
const NAMES: usize = 3;

impl FleetStatus {
    /// The status as a table with one line per endpoint, what waits, and what could not be read.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("{}/{}: {}", self.account_id, self.region, self.health.as_str()), self.summary()];
        if !self.projects.is_empty() {
            lines.push(self.table());
        }
        let targets = || self.projects.iter().flat_map(|project| &project.stages).flat_map(|stage| &stage.targets);
        // What could not be read is grouped by account below.
        lines.extend(targets().flat_map(|target| target.reasons(|endpoint| !endpoint.is_unread())));
        let waiting: Vec<_> = self.projects.iter().flat_map(waiting).collect();
        if !waiting.is_empty() {
            lines.push("waiting:".to_owned());
            lines.extend(waiting.into_iter().map(|line| format!("  {line}")));
        }
        for unread in &self.unread {
            lines.push(format!("not read in account {}:", unread.account_id));
            for reason in &unread.reasons {
                lines.push(format!("  {}: {}", named(reason), reason.reason));
                lines.extend(reason.hint.iter().map(|hint| format!("    hint: {hint}")));
            }
        }
        lines.join("\n")
    }

    /// The counts in one line.
    pub(super) fn summary(&self) -> String {
        let counts = &self.counts;
        let parts = [(counts.ok, "ok"), (counts.differs, "differing"), (counts.failed, "failed"), (counts.unknown, "unknown")];
        let parts: Vec<_> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        let found = format!(
            "{}, {}, {}, {}",
            plural(counts.projects, "project"),
            plural(counts.stack_sets, "stack set"),
            plural(counts.targets, "target"),
            plural(counts.endpoints, "endpoint")
        );
        if parts.is_empty() { found } else { format!("{found}; targets: {}", parts.join(", ")) }
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["PROJECT", "STAGE"].into_iter().chain(TargetStatus::COLUMNS));
        for project in &self.projects {
            for stage in &project.stages {
                let of_stage = [project.name.clone(), stage.env_type.clone()];
                if stage.targets.is_empty() {
                    let empty = ["-", stage.health.as_str(), "-", "-", "-", "-", "-"].map(str::to_owned);
                    table.add_row(of_stage.iter().cloned().chain(empty));
                }
                for row in stage.targets.iter().flat_map(TargetStatus::rows) {
                    table.add_row(of_stage.iter().cloned().chain(row));
                }
            }
        }
        table.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
    }
}

/// The things that could not be read for one reason, or some of them.
pub(super) fn named(reason: &UnreadReason) -> String {
    let names = reason.what.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    match reason.what.len() {
        all if all > NAMES => format!("{names} and {} more", all - NAMES),
        _ => names,
    }
}

/// What waits in a project: a line for each kind, with the newest version.
pub(super) fn waiting(project: &ProjectStatus) -> Vec<String> {
    let of_kind = |kind: WaitingKind| project.waiting.iter().filter(move |waiting| waiting.waits_for == kind);
    let withdrawn = project.stages.iter().filter_map(|stage| {
        let status = stage.approval_status.as_deref().filter(|status| *status != "Approved")?;
        let package = stage.model_package.as_deref().map(version).unwrap_or_default();
        Some(format!("{} ({}): {} deploys {package}, whose approval status is {status}", project.name, project.id, stage.env_type))
    });
    let kinds = [WaitingKind::OtherStages, WaitingKind::Deployment, WaitingKind::Approval];
    let lines = kinds.into_iter().filter_map(|kind| {
        let newest = of_kind(kind).next()?;
        let others = of_kind(kind).count() - 1;
        let others = if others == 0 { String::new() } else { format!(", and {others} older") };
        Some(format!("{} ({}): {}{others}", project.name, project.id, line(newest)))
    });
    withdrawn.chain(lines).collect()
}

fn line(waiting: &Waiting) -> String {
    let (version, others) = (waiting.version, waiting.not_deployed_in.join(", "));
    match waiting.waits_for {
        WaitingKind::OtherStages => {
            format!("version {version} is deployed in {}, and {others} has an older one", waiting.deployed_in.join(", "))
        }
        WaitingKind::Deployment => format!("version {version} is approved, and no stage deploys it ({others})"),
        WaitingKind::Approval => format!("version {version} waits for its approval in the model registry"),
    }
}
