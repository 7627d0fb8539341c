//! The report as JUnit XML, within CodeBuild's limits.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{CaseReport, CheckReport, LoadReport, MetricReport, Outcome, Report, RowReport, TargetReport, untrusted};

/// The longest message that CodeBuild accepts, in characters.
const MAX_MESSAGE: usize = 5000;

/// The longest test case name that CodeBuild accepts, in characters.
const MAX_NAME: usize = 1000;

/// The maximum number of rows listed for one case.
const MAX_ROWS: usize = 10;

/// The most test cases that CodeBuild accepts in one report.
const MAX_CASES: usize = 500;

/// A test case of the XML document.
struct Entry {
    suite: usize,
    class: &'static str,
    name: String,
    outcome: Outcome,
    milliseconds: Option<f64>,
    message: Option<String>,
    details: String,
    /// Each metric with its value and limit.
    metrics: Vec<(String, String)>,
}

/// The report as JUnit XML: a test suite for each target, with a test case for each check and for
/// each case. A proven failure is a `failure`; what is not proven is one of the type `not_proven`; what
/// could not be tested is an `error`.
///
/// CodeBuild accepts 500 test cases. If there are more, skipped and passed ones are omitted first,
/// and a last test case reports how many.
pub fn junit(report: &Report) -> String {
    let mut entries: Vec<Entry> = report.targets.iter().enumerate().flat_map(|(suite, target)| entries(suite, target)).collect();
    let omitted = if entries.len() > MAX_CASES { omit(&mut entries) } else { None };
    let mut document = quick_junit::Report::new(cut(&format!("{} {}", report.tool.name, report.stage), MAX_NAME));
    document.timestamp = report.started_at.as_deref().and_then(|start| start.parse().ok());
    document.set_time(milliseconds(report.targets.iter().map(|target| target.duration_ms).sum()));
    let mut suites: Vec<TestSuite> = report.targets.iter().map(suite).collect();
    for (suite, partial) in suites.iter_mut().zip(report.partial.iter().cycle()) {
        suite.add_property(("partial_run", partial.to_string().as_str()));
    }
    for entry in entries {
        if let Some(suite) = suites.get_mut(entry.suite) {
            suite.add_test_case(test_case(&entry));
        }
    }
    if let Some(omitted) = omitted {
        let mut suite = TestSuite::new("omitted from this report");
        suite.add_test_case(test_case(&omitted));
        suites.push(suite);
    }
    document.add_test_suites(suites);
    // Writing to memory does not fail.
    document.to_string().unwrap_or_default()
}

/// Omits the least important entries, and returns one for them, with their worst outcome.
fn omit(entries: &mut Vec<Entry>) -> Option<Entry> {
    let all = entries.len();
    let rank = |entry: &Entry| match entry.outcome {
        Outcome::Failed => 0,
        Outcome::NotProven => 1,
        Outcome::Errored => 2,
        Outcome::Passed => 3,
        Outcome::Observed => 4,
        Outcome::Skipped => 5,
    };
    // Stable sorts: within a kind the first ones stay, in the order of the suites.
    entries.sort_by_key(rank);
    let omitted = entries.split_off(MAX_CASES - 1);
    entries.sort_by_key(|entry| entry.suite);
    let count = |outcome| omitted.iter().filter(|entry| entry.outcome == outcome).count();
    let kinds = [Outcome::Failed, Outcome::NotProven, Outcome::Errored, Outcome::Passed, Outcome::Observed, Outcome::Skipped];
    let counts: Vec<_> = kinds.into_iter().filter(|kind| count(*kind) > 0).map(|kind| format!("{} {kind}", count(kind))).collect();
    let worst = kinds.into_iter().find(|kind| count(*kind) > 0)?;
    let message =
        format!("{} of {all} test cases are omitted, because CodeBuild accepts {MAX_CASES}: {}", omitted.len(), counts.join(", "));
    Some(Entry {
        suite: 0,
        class: "report",
        name: format!("{} more test cases", omitted.len()),
        // Omitted passes are not shown as a success.
        outcome: if worst.is_wrong() { worst } else { Outcome::Skipped },
        milliseconds: None,
        details: format!("{message}\nthe JSON report and the HTML page have all of them"),
        message: Some(message),
        metrics: Vec::new(),
    })
}

