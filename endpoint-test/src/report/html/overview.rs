//! What was tested, and a table of all endpoints.

use std::collections::BTreeSet;

use aws_names::ModelPackageArn;
use maud::{Markup, html};

use super::super::{LoadReport, Outcome, Report, TargetReport};
use super::{badge, by_urgency, date, table, time};

pub(super) fn tested(report: &Report) -> Markup {
    let distinct = |of: fn(&TargetReport) -> Option<&str>| {
        report.targets.iter().filter_map(of).filter(|text| !text.is_empty()).collect::<BTreeSet<_>>()
    };
    let lists: [(&str, BTreeSet<&str>); 4] = [
        ("Accounts", distinct(|target| Some(&target.account_id))),
        ("Regions", distinct(|target| Some(&target.region))),
        ("Role", distinct(|target| target.role.as_deref())),
        ("Configuration", distinct(|target| target.endpoint_config.as_deref())),
    ];
    html! {
        section aria-labelledby="tested" {
            h2 id="tested" { "What was tested" }
            dl class="card facts wide" {
                @if let Some(arn) = &report.model_package {
                    (fact("Model package", &html! {
                        @if let Some(version) = arn.version() { b { (arn.name()) } " version " b { (version) } br; }
                        code class="soft" { (arn) }
                    }))
                }
                @if let Some(suite) = &report.suite {
                    (fact("Tests", &html! { @if let Some(name) = &suite.name { (name) br; } code { (suite.file) } }))
                }
                @if let Some(partial) = &report.partial {
                    (fact("Partial run", &html! { b { (partial) } br; (partial.cases.join(", ")) }))
                }
                @for (label, value) in [("Release", &report.release), ("Commit", &report.commit)] {
                    @if let Some(value) = value { (fact(label, &html! { code { (value) } })) }
                }
                @for (label, values) in &lists {
                    @if !values.is_empty() { (fact(label, &listed(values))) }
                }
                (fact("Stage", &html! { (report.stage) }))
                @if let (Some(start), Some(end)) = (&report.started_at, &report.ended_at) {
                    (fact("Tested", &html! { "from " (date(start)) br; "to " (date(end)) }))
                }
            }
        }
    }
}

/// The first values, and the number of further ones.
fn listed(values: &BTreeSet<&str>) -> Markup {
    const SHOWN: usize = 6;
    html! {
        @for (index, value) in values.iter().take(SHOWN).enumerate() { @if index > 0 { ", " } code { (value) } }
        @if values.len() > SHOWN { " " span class="soft" { "and " (values.len() - SHOWN) " more" } }
    }
}

fn fact(label: &str, value: &Markup) -> Markup {
    html! { div { dt { (label) } dd { (value) } } }
}

pub(super) fn endpoints(report: &Report) -> Markup {
    let loaded = report.targets.iter().any(|target| target.load.is_some());
    let numbers: &[&str] = if loaded { &["Cases", "Slowest", "Load"] } else { &["Cases", "Slowest"] };
    let rows = html! {
        @for (index, target) in by_urgency(report) {
            tr {
                td data-label="Verdict" { (badge(target.verdict.as_str())) }
                td data-label="Account" class="mono" { (target.account_id) }
                td data-label="Region" { (target.region) }
                td data-label="Endpoint" { a href={ "#t" (index) } { (target.endpoint) } }
                td data-label="Serves" { (serves(target)) }
                td data-label="Status" { (target.status.as_deref().unwrap_or("unknown")) }
                td data-label="Cases" class="number" { (cases(target)) }
                td data-label="Slowest" class="number" { (target.slowest_ms().map(time).unwrap_or_default()) }
                @if loaded { td data-label="Load" class="number" { (target.load.as_deref().map(load).unwrap_or_default()) } }
            }
        }
    };
    let texts = ["Verdict", "Account", "Region", "Endpoint", "Serves", "Status"];
    html! {
        @if !report.targets.is_empty() {
            section aria-labelledby="endpoints" {
                h2 id="endpoints" { "Endpoints" }
                div class="card" { (table("Table of endpoints", true, &texts, numbers, &rows)) }
            }
        }
    }
}

fn version(arn: &str) -> Option<u32> {
    arn.parse::<ModelPackageArn>().ok()?.version()
}

/// The versions that an endpoint serves, without duplicates.
fn serves(target: &TargetReport) -> String {
    let packages = target.variants.iter().filter(|variant| variant.takes_traffic()).flat_map(|variant| &variant.model_packages);
    let mut names: Vec<_> = packages.map(|arn| version(arn).map_or_else(|| arn.clone(), |version| format!("version {version}"))).collect();
    names.sort();
    names.dedup();
    if names.is_empty() { "unknown".to_owned() } else { names.join(", ") }
}

fn cases(target: &TargetReport) -> String {
    let (passed, run) = Outcome::passed_of(target.cases.iter().map(|case| case.outcome));
    if run == 0 { "none ran".to_owned() } else { format!("{passed} of {run}") }
}

fn load(load: &LoadReport) -> String {
    let held = load.thresholds.iter().filter(|threshold| threshold.outcome == Outcome::Passed).count();
    if load.outcome == Outcome::Skipped { "skipped".to_owned() } else { format!("{held} of {}", load.thresholds.len()) }
}
