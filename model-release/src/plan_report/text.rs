//! A plan as text for the terminal: it fits on a screen for any number of targets.

mod targets;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use aws_names::ModelPackageArn;
use serde_json::Value as Json;

use super::document::{Group, PlanDocument, PlannedWave, Property, Resource, SetAction, TargetAction};
use crate::plural::plural;
use crate::stage_status::LastOperation;
use targets::{endpoints, targets};

pub(super) use targets::serving;

const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();
const MAGENTA: Style = AnsiColor::Magenta.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The number of targets that are listed for each state; the rest are counted.
const NAMED: usize = 6;
const LONGEST_VALUE: usize = 60;

/// The plan as text. If `all`, all targets are listed.
pub fn text(plan: &PlanDocument, all: bool) -> String {
    let mut out = String::new();
    let change = match plan.change {
        SetAction::Create => "is created".to_owned(),
        SetAction::Update => format!("is updated: {}", plan.because.join(", ")),
        SetAction::Untouched => "already has this release".to_owned(),
    };
    line(&mut out, format_args!("{BOLD}{}{BOLD:#} {change}", plan.stack_set));
    if let Some(running) = &plan.running_operation {
        line(&mut out, format_args!("{YELLOW}{}{YELLOW:#}", running_operation(running)));
    }
    if !plan.parameters.is_empty() {
        section(&mut out, "Parameters");
        let width = plan.parameters.iter().map(|change| change.name.len()).max().unwrap_or_default();
        for change in &plan.parameters {
            let (sign, style) = match (&change.from, &change.to) {
                (None, _) => ("+", GREEN),
                (_, None) => ("-", RED),
                _ => ("~", YELLOW),
            };
            let value = arrow(change.from.as_deref(), change.to.as_deref());
            line(&mut out, format_args!("  {style}{sign}{style:#} {:width$}  {value}", change.name));
        }
    }
    let overrides = overrides(plan);
    if !overrides.is_empty() {
        section(&mut out, "Parameter overrides");
        for (name, value, places) in overrides {
            line(&mut out, format_args!("  {YELLOW}~{YELLOW:#} {name}  {value}  in {places}"));
        }
    }
    for (group, regions) in same(&plan.groups) {
        groups(&mut out, group, &regions);
    }
    targets(&mut out, plan, all);
    waves(&mut out, plan, all);
    if plan.exact.is_some() {
        section(&mut out, "CloudFormation's change sets");
        for found in plan.exact_lines() {
            line(&mut out, format_args!("    {}", shortened(&found, 4 * LONGEST_VALUE)));
        }
    }
    if let Some(limits) = &plan.limits {
        section(&mut out, "Limits of the release policy");
        for limit in limits.lines() {
            line(&mut out, format_args!("    {}", shortened(&limit, 2 * LONGEST_VALUE)));
        }
    }
    endpoints(&mut out, plan, all);
    out.truncate(out.trim_end().len());
    out.push_str("\n\n");
    if let Some(findings) = &plan.preflight {
        let style = if findings.failed > 0 { RED } else { Style::new() };
        line(&mut out, format_args!("{style}{}{style:#}", findings.summary()));
    }
    out.push_str(&summary(plan));
    out
}

fn waves(out: &mut String, plan: &PlanDocument, all: bool) {
    if plan.waves.is_empty() {
        return;
    }
    section(out, "Waves, one after the other");
    let width = plan.waves.iter().map(|wave| wave.size.chars().count()).max().unwrap_or_default();
    for wave in &plan.waves {
        let targets = wave_targets(wave, if all { usize::MAX } else { NAMED });
        line(out, format_args!("    {}  {:width$}  {targets}", wave.number, wave.size));
    }
}

/// The accounts and regions of a wave, at most so many of each, and how many targets change.
pub(crate) fn wave_targets(wave: &PlannedWave, at_most: usize) -> String {
    let named = |names: &[String], noun: &str| {
        if names.len() > at_most { plural(names.len(), noun) } else { names.join(", ") }
    };
    let targets = plural(wave.accounts.len() * wave.regions.len(), "target");
    format!("{} in {}: {targets}, {} to change", named(&wave.accounts, "account"), named(&wave.regions, "region"), wave.changing)
}

