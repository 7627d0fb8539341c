//! JSON whose numbers keep their original digits.
//!
//! Parsing a number to binary and printing it again may change it: `5.10` becomes `5.1`, and an id
//! of more than 64 bits loses digits. Reports, golden files and requests therefore use the number's
//! own text.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::format::excerpt;

/// A finite number in its original notation.
#[derive(Debug, Clone)]
pub(crate) struct Numeral(Box<RawValue>);

/// A JSON value. Keys are sorted; for a duplicate key the last value counts.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Numeral),
    Text(String),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

/// A JSON document: its values for rules, and its text for reports.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) value: Value,
    pub(crate) json: Json,
}

impl Document {
    pub(crate) fn read(bytes: &[u8]) -> serde_json::Result<Self> {
        // Parsing to values limits the depth, and rejects `1e999` and half a surrogate pair.
        let value = serde_json::from_slice(bytes)?;
        Ok(Self { value, json: Json::of(serde_json::from_slice(bytes)?)? })
    }
}

/// Parses JSON in which no object has a key twice.
pub(crate) fn unambiguous(bytes: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice::<Unambiguous>(bytes)?;
    serde_json::from_slice(bytes)
}

/// A JSON value that is read only to find a key that an object has twice.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self, A::Error> {
        while let Some(Self) = access.next_element()? {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = access.next_key::<String>()? {
            let _: Self = access.next_value()?;
            if let Some(twice) = keys.replace(key) {
                return Err(A::Error::custom(format!("the key `{}` is given twice", excerpt(&twice))));
            }
        }
        Ok(self)
    }
}

impl Json {
    fn of(raw: &RawValue) -> serde_json::Result<Self> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
                Self::Map(members.into_iter().map(|(key, raw)| Ok((key, Self::of(raw)?))).collect::<serde_json::Result<_>>()?)
            }
            Some(b'[') => {
                let members: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::List(members.into_iter().map(Self::of).collect::<serde_json::Result<_>>()?)
            }
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Bool(serde_json::from_str(text)?),
            Some(b'n') => Self::Null,
            _ => Self::Number(Numeral(raw.to_owned())),
        })
    }

    pub(crate) fn at(&self, pointer: &str) -> Option<&Self> {
        pointer.split('/').skip(1).try_fold(self, |value, step| match value {
            Self::Map(members) => members.get(&step.replace("~1", "/").replace("~0", "~")),
            Self::List(members) => members.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Replaces the value at a JSON Pointer, or removes it with its key if it is in an object.
    pub(crate) fn replace(&mut self, pointer: &str, value: Self, remove: bool) {
        let Some((parent, step)) = pointer.rsplit_once('/') else {
            *self = value;
            return;
        };
        let unescaped = |step: &str| step.replace("~1", "/").replace("~0", "~");
        let mut at = self;
        for step in parent.split('/').skip(1) {
            let next = match at {
                Self::Map(members) => members.get_mut(&unescaped(step)),
                Self::List(members) => step.parse::<usize>().ok().and_then(|index| members.get_mut(index)),
                _ => None,
            };
            let Some(next) = next else { return };
            at = next;
        }
        match at {
            Self::Map(members) if remove => {
                members.remove(&unescaped(step));
            }
            Self::Map(members) => {
                if let Some(member) = members.get_mut(&unescaped(step)) {
                    *member = value.clone();
                }
            }
            Self::List(members) => {
                if let Some(member) = step.parse::<usize>().ok().and_then(|index| members.get_mut(index)) {
                    *member = value.clone();
                }
            }
            _ => {}
        }
    }

    /// The value for a library that uses serde_json's `Value`.
    pub(crate) fn to_value(&self) -> Value {
        // The text of a JSON value is JSON.
        serde_json::from_str(&self.to_string()).unwrap_or_default()
    }

    /// Over several lines, with two spaces of indentation.
    pub(crate) fn pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl From<Numeral> for Json {
    fn from(number: Numeral) -> Self {
        Self::Number(number)
    }
}

impl Numeral {
    /// Parses a number from JSON or CSV. Notations that JSON lacks, such as `.5`, are normalised.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = Self::of_json(text).or_else(|| Self::of(text.parse().ok()?))?;
        number.value().is_finite().then_some(number)
    }

    pub(crate) fn of(value: f64) -> Option<Self> {
        Self::of_json(&serde_json::Number::from_f64(value)?.to_string())
    }

    fn of_json(text: &str) -> Option<Self> {
        let is_number = text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
        RawValue::from_string(Some(text).filter(|_| is_number)?.to_owned()).ok().map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The nearest binary number.
    pub(crate) fn value(&self) -> f64 {
        // Rust parses every JSON number to the nearest binary number.
        self.as_str().parse().unwrap_or(f64::NAN)
    }

    /// Whether it has neither a point nor an exponent.
    pub(crate) fn is_integer(&self) -> bool {
        !self.as_str().contains(['.', 'e', 'E'])
    }

    pub(crate) fn as_u64(&self) -> Option<u64> {
        self.as_str().parse().ok()
    }

    /// Integers are ordered by their digits: above 2^53 several of them share one binary number.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        if !(self.is_integer() && other.is_integer()) {
            return self.value().partial_cmp(&other.value()).unwrap_or(Ordering::Equal);
        }
        let parts = |number: &'_ Self| {
            let text = number.as_str();
            let digits = text.trim_start_matches('-').to_owned();
            (text.starts_with('-') && digits != "0", digits)
        };
        let ((left_negative, left), (right_negative, right)) = (parts(self), parts(other));
        // JSON integers have no leading zeros: more digits mean a larger number.
        let size = || left.len().cmp(&right.len()).then_with(|| left.cmp(&right));
        match (left_negative, right_negative) {
            (false, false) => size(),
            (true, true) => size().reverse(),
            (left, right) => right.cmp(&left),
        }
    }
}

