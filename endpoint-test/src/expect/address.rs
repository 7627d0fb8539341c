//! Locations in JSON: a JSON Pointer names one, a JSONPath any number of them.

use serde_json::Value;
use serde_json_path::JsonPath;
use serde_json_path::PathElement;

use crate::json::{Document, Json};

/// One or several locations in JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Address {
    /// RFC 6901: empty for the whole value, or steps that each begin with `/`.
    Pointer(String),
    /// RFC 9535: begins with `$`.
    Path { text: String, path: JsonPath },
}

impl Address {
    /// Parses an address; the error is a message and a hint.
    pub(crate) fn parse(text: &str) -> Result<Self, (String, String)> {
        if text.starts_with('$') {
            return match JsonPath::parse(text) {
                Ok(path) => Ok(Self::Path { text: text.to_owned(), path }),
                Err(error) => {
                    let message = format!("`{text}` is not a JSONPath: at character {}, {}", error.position() + 1, error.message());
                    Err((message, "such as `$.predictions[*].score`; RFC 9535 defines the syntax".to_owned()))
                }
            };
        }
        let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if escaped && (text.is_empty() || text.starts_with('/')) {
            return Ok(Self::Pointer(text.to_owned()));
        }
        let hint = if escaped {
            "write each step after a `/`, such as `/predictions/0/score`"
        } else {
            "in a JSON Pointer write `~` as `~0` and `/` as `~1`"
        };
        Err((format!("`{text}` is not a JSON Pointer"), hint.to_owned()))
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Pointer(text) | Self::Path { text, .. } => text,
        }
    }

    /// Every location that exists, as a JSON Pointer, with its value.
    pub(crate) fn find<'v>(&self, value: &'v Value) -> Vec<(String, &'v Value)> {
        match self {
            Self::Pointer(pointer) => value.pointer(pointer).map(|found| (pointer.clone(), found)).into_iter().collect(),
            Self::Path { path, .. } => {
                path.query_located(value).iter().map(|located| (pointer(located.location().iter()), located.node())).collect()
            }
        }
    }

    /// [`find`](Self::find), with numbers as they were received.
    pub(crate) fn find_in<'d>(&self, document: &'d Document) -> Vec<(String, &'d Json)> {
        self.find(&document.value).into_iter().filter_map(|(at, _)| Some((at.clone(), document.json.at(&at)?))).collect()
    }

    /// The one value at the address; `None` if there is none, or more than one.
    pub(crate) fn find_one<'d>(&self, document: &'d Document) -> Option<&'d Json> {
        match self.find_in(document).as_slice() {
            [(_, found)] => Some(*found),
            _ => None,
        }
    }
}

fn pointer<'a>(elements: impl Iterator<Item = &'a PathElement<'a>>) -> String {
    elements.fold(String::new(), |pointer, element| match element {
        PathElement::Name(name) => format!("{pointer}/{}", escape(name)),
        PathElement::Index(index) => format!("{pointer}/{index}"),
    })
}

pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_finds_every_location() {
        let value = json!({ "a/b": [{ "x~": 1 }, { "x~": 2 }, {}] });
        let path = Address::parse("$['a/b'][*]['x~']").unwrap();
        assert_eq!(path.find(&value), [("/a~1b/0/x~0".to_owned(), &json!(1)), ("/a~1b/1/x~0".to_owned(), &json!(2))]);
        for (pointer, found) in path.find(&value) {
            assert_eq!(value.pointer(&pointer), Some(found));
        }
        assert!(path.find_one(&Document::read(value.to_string().as_bytes()).unwrap()).is_none());
    }

    #[test]
    fn an_invalid_address_is_reported_with_its_position() {
        let (message, _) = Address::parse("$.a[").unwrap_err();
        assert!(message.starts_with("`$.a[` is not a JSONPath: at character"), "{message}");
        assert_eq!(Address::parse("score").unwrap_err().0, "`score` is not a JSON Pointer");
    }
}
