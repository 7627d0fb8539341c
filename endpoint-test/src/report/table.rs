//! The report as text for a terminal of 80 columns or more, without colours.

mod comparison;
mod findings;
mod load;
mod metrics;
mod replay;
mod wrap;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

pub(super) use self::wrap::paragraph;
use super::untrusted::one_line as safe;
use super::{Outcome, Report, Verdict};

/// The width that every terminal has. Only commands to copy, and longer words, exceed it.
const WIDTH: usize = 80;

/// The minimum length of a shortened endpoint name.
const MIN_NAME: usize = 12;

/// The report as text: a line for each target, then the problems of each, then the verdict.
///
/// All meaning is in words, so that it reads the same without colours and with a screen reader.
/// Control characters in names and responses are escaped: a model's response cannot control the
/// terminal.
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    if !report.targets.is_empty() {
        text.push_str(&targets(report));
        if report.targets.iter().any(|target| target.asynchronous) {
            text.push_str("latencies of asynchronous endpoints last until the response is in S3, including the time in the queue\n");
        }
        text.push('\n');
    }
    for target in &report.targets {
        findings::lines(&mut text, target);
    }
    for target in &report.targets {
        findings::observed(&mut text, target);
    }
    for target in &report.targets {
        comparison::lines(&mut text, target);
    }
    for target in &report.targets {
        replay::lines(&mut text, target);
    }
    metrics::lines(&mut text, report);
    for target in &report.targets {
        load::lines(&mut text, target);
    }
    text.push_str(&summary(report));
    if let Some(partial) = &report.partial {
        text.push_str("; partial run: ");
        text.push_str(&partial.to_string());
    }
    text.push('\n');
    text
}

fn targets(report: &Report) -> String {
    let width = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    let longest = report.targets.iter().map(|target| safe(&target.endpoint).chars().count()).max().unwrap_or_default();
    let whole = rendered(report, Some(longest));
    let excess = width(&whole).saturating_sub(WIDTH);
    if excess == 0 {
        return whole;
    }
    // A stage usually has one endpoint in many accounts: print its name once.
    let first = &report.targets[0].endpoint;
    if report.targets.iter().all(|target| target.endpoint == *first) {
        return format!("endpoint {}\n{}", safe(first), rendered(report, None));
    }
    // Names can be shortened: the findings have the full names.
    rendered(report, Some(longest.saturating_sub(excess).max(MIN_NAME)))
}

/// The table, with names of at most `name` characters or without names.
fn rendered(report: &Report, name: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let header = ["VERDICT", "ACCOUNT", "REGION"].map(str::to_owned).into_iter();
    table.set_header(header.chain(name.map(|_| "ENDPOINT".to_owned())).chain(["STATUS", "CHECKS", "CASES", "SLOWEST"].map(str::to_owned)));
    for target in &report.targets {
        let place = [target.verdict.to_string(), safe(&target.account_id), safe(&target.region)].into_iter();
        let found = [
            target.status.as_deref().map_or_else(|| "-".to_owned(), safe),
            ratio(target.checks.iter().map(|check| check.outcome)),
            ratio(target.cases.iter().map(|case| case.outcome)),
            target.slowest_ms().map_or_else(|| "-".to_owned(), |slowest| format!("{slowest:.1} ms")),
        ];
        table.add_row(place.chain(name.map(|most| shortened(&safe(&target.endpoint), most))).chain(found));
    }
    table.lines().fold(String::new(), |mut text, line| {
        text.push_str(line.trim());
        text.push('\n');
        text
    })
}

/// A name without its middle: names in a project begin alike, and those in a stage end alike.
fn shortened(name: &str, most: usize) -> String {
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= most {
        return name.to_owned();
    }
    let (head, tail) = (most / 2, most - most / 2 - 1);
    let ends = [&characters[..head], &['…'], &characters[characters.len() - tail..]];
    ends.into_iter().flatten().collect()
}

/// `3/4`: passed of those that ran.
fn ratio(outcomes: impl Iterator<Item = Outcome>) -> String {
    match Outcome::passed_of(outcomes) {
        (_, 0) => "-".to_owned(),
        (passed, all) => format!("{passed}/{all}"),
    }
}

fn summary(report: &Report) -> String {
    let counts = &report.counts;
    let targets = if counts.targets == 1 { "1 target".to_owned() } else { format!("{} targets", counts.targets) };
    let parts = [
        (counts.passed, "passed"),
        (counts.failed, "failed"),
        (counts.not_proven, "not proven"),
        (counts.errored, "errored"),
        (counts.empty, "empty"),
    ];
    let parts: Vec<_> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let what = match report.verdict {
        Verdict::Empty | Verdict::Skipped => "empty: nothing was tested",
        verdict => verdict.as_str(),
    };
    if parts.is_empty() { format!("{what} ({targets})") } else { format!("{what} ({targets}: {})", parts.join(", ")) }
}
