//! Locations in JSON: a JSON Pointer names one, a JSONPath any number of them.

use serde_json::Value;
use serde_json_path::JsonPath;
use serde_json_path::PathElement;

use crate::format::cut;
use crate::json::{Document, Json};

/// One or several locations in JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Address {
    /// RFC 6901: empty for the whole value, or steps that each begin with `/`.
    Pointer(String),
    /// RFC 9535: begins with `$`.
    Path { text: String, path: JsonPath },
}

/// The longest address, in bytes.
const MAX_LENGTH: usize = 1000;
/// The most brackets and parentheses of a JSONPath that are open at once. The parser's time doubles
/// with each filter in a filter, and its stack ends after some hundred.
const MAX_DEPTH: usize = 8;

impl Address {
    /// Parses an address; the error is a message and a hint.
    pub(crate) fn parse(text: &str) -> Result<Self, (String, String)> {
        if text.len() > MAX_LENGTH {
            let message = format!("`{}` is not an address: it has {} bytes; the limit is {MAX_LENGTH}", cut(text, 40), text.len());
            return Err((message, "address a value nearer to the root".to_owned()));
        }
        let depth = depth(text);
        if text.starts_with('$') && depth > MAX_DEPTH {
            let message = format!("`{text}` is not usable: its brackets and parentheses are {depth} deep; the limit is {MAX_DEPTH}");
            return Err((message, "use fewer filters within filters".to_owned()));
        }
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

/// The most brackets and parentheses that are open at once, outside string literals.
fn depth(path: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    let mut quote = None;
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => _ = characters.next(),
            (Some(end), _) if character == end => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '[' | '(') => {
                open += 1;
                most = most.max(open);
            }
            (None, ']' | ')') => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
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
    fn a_nested_or_long_path_is_refused_before_it_is_parsed() {
        // Each of them hung the parser or ended its stack.
        let nested = |open: &str, close: &str, count: usize| format!("$[?{}1==1{}]", open.repeat(count), close.repeat(count));
        for count in [8, 20, 300, 100_000] {
            for (open, close) in [("@.a[?", "]"), ("(", ")"), ("!(", ")"), ("@.a[?(", ")]"), ("length(", ")"), ("$[", "]"), ("(", "")] {
                let (message, hint) = Address::parse(&nested(open, close, count)).unwrap_err();
                assert!(message.contains("the limit is") && !hint.is_empty(), "{open} {count}: {message}");
                assert!(message.len() < 1200, "{open} {count}");
            }
        }
        let pointer = format!("/{}", "a".repeat(1 << 20));
        assert!(Address::parse(&pointer).unwrap_err().0.len() < 200);
        // What stands in quotes nests nothing, and a closed bracket is closed.
        for path in ["$['((((((((((((\\'[[[[[[[[[']", "$[\"[[[[[[[[[[[[[[[\"]", "$[0][1][2][3][4][5][6][7][8][9][10]", "$[?@.a[?(@.b)]]"] {
            assert!(Address::parse(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn an_invalid_address_is_reported_with_its_position() {
        let (message, _) = Address::parse("$.a[").unwrap_err();
        assert!(message.starts_with("`$.a[` is not a JSONPath: at character"), "{message}");
        assert_eq!(Address::parse("score").unwrap_err().0, "`score` is not a JSON Pointer");
    }
}
