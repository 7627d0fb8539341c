//! Checks a response as JSON.

use std::cmp::Ordering;

use regex::Regex;

use super::address::Address;
use super::difference::{self, same_text};
use super::excerpt_json;
use super::json_lines;
use super::number::{EXACT, Tolerance};
use crate::format::{EXCERPT, beginning, excerpt};
use crate::json::{Document, Json, Numeral};
use crate::media_type;
use crate::report::CheckReport;
use crate::rows::Row;
use crate::suite::quoting::boolean_word;

/// What must be at one or several locations of a JSON response.
#[derive(Debug, Clone)]
pub(crate) struct JsonExpectation {
    pub(crate) at: Address,
    pub(crate) rule: JsonRule,
}

#[derive(Debug, Clone)]
pub(crate) enum JsonRule {
    Equals {
        expected: Json,
        tolerance: Tolerance,
    },
    /// Equal to the value of this column in the row.
    EqualsColumn {
        column: String,
        tolerance: Tolerance,
    },
    OneOf(Vec<Json>),
    /// Both ends are included.
    Between(Numeral, Numeral),
    LessThan(Numeral),
    AtMost(Numeral),
    GreaterThan(Numeral),
    AtLeast(Numeral),
    /// The value is text with a match in it.
    Matches(Regex),
    /// Text that contains this text, a list with this member, or an object with this key.
    Contains(Json),
    Type(JsonType),
    /// Of text in characters, of a list or an object in members.
    Length(u64),
    /// The number of locations; for a JSONPath.
    Count(u64),
    /// Nothing is there.
    Absent,
}

/// The types of JSON, and `integer` as in JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonType {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

