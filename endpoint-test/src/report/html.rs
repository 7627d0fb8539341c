//! The report as one page for a person who has to decide.

mod target;

use std::fmt::Write as _;

use super::untrusted::{Html, Prose};
use super::{Outcome, Report, TargetReport, Verdict};

const STYLE: &str = include_str!("html/style.css");

/// The report as one self-contained HTML page: no script, nothing fetched, light and dark, readable on a phone and on
/// paper. The verdict comes first, then what was tested, then every target; what did not pass is unfolded.
///
/// All text is escaped, and the page's own policy forbids scripts besides.
pub fn html(report: &Report) -> String {
    let mut page = String::with_capacity(64 * 1024);
    let title = format!("{} · {}", headline(report), report.stage);
    // Writing to a string does not fail, here and below.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Html(&title)
    );
    verdict(&mut page, report);
    tiles(&mut page, report);
    tested(&mut page, report);
    overview(&mut page, report);
    for (index, target) in by_urgency(report) {
        target::section(&mut page, index, target);
    }
    let tool = &report.tool;
    let _ = write!(
        page,
        "<footer>Written by {} {}. Latencies are those that the client saw, the network included.</footer>\n</main>\n</body>\n</html>\n",
        Html(&tool.name),
        Html(&tool.version)
    );
    page
}

fn verdict(page: &mut String, report: &Report) {
    let class = report.verdict.as_str();
    let sign = match report.verdict {
        Verdict::Passed => "✓",
        Verdict::Failed => "✕",
        Verdict::Errored => "!",
        Verdict::Empty | Verdict::Skipped => "–",
    };
    let _ = writeln!(
        page,
        "<section class=\"card verdict {class}\">\n<div class=\"sign\" aria-hidden=\"true\">{sign}</div>\n<div><h1>{}: <b>{class}</b></h1><p>{}</p></div>\n</section>",
        Html(&report.stage),
        Html(&headline(report))
    );
}

/// The targets with their number, those first that somebody has to look at.
fn by_urgency(report: &Report) -> Vec<(usize, &TargetReport)> {
    let mut targets: Vec<_> = report.targets.iter().enumerate().collect();
    targets.sort_by_key(|(_, target)| match target.verdict {
        Verdict::Failed => 0,
        Verdict::Errored => 1,
        Verdict::Empty | Verdict::Skipped => 2,
        Verdict::Passed => 3,
    });
    targets
}

/// The verdict in a sentence.
fn headline(report: &Report) -> String {
    let counts = &report.counts;
    let endpoints = |count: usize| if count == 1 { "1 endpoint".to_owned() } else { format!("{count} endpoints") };
    match report.verdict {
        Verdict::Passed => {
            let identified =
                |target: &TargetReport| target.checks.iter().any(|check| check.name == "identity" && check.outcome == Outcome::Passed);
            // What was not compared is not claimed: a container does not say which package it serves.
            let serves =
                |word: &str| if report.targets.iter().all(identified) { format!("{word} what was approved and ") } else { String::new() };
            match counts.targets {
                1 => format!("The endpoint {}answers as expected", serves("serves")),
                _ => format!("All {} {}answer as expected", endpoints(counts.passed), serves("serve")),
            }
        }
        Verdict::Failed if counts.errored > 0 => {
            format!("{} of {} failed, and {} could not be tested", counts.failed, endpoints(counts.targets), counts.errored)
        }
        Verdict::Failed => format!("{} of {} failed", counts.failed, endpoints(counts.targets)),
        Verdict::Errored => format!("{} of {} could not be tested; nothing is proven wrong", counts.errored, endpoints(counts.targets)),
        Verdict::Empty | Verdict::Skipped => "Nothing was tested".to_owned(),
    }
}

