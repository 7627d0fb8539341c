//! What was tested, and every endpoint on one line.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::{LoadReport, Outcome, Report, TargetReport};
use super::{Html, badge, by_urgency, columns, package_name, scrolling, time};

/// Writes what was tested.
pub(super) fn tested(page: &mut String, report: &Report) {
    page.push_str("<section aria-labelledby=\"tested\">\n<h2 id=\"tested\">What was tested</h2>\n<dl class=\"card facts wide\">\n");
    if let Some(arn) = &report.model_package {
        let name = package_name(arn).map(|(group, version)| format!("<b>{}</b> version <b>{}</b><br>", Html(group), Html(version)));
        fact(page, "Model package", &format!("{}<code class=\"soft\">{}</code>", name.unwrap_or_default(), Html(arn)));
    }
    if let Some(suite) = &report.suite {
        let name = suite.name.as_ref().map(|name| format!("{}<br>", Html(name))).unwrap_or_default();
        fact(page, "Tests", &format!("{name}<code>{}</code>", Html(&suite.file)));
    }
    for (label, value) in [("Release", &report.release), ("Commit", &report.commit)] {
        if let Some(value) = value {
            fact(page, label, &format!("<code>{}</code>", Html(value)));
        }
    }
    let distinct = |of: fn(&TargetReport) -> Option<&str>| {
        report.targets.iter().filter_map(of).filter(|text| !text.is_empty()).collect::<BTreeSet<_>>()
    };
    let lists: [(&str, BTreeSet<&str>); 4] = [
        ("Accounts", distinct(|target| Some(&target.account_id))),
        ("Regions", distinct(|target| Some(&target.region))),
        ("Role", distinct(|target| target.role.as_deref())),
        ("Configuration", distinct(|target| target.endpoint_config.as_deref())),
    ];
    for (label, values) in lists {
        if !values.is_empty() {
            fact(page, label, &listed(&values));
        }
    }
    fact(page, "Stage", &Html(&report.stage).to_string());
    page.push_str("</dl>\n</section>\n");
}

/// The first values; how many more there are.
fn listed(values: &BTreeSet<&str>) -> String {
    const SHOWN: usize = 6;
    let mut text = values.iter().take(SHOWN).map(|value| format!("<code>{}</code>", Html(value))).collect::<Vec<_>>().join(", ");
    if values.len() > SHOWN {
        let _ = write!(text, " <span class=\"soft\">and {} more</span>", values.len() - SHOWN);
    }
    text
}

/// `value` is markup.
fn fact(page: &mut String, label: &str, value: &str) {
    let _ = writeln!(page, "<div><dt>{label}</dt><dd>{value}</dd></div>");
}

/// Writes the table of all endpoints.
pub(super) fn endpoints(page: &mut String, report: &Report) {
    if report.targets.is_empty() {
        return;
    }
    let loaded = report.targets.iter().any(|target| target.load.is_some());
    page.push_str("<section aria-labelledby=\"endpoints\">\n<h2 id=\"endpoints\">Endpoints</h2>\n<div class=\"card\">");
    scrolling(page, "Table of endpoints");
    page.push_str("<table class=\"stack\">");
    let numbers: &[&str] = if loaded { &["Cases", "Slowest", "Load"] } else { &["Cases", "Slowest"] };
    columns(page, &["Verdict", "Account", "Region", "Endpoint", "Serves", "Status"], numbers);
    for (index, target) in by_urgency(report) {
        let _ = write!(
            page,
            "<tr><td data-label=\"Verdict\">{}</td><td data-label=\"Account\" class=\"mono\">{}</td><td data-label=\"Region\">{}</td>\
             <td data-label=\"Endpoint\"><a href=\"#t{index}\">{}</a></td><td data-label=\"Serves\">{}</td><td data-label=\"Status\">{}</td>\
             <td data-label=\"Cases\" class=\"number\">{}</td><td data-label=\"Slowest\" class=\"number\">{}</td>",
            badge(target.verdict.as_str()),
            Html(&target.account_id),
            Html(&target.region),
            Html(&target.endpoint),
            Html(&serves(target)),
            Html(target.status.as_deref().unwrap_or("unknown")),
            cases(target),
            target.cases.iter().filter_map(|case| case.latency_ms).reduce(f64::max).map(time).unwrap_or_default(),
        );
        if loaded {
            let _ = write!(page, "<td data-label=\"Load\" class=\"number\">{}</td>", target.load.as_deref().map(load).unwrap_or_default());
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n</div></div>\n</section>\n");
}

/// The versions that an endpoint serves, each once.
fn serves(target: &TargetReport) -> String {
    let packages = target.variants.iter().filter(|variant| variant.takes_traffic()).flat_map(|variant| &variant.model_packages);
    let mut names: Vec<_> =
        packages.map(|arn| package_name(arn).map_or_else(|| arn.clone(), |(_, version)| format!("version {version}"))).collect();
    names.sort();
    names.dedup();
    if names.is_empty() { "unknown".to_owned() } else { names.join(", ") }
}

fn cases(target: &TargetReport) -> String {
    let run = target.cases.iter().filter(|case| case.outcome != Outcome::Skipped).count();
    let passed = target.cases.iter().filter(|case| case.outcome == Outcome::Passed).count();
    if run == 0 { "none ran".to_owned() } else { format!("{passed} of {run}") }
}

fn load(load: &LoadReport) -> String {
    let held = load.thresholds.iter().filter(|threshold| threshold.outcome == Outcome::Passed).count();
    if load.outcome == Outcome::Skipped { "skipped".to_owned() } else { format!("{held} of {}", load.thresholds.len()) }
}