impl JsonType {
    const NAMES: [(&'static str, Self); 7] = [
        ("array", Self::Array),
        ("boolean", Self::Boolean),
        ("integer", Self::Integer),
        ("null", Self::Null),
        ("number", Self::Number),
        ("object", Self::Object),
        ("string", Self::String),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    fn of(value: &Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(_) => Self::Boolean,
            Json::Number(number) if number.value().fract() != 0.0 => Self::Number,
            Json::Number(_) => Self::Integer,
            Json::Text(_) => Self::String,
            Json::List(_) => Self::Array,
            Json::Map(_) => Self::Object,
        }
    }

    fn matches(self, value: &Json) -> bool {
        let kind = Self::of(value);
        kind == self || (self == Self::Number && kind == Self::Integer)
    }
}

/// Parses a response that must be JSON; the error is the failed check.
pub(super) fn read(body: &[u8], content_type: Option<&str>) -> Result<Document, CheckReport> {
    Document::read(body).map_err(|error| {
        let actual = beginning(body, EXCERPT);
        // Python's json module writes these by default, and no JSON parser accepts them.
        let not_a_number = ["NaN", "Infinity"].into_iter().find(|word| actual.contains(word));
        let hint = match not_a_number {
            Some(word) => format!("`{word}` is not JSON: the container must write another value"),
            None if json_lines::is_json_lines(body) => "the response is JSON Lines: check it with `jsonl`".to_owned(),
            None if content_type.is_some_and(|actual| media_type::matches("text/csv", actual)) => {
                "the response is CSV: check it with `csv`, or request JSON with `accept: application/json`".to_owned()
            }
            None => "request it with `accept: application/json`".to_owned(),
        };
        CheckReport::failed("json", format!("the response is not JSON: {error}")).actual(actual).with_hint(hint)
    })
}

pub(super) fn check(expectations: &[JsonExpectation], response: &Document, row: Option<&Row>) -> Vec<CheckReport> {
    expectations.iter().map(|expectation| check_one(expectation, response, row)).collect()
}

/// The places of a response that a rule is about.
pub(super) struct Places<'a> {
    /// The check's name: the key of the suite.
    pub(super) check: &'static str,
    /// All of them in words, for the report.
    pub(super) at: &'a str,
    /// Each that exists, with its value.
    pub(super) found: Vec<(String, &'a Json)>,
    /// Why one of them does not exist.
    pub(super) missing: Option<String>,
}

fn check_one(expectation: &JsonExpectation, response: &Document, row: Option<&Row>) -> CheckReport {
    let found = match expectation.at.find_in(response) {
        Ok(found) => found,
        Err(error) => return error.check("json").at(expectation.at.text()).expected(describe(&expectation.rule, row)),
    };
    let missing = found.is_empty().then(|| missing(&expectation.at, &response.json));
    check_places(&expectation.rule, Places { check: "json", at: expectation.at.text(), found, missing }, row)
}

/// Checks a rule, which must hold at all places.
pub(super) fn check_places(rule: &JsonRule, places: Places<'_>, row: Option<&Row>) -> CheckReport {
    let Places { check, at, found, missing } = places;
    let expected = describe(rule, row);
    let reported = |check: CheckReport| check.at(at).expected(expected.clone());
    match rule {
        JsonRule::Count(count) => {
            let actual = found.len();
            let fine = u64::try_from(actual) == Ok(*count);
            let check = CheckReport::judged(check, fine, || format!("{actual} locations match"));
            return reported(check).actual(format!("{actual} locations"));
        }
        JsonRule::Absent => {
            return match found.first() {
                None => reported(CheckReport::passed(check)).actual("nothing"),
                Some((_, value)) => {
                    reported(CheckReport::failed(check, "there is a value where none is expected")).actual(excerpt_json(value))
                }
            };
        }
        _ => {}
    }
    // With several locations, the first wrong one is reported.
    for (place, value) in &found {
        if let Err(message) = verdict(rule, value, row) {
            let message = if found.len() > 1 { format!("at `{place}`: {message}") } else { message };
            let check = CheckReport { hint: boolean_hint(rule, value), ..CheckReport::failed(check, message) };
            return reported(check).actual(excerpt_json(value));
        }
    }
    match (missing, found.as_slice()) {
        (None, [(_, only)]) => reported(CheckReport::passed(check)).actual(excerpt_json(only)),
        (None, [_, ..]) => reported(CheckReport::passed(check)).actual(format!("{} locations", found.len())),
        (missing, _) => reported(CheckReport::failed(check, missing.unwrap_or_else(|| "nothing is there".to_owned()))).actual("nothing"),
    }
}

/// The hint if one side is a boolean and the other its word as text.
fn boolean_hint(rule: &JsonRule, actual: &Json) -> Option<String> {
    let JsonRule::Equals { expected, .. } = rule else { return None };
    let word = |text: &str| boolean_word(text).or_else(|| text.to_ascii_lowercase().parse().ok());
    match (expected, actual) {
        (Json::Text(text), Json::Bool(_)) => {
            let boolean = word(text)?;
            Some(format!("the suite expects the text `{text}`: for the boolean, write `{boolean}` without quotes"))
        }
        (Json::Bool(boolean), Json::Text(text)) if word(text) == Some(*boolean) => {
            Some(format!("the suite expects the boolean `{boolean}`: for the text, write `'{text}'`"))
        }
        _ => None,
    }
}

/// Reports how far the pointer resolves: the missing step is rarely the last one.
pub(super) fn missing(at: &Address, response: &Json) -> String {
    let Address::Pointer(at) = at else { return format!("`{}` matches nothing", at.text()) };
    let mut end = at.len();
    while let Some(parent) = at[..end].rfind('/') {
        end = parent;
        if let Some(value) = response.at(&at[..end]) {
            let place = if end == 0 { "the response".to_owned() } else { format!("`{}`", &at[..end]) };
            let what = match value {
                Json::Map(members) => {
                    let keys: Vec<_> = members.keys().take(8).map(|key| excerpt(key)).collect();
                    format!("an object with the keys {}", keys.join(", "))
                }
                Json::List(members) => format!("a list of {}", members.len()),
                other => excerpt_json(other),
            };
            return format!("there is nothing at `{at}`: {place} is {what}");
        }
    }
    format!("there is nothing at `{at}`")
}

pub(super) fn describe(rule: &JsonRule, row: Option<&Row>) -> String {
    let within = |value: String, tolerance: &Tolerance| {
        if tolerance.is_exact() { value } else { format!("{value} (abs {}, rel {})", tolerance.abs, tolerance.rel) }
    };
    match rule {
        JsonRule::Equals { expected, tolerance } => within(excerpt_json(expected), tolerance),
        JsonRule::EqualsColumn { column, tolerance } => {
            let value = row.and_then(|row| row.column(column)).unwrap_or_default();
            within(format!("{} (column {column})", excerpt(value)), tolerance)
        }
        JsonRule::OneOf(values) => format!("one of {}", excerpt(&values.iter().map(Json::to_string).collect::<Vec<_>>().join(", "))),
        JsonRule::Between(low, high) => format!("between {low} and {high}"),
        JsonRule::LessThan(limit) => format!("less than {limit}"),
        JsonRule::AtMost(limit) => format!("at most {limit}"),
        JsonRule::GreaterThan(limit) => format!("greater than {limit}"),
        JsonRule::AtLeast(limit) => format!("at least {limit}"),
        JsonRule::Matches(pattern) => format!("matches {}", excerpt(pattern.as_str())),
        JsonRule::Contains(value) => format!("contains {}", excerpt_json(value)),
        JsonRule::Type(kind) => format!("type {}", kind.name()),
        JsonRule::Length(length) => format!("length {length}"),
        JsonRule::Count(count) => format!("{count} locations"),
        JsonRule::Absent => "nothing".to_owned(),
    }
}

fn verdict(rule: &JsonRule, actual: &Json, row: Option<&Row>) -> Result<(), String> {
    let fine = |fine: bool, message: &str| if fine { Ok(()) } else { Err(message.to_owned()) };
    let number = |limit: &Numeral, holds: fn(Ordering) -> bool, message: &str| match actual {
        Json::Number(number) => fine(holds(number.order(limit)), message),
        _ => Err("the value is not a number".to_owned()),
    };
    match rule {
        JsonRule::Equals { expected, tolerance } => match difference::first(expected, actual, *tolerance) {
            None => Ok(()),
            Some(message) => Err(message),
        },
        JsonRule::EqualsColumn { column, tolerance } => {
            let Some(expected) = row.and_then(|row| row.column(column)) else { return Err(format!("there is no column `{column}`")) };
            fine(same_as_text(expected, actual, *tolerance), "the value differs from the column's")
        }
        JsonRule::OneOf(values) => {
            fine(values.iter().any(|value| difference::first(value, actual, EXACT).is_none()), "the value is none of these")
        }
        JsonRule::Between(low, high) => number(low, Ordering::is_ge, "the number is out of range")
            .and_then(|()| number(high, Ordering::is_le, "the number is out of range")),
        JsonRule::LessThan(limit) => number(limit, Ordering::is_lt, "the number is too large"),
        JsonRule::AtMost(limit) => number(limit, Ordering::is_le, "the number is too large"),
        JsonRule::GreaterThan(limit) => number(limit, Ordering::is_gt, "the number is too small"),
        JsonRule::AtLeast(limit) => number(limit, Ordering::is_ge, "the number is too small"),
        JsonRule::Matches(pattern) => match actual.as_text() {
            Some(text) => fine(pattern.is_match(text), "the text does not match the pattern"),
            None => Err("the value is not text".to_owned()),
        },
        JsonRule::Contains(required) => match actual {
            Json::Text(text) => fine(required.as_text().is_some_and(|required| text.contains(required)), "the text does not contain it"),
            Json::List(members) => {
                fine(members.iter().any(|member| difference::first(required, member, EXACT).is_none()), "the list has no such member")
            }
            Json::Map(members) => {
                fine(required.as_text().is_some_and(|required| members.contains_key(required)), "the object has no such key")
            }
            _ => Err("the value is not text, a list or an object".to_owned()),
        },
        JsonRule::Type(kind) => {
            if kind.matches(actual) {
                Ok(())
            } else {
                Err(format!("the value's type is {}", JsonType::of(actual).name()))
            }
        }
        JsonRule::Length(length) => {
            let actual = match actual {
                Json::Text(text) => text.chars().count(),
                Json::List(members) => members.len(),
                Json::Map(members) => members.len(),
                _ => return Err("the value has no length".to_owned()),
            };
            if u64::try_from(actual) == Ok(*length) { Ok(()) } else { Err(format!("the value's length is {actual}")) }
        }
        // Both are about locations, not about values.
        JsonRule::Count(_) | JsonRule::Absent => Ok(()),
    }
}

/// Whether a JSON value equals a CSV field.
fn same_as_text(expected: &str, actual: &Json, tolerance: Tolerance) -> bool {
    match actual {
        Json::Number(number) => same_text(expected, number.as_str(), tolerance),
        Json::Text(text) => same_text(expected, text, tolerance),
        Json::Bool(value) => expected.trim().eq_ignore_ascii_case(if *value { "true" } else { "false" }),
        Json::Null => expected.trim().is_empty(),
        Json::List(_) | Json::Map(_) => false,
    }
}
