//! The head of the page: the verdict and its evidence.

use maud::{Markup, html};

use super::super::metrics::RunMetric;
use super::super::{LoadReport, Outcome, Report, TargetReport, Verdict};
use super::{by_urgency, label, prose, time};

/// The most findings in the head; all of them are below.
const MAX_FINDINGS: usize = 5;

pub(super) fn header(report: &Report) -> Markup {
    let class = report.verdict.as_str();
    let sign = match report.verdict {
        Verdict::Passed => "✓",
        Verdict::Failed => "✕",
        Verdict::NotProven => "?",
        Verdict::Errored => "!",
        Verdict::Empty | Verdict::Skipped => "–",
    };
    html! {
        header class={ "card verdict " (class) } {
            div class="sign" aria-hidden="true" { (sign) }
            div class="words" {
                h1 { (report.stage) ": " b { (class) } }
                p {
                    (headline(report))
                    @if let Some(partial) = &report.partial { ". Partial run: " (partial) ", which is no evidence for production" }
                }
            }
            (tiles(report))
            (evidence(report))
        }
    }
}

/// The verdict in a sentence.
pub(super) fn headline(report: &Report) -> String {
    let counts = &report.counts;
    let endpoints = |count: usize| if count == 1 { "1 endpoint".to_owned() } else { format!("{count} endpoints") };
    match report.verdict {
        Verdict::Passed => {
            // Do not claim what was not compared: a container does not report its model package.
            let serves = |word: &str| {
                if report.targets.iter().all(is_identified) { format!("{word} what was approved and ") } else { String::new() }
            };
            match counts.targets {
                1 => format!("The endpoint {}responds as expected", serves("serves")),
                _ => format!("All {} {}respond as expected", endpoints(counts.passed), serves("serve")),
            }
        }
        Verdict::Failed if counts.errored > 0 => {
            format!("{} of {} failed, and {} could not be tested", counts.failed, endpoints(counts.targets), counts.errored)
        }
        Verdict::Failed => format!("{} of {} failed", counts.failed, endpoints(counts.targets)),
        Verdict::NotProven => format!("{} of {} not proven: the rows are too few to decide", counts.not_proven, endpoints(counts.targets)),
        Verdict::Errored => format!("{} of {} could not be tested; nothing is proven wrong", counts.errored, endpoints(counts.targets)),
        Verdict::Empty | Verdict::Skipped => "Nothing was tested".to_owned(),
    }
}

fn is_identified(target: &TargetReport) -> bool {
    target.identity().is_some_and(|check| check.outcome == Outcome::Passed)
}

/// What failed where, or what passed.
fn evidence(report: &Report) -> Markup {
    let findings: Vec<_> = by_urgency(report).into_iter().flat_map(|(index, target)| findings(index, target)).collect();
    let lines = if findings.is_empty() { assurances(report) } else { findings };
    html! {
        @if !lines.is_empty() {
            ul class="evidence" {
                @for line in lines.iter().take(MAX_FINDINGS) { li { (line) } }
                @if lines.len() > MAX_FINDINGS { li class="soft" { "and " (lines.len() - MAX_FINDINGS) " more, below" } }
            }
        }
    }
}

