//! Differences between two values, two texts or two responses, with a tolerance for numbers.

use std::collections::HashSet;

use super::address::{Address, escape};
use super::excerpt_json;
use super::number::{self, Tolerance};
use crate::format::excerpt;
use crate::json::{Document, Json, Numeral};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// The location: a JSON Pointer, or line and column of a text.
    pub(crate) at: String,
    /// The difference in words, such as `is 3, not 4`.
    pub(crate) text: String,
    pub(crate) expected: String,
    pub(crate) actual: String,
}

/// The first difference in words, with its location below the compared value.
pub(crate) fn first(expected: &Json, actual: &Json, tolerance: Tolerance) -> Option<String> {
    let difference = in_values(expected, actual, tolerance, &HashSet::new(), 1).pop()?;
    let place = if difference.at.is_empty() { "the value".to_owned() } else { format!("`{}` below it", difference.at) };
    Some(format!("{place} {}", difference.text))
}

/// The first `most` differences between two bodies: as JSON if both are JSON, else as text with a
/// tolerance for its numbers, else byte for byte.
pub(crate) fn in_bodies(expected: &[u8], actual: &[u8], tolerance: Tolerance, ignore: &[Address], most: usize) -> Vec<Difference> {
    if let (Ok(expected), Ok(actual)) = (Document::read(expected), Document::read(actual)) {
        let places =
            |document: &Document| ignore.iter().flat_map(|address| address.find(&document.value)).map(|(at, _)| at).collect::<Vec<_>>();
        let ignored = places(&expected).into_iter().chain(places(&actual)).collect();
        return in_values(&expected.json, &actual.json, tolerance, &ignored, most);
    }
    match (std::str::from_utf8(expected), std::str::from_utf8(actual)) {
        (Ok(expected), Ok(actual)) => in_texts(expected, actual, tolerance, most),
        _ if expected == actual => Vec::new(),
        _ => {
            let at = expected.iter().zip(actual).position(|(left, right)| left != right).unwrap_or(expected.len().min(actual.len()));
            let (expected, actual) = (format!("{} bytes", expected.len()), format!("{} bytes", actual.len()));
            vec![Difference { at: format!("byte {}", at + 1), text: "differs".to_owned(), expected, actual }]
        }
    }
}

/// The first `most` differences between two JSON values, without the ignored locations.
pub(crate) fn in_values(expected: &Json, actual: &Json, tolerance: Tolerance, ignored: &HashSet<String>, most: usize) -> Vec<Difference> {
    let mut comparison = Comparison { tolerance, ignored, most, at: String::new(), found: Vec::new() };
    comparison.values(expected, actual);
    comparison.found
}

struct Comparison<'a> {
    tolerance: Tolerance,
    ignored: &'a HashSet<String>,
    most: usize,
    at: String,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn values(&mut self, expected: &Json, actual: &Json) {
        if self.found.len() >= self.most || self.ignored.contains(&self.at) {
            return;
        }
        match (expected, actual) {
            (Json::Number(left), Json::Number(right)) if number::equal(left, right, self.tolerance) => {}
            (Json::Null, Json::Null) => {}
            (Json::Bool(left), Json::Bool(right)) if left == right => {}
            (Json::Text(left), Json::Text(right)) if left == right => {}
            (Json::List(left), Json::List(right)) => {
                for (index, (left, right)) in left.iter().zip(right).enumerate() {
                    self.below(&index.to_string(), left, right);
                }
                if left.len() != right.len() {
                    let text = format!("has {} members, not {}", right.len(), left.len());
                    self.note(text, format!("{} members", left.len()), format!("{} members", right.len()));
                }
            }
            (Json::Map(left), Json::Map(right)) => {
                for (key, left) in left {
                    match right.get(key) {
                        Some(right) => self.below(key, left, right),
                        None if self.is_ignored(key) => {}
                        None => self.note(
                            format!("lacks the key `{}`", excerpt(key)),
                            format!("the key {}", excerpt(key)),
                            "nothing".to_owned(),
                        ),
                    }
                }
                for key in right.keys().filter(|key| !left.contains_key(*key)) {
                    if !self.is_ignored(key) {
                        self.note(
                            format!("has the unexpected key `{}`", excerpt(key)),
                            "nothing".to_owned(),
                            format!("the key {}", excerpt(key)),
                        );
                    }
                }
            }
            (left, right) => {
                let (left, right) = (excerpt_json(left), excerpt_json(right));
                self.note(format!("is {right}, not {left}"), left, right);
            }
        }
    }

    fn below(&mut self, step: &str, expected: &Json, actual: &Json) {
        let length = self.at.len();
        self.at.push('/');
        self.at.push_str(&escape(step));
        self.values(expected, actual);
        self.at.truncate(length);
    }

    fn is_ignored(&self, key: &str) -> bool {
        self.ignored.contains(&format!("{}/{}", self.at, escape(key)))
    }

    fn note(&mut self, text: String, expected: String, actual: String) {
        if self.found.len() < self.most {
            self.found.push(Difference { at: self.at.clone(), text, expected, actual });
        }
    }
}

