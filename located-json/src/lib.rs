#![doc = include_str!("../README.md")]

mod node;
mod place;

pub use node::{Kind, Member, Node, find};
pub use place::Place;

use place::PlaceIndex;

/// A JSON document.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    index: PlaceIndex<'a>,
    root: Node<'a>,
}

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
#[non_exhaustive]
pub struct NotJson {
    /// `byte-order-mark` or `not-json`.
    pub code: &'static str,
    /// The message without its subject: `is empty`.
    pub message: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
    /// The place of the error.
    pub place: Place,
}

impl<'a> Document<'a> {
    /// Parses a text.
    pub fn parse(text: &'a str) -> Result<Self, NotJson> {
        if text.starts_with('\u{feff}') {
            let message = "begins with a byte order mark, which JSON does not allow".to_owned();
            let hint = Some("save the file as UTF-8 without a byte order mark");
            return Err(NotJson { code: "byte-order-mark", message, hint, place: Place { line: 1, column: 1 } });
        }
        let raw = serde_json::from_str(text).map_err(|error: serde_json::Error| {
            // serde_json counts bytes.
            let line: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let place = PlaceIndex::new(text).place(text.floor_char_boundary(line + error.column().saturating_sub(1)));
            let message = error.to_string();
            let reason = message.rsplit_once(" at line ").map_or(message.as_str(), |(reason, _)| reason);
            let message = if text.trim().is_empty() { "is empty".to_owned() } else { format!("is not JSON: {reason}") };
            NotJson { code: "not-json", message, hint: None, place }
        })?;
        Ok(Self { index: PlaceIndex::new(text), root: Node::new(raw) })
    }

    /// The document's value.
    pub fn root(&self) -> Node<'a> {
        self.root
    }

    /// The place where a value or a name of this document begins.
    pub fn place(&self, node: Node<'_>) -> Place {
        // Raw values borrow from the text, so their addresses determine their offsets.
        self.index.place((node.source().as_ptr() as usize).saturating_sub(self.index.text().as_ptr() as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Kind, Place, find};

    #[test]
    fn names_and_values_have_places() {
        let text = "{ \"a\\\"b\\u0062\\\\\" :\n  \"é\", \"é\": [1,\n 22] }";
        let document = Document::parse(text).unwrap();
        let members = document.root().members().unwrap();
        assert_eq!(members[0].name, "a\"bb\\");
        assert_eq!(document.place(members[0].key), Place { line: 1, column: 3 });
        assert_eq!(document.place(members[0].value), Place { line: 2, column: 3 });
        assert_eq!(document.place(members[1].key), Place { line: 2, column: 8 });
        let list = find(&members, "é").unwrap();
        assert_eq!(list.kind(), Kind::List);
        assert_eq!(document.place(list.items().unwrap()[1]), Place { line: 3, column: 2 });
    }

    #[test]
    fn places_are_correct_in_a_long_text() {
        let text = format!("[\n{}\"last\"]", "\"é\",\n".repeat(3000));
        let document = Document::parse(&text).unwrap();
        let items = document.root().items().unwrap();
        assert_eq!(document.place(items[3000]), Place { line: 3002, column: 1 });
        assert_eq!(document.place(items[1500]), Place { line: 1502, column: 1 });
    }

    #[test]
    fn the_place_of_an_error_is_in_characters() {
        let place = |text| Document::parse(text).unwrap_err().place;
        assert_eq!(place("{ \"é\": ü }"), Place { line: 1, column: 8 });
        assert_eq!(place("[\n\"ééé\", }"), Place { line: 2, column: 8 });
        assert_eq!(place("[\n\"ééé\""), Place { line: 2, column: 5 });
        assert_eq!(place(""), Place { line: 1, column: 1 });
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let text = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let document = Document::parse(&text).unwrap();
        assert_eq!(document.root().items().map(|items| items.len()), Some(1));
        assert!(Document::parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn only_json_is_accepted() {
        for text in ["", " ", "[1,]", "// x\n1", "\"a\nb\"", "\"a\u{1}b\"", "[1]\u{a0}", "[1]\u{2028}", "01", "1.", "NaN", "'a'", "[1] [2]"]
        {
            assert_eq!(Document::parse(text).unwrap_err().code, "not-json", "{text:?}");
        }
        assert_eq!(Document::parse("\u{feff}[1]").unwrap_err().code, "byte-order-mark");
    }

    #[test]
    fn a_lone_surrogate_is_detected_and_affects_nothing_else() {
        let document = Document::parse(r#"{ "\ud800": "\ud83d\ude00", "b": "\ud800x" }"#).unwrap();
        let members = document.root().members().unwrap();
        assert!(members[0].key.has_lone_surrogate() && members[1].value.has_lone_surrogate());
        assert!(!members[0].value.has_lone_surrogate() && !members[1].key.has_lone_surrogate());
        assert_eq!(members[0].value.text().as_deref(), Some("\u{1f600}"));
        assert_eq!(members[1].value.text().as_deref(), Some("\u{fffd}"));
    }
}
