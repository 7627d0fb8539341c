//! Looking at a reply as JSON.

use regex::Regex;
use serde_json::Value;

use super::{EXCERPT, beginning, excerpt, excerpt_json, number};
use crate::report::CheckReport;

/// What must be at one place of a JSON reply.
#[derive(Debug, Clone)]
pub(crate) struct JsonExpectation {
    /// A JSON Pointer; empty for the whole reply.
    pub(crate) at: String,
    pub(crate) rule: JsonRule,
}

/// One rule for one value.
#[derive(Debug, Clone)]
pub(crate) enum JsonRule {
    Equals {
        expected: Value,
        tolerance: Tolerance,
    },
    OneOf(Vec<Value>),
    /// Both ends belong to it.
    Between(f64, f64),
    /// The value is text with a match in it.
    Matches(Regex),
    Type(JsonType),
    /// Of text in characters, of a list or an object in members.
    Length(u64),
}

/// How far a number may be off: by `abs`, or by `rel` times the expected number, whichever is more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tolerance {
    pub(crate) abs: f64,
    pub(crate) rel: f64,
}

/// The types of JSON, and `integer` as JSON Schema knows it.
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

impl Tolerance {
    pub(crate) fn is_exact(self) -> bool {
        self.abs <= 0.0 && self.rel <= 0.0
    }
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

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) if number.is_f64() && number.as_f64().is_some_and(|number| number.fract() != 0.0) => Self::Number,
            Value::Number(_) => Self::Integer,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    fn holds(self, value: &Value) -> bool {
        let kind = Self::of(value);
        kind == self || (self == Self::Number && kind == Self::Integer)
    }
}

/// Checks the rules against a body, which must be JSON.
pub(super) fn check(expectations: &[JsonExpectation], body: &[u8]) -> Vec<CheckReport> {
    match serde_json::from_slice::<Value>(body) {
        Ok(reply) => expectations.iter().map(|expectation| check_one(expectation, &reply)).collect(),
        Err(error) => {
            let actual = beginning(body, EXCERPT);
            vec![
                CheckReport::failed("json", format!("the reply is not JSON: {error}"))
                    .actual(actual)
                    .hint("ask for it with `accept: application/json`"),
            ]
        }
    }
}

fn check_one(expectation: &JsonExpectation, reply: &Value) -> CheckReport {
    let expected = describe(&expectation.rule);
    let at = &expectation.at;
    let Some(actual) = reply.pointer(at) else {
        return CheckReport::failed("json", missing(at, reply)).at(at).expected(expected).actual("nothing");
    };
    let check = match verdict(&expectation.rule, actual) {
        Ok(()) => CheckReport::passed("json"),
        Err(message) => CheckReport::failed("json", message),
    };
    check.at(at).expected(expected).actual(excerpt_json(actual))
}

/// Says how far the pointer leads: the part that is missing is rarely the last one.
fn missing(at: &str, reply: &Value) -> String {
    let mut end = at.len();
    while let Some(parent) = at[..end].rfind('/') {
        end = parent;
        if let Some(value) = reply.pointer(&at[..end]) {
            let place = if end == 0 { "the reply".to_owned() } else { format!("`{}`", &at[..end]) };
            let what = match value {
                Value::Object(members) => {
                    let keys: Vec<_> = members.keys().take(8).map(|key| excerpt(key)).collect();
                    format!("an object with the keys {}", keys.join(", "))
                }
                Value::Array(members) => format!("a list of {}", members.len()),
                other => excerpt_json(other),
            };
            return format!("there is nothing at `{at}`: {place} is {what}");
        }
    }
    format!("there is nothing at `{at}`")
}

