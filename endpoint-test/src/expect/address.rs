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

/// The most values that evaluating a path can visit.
const MAX_VISITED: u128 = 50_000_000;

/// What makes the evaluation of a JSONPath visit a value more than once.
#[derive(Debug, PartialEq, Eq)]
struct Growth {
    /// How many selectors the brackets have, multiplied.
    selectors: u128,
    /// Descents (`..`) after the first.
    more_descents: u32,
    /// Queries from the root in filters.
    absolute: u32,
    /// Only counts together with descents.
    has_filter: bool,
}

impl Default for Growth {
    fn default() -> Self {
        Self { selectors: 1, more_descents: 0, absolute: 0, has_filter: false }
    }
}

impl Growth {
    fn of(path: &str) -> Self {
        let mut growth = Self::default();
        let (mut descents, mut previous) = (0_u32, ' ');
        let mut commas = Vec::new();
        for character in outside_quotes(path).skip(1) {
            match character {
                '.' if previous == '.' => descents += 1,
                '$' => growth.absolute += 1,
                '?' => growth.has_filter = true,
                '[' => commas.push(1_u128),
                ',' => commas.iter_mut().last().into_iter().for_each(|count| *count += 1),
                ']' => growth.selectors = growth.selectors.saturating_mul(commas.pop().unwrap_or(1)),
                _ => {}
            }
            previous = character;
        }
        growth.more_descents = descents.saturating_sub(1);
        growth.has_filter &= growth.more_descents > 0;
        growth
    }
}

/// The number of values, and the depth.
fn size(value: &Value) -> (u128, u128) {
    let below = |members: &mut dyn Iterator<Item = &Value>| {
        members.map(size).fold((1, 1), |(nodes, depth), below| (nodes + below.0, depth.max(below.1 + 1)))
    };
    match value {
        Value::Array(members) => below(&mut members.iter()),
        Value::Object(members) => below(&mut members.values()),
        _ => (1, 1),
    }
}

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

    /// Whether evaluating it over this value can select too much to hold or to wait for.
    pub(crate) fn is_too_broad(&self, value: &Value) -> bool {
        let Self::Path { text, .. } = self else { return false };
        let growth = Growth::of(text);
        if growth == Growth::default() {
            return false;
        }
        let (nodes, depth) = size(value);
        // Another descent repeats a value once for each of its ancestors; in a filter it is evaluated
        // for every value. So is a query from the root.
        let again = if growth.has_filter { nodes } else { depth };
        let most = nodes
            .saturating_mul(growth.selectors)
            .saturating_mul(again.saturating_pow(growth.more_descents))
            .saturating_mul(nodes.saturating_pow(growth.absolute));
        most > MAX_VISITED
    }

    /// Every location that exists, as a JSON Pointer, with its value; none if it
    /// [is too broad](Self::is_too_broad).
    pub(crate) fn find<'v>(&self, value: &'v Value) -> Vec<(String, &'v Value)> {
        match self {
            Self::Path { .. } if self.is_too_broad(value) => Vec::new(),
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

/// The characters of a path outside its string literals.
fn outside_quotes(path: &str) -> impl Iterator<Item = char> {
    let mut quote = None;
    let mut is_escaped = false;
    path.chars().filter(move |character| match (quote, *character) {
        (Some(_), _) if is_escaped => {
            is_escaped = false;
            false
        }
        (Some(_), '\\') => {
            is_escaped = true;
            false
        }
        (Some(end), _) => {
            if *character == end {
                quote = None;
            }
            false
        }
        (None, '\'' | '"') => {
            quote = Some(*character);
            false
        }
        (None, _) => true,
    })
}

/// The most brackets and parentheses that are open at once.
fn depth(path: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for character in outside_quotes(path) {
        match character {
            '[' | '(' => {
                open += 1;
                most = most.max(open);
            }
            ']' | ')' => open = open.saturating_sub(1),
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
    fn a_path_that_selects_too_much_of_a_value_is_not_evaluated() {
        let chain = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let deep: Value = serde_json::from_str(&format!("[{}]", vec![chain(100); 100].join(","))).unwrap();
        let wide: Value = serde_json::from_str(&format!("[{}]", vec!["{\"a\": 1}"; 10_000].join(","))).unwrap();
        let too_broad = |path: &str, value| Address::parse(path).unwrap().is_too_broad(value);
        for path in ["$..a", "$[*].a", "$[?@.a == '$..,,[']", "$..*", "$[0, 1]", "$..[?@.a > 1]", "$['x..$', 2]"] {
            assert!(!too_broad(path, &deep) && !too_broad(path, &wide), "{path}");
        }
        for path in ["$..*..*..*..*", "$..[0]..[0]..[0]..[0]", "$[?$..a][?$..a]", "$..[?@..a]..[0]"] {
            assert!(too_broad(path, &deep), "{path}");
        }
        for path in ["$[?$[*].a]", "$[?@ == $]", "$[0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0]"] {
            assert!(too_broad(path, &wide), "{path}");
        }
        assert!(Address::parse("$..*..*..*..*").unwrap().find(&deep).is_empty());
        assert!(!too_broad("$..*..*..*..*", &serde_json::json!({ "a": [1, 2] })));
    }

    #[test]
    fn an_invalid_address_is_reported_with_its_position() {
        let (message, _) = Address::parse("$.a[").unwrap_err();
        assert!(message.starts_with("`$.a[` is not a JSONPath: at character"), "{message}");
        assert_eq!(Address::parse("score").unwrap_err().0, "`score` is not a JSON Pointer");
    }
}
