//! The targets of a plan by their state, and what their endpoints serve.

use std::collections::{BTreeMap, BTreeSet};

use anstyle::Style;

use super::{DIM, GREEN, MAGENTA, NAMED, RED, YELLOW, line, section, shortened};
use crate::endpoint_state::Health;
use crate::plan_report::document::{PlanDocument, Target, TargetAction};

/// The name of a state, its sign and colour, and a filter for its targets.
type Kind = (&'static str, &'static str, Style, fn(&Target) -> bool);

pub(super) fn targets(out: &mut String, plan: &PlanDocument, all: bool) {
    let kinds: [Kind; 9] = [
        ("new", "+", GREEN, |target| target.action == TargetAction::New),
        ("changed", "~", YELLOW, |target| target.action == TargetAction::Changed),
        ("outdated", "~", YELLOW, |target| target.action == TargetAction::Outdated),
        ("unchanged", "=", DIM, |target| target.action == TargetAction::Unchanged),
        ("inoperable", "!", RED, |target| target.action == TargetAction::Inoperable),
        ("orphaned", "?", MAGENTA, |target| target.action == TargetAction::Orphaned),
        ("drifted", "!", RED, |target| target.drift.as_deref() == Some("DRIFTED")),
        ("failed last time", "!", RED, |target| target.last_failure.is_some()),
        ("not reached last time", "!", YELLOW, |target| target.not_reached.is_some()),
    ];
    section(out, "Targets");
    for (word, sign, style, belongs) in kinds {
        let members: Vec<&Target> = plan.targets.iter().filter(|target| belongs(target)).collect();
        if members.is_empty() {
            continue;
        }
        let shown = if all { members.len() } else { NAMED.min(members.len()) };
        let count = members.len();
        if word.ends_with("last time") {
            line(out, format_args!("  {style}{sign}{style:#} {count:>5} {word}"));
            failures(out, &members, all);
            continue;
        }
        let mut names: Vec<String> = members[..shown].iter().map(|target| name(target)).collect();
        if shown < count {
            names.push(format!("and {} more", count - shown));
        }
        listed(out, (sign, style), count, word, &names);
    }
}

/// The account and region; with its state for an orphan that is not up to date.
fn name(target: &Target) -> String {
    let place = format!("{}/{}", target.account_id, target.region);
    match target.status.as_deref() {
        Some(status) if target.action == TargetAction::Orphaned && status != "CURRENT" => format!("{place} ({status})"),
        _ => place,
    }
}

/// A count with its names, three on a line.
fn listed(out: &mut String, (sign, style): (&str, Style), count: usize, word: &str, names: &[String]) {
    for (index, chunk) in names.chunks(3).enumerate() {
        let (count, word) = if index == 0 { (count.to_string(), word) } else { (String::new(), "") };
        let sign = if index == 0 { sign } else { " " };
        line(out, format_args!("  {style}{sign}{style:#} {count:>5} {word:<10}  {}", chunk.join("  ")));
    }
}

/// What the endpoints serve now, grouped by what they have in common.
pub(super) fn endpoints(out: &mut String, plan: &PlanDocument, all: bool) {
    let groups = serving(plan);
    if groups.is_empty() {
        return;
    }
    section(out, "Endpoints now");
    for (summary, (health, mut names)) in groups {
        let count = names.len();
        if !all && count > NAMED {
            names.truncate(NAMED);
            names.push(format!("and {} more", count - NAMED));
        }
        let (sign, style) = match health {
            Health::Ok => ("=", DIM),
            Health::Unknown => ("?", YELLOW),
            Health::Differs | Health::Failed => ("!", RED),
        };
        listed(out, (sign, style), count, &shortened(&summary, 200), &names);
    }
    let hints: BTreeSet<&str> =
        plan.targets.iter().flat_map(|target| &target.endpoints).filter_map(|found| found.hint.as_deref()).collect();
    for hint in hints {
        line(out, format_args!("  hint: {hint}"));
    }
}

/// The endpoints by what they serve, with their worst health and names.
pub(in crate::plan_report) fn serving(plan: &PlanDocument) -> BTreeMap<String, (Health, Vec<String>)> {
    let mut groups: BTreeMap<String, (Health, Vec<String>)> = BTreeMap::new();
    for target in &plan.targets {
        for endpoint in &target.endpoints {
            let group = groups.entry(endpoint.summary()).or_insert((Health::Ok, Vec::new()));
            group.0 = group.0.max(endpoint.health);
            let place = format!("{}/{}", target.account_id, target.region);
            group.1.push(if target.endpoints.len() == 1 { place } else { format!("{place}/{}", endpoint.endpoint) });
        }
    }
    groups
}

/// Failures grouped by reason, because many targets often have the same one.
fn failures(out: &mut String, members: &[&Target], all: bool) {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for target in members {
        reasons
            .entry(target.last_failure.as_deref().or(target.not_reached.as_deref()).unwrap_or_default())
            .or_default()
            .push(format!("{}/{}", target.account_id, target.region));
    }
    let shown = if all { reasons.len() } else { NAMED };
    for (reason, places) in reasons.iter().take(shown) {
        let named = if all { places.len() } else { 2.min(places.len()) };
        let more = if places.len() > named { format!(" and {} more", places.len() - named) } else { String::new() };
        line(out, format_args!("            {}{more}: {}", places[..named].join(", "), shortened(reason, 200)));
    }
    if reasons.len() > shown {
        line(out, format_args!("            and {} more reasons", reasons.len() - shown));
    }
}
