//! The values of a document.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value of a [`Document`](crate::Document), or the name of a member.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    raw: &'a RawValue,
}

/// A member of an object.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// The name.
    pub name: String,
    /// The name as a node, which has a place.
    pub key: Node<'a>,
    /// The value.
    pub value: Node<'a>,
}

/// The kind of a [`Node`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
    /// A list in brackets.
    List,
    /// An object in braces.
    Object,
}

impl<'a> Node<'a> {
    pub(crate) fn new(raw: &'a RawValue) -> Self {
        Self { raw }
    }

    /// The kind of this value.
    pub fn kind(self) -> Kind {
        match self.source().as_bytes().first() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The string. A [lone surrogate](Self::has_lone_surrogate) becomes the replacement character.
    pub fn text(self) -> Option<String> {
        let characters = || serde_json::from_str(self.source()).unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string());
        (self.kind() == Kind::String).then(characters)
    }

    /// Whether a string has a lone surrogate, such as `\ud800`: valid in JSON, but not in Unicode.
    pub fn has_lone_surrogate(self) -> bool {
        self.kind() == Kind::String && serde_json::from_str::<String>(self.source()).is_err()
    }

    /// The number as a double, unless it is too large for one.
    pub fn number(self) -> Option<f64> {
        serde_json::from_str(self.source()).ok().filter(|number: &f64| number.is_finite())
    }

    /// The boolean.
    pub fn boolean(self) -> Option<bool> {
        serde_json::from_str(self.source()).ok()
    }

    /// The items of a list.
    pub fn items(self) -> Option<Vec<Self>> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.source()).ok()?;
        Some(items.into_iter().map(Self::new).collect())
    }

    /// The members of an object in their order, duplicate names included.
    pub fn members(self) -> Option<Vec<Member<'a>>> {
        serde_json::from_str::<Members<'a>>(self.source()).ok().map(|members| members.0)
    }

    /// The first member with this name, unless it is null.
    pub fn member(self, name: &str) -> Option<Self> {
        find(&self.members()?, name).filter(|value| value.kind() != Kind::Null)
    }

    /// The value as written.
    pub fn source(self) -> &'a str {
        self.raw.get()
    }
}

/// The value of the first member with this name.
pub fn find<'a>(members: &[Member<'a>], name: &str) -> Option<Node<'a>> {
    members.iter().find(|member| member.name == name).map(|member| member.value)
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
                while let Some((key, value)) = map.next_entry()? {
                    let (key, value) = (Node::new(key), Node::new(value));
                    members.push(Member { name: key.text().unwrap_or_default(), key, value });
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
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::List => "a list",
            Self::Object => "an object",
        })
    }
}
