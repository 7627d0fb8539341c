//! A JSON file as a person wrote it: its values with their places, and every name of an object, twice or not.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Place, Problem, did_you_mean};

/// How many bytes lie between two known positions: few enough to walk, many enough to keep.
const STRIDE: usize = 1024;

/// A file's text, and what is wrong with it.
pub(crate) struct Source<'a> {
    text: &'a str,
    path: &'a str,
    /// Line and column of the first character at or after each multiple of [`STRIDE`], with its offset.
    known: Vec<(usize, usize, usize)>,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str, path: &'a str) -> Self {
        let mut known = Vec::with_capacity(text.len() / STRIDE + 1);
        let (mut line, mut column) = (1, 1);
        for (offset, character) in text.char_indices() {
            if offset >= known.len() * STRIDE {
                known.push((offset, line, column));
            }
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        Self { text, path, known, problems: Vec::new() }
    }

    /// The file's one value; `example` says what such a file looks like. A problem is noted when it is not JSON.
    pub(crate) fn root(&mut self, example: &str) -> Option<&'a RawValue> {
        if self.text.starts_with('\u{feff}') {
            let problem =
                Problem::error("byte-order-mark", format!("`{}` begins with a byte order mark, which JSON does not allow", self.path))
                    .hint("save the file as UTF-8 without a byte order mark")
                    .at(self.place(1, 1));
            self.problems.push(problem);
            return None;
        }
        serde_json::from_str(self.text)
            .map_err(|error: serde_json::Error| {
                let what =
                    if self.text.trim().is_empty() { "is empty".to_owned() } else { format!("is not JSON: {}", without_position(&error)) };
                let place = self.place(error.line().max(1), error.column().max(1));
                self.problems.push(Problem::error("not-json", format!("`{}` {what}", self.path)).hint(example).at(place));
            })
            .ok()
    }

    /// The members of an object, each name once; `what` is the object in a message.
    pub(crate) fn members(&mut self, object: &'a RawValue, what: &str) -> Vec<(String, &'a RawValue)> {
        let Ok(Members(all)) = serde_json::from_str::<Members<'a>>(object.get()) else {
            // A lone surrogate is the one thing that may stand in checked JSON and not in text.
            let message = format!("a name in {what} has half of a character (a lone surrogate such as `\\ud800`)");
            self.problem("not-text", object, message, "write the whole character");
            return Vec::new();
        };
        let mut first: BTreeMap<String, usize> = BTreeMap::new();
        let mut members = Vec::with_capacity(all.len());
        for (name, value) in all {
            if let Some(line) = first.get(&name) {
                let line = *line;
                self.problem("duplicate-key", value, format!("{what} has `{name}` twice; first on line {line}"), "keep one of the two");
                continue;
            }
            first.insert(name.clone(), self.position(self.offset(value)).0);
            members.push((name, value));
        }
        members
    }

    /// Notes every name that is not among the known ones.
    pub(crate) fn known_keys(&mut self, members: &[(String, &'a RawValue)], known: &[&str], what: &str) {
        for (key, value) in members {
            if !known.contains(&key.as_str()) {
                let hint = did_you_mean(key, known.iter().copied()).unwrap_or_else(|| format!("known here: {}", known.join(", ")));
                self.problem("unknown-key", value, format!("{what} has no `{key}`"), hint);
            }
        }
    }

    /// The characters of a text value; a problem is noted when they are none that a text can have.
    pub(crate) fn text(&mut self, value: &'a RawValue, what: &str) -> Option<String> {
        let text = serde_json::from_str(value.get()).ok();
        if text.is_none() {
            let message = format!("{what} has half of a character (a lone surrogate such as `\\ud800`)");
            self.problem("not-text", value, message, "write the whole character");
        }
        text
    }

    pub(crate) fn problem(&mut self, code: &'static str, at: &RawValue, message: String, hint: impl Into<String>) {
        let place = self.at(at);
        self.problems.push(Problem::error(code, message).hint(hint).at(place));
    }

    /// Where a value stands.
    pub(crate) fn at(&self, value: &RawValue) -> Place {
        let (line, column) = self.position(self.offset(value));
        self.place(line, column)
    }

    /// Where the name of an object's member stands, by the member's value.
    pub(crate) fn at_name(&self, value: &RawValue) -> Place {
        let before = self.text.get(..self.offset(value)).unwrap_or_default();
        let name = before.trim_end().trim_end_matches(':').trim_end();
        let inner = name.strip_suffix('"').unwrap_or(name);
        // Within a text every quote has an odd number of backslashes before it.
        let opening = inner.rmatch_indices('"').map(|(offset, _)| offset).find(|offset| {
            let backslashes = inner[..*offset].bytes().rev().take_while(|byte| *byte == b'\\').count();
            backslashes % 2 == 0
        });
        let (line, column) = self.position(opening.unwrap_or(inner.len()));
        self.place(line, column)
    }

    fn place(&self, line: usize, column: usize) -> Place {
        Place::File { path: self.path.to_owned(), line, column }
    }

    /// Raw values borrow from the file's text, so their addresses tell where they stand in it.
    fn offset(&self, value: &RawValue) -> usize {
        (value.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len())
    }

    /// Line and column of an offset, both from 1.
    fn position(&self, offset: usize) -> (usize, usize) {
        let nearest = self.known.partition_point(|(known, ..)| *known <= offset);
        let (start, mut line, mut column) = nearest.checked_sub(1).map_or((0, 1, 1), |index| self.known[index]);
        for character in self.text.get(start..offset).unwrap_or_default().chars() {
            (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        (line, column)
    }
}

/// The members of a list.
pub(crate) fn items(list: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(list.get()).unwrap_or_default()
}

/// The value of a member.
pub(crate) fn member<'a>(members: &[(String, &'a RawValue)], name: &str) -> Option<&'a RawValue> {
    members.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
}

/// An object's members in their order, names that occur twice included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// What kind of value this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Boolean,
    Null,
    Array,
    Object,
}

impl Kind {
    pub(crate) fn of(value: &RawValue) -> Self {
        match value.get().as_bytes().first() {
            Some(b'"') => Self::Text,
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            _ => Self::Number,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::Array => "a list",
            Self::Object => "an object",
        })
    }
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Kind, Source, items, member};
    use crate::problem::Place;

    fn file(line: usize, column: usize) -> Place {
        Place::File { path: "f.json".to_owned(), line, column }
    }

    #[test]
    fn names_and_values_are_found_whatever_stands_in_them() {
        let text = "{ \"a\\\"b\\\\\" :\n  \"é\", \"c\": [1,\n 22] }";
        let mut source = Source::new(text, "f.json");
        let root = source.root("").unwrap();
        let members = source.members(root, "it");
        let (first, list) = (members[0].1, member(&members, "c").unwrap());
        assert_eq!((source.at_name(first), source.at(first)), (file(1, 3), file(2, 3)));
        assert_eq!(Kind::of(list), Kind::Array);
        let all = items(list);
        assert_eq!((source.at_name(list), source.at(all[1])), (file(2, 8), file(3, 2)));
    }

    #[test]
    fn places_are_right_beyond_the_first_stride() {
        let text = format!("[\n{}\"last\"]", "\"é\",\n".repeat(3000));
        let mut source = Source::new(&text, "f.json");
        let root = source.root("").unwrap();
        let all = items(root);
        assert_eq!(source.at(all[3000]), file(3002, 1));
        assert_eq!(source.at(all[1500]), file(1502, 1));
    }
}