/// The first `most` differences between two texts: line by line, and within a line value by value
/// between commas. Line breaks at the end are ignored.
fn in_texts(expected: &str, actual: &str, tolerance: Tolerance, most: usize) -> Vec<Difference> {
    let lines = |text: &'_ str| text.trim_end_matches(['\r', '\n']).lines().map(str::to_owned).collect::<Vec<_>>();
    let (expected, actual) = (lines(expected), lines(actual));
    let mut found = Vec::new();
    for (index, (left, right)) in expected.iter().zip(&actual).enumerate() {
        if found.len() >= most {
            return found;
        }
        if !same_line(left, right, tolerance) {
            let (left, right) = (excerpt(left), excerpt(right));
            found.push(Difference {
                at: format!("line {}", index + 1),
                text: format!("is {right}, not {left}"),
                expected: left,
                actual: right,
            });
        }
    }
    if expected.len() != actual.len() && found.len() < most {
        let text = format!("has {} lines, not {}", actual.len(), expected.len());
        let (expected, actual) = (format!("{} lines", expected.len()), format!("{} lines", actual.len()));
        found.push(Difference { at: String::new(), text, expected, actual });
    }
    found
}

fn same_line(expected: &str, actual: &str, tolerance: Tolerance) -> bool {
    // A line with `nan` is compared value by value: `nan` equals nothing, not even itself.
    if expected == actual && !expected.to_ascii_lowercase().contains("nan") {
        return true;
    }
    let (left, right): (Vec<_>, Vec<_>) = (expected.split(',').collect(), actual.split(',').collect());
    left.len() == right.len() && left.iter().zip(&right).all(|(left, right)| same_text(left, right, tolerance))
}

/// Whether two texts have the same meaning: as numbers within the tolerance if both are numbers,
/// else exactly, except for surrounding whitespace. `nan` equals nothing.
pub(crate) fn same_text(expected: &str, actual: &str, tolerance: Tolerance) -> bool {
    let (expected, actual) = (expected.trim(), actual.trim());
    match (Numeral::read(expected), Numeral::read(actual)) {
        (Some(expected), Some(actual)) => number::equal(&expected, &actual, tolerance),
        (None, None) => expected == actual && !expected.eq_ignore_ascii_case("nan"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::number::EXACT;
    use super::*;

    fn found(expected: &str, actual: &str, abs: f64, ignore: &[&str]) -> Vec<String> {
        let ignore: Vec<_> = ignore.iter().map(|text| Address::parse(text).unwrap()).collect();
        let differences = in_bodies(expected.as_bytes(), actual.as_bytes(), Tolerance { abs, rel: 0.0 }, &ignore, 10);
        differences.into_iter().map(|difference| format!("{} {}", difference.at, difference.text)).collect()
    }

    #[test]
    fn every_difference_is_located() {
        let (left, right) = (r#"{"a":[1,2.5],"b":"x","t":1}"#, r#"{"a":[1,2.6],"c":"x","t":2}"#);
        assert_eq!(found(left, right, 0.0, &["/t"]), ["/a/1 is 2.6, not 2.5", " lacks the key `b`", " has the unexpected key `c`"]);
        assert_eq!(found(left, right, 0.2, &["/t", "/b", "/c"]), Vec::<String>::new());
        assert_eq!(found(r#"[{"id":1,"v":3}]"#, r#"[{"id":2,"v":3}]"#, 0.0, &["$[*].id"]), Vec::<String>::new());
    }

    #[test]
    fn the_tolerance_applies_to_numbers_in_a_text() {
        assert_eq!(
            found("setosa,0.98\nvirginica,0.51\n", "setosa,0.981\nvirginica,0.52", 0.002, &[]),
            ["line 2 is virginica,0.52, not virginica,0.51"]
        );
        assert_eq!(found("a\nb", "a", 0.0, &[]), [" has 1 lines, not 2"]);
        assert!(same_text("x", " x ", EXACT) && !same_text("nan", "NaN", EXACT) && !same_text("NaN", "NaN", EXACT));
        assert_eq!(found("1,nan", "1,nan", 0.0, &[]).len(), 1);
        assert!(same_text("9007199254740993", "9007199254740993", EXACT));
        assert!(!same_text("9007199254740993", "9007199254740992", EXACT));
    }

    #[test]
    fn bodies_that_are_not_text_are_compared_as_bytes() {
        let differences = in_bodies(&[0xff, 1, 2], &[0xff, 1, 3], EXACT, &[], 5);
        assert_eq!((differences.len(), differences[0].at.as_str()), (1, "byte 3"));
        assert!(in_bodies(&[0xff], &[0xff], EXACT, &[], 5).is_empty());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z/~]{0,3}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c/~]{1,2}", inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_differs_from_itself_in_nothing_and_two_differ_exactly_when_they_are_not_equal(left in values(), right in values()) {
            let none = HashSet::new();
            let of = |value: &Value| Document::read(value.to_string().as_bytes()).unwrap().json;
            prop_assert!(in_values(&of(&left), &of(&left), EXACT, &none, 9).is_empty());
            prop_assert_eq!(in_values(&of(&left), &of(&right), EXACT, &none, 9).is_empty(), left == right);
        }
    }
}
