//! The problems of one target, with what is needed to investigate them.

use super::safe;
use super::wrap::paragraph;
use crate::report::{CaseReport, CheckReport, FindingCode, Outcome, RowsReport, TargetReport};

/// The maximum number of findings listed for one target; the other reports have all of them.
const MAX_FINDINGS: usize = 10;
/// The maximum number of rows listed for one case.
const MAX_ROWS: usize = 5;
/// The longest part of a model's own message, in characters.
const MAX_MESSAGE: usize = 400;

/// Adds the problems of a target; nothing if there are none.
pub(super) fn lines(text: &mut String, target: &TargetReport) {
    let is_shown = |check: &&CheckReport| check.outcome.is_wrong() || check.code == Some(FindingCode::NotKnown);
    let checks = target.checks.iter().filter(is_shown).map(of_check);
    let cases = target.cases.iter().filter(|case| case.outcome.is_wrong()).map(|case| of_case(case, &target.credentials()));
    let findings: Vec<String> = checks.chain(cases).collect();
    if findings.is_empty() {
        return;
    }
    let role = target.role.as_deref().map(|role| format!(" (role {})", safe(role))).unwrap_or_default();
    paragraph(text, "", 2, &format!("{} {}{role}", target.verdict, safe(&target.title())));
    for finding in findings.iter().take(MAX_FINDINGS) {
        text.push_str(finding);
    }
    if findings.len() > MAX_FINDINGS {
        let more = format!("… and {} more, in the JSON report and on the HTML page", findings.len() - MAX_FINDINGS);
        paragraph(text, "  ", 2, &more);
    }
    text.push('\n');
}

/// Adds the checks that decide nothing; metrics and thresholds have their own lines.
pub(super) fn observed(text: &mut String, target: &TargetReport) {
    let of_cases = target.cases.iter().flat_map(|case| case.observed().map(move |check| (Some(case), check)));
    let checks = target.checks.iter().filter(|check| check.outcome == Outcome::Observed).map(|check| (None, check));
    let lines: Vec<String> = checks
        .chain(of_cases)
        .map(|(case, check)| {
            let case = case.map(|case| format!("case \"{}\" ", safe(&case.name))).unwrap_or_default();
            format!("{case}{}: {}", safe(&check.name), safe(check.message.as_deref().unwrap_or_default()))
        })
        .collect();
    if lines.is_empty() {
        return;
    }
    paragraph(text, "", 2, &format!("observed at {}", safe(&target.title())));
    for line in lines.iter().take(MAX_FINDINGS) {
        paragraph(text, "  ", 4, line);
    }
    if lines.len() > MAX_FINDINGS {
        paragraph(text, "  ", 2, &format!("… and {} more, in the JSON report and on the HTML page", lines.len() - MAX_FINDINGS));
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

fn of_case(case: &CaseReport, credentials: &str) -> String {
    let mut lines = String::new();
    let name = format!("{} case \"{}\"", case.outcome, safe(&case.name));
    match &case.message {
        Some(message) => paragraph(&mut lines, "  ", 6, &format!("{name}: {}", safe(message))),
        None => paragraph(&mut lines, "  ", 6, &name),
    }
    hint(&mut lines, case.hint.as_deref());
    for check in case.checks.iter().filter(|check| check.outcome != Outcome::Passed) {
        let message = safe(check.message.as_deref().unwrap_or_default());
        // If the message contains the location, do not repeat it.
        let at = check.at.as_deref().map(safe).filter(|at| !at.is_empty() && !message.contains(&format!("`{at}`")));
        let place = at.map(|at| format!(" at {at}")).unwrap_or_default();
        paragraph(&mut lines, "    ", 6, &format!("{}{place}: {message}", safe(&check.name)));
        expected_and_found(&mut lines, check);
        hint(&mut lines, check.hint.as_deref());
    }
    if let Some(found) = &case.rows {
        rows(&mut lines, found, credentials);
    }
    facts(&mut lines, case, credentials);
    lines
}

fn expected_and_found(lines: &mut String, check: &CheckReport) {
    if let (Some(expected), Some(actual)) = (&check.expected, &check.actual) {
        paragraph(lines, "      expected ", 15, &safe(expected));
        paragraph(lines, "      found    ", 15, &safe(actual));
    }
}

fn rows(lines: &mut String, rows: &RowsReport, credentials: &str) {
    for row in rows.not_passed.iter().take(MAX_ROWS) {
        let found = match (&row.expected, &row.actual) {
            (Some(expected), Some(actual)) => format!("expected {}, found {}", safe(expected), safe(actual)),
            _ => safe(row.message.as_deref().unwrap_or_default()),
        };
        paragraph(lines, "    ", 6, &format!("row {} (line {}): {found}", row.row, row.line));
    }
    let listed = rows.not_passed.len().min(MAX_ROWS);
    let more = (rows.failed + rows.errored).saturating_sub(listed);
    if listed > 0 && more > 0 {
        paragraph(lines, "    ", 6, &format!("… and {more} more rows"));
    }
    if let Some(command) = rows.not_passed.iter().find_map(|row| row.reproduce.as_ref()) {
        by_hand(lines, command, credentials);
    }
}

/// Which variant responded, its message, and how to repeat the request.
fn facts(lines: &mut String, case: &CaseReport, credentials: &str) {
    let facts =
        [("variant", case.variant.clone()), ("status", case.status.map(|status| status.to_string())), ("request", case.request_id.clone())];
    let facts: Vec<_> = facts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", safe(&value?)))).collect();
    if !facts.is_empty() {
        paragraph(lines, "    ", 6, &facts.join(", "));
    }
    if let Some(message) = case.model_error.as_deref().filter(|message| !message.is_empty()) {
        paragraph(lines, "    the model's message: ", 6, &safe(&crate::format::cut(message, MAX_MESSAGE)));
    }
    if let Some(arn) = &case.log_stream_arn {
        paragraph(lines, "    its log: ", 6, &safe(arn));
    }
    if let Some(command) = &case.reproduce {
        by_hand(lines, command, credentials);
    }
}

/// The command stays on one line, to be copied.
fn by_hand(lines: &mut String, command: &str, credentials: &str) {
    paragraph(lines, "    ", 6, &format!("to send the same request{credentials}:"));
    lines.push_str("      ");
    lines.push_str(&safe(command));
    lines.push('\n');
}

fn hint(lines: &mut String, hint: Option<&str>) {
    if let Some(hint) = hint {
        paragraph(lines, "      hint: ", 12, &safe(hint));
    }
}
