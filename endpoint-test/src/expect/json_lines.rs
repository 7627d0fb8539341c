//! Checks the lines of a JSON Lines response.

use super::address::Address;
use super::json::{JsonRule, Places, check_places, describe, missing};
use crate::format::{EXCERPT, beginning};
use crate::json::{Document, Json};
use crate::report::CheckReport;
use crate::rows::Row;

/// What must be at one or several places of one or all lines.
#[derive(Debug, Clone)]
pub(crate) struct JsonLinesExpectation {
    /// The line, from zero and without blank lines; every line if `None`.
    pub(crate) line: Option<usize>,
    pub(crate) at: Address,
    pub(crate) rule: JsonRule,
}

/// The lines that are not blank.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// Whether a body that is not JSON is JSON Lines.
pub(super) fn is_json_lines(body: &[u8]) -> bool {
    let mut count = 0;
    lines(body).all(|line| {
        count += 1;
        Document::read(line).is_ok_and(|document| matches!(document.json, Json::Map(_) | Json::List(_)))
    }) && count > 1
}

/// Every line must be JSON, also those that no rule is about.
fn read(body: &[u8]) -> Result<Vec<Document>, CheckReport> {
    let read = |(index, line)| {
        Document::read(line).map_err(|error| {
            // The parser saw only this line.
            let error = error.to_string().replace(" at line 1 column ", " at column ");
            let check = CheckReport::failed("jsonl", format!("line {index} (from 0) of the response is not JSON: {error}"));
            let hint = match Document::read(body) {
                Ok(_) => "the response is one JSON document: check it with `json`",
                Err(_) => "request it with `accept: application/jsonlines`",
            };
            check.actual(beginning(line, EXCERPT)).with_hint(hint)
        })
    };
    lines(body).enumerate().map(read).collect()
}

pub(super) fn check(expectations: &[JsonLinesExpectation], body: &[u8], row: Option<&Row>) -> Vec<CheckReport> {
    match read(body) {
        Ok(lines) => expectations.iter().map(|expectation| check_one(expectation, &lines, row)).collect(),
        Err(check) => vec![check],
    }
}

fn check_one(expectation: &JsonLinesExpectation, lines: &[Document], row: Option<&Row>) -> CheckReport {
    let at = expectation.at.text();
    let line = expectation.line.map_or_else(|| "every line".to_owned(), |line| format!("line {line}"));
    let place = if at.is_empty() { line } else { format!("{line}, {at}") };
    let (mut found, mut nothing) = (Vec::new(), None);
    let selected = match expectation.line {
        Some(line) if line >= lines.len() => {
            let count = if lines.len() == 1 { "1 line".to_owned() } else { format!("{} lines", lines.len()) };
            nothing = Some(format!("there is no line {line}: the response has {count}"));
            0..0
        }
        Some(line) => line..line + 1,
        None => 0..lines.len(),
    };
    if lines.is_empty() {
        nothing = Some("the response has no lines".to_owned());
    }
    let found_in_each = match expectation.at.find_in_all(&lines[selected.clone()]) {
        Ok(found) => found,
        Err(error) => return error.check("jsonl").at(&place).expected(describe(&expectation.rule, row)),
    };
    for (index, places) in selected.zip(found_in_each) {
        if places.is_empty() && nothing.is_none() {
            nothing = Some(format!("line {index}: {}", missing(&expectation.at, &lines[index].json)));
        }
        found.extend(places.into_iter().map(|(at, value)| (format!("line {index}, {at}"), value)));
    }
    check_places(&expectation.rule, Places { check: "jsonl", at: &place, found, missing: nothing }, row)
}