/// The parameter overrides that change, each with its values and targets.
pub(crate) fn overrides(plan: &PlanDocument) -> Vec<(&str, String, String)> {
    const SET: &str = "the stack set's value";
    type Change<'a> = (&'a str, Option<&'a str>, Option<&'a str>);
    let mut changes: BTreeMap<Change<'_>, Vec<String>> = BTreeMap::new();
    for target in plan.targets.iter().filter(|target| target.action != TargetAction::New) {
        for change in &target.overrides {
            let key = (change.name.as_str(), change.from.as_deref(), change.to.as_deref());
            changes.entry(key).or_default().push(format!("{}/{}", target.account_id, target.region));
        }
    }
    let row = |((name, from, to), places): ((_, Option<&str>, Option<&str>), Vec<String>)| {
        let value = arrow(Some(from.unwrap_or(SET)), Some(to.unwrap_or(SET)));
        let places = if places.len() > NAMED { format!("{} targets", places.len()) } else { places.join(", ") };
        (name, value, places)
    };
    changes.into_iter().map(row).collect()
}

/// The last line: the number of changes.
pub(crate) fn summary(plan: &PlanDocument) -> String {
    let counts = &plan.counts;
    let parts: Vec<String> = [
        (counts.new, "to create"),
        (counts.changed, "to change"),
        (counts.outdated, "to bring up to date"),
        (counts.inoperable, "inoperable"),
        (counts.unchanged, "unchanged"),
        (counts.orphaned, "orphaned"),
        (counts.drifted, "drifted"),
        (counts.failed_last_time, "failed last time"),
        (counts.not_reached_last_time, "not reached last time"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    let interrupted: usize = plan.interrupted().map(|(group, _)| group.targets).sum();
    let effect = match (plan.nothing_to_do, interrupted) {
        (true, _) => "nothing would change".to_owned(),
        (false, 0) => {
            let operations = plan.operations.len();
            format!("{operations} {}, no endpoint is interrupted", if operations == 1 { "operation" } else { "operations" })
        }
        (false, count) => format!("{count} {} interrupted", if count == 1 { "endpoint is" } else { "endpoints are" }),
    };
    format!("Plan: {}; {effect}", if parts.is_empty() { "no targets".to_owned() } else { parts.join(", ") })
}

/// Merges groups that differ only in region and model package.
pub(crate) fn same(groups: &[Group]) -> Vec<(&Group, Vec<&Group>)> {
    let mut merged: Vec<(&Group, Vec<&Group>)> = Vec::new();
    let mut known = BTreeMap::new();
    for group in groups {
        let resources: Vec<_> = group
            .resources
            .iter()
            .map(|resource| {
                let paths: Vec<_> = resource.properties.iter().map(|change| change.path.as_str()).collect();
                (resource.logical_id.as_str(), resource.effect.as_str(), paths)
            })
            .collect();
        let index = *known.entry((resources, group.not_known.as_deref(), group.action)).or_insert_with(|| {
            merged.push((group, Vec::new()));
            merged.len() - 1
        });
        merged[index].1.push(group);
    }
    merged
}

fn groups(out: &mut String, first: &Group, members: &[&Group]) {
    let count: usize = members.iter().map(|group| group.targets).sum();
    let mut regions: Vec<&str> = members.iter().map(|group| group.region.as_str()).collect();
    regions.dedup();
    let regions = if regions.len() > 4 { format!("{} regions", regions.len()) } else { regions.join(", ") };
    let noun = if count == 1 { "target" } else { "targets" };
    let heading = match (first.action, count) {
        (TargetAction::New, _) => format!("{count} new {noun} in {regions}"),
        (_, 1) => format!("{count} {noun} in {regions} changes"),
        _ => format!("{count} {noun} in {regions} change"),
    };
    section(out, &heading);
    let mut packages: Vec<_> =
        members.iter().map(|group| (group.model_package_from.as_deref(), group.model_package_to.as_deref())).collect();
    packages.dedup();
    for (from, to) in packages.iter().take(NAMED).filter(|(from, to)| from.is_some() || to.is_some()) {
        line(out, format_args!("    model package  {}", packages_arrow(*from, *to)));
    }
    if packages.len() > NAMED {
        line(out, format_args!("    {DIM}and {} more model packages{DIM:#}", packages.len() - NAMED));
    }
    if let Some(reason) = &first.not_known {
        line(out, format_args!("    {YELLOW}?{YELLOW:#}   {reason}"));
    }
    let width = first.resources.iter().map(|resource| resource.logical_id.len()).max().unwrap_or_default();
    for resource in &first.resources {
        let (sign, style, words) = effect(resource);
        let kind = &resource.kind;
        line(out, format_args!("  {style}{sign:>3}{style:#} {:width$}  {kind}  {style}{words}{style:#}", resource.logical_id));
        for property in &resource.properties {
            line(out, format_args!("          {DIM}{}{DIM:#}  {}", property.path, value_change(property)));
        }
    }
}

fn effect(resource: &Resource) -> (&'static str, Style, &'static str) {
    match (resource.effect.as_str(), resource.interrupts_endpoint) {
        ("create", _) => ("+", GREEN, "is created"),
        ("update", _) => ("~", YELLOW, "is updated in place"),
        ("replace", true) => ("-/+", RED, "is replaced: the endpoint with the old name is deleted"),
        ("replace", false) => ("-/+", MAGENTA, "is replaced"),
        ("delete", true) => ("-", RED, "is deleted: invocations fail"),
        ("delete", false) => ("-", RED, "is deleted"),
        _ => ("~?", YELLOW, "is updated or replaced: not known for this property"),
    }
}

fn value_change(property: &Property) -> String {
    if let Some(followed) = &property.follows {
        return format!("follows {followed}");
    }
    arrow(property.from.as_ref().map(value).as_deref(), property.to.as_ref().map(value).as_deref())
}

fn value(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// The operation that is running on the stack set.
pub(crate) fn running_operation(running: &LastOperation) -> String {
    let whose = if running.is_of_release { "of this release" } else { "of another release, of CodePipeline or of a person" };
    format!("operation {} ({} {}) {whose} is running: the plan can change when it ends", running.id, running.action, running.status)
}

/// The version of the new package, if both are versions of one group.
fn new_version(from: &str, to: &str) -> Option<u32> {
    let (from, to): (ModelPackageArn, ModelPackageArn) = (from.parse().ok()?, to.parse().ok()?);
    from.version()?;
    to.version().filter(|version| from.in_region(from.region(), Some(*version)) == to)
}

/// `13 → 14` if both are versions of one group, otherwise both ARNs.
pub(crate) fn packages_arrow(from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (Some(from), Some(to)) if from == to => format!("{to} (unchanged)"),
        (Some(from), Some(to)) => match new_version(from, to) {
            Some(version) => format!("{from} → {version}"),
            None => format!("{from} → {to}"),
        },
        (None, Some(to)) => to.to_owned(),
        (Some(from), None) => format!("{from} → none"),
        (None, None) => String::new(),
    }
}

fn arrow(from: Option<&str>, to: Option<&str>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => match difference(from, to) {
            Some((from, to)) => format!("{from} → {to}"),
            None => format!("{} → {}", shortened(from, LONGEST_VALUE), shortened(to, LONGEST_VALUE)),
        },
        (None, Some(to)) => format!("→ {}", shortened(to, LONGEST_VALUE)),
        (Some(from), None) => format!("{} → none", shortened(from, LONGEST_VALUE)),
        (None, None) => String::new(),
    }
}

/// Long values with a common prefix are shown from where they differ.
fn difference(from: &str, to: &str) -> Option<(String, String)> {
    if from.chars().count().max(to.chars().count()) <= LONGEST_VALUE {
        return None;
    }
    let alike = from.chars().zip(to.chars()).take_while(|(a, b)| a == b).count();
    let keep = alike.saturating_sub(20);
    let tail = |text: &str| {
        let tail: String = text.chars().skip(keep).collect();
        format!("{}{}", if keep > 0 { "…" } else { "" }, shortened(&tail, LONGEST_VALUE))
    };
    Some((tail(from), tail(to)))
}

fn shortened(text: &str, longest: usize) -> String {
    // One line, without control characters.
    let text: String = text.chars().map(|character| if endpoint_test::report::is_steering(character) { ' ' } else { character }).collect();
    if text.chars().count() <= longest {
        return text;
    }
    let head: String = text.chars().take(longest - 1).collect();
    format!("{head}…")
}

fn section(out: &mut String, title: &str) {
    line(out, format_args!("\n  {BOLD}{title}{BOLD:#}"));
}

fn line(out: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "{what}");
}
