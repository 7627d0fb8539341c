//! The head of the page: the verdict, and the evidence for it.

use std::fmt::Write as _;

use super::super::{LoadReport, MetricReport, Outcome, Report, TargetReport, Verdict};
use super::{Html, Prose, by_urgency, is_wrong, label, rows, time};

/// The most findings in the head; all of them are further down.
const MOST_FINDINGS: usize = 5;

/// Writes the head.
pub(super) fn header(page: &mut String, report: &Report) {
    let class = report.verdict.as_str();
    let sign = match report.verdict {
        Verdict::Passed => "✓",
        Verdict::Failed => "✕",
        Verdict::Errored => "!",
        Verdict::Empty | Verdict::Skipped => "–",
    };
    let _ = write!(
        page,
        "<header class=\"card verdict {class}\">\n<div class=\"sign\" aria-hidden=\"true\">{sign}</div>\n<div class=\"words\"><h1>{}: <b>{class}</b></h1><p>{}</p>\n",
        Html(&report.stage),
        Html(&headline(report))
    );
    page.push_str("</div>\n");
    tiles(page, report);
    evidence(page, report);
    page.push_str("</header>\n");
}

/// The verdict in a sentence.
pub(super) fn headline(report: &Report) -> String {
    let counts = &report.counts;
    let endpoints = |count: usize| if count == 1 { "1 endpoint".to_owned() } else { format!("{count} endpoints") };
    match report.verdict {
        Verdict::Passed => {
            // What was not compared is not claimed: a container does not say which package it serves.
            let serves = |word: &str| {
                if report.targets.iter().all(is_identified) { format!("{word} what was approved and ") } else { String::new() }
            };
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

fn is_identified(target: &TargetReport) -> bool {
    target.checks.iter().any(|check| check.name == "identity" && check.outcome == Outcome::Passed)
}

/// What went wrong where, or what was found to be right.
fn evidence(page: &mut String, report: &Report) {
    let findings: Vec<_> = by_urgency(report).into_iter().flat_map(|(index, target)| findings(index, target)).collect();
    let lines = if findings.is_empty() { assurances(report) } else { findings };
    if lines.is_empty() {
        return;
    }
    page.push_str("<ul class=\"evidence\">\n");
    for line in lines.iter().take(MOST_FINDINGS) {
        let _ = writeln!(page, "<li>{line}</li>");
    }
    if lines.len() > MOST_FINDINGS {
        let _ = writeln!(page, "<li class=\"soft\">and {} more, below</li>", lines.len() - MOST_FINDINGS);
    }
    page.push_str("</ul>\n");
}

/// What is wrong at one target: markup, a line each.
fn findings(index: usize, target: &TargetReport) -> Vec<String> {
    let place = match (target.account_id.as_str(), target.region.as_str()) {
        (account, region) if account == region || region.is_empty() => target.endpoint.clone(),
        (account, region) => format!("{account} {region}"),
    };
    let line = |outcome: Outcome, what: &str, why: Option<&str>| {
        let why = why.map(|why| format!(": {}", Prose(&shortened(why)))).unwrap_or_default();
        format!("<a href=\"#t{index}\">{}</a> <b class=\"{outcome}\">{outcome}</b> {}{why}", Html(&place), Prose(what))
    };
    let checks = target.checks.iter().filter(|check| is_wrong(check.outcome));
    let checks = checks.map(|check| line(check.outcome, &label(&check.name), check.message.as_deref()));
    let cases = target.cases.iter().filter(|case| is_wrong(case.outcome)).map(|case| {
        let wrong = || case.checks.iter().find(|check| is_wrong(check.outcome)).and_then(|check| check.message.as_deref());
        line(case.outcome, &format!("“{}”", case.name), case.message.as_deref().or_else(wrong))
    });
    let load = target.load.iter().filter(|load| is_wrong(load.outcome)).map(|load| {
        let wrong =
            || load.thresholds.iter().find(|threshold| is_wrong(threshold.outcome)).and_then(|threshold| threshold.message.as_deref());
        line(load.outcome, "Load", load.message.as_deref().or_else(wrong))
    });
    checks.chain(cases).chain(load).collect()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(220) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What was found to be right: markup, a line each.
fn assurances(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let targets = &report.targets;
    let identified = targets.iter().filter(|target| is_identified(target)).count();
    if identified > 0 {
        let serve = if targets.len() == 1 { "serves" } else { "serve" };
        lines.push(format!("AWS says that {identified} of {} {serve} the approved model package", counted(targets.len(), "endpoint")));
    }
    let cases = || targets.iter().flat_map(|target| &target.cases);
    let run = cases().filter(|case| case.outcome != Outcome::Skipped).count();
    let passed = cases().filter(|case| case.outcome == Outcome::Passed).count();
    if run > 0 {
        let slowest =
            cases().filter_map(|case| case.latency_ms).reduce(f64::max).map(|slowest| format!(", the slowest in {}", time(slowest)));
        lines.push(format!("{passed} of {} answered as expected{}", counted(run, "case"), slowest.unwrap_or_default()));
    }
    let metrics: Vec<_> = cases().filter_map(|case| case.rows.as_ref()).flat_map(|rows| &rows.metrics).collect();
    if let Some(told) = worst(&metrics) {
        lines.push(told);
    }
    let loads: Vec<&LoadReport> = targets.iter().filter_map(|target| target.load.as_deref()).filter(|load| load.total.is_some()).collect();
    if !loads.is_empty() {
        let sent: u64 = loads.iter().filter_map(|load| load.total.as_ref()).map(|total| total.sent).sum();
        let held: Vec<_> = loads.iter().flat_map(|load| &load.thresholds).map(|threshold| threshold.threshold.as_str()).collect();
        let mut unique: Vec<_> = Vec::new();
        for threshold in held {
            if !unique.contains(&threshold) {
                unique.push(threshold);
            }
        }
        lines.push(format!("Under load of {sent} requests: {}", Html(&shortened(&unique.join(", ")))));
    }
    lines
}

/// Each metric at its worst, with its limit: markup.
fn worst(metrics: &[&MetricReport]) -> Option<String> {
    let mut told: Vec<(&str, f64, String)> = Vec::new();
    for metric in metrics {
        let Some(value) = metric.value else { continue };
        let worse = |known: f64| if metric.at_most.is_some() { value > known } else { value < known };
        match told.iter_mut().find(|(name, ..)| *name == metric.name) {
            Some((_, known, _)) if worse(*known) => *known = value,
            Some(_) => {}
            None => told.push((&metric.name, value, rows::limit(metric))),
        }
    }
    let text = |(name, value, limit): &(&str, f64, String)| {
        let limit = if limit.is_empty() { String::new() } else { format!(" ({limit})") };
        format!("{} {}{limit}", label(name).to_lowercase(), rows::number(*value))
    };
    let texts: Vec<_> = told.iter().map(text).collect();
    (!texts.is_empty()).then(|| format!("Over labelled rows: {}", Html(&texts.join(", "))))
}

pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn tiles(page: &mut String, report: &Report) {
    let cases = || report.targets.iter().flat_map(|target| &target.cases);
    let run = cases().filter(|case| case.outcome != Outcome::Skipped).count();
    let passed = cases().filter(|case| case.outcome == Outcome::Passed).count();
    let counts = &report.counts;
    page.push_str("<dl class=\"tiles\">\n");
    tile(
        page,
        tone(counts.passed, Outcome::Passed),
        &format!("{}<small> of {}</small>", counts.passed, counts.targets),
        "endpoints passed",
    );
    if counts.failed > 0 {
        tile(page, "failed", &counts.failed.to_string(), "failed");
    }
    if counts.errored > 0 {
        tile(page, "errored", &counts.errored.to_string(), "not testable");
    }
    tile(page, "", &format!("{passed}<small> of {run}</small>"), "cases passed");
    page.push_str("</dl>\n");
}

/// A tile has its colour only when there is something to be coloured.
fn tone(count: usize, outcome: Outcome) -> &'static str {
    if count > 0 { outcome.as_str() } else { "" }
}

/// `value` is markup of this module's own making.
fn tile(page: &mut String, class: &str, value: &str, label: &str) {
    let _ = writeln!(page, "<div class=\"tile {class}\"><dt>{label}</dt><dd>{value}</dd></div>");
}
