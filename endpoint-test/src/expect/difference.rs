//! Differences between two values, two texts or two responses, with a tolerance for numbers.

use std::collections::HashSet;

use super::address::{Address, TooBroad, escape};
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

/// The differences between two values or bodies.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Differences {
    /// The first ones.
    pub(crate) first: Vec<Difference>,
    /// The number of all.
    pub(crate) total: usize,
    /// The largest difference between two numbers, with how large it is.
    pub(crate) largest: Option<(f64, Difference)>,
}

impl Differences {
    /// Adds a difference, and keeps it if it is one of the first `most` or the largest so far.
    fn add(&mut self, most: usize, size: Option<f64>, difference: impl FnOnce() -> Difference) {
        self.total += 1;
        let is_first = self.first.len() < most;
        let size = size.filter(|size| self.largest.as_ref().is_none_or(|(largest, _)| size > largest));
        if is_first || size.is_some() {
            let difference = difference();
            if let Some(size) = size {
                self.largest = Some((size, difference.clone()));
            }
            self.first.extend(Some(difference).filter(|_| is_first));
        }
    }
}

/// The first difference in words, with its location below the compared value.
pub(crate) fn first(expected: &Json, actual: &Json, tolerance: Tolerance) -> Option<String> {
    let difference = in_values(expected, actual, tolerance, &HashSet::new(), 1).first.pop()?;
    let place = if difference.at.is_empty() { "the value".to_owned() } else { format!("`{}` below it", difference.at) };
    Some(format!("{place} {}", difference.text))
}

/// The differences between two bodies, of which the first `most` are kept: as JSON if both are
/// JSON, else as text with a tolerance for its numbers, else byte for byte.
pub(crate) fn in_bodies(
    expected: &[u8],
    actual: &[u8],
    tolerance: Tolerance,
    ignore: &[Address],
    most: usize,
) -> Result<Differences, TooBroad> {
    if let (Ok(expected), Ok(actual)) = (Document::read(expected), Document::read(actual)) {
        let mut ignored = HashSet::new();
        for address in ignore {
            for document in [&expected, &actual] {
                ignored.extend(address.find(&document.value)?.into_iter().map(|(at, _)| at));
            }
        }
        return Ok(in_values(&expected.json, &actual.json, tolerance, &ignored, most));
    }
    Ok(match (std::str::from_utf8(expected), std::str::from_utf8(actual)) {
        (Ok(expected), Ok(actual)) => in_texts(expected, actual, tolerance, most),
        _ if expected == actual => Differences::default(),
        _ => {
            let at = expected.iter().zip(actual).position(|(left, right)| left != right).unwrap_or(expected.len().min(actual.len()));
            let (expected, actual) = (format!("{} bytes", expected.len()), format!("{} bytes", actual.len()));
            let difference = Difference { at: format!("byte {}", at + 1), text: "differs".to_owned(), expected, actual };
            Differences { first: vec![difference], total: 1, largest: None }
        }
    })
}

/// The differences between two JSON values, without the ignored locations.
fn in_values(expected: &Json, actual: &Json, tolerance: Tolerance, ignored: &HashSet<String>, most: usize) -> Differences {
    let mut comparison = Comparison { tolerance, ignored, most, at: String::new(), found: Differences::default() };
    comparison.values(expected, actual);
    comparison.found
}

struct Comparison<'a> {
    tolerance: Tolerance,
    ignored: &'a HashSet<String>,
    most: usize,
    at: String,
    found: Differences,
}

impl Comparison<'_> {
    fn values(&mut self, expected: &Json, actual: &Json) {
        if self.ignored.contains(&self.at) {
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
                    let (left, right) = (left.len(), right.len());
                    self.note(None, || (format!("has {right} members, not {left}"), format!("{left} members"), format!("{right} members")));
                }
            }
            (Json::Map(left), Json::Map(right)) => {
                for (key, left) in left {
                    match right.get(key) {
                        Some(right) => self.below(key, left, right),
                        None if self.is_ignored(key) => {}
                        None => self.note(None, || {
                            (format!("lacks the key `{}`", excerpt(key)), format!("the key {}", excerpt(key)), "nothing".to_owned())
                        }),
                    }
                }
                for key in right.keys().filter(|key| !left.contains_key(*key)) {
                    if !self.is_ignored(key) {
                        self.note(None, || {
                            (
                                format!("has the unexpected key `{}`", excerpt(key)),
                                "nothing".to_owned(),
                                format!("the key {}", excerpt(key)),
                            )
                        });
                    }
                }
            }
            (left, right) => {
                let size = match (left, right) {
                    (Json::Number(left), Json::Number(right)) => distance(left, right),
                    _ => None,
                };
                self.note(size, || {
                    let (left, right) = (excerpt_json(left), excerpt_json(right));
                    (format!("is {right}, not {left}"), left, right)
                });
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

    /// Adds a difference here: its text, the expected and the actual value.
    fn note(&mut self, size: Option<f64>, texts: impl FnOnce() -> (String, String, String)) {
        let at = &self.at;
        self.found.add(self.most, size, || {
            let (text, expected, actual) = texts();
            Difference { at: at.clone(), text, expected, actual }
        });
    }
}

