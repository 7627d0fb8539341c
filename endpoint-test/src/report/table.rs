//! The report as text for a terminal of 80 columns or more, without colours.

mod load;

use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::untrusted::one_line as safe;
use super::{CaseReport, CheckReport, Outcome, Report, TargetReport, Verdict};

/// The most findings that are told for one target; the other reports hold all of them.
const MOST_FINDINGS: usize = 10;

/// The report as text: a line for each target, then what went wrong at each, then the verdict.
///
/// Words carry the meaning, so that it reads the same without colours and to a screen reader. Control characters in
/// names and replies are shown and not sent: nothing that a model answers can steer the terminal.
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    if !report.targets.is_empty() {
        text.push_str(&targets(report));
        text.push('\n');
    }
    for target in &report.targets {
        findings(&mut text, target);
    }
    for target in &report.targets {
        load::lines(&mut text, target);
    }
    text.push_str(&summary(report));
    text.push('\n');
    text
}

fn targets(report: &Report) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["VERDICT", "ACCOUNT", "REGION", "ENDPOINT", "STATUS", "CHECKS", "CASES", "SLOWEST"]);
    for target in &report.targets {
        let slowest = target.cases.iter().filter_map(|case| case.latency_ms).reduce(f64::max);
        table.add_row([
            target.verdict.to_string(),
            safe(&target.account_id),
            safe(&target.region),
            safe(&target.endpoint),
            target.status.as_deref().map_or_else(|| "-".to_owned(), safe),
            ratio(target.checks.iter().map(|check| check.outcome)),
            ratio(target.cases.iter().map(|case| case.outcome)),
            slowest.map_or_else(|| "-".to_owned(), |slowest| format!("{slowest:.1} ms")),
        ]);
    }
    table.lines().fold(String::new(), |mut text, line| {
        text.push_str(line.trim());
        text.push('\n');
        text
    })
}

/// `3/4`: passed of those that were looked at.
fn ratio(outcomes: impl Iterator<Item = Outcome>) -> String {
    let outcomes: Vec<_> = outcomes.collect();
    let passed = outcomes.iter().filter(|outcome| **outcome == Outcome::Passed).count();
    let skipped = outcomes.iter().filter(|outcome| **outcome == Outcome::Skipped).count();
    match outcomes.len() - skipped {
        0 => "-".to_owned(),
        all => format!("{passed}/{all}"),
    }
}

fn findings(text: &mut String, target: &TargetReport) {
    let wrong = |outcome| matches!(outcome, Outcome::Failed | Outcome::Errored);
    let checks = target.checks.iter().filter(|check| wrong(check.outcome)).map(check_lines);
    let cases = target.cases.iter().filter(|case| wrong(case.outcome)).map(case_lines);
    let findings: Vec<String> = checks.chain(cases).collect();
    if findings.is_empty() {
        return;
    }
    // Writing to a string does not fail.
    let _ = writeln!(text, "{} {}", target.verdict, safe(&target.title()));
    for finding in findings.iter().take(MOST_FINDINGS) {
        text.push_str(finding);
    }
    if findings.len() > MOST_FINDINGS {
        let _ = writeln!(text, "  … and {} more", findings.len() - MOST_FINDINGS);
    }
    text.push('\n');
}

fn check_lines(check: &CheckReport) -> String {
    let mut lines = format!("  {} check {}: {}\n", check.outcome, safe(&check.name), safe(check.message.as_deref().unwrap_or_default()));
    hint(&mut lines, check.hint.as_deref());
    lines
}

fn case_lines(case: &CaseReport) -> String {
    let mut lines = format!("  {} case \"{}\"", case.outcome, safe(&case.name));
    match &case.message {
        Some(message) => {
            let _ = writeln!(lines, ": {}", safe(message));
        }
        None => lines.push('\n'),
    }
    hint(&mut lines, case.hint.as_deref());
    for check in case.checks.iter().filter(|check| check.outcome != Outcome::Passed) {
        let place = check.at.as_deref().filter(|at| !at.is_empty()).map(|at| format!(" at {}", safe(at))).unwrap_or_default();
        let _ = writeln!(lines, "    {}{place}: {}", safe(&check.name), safe(check.message.as_deref().unwrap_or_default()));
        if let (Some(expected), Some(actual)) = (&check.expected, &check.actual) {
            let _ = writeln!(lines, "      expected {}, found {}", safe(expected), safe(actual));
        }
        hint(&mut lines, check.hint.as_deref());
    }
    let facts = [("variant", &case.variant), ("request", &case.request_id)];
    let facts: Vec<_> = facts.iter().filter_map(|(name, value)| Some(format!("{name} {}", safe(value.as_ref()?)))).collect();
    if !facts.is_empty() {
        let _ = writeln!(lines, "    ({})", facts.join(", "));
    }
    lines
}

fn hint(lines: &mut String, hint: Option<&str>) {
    if let Some(hint) = hint {
        let _ = writeln!(lines, "      hint: {}", safe(hint));
    }
}

fn summary(report: &Report) -> String {
    let counts = &report.counts;
    let targets = if counts.targets == 1 { "1 target".to_owned() } else { format!("{} targets", counts.targets) };
    let parts = [(counts.passed, "passed"), (counts.failed, "failed"), (counts.errored, "errored"), (counts.empty, "empty")];
    let parts: Vec<_> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let what = match report.verdict {
        Verdict::Empty | Verdict::Skipped => "empty: nothing was tested",
        verdict => verdict.as_str(),
    };
    if parts.is_empty() { format!("{what} ({targets})") } else { format!("{what} ({targets}: {})", parts.join(", ")) }
}