fn tiles(page: &mut String, report: &Report) {
    let cases = || report.targets.iter().flat_map(|target| &target.cases);
    let run = cases().filter(|case| case.outcome != Outcome::Skipped).count();
    let passed = cases().filter(|case| case.outcome == Outcome::Passed).count();
    let slowest = cases().filter_map(|case| case.latency_ms).reduce(f64::max);
    let counts = &report.counts;
    page.push_str("<section class=\"tiles\">\n");
    tile(
        page,
        tone(counts.passed, Outcome::Passed),
        &format!("{}<small> of {}</small>", counts.passed, counts.targets),
        "endpoints passed",
    );
    tile(page, tone(counts.failed, Outcome::Failed), &counts.failed.to_string(), "endpoints failed");
    tile(page, tone(counts.errored, Outcome::Errored), &counts.errored.to_string(), "endpoints not testable");
    tile(page, "", &format!("{passed}<small> of {run}</small>"), "cases passed");
    if let Some(slowest) = slowest {
        tile(page, "", &time(slowest), "slowest reply");
    }
    page.push_str("</section>\n");
}

/// A tile has its colour only when there is something to be coloured.
fn tone(count: usize, outcome: Outcome) -> &'static str {
    if count > 0 { outcome.as_str() } else { "" }
}

/// `value` is markup of this module's own making.
fn tile(page: &mut String, class: &str, value: &str, label: &str) {
    let _ = writeln!(page, "<div class=\"card tile {class}\"><b>{value}</b><span>{label}</span></div>");
}

fn tested(page: &mut String, report: &Report) {
    page.push_str("<h2>What was tested</h2>\n<dl class=\"card facts\">\n");
    if let Some(arn) = &report.model_package {
        let name = package_name(arn).map(|(group, version)| format!("<b>{}</b> version <b>{}</b><br>", Html(group), Html(version)));
        let _ = writeln!(page, "<dt>Model package</dt><dd>{}<code class=\"soft\">{}</code></dd>", name.unwrap_or_default(), Html(arn));
    }
    for (label, value) in [("Release", &report.release), ("Commit", &report.commit)] {
        if let Some(value) = value {
            let _ = writeln!(page, "<dt>{label}</dt><dd><code>{}</code></dd>", Html(value));
        }
    }
    let _ = writeln!(page, "<dt>Stage</dt><dd>{}</dd>\n</dl>", Html(&report.stage));
}

/// Group and version of a model package's ARN.
fn package_name(arn: &str) -> Option<(&str, &str)> {
    arn.split_once(":model-package/")?.1.rsplit_once('/')
}

fn overview(page: &mut String, report: &Report) {
    if report.targets.is_empty() {
        return;
    }
    page.push_str("<h2>Endpoints</h2>\n<div class=\"card scroll\">\n<table class=\"stack\">\n<thead><tr>");
    for label in ["Verdict", "Account", "Region", "Endpoint", "Serves", "Status"] {
        let _ = write!(page, "<th scope=\"col\">{label}</th>");
    }
    page.push_str("<th scope=\"col\" class=\"number\">Cases</th><th scope=\"col\" class=\"number\">Slowest</th></tr></thead>\n<tbody>\n");
    for (index, target) in by_urgency(report) {
        let _ = writeln!(
            page,
            "<tr><td data-label=\"Verdict\">{}</td><td data-label=\"Account\" class=\"mono\">{}</td><td data-label=\"Region\">{}</td>\
             <td data-label=\"Endpoint\"><a href=\"#t{index}\">{}</a></td><td data-label=\"Serves\">{}</td><td data-label=\"Status\">{}</td>\
             <td data-label=\"Cases\" class=\"number\">{}</td><td data-label=\"Slowest\" class=\"number\">{}</td></tr>",
            badge(target.verdict.as_str()),
            Html(&target.account_id),
            Html(&target.region),
            Html(&target.endpoint),
            Html(&serves(target)),
            Html(target.status.as_deref().unwrap_or("unknown")),
            cases(target),
            target.cases.iter().filter_map(|case| case.latency_ms).reduce(f64::max).map(time).unwrap_or_default(),
        );
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
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

/// A word with its colour; the word alone tells.
fn badge(word: &str) -> String {
    format!("<span class=\"badge {word}\">{word}</span>")
}

fn time(milliseconds: f64) -> String {
    if milliseconds < 1000.0 { format!("{milliseconds:.1} ms") } else { format!("{:.2} s", milliseconds / 1000.0) }
}