fn suite(target: &TargetReport) -> TestSuite {
    let mut suite = TestSuite::new(cut(&target.title(), MAX_NAME));
    suite.timestamp = target.started_at.as_deref().and_then(|start| start.parse().ok());
    suite.set_time(milliseconds(target.duration_ms));
    let properties = [
        ("role", &target.role),
        ("endpoint_config", &target.endpoint_config),
        ("status", &target.status),
        ("started_at", &target.started_at),
        ("ended_at", &target.ended_at),
    ];
    for (name, value) in properties {
        if let Some(value) = value {
            suite.add_property((name, untrusted::xml(value).as_str()));
        }
    }
    if let Some(comparison) = &target.comparison {
        let compared = format!("{} of {} responses differ from those of {}", comparison.different, comparison.compared, comparison.with);
        suite.add_property(("comparison", untrusted::xml(&compared).as_str()));
        if let Some(unpaired) = comparison.unpaired_text() {
            suite.add_property(("comparison is unpaired", untrusted::xml(&unpaired).as_str()));
        }
        for gain in comparison.gains() {
            let limit = if gain.limit.is_empty() { String::new() } else { format!(" ({})", gain.limit) };
            let interval = gain.interval.as_ref().map(|interval| format!("; {interval}")).unwrap_or_default();
            let text = format!("{} here, {} there{limit}: {}{interval}", gain.this, gain.other, gain.outcome_text());
            let name = format!("comparison of {}", gain.name);
            suite.add_property((cut(&name, MAX_NAME).as_str(), untrusted::xml(&text).as_str()));
        }
        if let Some(flips) = comparison.flips_text() {
            suite.add_property(("comparison of classes", flips.as_str()));
        }
    }
    for (index, sentence) in target.replay.iter().flat_map(|replay| replay.sentences()).enumerate() {
        suite.add_property((format!("replay {}", index + 1).as_str(), untrusted::xml(&sentence).as_str()));
    }
    suite
}

fn entries(suite: usize, target: &TargetReport) -> impl Iterator<Item = Entry> {
    let checks = target.checks.iter().map(move |check| Entry {
        suite,
        class: "checks",
        name: check.name.clone(),
        outcome: check.outcome,
        milliseconds: None,
        message: check.message.clone(),
        details: details(check),
        metrics: Vec::new(),
    });
    let load = target.load.iter().flat_map(move |load| load_entries(suite, load));
    checks.chain(target.cases.iter().map(move |case| case_entry(suite, target, case))).chain(load)
}

/// One for each threshold, and one for the load itself if it has a message of its own.
fn load_entries(suite: usize, load: &LoadReport) -> Vec<Entry> {
    let entry = |name: String, outcome, message: &Option<String>, hint: &Option<String>| {
        let hint = hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        let details = format!("{}{hint}", message.as_deref().unwrap_or_default());
        Entry { suite, class: "load", name, outcome, milliseconds: None, message: message.clone(), details, metrics: Vec::new() }
    };
    let whole = load.message.is_some() || load.thresholds.is_empty();
    let whole =
        whole.then(|| Entry { milliseconds: Some(load.duration_ms), ..entry("load".to_owned(), load.outcome, &load.message, &load.hint) });
    let thresholds = load.thresholds.iter().map(|threshold| {
        let phase = threshold.phase.as_ref().map(|phase| format!("{phase}: ")).unwrap_or_default();
        let observed = threshold.would_be.map(|_| {
            let found = threshold.message.as_ref().or(threshold.actual.as_ref()).map(|found| format!(": {found}")).unwrap_or_default();
            format!("{}{found}", threshold.outcome_text())
        });
        let message = observed.or_else(|| threshold.message.clone());
        entry(format!("{phase}{}", threshold.threshold), threshold.outcome, &message, &threshold.hint)
    });
    whole.into_iter().chain(thresholds).collect()
}

