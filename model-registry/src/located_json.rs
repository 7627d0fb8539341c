//! JSON whose every value knows its place in the text, so that a finding can point at it.
//!
//! Values are read one level at a time, only where somebody asks: what is not looked at costs nothing, however deep it is.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Place, Problem};

/// A text that is JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a> {
    text: &'a str,
    root: Node<'a>,
}

/// A value in a [`Document`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    raw: &'a RawValue,
}

/// A member of an object.
#[derive(Debug, Clone)]
pub(crate) struct Member<'a> {
    pub(crate) name: String,
    /// The name itself, in its place.
    pub(crate) key: Node<'a>,
    pub(crate) value: Node<'a>,
}

/// What kind of value a [`Node`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Boolean,
    Null,
    List,
    Object,
}

impl<'a> Document<'a> {
    /// Reads a text; `what` names it in the message, such as "the release policy".
    pub(crate) fn parse(text: &'a str, what: &str) -> Result<Self, Problem> {
        if text.starts_with('\u{feff}') {
            let problem = Problem::new("byte-order-mark", format!("{what} begins with a byte order mark, which JSON does not allow"));
            return Err(problem.with_hint("save the file as UTF-8 without a byte order mark").at(Place { line: 1, column: 1 }));
        }
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => Ok(Self { text, root: Node { raw } }),
            Err(_) if text.trim().is_empty() => Err(Problem::new("not-json", format!("{what} is empty")).at(Place { line: 1, column: 1 })),
            Err(error) => {
                let message = error.to_string();
                let reason = message.rsplit_once(" at line ").map_or(message.as_str(), |(reason, _)| reason);
                let place = Place { line: error.line().max(1), column: error.column().max(1) };
                Err(Problem::new("not-json", format!("{what} is not JSON: {reason}")).at(place))
            }
        }
    }

    pub(crate) fn root(&self) -> Node<'a> {
        self.root
    }

    /// Where a value begins. Raw values borrow from the text, so their addresses tell where they stand in it.
    pub(crate) fn place(&self, node: Node<'_>) -> Place {
        let offset = (node.raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Place { line, column }
    }
}

impl<'a> Node<'a> {
    pub(crate) fn kind(self) -> Kind {
        match self.raw.get().as_bytes().first() {
            Some(b'"') => Kind::Text,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    pub(crate) fn text(self) -> Option<String> {
        // A lone surrogate (`"\ud800"`) is the one thing that may stand in checked JSON and not in text: it becomes the replacement mark.
        (self.kind() == Kind::Text)
            .then(|| serde_json::from_str(self.raw.get()).unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string()))
    }

    /// A number, where it is one and not beyond all measure.
    pub(crate) fn number(self) -> Option<f64> {
        serde_json::from_str(self.raw.get()).ok().filter(|number: &f64| self.kind() == Kind::Number && number.is_finite())
    }

    pub(crate) fn boolean(self) -> Option<bool> {
        serde_json::from_str(self.raw.get()).ok()
    }

    /// The members of a list.
    pub(crate) fn items(self) -> Option<Vec<Self>> {
        let raw: Vec<&'a RawValue> = serde_json::from_str(self.raw.get()).ok()?;
        Some(raw.into_iter().map(|raw| Self { raw }).collect())
    }

    /// The members of an object in their order, names that occur twice included.
    pub(crate) fn members(self) -> Option<Vec<Member<'a>>> {
        serde_json::from_str::<Members<'a>>(self.raw.get()).ok().map(|members| members.0)
    }

    /// The first member of this name, unless it is null: AWS's own tools leave out what there is not, and some write null for it.
    pub(crate) fn member(self, name: &str) -> Option<Self> {
        let found = self.members()?.into_iter().find(|member| member.name == name)?;
        (found.value.kind() != Kind::Null).then_some(found.value)
    }

    /// The value as it stands in the text.
    pub(crate) fn source(self) -> &'a str {
        self.raw.get()
    }
}

/// The name of the first member that occurs twice.
pub(crate) fn repeated<'m, 'a>(members: &'m [Member<'a>]) -> Option<&'m Member<'a>> {
    let mut seen = BTreeSet::new();
    members.iter().find(|member| !seen.insert(member.name.as_str()))
}

struct Members<'a>(Vec<Member<'a>>);

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
                while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    let key = Node { raw: key };
                    members.push(Member { name: key.text().unwrap_or_default(), key, value: Node { raw: value } });
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, repeated};
    use crate::problem::Place;

    #[test]
    fn names_and_values_know_their_places() {
        let text = "{ \"a\\u0062\": 1,\n  \"é\": [true, \"x\"],\n \"é\": null }";
        let document = Document::parse(text, "this").unwrap();
        let members = document.root().members().unwrap();
        assert_eq!(members[0].name, "ab");
        assert_eq!(document.place(members[0].key), Place { line: 1, column: 3 });
        assert_eq!(document.place(members[1].value.items().unwrap()[1]), Place { line: 2, column: 15 });
        assert_eq!(repeated(&members).map(|member| document.place(member.key)), Some(Place { line: 3, column: 2 }));
    }

    #[test]
    fn a_text_as_deep_as_it_likes_is_no_danger() {
        let text = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let _ = Document::parse(&text, "this").map(|document| document.root().items().map(|items| items.len()));
    }
}
