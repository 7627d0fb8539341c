//! Checks a response as text.

use super::TextRule;
use super::difference::same_text;
use super::number::EXACT;
use crate::format::excerpt;
use crate::report::CheckReport;
use crate::rows::Row;

/// Checks the rules against a body, which must be UTF-8.
pub(super) fn check(rules: &[TextRule], body: &[u8], row: Option<&Row>) -> Vec<CheckReport> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("the response is not UTF-8 text: byte {} of {} is invalid", error.valid_up_to() + 1, body.len());
            return vec![CheckReport::failed("text", message).with_hint("request a text format with `accept`")];
        }
    };
    rules.iter().map(|rule| check_one(rule, text, row)).collect()
}

fn check_one(rule: &TextRule, text: &str, row: Option<&Row>) -> CheckReport {
    let check = |fine: bool, message: &str| CheckReport::judged("text", fine, || message.to_owned());
    let actual = excerpt(text);
    match rule {
        TextRule::Equals(expected) => {
            // Whether a container ends its last line is not part of a prediction.
            let fine = text.trim_end_matches(['\r', '\n']) == expected.trim_end_matches(['\r', '\n']);
            check(fine, "the response is another text").expected(excerpt(expected)).actual(actual)
        }
        TextRule::EqualsColumn(column) => {
            let expected = row.and_then(|row| row.column(column)).unwrap_or_default();
            check(same_text(expected, text, EXACT), "the response is not the column's value")
                .expected(format!("{} (column {column})", excerpt(expected)))
                .actual(actual)
        }
        TextRule::Contains(part) => check(text.contains(part.as_str()), "the response does not contain the text")
            .expected(format!("contains {}", excerpt(part)))
            .actual(actual),
        TextRule::Matches(pattern) => check(pattern.is_match(text), "the response does not match the pattern")
            .expected(format!("matches {}", excerpt(pattern.as_str())))
            .actual(actual),
    }
}
