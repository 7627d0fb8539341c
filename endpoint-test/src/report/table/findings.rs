//! What went wrong at one target, with all that is needed to look into it.

use super::safe;
use super::wrap::paragraph;
use crate::report::{CaseReport, CheckReport, Outcome, RowsReport, TargetReport};

/// The most findings that are told for one target; the other reports hold all of them.
const MOST_FINDINGS: usize = 10;
/// The most rows that are told for one case.
const MOST_ROWS: usize = 5;
/// The most characters of a model's own message.
const LONGEST_MESSAGE: usize = 400;

/// Adds what went wrong at a target; nothing when all is well.
pub(super) fn lines(text: &mut String, target: &TargetReport) {
    let checks = target.checks.iter().filter(|check| check.outcome.is_wrong()).map(of_check);
    let cases = target.cases.iter().filter(|case| case.outcome.is_wrong()).map(of_case);
    let findings: Vec<String> = checks.chain(cases).collect();
    if findings.is_empty() {
        return;
    }
    let role = target.role.as_deref().map(|role| format!(" (role {})", safe(role))).unwrap_or_default();
    paragraph(text, "", 2, &format!("{} {}{role}", target.verdict, safe(&target.title())));
    for finding in findings.iter().take(MOST_FINDINGS) {
        text.push_str(finding);
    }
    if findings.len() > MOST_FINDINGS {
        let more = format!("… and {} more, in the JSON report and on the HTML page", findings.len() - MOST_FINDINGS);
        paragraph(text, "  ", 2, &more);
    }
    text.push('\n');
}

fn of_check(check: &CheckReport) -> String {
    let mut lines = String::new();
    let message = safe(check.message.as_deref().unwrap_or_default());
    paragraph(&mut lines, "  ", 6, &format!("{} check {}: {message}", check.outcome, safe(&check.name)));
    expected_and_found(&mut lines, check);
    hint(&mut lines, check.hint.as_deref());
    lines
}

fn of_case(case: &CaseReport) -> String {
    let mut lines = String::new();
    let name = format!("{} case \"{}\"", case.outcome, safe(&case.name));
    match &case.message {
        Some(message) => paragraph(&mut lines, "  ", 6, &format!("{name}: {}", safe(message))),
        None => paragraph(&mut lines, "  ", 6, &name),
    }
    hint(&mut lines, case.hint.as_deref());
    for check in case.checks.iter().filter(|check| check.outcome != Outcome::Passed) {
        let message = safe(check.message.as_deref().unwrap_or_default());
        // A message that names its place need not be told it twice.
        let at = check.at.as_deref().map(safe).filter(|at| !at.is_empty() && !message.contains(&format!("`{at}`")));
        let place = at.map(|at| format!(" at {at}")).unwrap_or_default();
        paragraph(&mut lines, "    ", 6, &format!("{}{place}: {message}", safe(&check.name)));
        expected_and_found(&mut lines, check);
        hint(&mut lines, check.hint.as_deref());
    }
    if let Some(found) = &case.rows {
        rows(&mut lines, found);
    }
    facts(&mut lines, case);
    lines
}

fn expected_and_found(lines: &mut String, check: &CheckReport) {
    if let (Some(expected), Some(actual)) = (&check.expected, &check.actual) {
        paragraph(lines, "      expected ", 15, &safe(expected));
        paragraph(lines, "      found    ", 15, &safe(actual));
    }
}

fn rows(lines: &mut String, rows: &RowsReport) {
    for row in rows.not_passed.iter().take(MOST_ROWS) {
        let found = match (&row.expected, &row.actual) {
            (Some(expected), Some(actual)) => format!("expected {}, found {}", safe(expected), safe(actual)),
            _ => safe(row.message.as_deref().unwrap_or_default()),
        };
        paragraph(lines, "    ", 6, &format!("row {} (line {}): {found}", row.row, row.line));
    }
    let told = rows.not_passed.len().min(MOST_ROWS);
    let more = (rows.failed + rows.errored).saturating_sub(told);
    if told > 0 && more > 0 {
        paragraph(lines, "    ", 6, &format!("… and {more} more rows"));
    }
    if let Some(command) = rows.not_passed.iter().find_map(|row| row.reproduce.as_ref()) {
        by_hand(lines, command);
    }
}

/// Who answered, in whose words, and how to ask again.
fn facts(lines: &mut String, case: &CaseReport) {
    let facts =
        [("variant", case.variant.clone()), ("status", case.status.map(|status| status.to_string())), ("request", case.request_id.clone())];
    let facts: Vec<_> = facts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", safe(&value?)))).collect();
    if !facts.is_empty() {
        paragraph(lines, "    ", 6, &facts.join(", "));
    }
    if let Some(message) = case.model_error.as_deref().filter(|message| !message.is_empty()) {
        paragraph(lines, "    the model says: ", 6, &safe(&crate::format::cut(message, LONGEST_MESSAGE)));
    }
    if let Some(arn) = &case.log_stream_arn {
        paragraph(lines, "    its log: ", 6, &safe(arn));
    }
    if let Some(command) = &case.reproduce {
        by_hand(lines, command);
    }
}

/// The command stays on one line: it is there to be copied.
fn by_hand(lines: &mut String, command: &str) {
    lines.push_str("    to ask the same by hand:\n      ");
    lines.push_str(&safe(command));
    lines.push('\n');
}

fn hint(lines: &mut String, hint: Option<&str>) {
    if let Some(hint) = hint {
        paragraph(lines, "      hint: ", 12, &safe(hint));
    }
}