fn describe(rule: &JsonRule) -> String {
    match rule {
        JsonRule::Equals { expected, tolerance } if tolerance.is_exact() => excerpt_json(expected),
        JsonRule::Equals { expected, tolerance } => format!("{} (abs {}, rel {})", excerpt_json(expected), tolerance.abs, tolerance.rel),
        JsonRule::OneOf(values) => format!("one of {}", excerpt(&values.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))),
        JsonRule::Between(low, high) => format!("between {low} and {high}"),
        JsonRule::Matches(pattern) => format!("matches {}", excerpt(pattern.as_str())),
        JsonRule::Type(kind) => format!("type {}", kind.name()),
        JsonRule::Length(length) => format!("length {length}"),
    }
}

fn verdict(rule: &JsonRule, actual: &Value) -> Result<(), String> {
    let fine = |fine: bool, message: &str| if fine { Ok(()) } else { Err(message.to_owned()) };
    match rule {
        JsonRule::Equals { expected, tolerance } => match difference(expected, actual, *tolerance, &mut String::new()) {
            None => Ok(()),
            Some(message) => Err(message),
        },
        JsonRule::OneOf(values) => {
            let exact = Tolerance { abs: 0.0, rel: 0.0 };
            fine(values.iter().any(|value| difference(value, actual, exact, &mut String::new()).is_none()), "the value is none of them")
        }
        JsonRule::Between(low, high) => match actual.as_f64() {
            Some(number) => fine(*low <= number && number <= *high, "the number is outside"),
            None => Err("the value is not a number".to_owned()),
        },
        JsonRule::Matches(pattern) => match actual.as_str() {
            Some(text) => fine(pattern.is_match(text), "the text does not match the pattern"),
            None => Err("the value is not text".to_owned()),
        },
        JsonRule::Type(kind) => {
            if kind.holds(actual) {
                Ok(())
            } else {
                Err(format!("the value's type is {}", JsonType::of(actual).name()))
            }
        }
        JsonRule::Length(length) => {
            let actual = match actual {
                Value::String(text) => text.chars().count(),
                Value::Array(members) => members.len(),
                Value::Object(members) => members.len(),
                _ => return Err("the value has no length".to_owned()),
            };
            if u64::try_from(actual) == Ok(*length) { Ok(()) } else { Err(format!("the value's length is {actual}")) }
        }
    }
}

/// The first difference in words, with its place below the value that is compared.
fn difference(expected: &Value, actual: &Value, tolerance: Tolerance, at: &mut String) -> Option<String> {
    let place = |at: &str| if at.is_empty() { "the value".to_owned() } else { format!("`{at}` below it") };
    match (expected, actual) {
        (Value::Number(left), Value::Number(right)) => {
            (!number::equal(left, right, tolerance)).then(|| format!("{} is {right}, not {left}", place(at)))
        }
        (Value::Array(left), Value::Array(right)) => {
            let inner =
                left.iter().zip(right).enumerate().find_map(|(index, (left, right))| below(left, right, tolerance, at, &index.to_string()));
            inner.or_else(|| (left.len() != right.len()).then(|| format!("{} has {} members, not {}", place(at), right.len(), left.len())))
        }
        (Value::Object(left), Value::Object(right)) => {
            let inner = left.iter().find_map(|(key, left)| match right.get(key) {
                Some(right) => below(left, right, tolerance, at, key),
                None => Some(format!("{} lacks the key `{}`", place(at), excerpt(key))),
            });
            inner.or_else(|| {
                let extra = right.keys().find(|key| !left.contains_key(*key))?;
                Some(format!("{} has the key `{}` too", place(at), excerpt(extra)))
            })
        }
        (left, right) if left == right => None,
        (left, right) => Some(format!("{} is {}, not {}", place(at), excerpt_json(right), excerpt_json(left))),
    }
}

fn below(expected: &Value, actual: &Value, tolerance: Tolerance, at: &mut String, step: &str) -> Option<String> {
    let length = at.len();
    at.push('/');
    at.push_str(&step.replace('~', "~0").replace('/', "~1"));
    let found = difference(expected, actual, tolerance, at);
    at.truncate(length);
    found
}