/// The problems of one target, one line each.
fn findings(index: usize, target: &TargetReport) -> Vec<Markup> {
    let place = match (target.account_id.as_str(), target.region.as_str()) {
        (account, region) if account == region || region.is_empty() => target.endpoint.clone(),
        (account, region) => format!("{account} {region}"),
    };
    let line = |outcome: Outcome, what: &str, why: Option<&str>| {
        html! {
            a href={ "#t" (index) } { (place) } " " b class=(outcome) { (outcome) } " " (prose(what))
            @if let Some(why) = why { ": " (prose(&shortened(why))) }
        }
    };
    let checks = target.checks.iter().filter(|check| check.outcome.is_wrong());
    let checks = checks.map(|check| line(check.outcome, &label(&check.name), check.message.as_deref()));
    let cases = target.cases.iter().filter(|case| case.outcome.is_wrong()).map(|case| {
        let wrong = || case.checks.iter().find(|check| check.outcome.is_wrong()).and_then(|check| check.message.as_deref());
        line(case.outcome, &format!("“{}”", case.name), case.message.as_deref().or_else(wrong))
    });
    let load = target.load.iter().filter(|load| load.outcome.is_wrong()).map(|load| {
        let wrong =
            || load.thresholds.iter().find(|threshold| threshold.outcome.is_wrong()).and_then(|threshold| threshold.message.as_deref());
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

/// What passed, one line each.
fn assurances(report: &Report) -> Vec<Markup> {
    let mut lines = Vec::new();
    let targets = &report.targets;
    let identified = targets.iter().filter(|target| is_identified(target)).count();
    if identified > 0 {
        let serve = if targets.len() == 1 { "serves" } else { "serve" };
        lines.push(format!("According to AWS, {identified} of {} {serve} the approved model package", counted(targets.len(), "endpoint")));
    }
    let cases = || targets.iter().flat_map(|target| &target.cases);
    let (passed, run) = Outcome::passed_of(cases().map(|case| case.outcome));
    if run > 0 {
        let slowest = targets
            .iter()
            .filter_map(TargetReport::slowest_ms)
            .reduce(f64::max)
            .map(|slowest| format!(", the slowest in {}", time(slowest)));
        lines.push(format!("{passed} of {} passed{}", counted(run, "case"), slowest.unwrap_or_default()));
    }
    lines.extend(over_rows(report));
    lines.extend(targets.iter().find_map(|target| target.comparison.as_ref()?.headline()));
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
        if !unique.is_empty() {
            lines.push(format!("Under a load of {sent} requests: {}", shortened(&unique.join(", "))));
        }
        lines.extend(loads.iter().filter_map(|load| load.rate_search.as_ref()).map(|found| shortened(&found.sentence())));
    }
    lines.into_iter().map(|line| html! { (line) }).collect()
}

/// The worst value of each metric, with its limit. Segments are in the table of their case.
fn over_rows(report: &Report) -> Option<String> {
    let metrics: Vec<_> = report.metrics().into_iter().filter(|metric| metric.worst.segment.is_none()).collect();
    let several_cases = metrics.iter().any(|metric| metric.case != metrics[0].case);
    let text = |metric: &RunMetric<'_>| {
        let limit = Some(metric.worst.limit()).filter(|limit| !limit.is_empty()).map(|limit| format!(" ({limit})"));
        let case = if several_cases { format!(" in “{}”", metric.case) } else { String::new() };
        format!("{} {}{}{case}", label(&metric.worst.name).to_lowercase(), metric.worst.shown(), limit.unwrap_or_default())
    };
    let texts: Vec<_> = metrics.iter().map(text).collect();
    (!texts.is_empty()).then(|| format!("Over labelled rows: {}", texts.join(", ")))
}

pub(super) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn tiles(report: &Report) -> Markup {
    let cases = || report.targets.iter().flat_map(|target| &target.cases);
    let (passed, run) = Outcome::passed_of(cases().map(|case| case.outcome));
    let counts = &report.counts;
    // A tile is coloured only if its count is not zero.
    let tone = if counts.passed > 0 { "passed" } else { "" };
    let tile = |class: &str, count: usize, of: Option<usize>, label: &str| {
        html! {
            div class={ "tile " (class) } {
                dt { (label) }
                dd { (count) @if let Some(all) = of { small { " of " (all) } } }
            }
        }
    };
    html! {
        dl class="tiles" {
            (tile(tone, counts.passed, Some(counts.targets), "endpoints passed"))
            @if counts.failed > 0 { (tile("failed", counts.failed, None, "failed")) }
            @if counts.not_proven > 0 { (tile("not proven", counts.not_proven, None, "not proven")) }
            @if counts.errored > 0 { (tile("errored", counts.errored, None, "could not be tested")) }
            (tile("", passed, Some(run), "cases passed"))
        }
    }
}