/// How far two numbers are apart.
fn distance(one: &Numeral, other: &Numeral) -> Option<f64> {
    Some((other.value() - one.value()).abs()).filter(|distance| distance.is_finite())
}

/// The differences between two texts: line by line, and within a line value by value between
/// commas. Line breaks at the end are ignored.
fn in_texts(expected: &str, actual: &str, tolerance: Tolerance, most: usize) -> Differences {
    let lines = |text: &'_ str| text.trim_end_matches(['\r', '\n']).lines().map(str::to_owned).collect::<Vec<_>>();
    let (expected, actual) = (lines(expected), lines(actual));
    let mut found = Differences::default();
    for (index, (left, right)) in expected.iter().zip(&actual).enumerate() {
        if !same_line(left, right, tolerance) {
            found.add(most, largest_in_line(left, right), || {
                let (left, right) = (excerpt(left), excerpt(right));
                Difference { at: format!("line {}", index + 1), text: format!("is {right}, not {left}"), expected: left, actual: right }
            });
        }
    }
    if expected.len() != actual.len() {
        let (expected, actual) = (expected.len(), actual.len());
        found.add(most, None, || Difference {
            at: String::new(),
            text: format!("has {actual} lines, not {expected}"),
            expected: format!("{expected} lines"),
            actual: format!("{actual} lines"),
        });
    }
    found
}

/// The largest distance between two numbers at the same place of two lines.
fn largest_in_line(expected: &str, actual: &str) -> Option<f64> {
    let pairs = expected.split(',').zip(actual.split(','));
    let distances = pairs.filter_map(|(left, right)| distance(&Numeral::read(left.trim())?, &Numeral::read(right.trim())?));
    distances.max_by(f64::total_cmp)
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
        let differences = in_bodies(expected.as_bytes(), actual.as_bytes(), Tolerance { abs, rel: 0.0 }, &ignore, 10).unwrap();
        differences.first.into_iter().map(|difference| format!("{} {}", difference.at, difference.text)).collect()
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
    fn all_differences_are_counted_and_the_largest_is_kept() {
        let of = |expected: &str, actual: &str| {
            let found = in_bodies(expected.as_bytes(), actual.as_bytes(), EXACT, &[Address::parse("/0").unwrap()], 2).unwrap();
            (found.first.len(), found.total, found.largest.map(|(size, difference)| (size, difference.at)))
        };
        assert_eq!(of("[9,1,2,3,4]", "[0,2,2.5,7,4.25]"), (2, 4, Some((4.0, "/3".to_owned()))));
        assert_eq!(of("[0,\"a\",1]", "[0,\"b\",\"1\"]"), (2, 2, None));
        assert_eq!(of("a,1\nb,2\nc,3", "a,2\nb,7\nd,3\n"), (2, 3, Some((5.0, "line 2".to_owned()))));
    }

    #[test]
    fn bodies_that_are_not_text_are_compared_as_bytes() {
        let differences = in_bodies(&[0xff, 1, 2], &[0xff, 1, 3], EXACT, &[], 5).unwrap();
        assert_eq!((differences.total, differences.first[0].at.as_str()), (1, "byte 3"));
        assert_eq!(in_bodies(&[0xff], &[0xff], EXACT, &[], 5).unwrap().total, 0);
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
            prop_assert_eq!(in_values(&of(&left), &of(&left), EXACT, &none, 9).total, 0);
            prop_assert_eq!(in_values(&of(&left), &of(&right), EXACT, &none, 9).total == 0, left == right);
        }
    }
}