fn case_entry(suite: usize, target: &TargetReport, case: &CaseReport) -> Entry {
    let wrong: Vec<&CheckReport> = case.checks.iter().filter(|check| check.outcome != Outcome::Passed).collect();
    let message = case.message.clone().or_else(|| wrong.first().and_then(|check| check.message.clone()));
    let mut parts: Vec<String> = wrong.into_iter().map(details).collect();
    parts.extend(case.rows.iter().flat_map(|rows| &rows.not_passed).take(MAX_ROWS).map(row));
    // The longest parts are last: CodeBuild then cuts the response and not the command.
    let by_hand = format!("send the same request{}", target.credentials());
    let facts = [
        ("hint", &case.hint),
        ("variant", &case.variant),
        ("request id", &case.request_id),
        ("log stream", &case.log_stream_arn),
        (by_hand.as_str(), &case.reproduce),
        ("model's error", &case.model_error),
        ("response", &case.reply),
    ];
    parts.extend(facts.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}", value.as_ref()?))));
    Entry {
        suite,
        class: "cases",
        name: case.name.clone(),
        outcome: case.outcome,
        milliseconds: case.latency_ms,
        message,
        details: parts.join("\n"),
        metrics: case.rows.iter().flat_map(|rows| &rows.metrics).map(metric).chain(case.observed().map(observed)).collect(),
    }
}

/// A check that decides nothing, also of a case that passed.
fn observed(check: &CheckReport) -> (String, String) {
    (check.name.clone(), check.message.clone().unwrap_or_default())
}

/// A metric and its value, also if it passed.
fn metric(metric: &MetricReport) -> (String, String) {
    let limit = Some(metric.limit()).filter(|limit| !limit.is_empty()).map(|limit| format!(" ({limit})"));
    let interval = metric.interval.as_ref().map(|interval| format!("; {}", interval.describe())).unwrap_or_default();
    let outcome = metric.outcome_text();
    (metric.title(), format!("{}{}: {outcome}{interval}", metric.shown(), limit.unwrap_or_default()))
}

fn row(row: &RowReport) -> String {
    let why = match (&row.expected, &row.actual) {
        (Some(expected), Some(actual)) => format!("expected {expected}, found {actual}"),
        _ => row.message.clone().unwrap_or_default(),
    };
    format!("row {} (line {}): {}: {why}", row.row, row.line, row.outcome)
}

fn details(check: &CheckReport) -> String {
    let mut text = match &check.at {
        Some(at) => format!("{} at {}", check.name, if at.is_empty() { "the whole response" } else { at }),
        None => check.name.clone(),
    };
    for (name, value) in [("", &check.message), ("expected: ", &check.expected), ("actual: ", &check.actual), ("hint: ", &check.hint)] {
        if let Some(value) = value {
            text.push_str(if name.is_empty() { ": " } else { "\n  " });
            text.push_str(name);
            text.push_str(value);
        }
    }
    text
}

fn test_case(entry: &Entry) -> TestCase {
    let mut status = match entry.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed | Outcome::NotProven => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Errored => TestCaseStatus::non_success(NonSuccessKind::Error),
        // Readers show why a test case was skipped: here, that it decides nothing.
        Outcome::Observed | Outcome::Skipped => TestCaseStatus::skipped(),
    };
    if entry.outcome != Outcome::Passed {
        if let Some(message) = &entry.message {
            status.set_message(cut(message, MAX_MESSAGE));
        }
        if entry.outcome.is_wrong() {
            status.set_type(if entry.outcome == Outcome::NotProven { "not_proven" } else { entry.class });
            status.set_description(cut(&entry.details, MAX_MESSAGE));
        }
    }
    let mut test_case = TestCase::new(cut(&entry.name, MAX_NAME), status);
    test_case.set_classname(entry.class);
    // Some readers show the properties of a test case, others only its output.
    for (name, value) in &entry.metrics {
        test_case.add_property((cut(name, MAX_NAME).as_str(), untrusted::xml(value).as_str()));
    }
    if !entry.metrics.is_empty() {
        let lines: Vec<_> = entry.metrics.iter().map(|(name, value)| format!("{name} {value}")).collect();
        test_case.set_system_out(cut(&lines.join("\n"), MAX_MESSAGE));
    }
    if let Some(time) = entry.milliseconds {
        test_case.set_time(milliseconds(time));
    }
    test_case
}

/// The part of a text that XML allows, cut to a number of characters, including the ellipsis.
fn cut(text: &str, most: usize) -> String {
    let text = untrusted::xml(text);
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// A duration in milliseconds. Invalid values of a report from a file count as none.
fn milliseconds(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default()
}