impl From<u64> for Numeral {
    fn from(number: u64) -> Self {
        Self(RawValue::from_string(number.to_string()).expect("an integer is JSON"))
    }
}

impl From<i64> for Numeral {
    fn from(number: i64) -> Self {
        Self(RawValue::from_string(number.to_string()).expect("an integer is JSON"))
    }
}

impl fmt::Display for Numeral {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for Numeral {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_keeps_the_digits_of_its_numbers() {
        let text = br#"{"b": [1.0E10, 5.10, 123456789012345678901, -0], "a": "\u00fc/~", "b/~": {"x": 1}}"#;
        let document = Document::read(text).unwrap();
        assert_eq!(document.json.to_string(), "{\"a\":\"ü/~\",\"b\":[1.0E10,5.10,123456789012345678901,-0],\"b/~\":{\"x\":1}}");
        assert_eq!(document.json.at("/b/2").unwrap().to_string(), "123456789012345678901");
        assert_eq!(document.json.at("/b~1~0/x").unwrap().to_string(), "1");
        assert!(document.json.at("/b/4").is_none());
        assert_eq!(document.json.to_value(), document.value);
    }

    #[test]
    fn a_key_that_an_object_has_twice_is_found_at_any_depth() {
        for text in [r#"{"a": 1, "a": 1}"#, r#"[0, {"a": {"b": null, "c": [], "\u0062": true}}]"#] {
            assert!(unambiguous(text.as_bytes()).unwrap_err().to_string().contains("is given twice"), "{text}");
        }
        let text = br#"{"a": {"a": [1, -1, 1.5, "x", null, true]}, "b": {"a": {}}}"#;
        assert_eq!(unambiguous(text).unwrap(), serde_json::from_slice::<Value>(text).unwrap());
        assert!(unambiguous("[".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn invalid_json_is_rejected() {
        for text in ["1e999", r#""\ud800""#, "NaN", "{", ""] {
            assert!(Document::read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Document::read("[".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn a_number_keeps_its_digits_or_is_normalised_to_json() {
        for (text, number) in [(" 5.10 ", "5.10"), ("1e5", "1e5"), (".5", "0.5"), ("+5", "5.0"), ("5.", "5.0"), ("-0", "-0")] {
            assert_eq!(Numeral::read(text).unwrap().as_str(), number);
        }
        for text in ["", "-", "nan", "inf", "1e999", "0x1F", "1_000", "1,5", "007x", "[1]"] {
            assert!(Numeral::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn integers_are_ordered_by_their_digits() {
        let order = |left, right| Numeral::read(left).unwrap().order(&Numeral::read(right).unwrap());
        assert_eq!(order("9007199254740993", "9007199254740992"), Ordering::Greater);
        assert_eq!(order("123456789012345678902", "123456789012345678901"), Ordering::Greater);
        assert_eq!(order("-0", "0"), Ordering::Equal);
        assert_eq!(order("-2", "-1"), Ordering::Less);
        assert_eq!(order("-2", "1"), Ordering::Less);
        assert_eq!(order("1", "1.0"), Ordering::Equal);
    }

    proptest! {
        #[test]
        fn integers_have_the_order_of_integers(left: i128, right: i128, near in -2i128..3) {
            for right in [right, left.saturating_add(near)] {
                let number = |number: i128| Numeral::read(&number.to_string()).unwrap();
                prop_assert_eq!(number(left).order(&number(right)), left.cmp(&right));
            }
        }
    }
}
