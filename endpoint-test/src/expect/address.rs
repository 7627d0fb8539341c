//! Locations in JSON: a JSON Pointer names one, a JSONPath any number of them.

use serde_json::Value;
use serde_json_path::JsonPath;
use serde_json_path::PathElement;

use crate::format::cut;
use crate::json::{Document, Json};
use crate::report::CheckReport;

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

/// The functions that compile their pattern again for every value.
const PATTERN_FUNCTIONS: [&str; 2] = ["match", "search"];

/// An address that can select so much of a response that it is not evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the response is too large for this JSONPath, which can select its values many times")]
pub(crate) struct TooBroad;

impl TooBroad {
    pub(crate) const HINT: &str = "use fewer `..`, and in a filter no query from the root that selects many values";

    /// The result of the check that needs the address.
    pub(crate) fn check(self, name: &str) -> CheckReport {
        CheckReport::errored(name, self.to_string()).with_hint(Self::HINT)
    }
}

/// What makes the evaluation of a JSONPath visit a value more than once.
#[derive(Debug, PartialEq, Eq)]
struct Growth {
    /// How many selectors the brackets have, multiplied.
    selectors: u128,
    /// Descents (`..`) after the first.
    more_descents: u32,
    /// Queries from the root in filters, without those that lead to one value at little cost.
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
        let mut root_is_compared = false;
        let characters: Vec<char> = outside_quotes(path).collect();
        for (index, character) in characters.iter().copied().enumerate().skip(1) {
            match character {
                '.' if previous == '.' => descents += 1,
                '$' => {
                    // Two values below the root can be large and equal, and a function reads its
                    // whole argument: that is repeated for every value, too.
                    let is_argument = characters[..index].ends_with(&['(']) && index > 1 && characters[index - 2].is_alphanumeric();
                    growth.absolute += u32::from(root_is_compared || is_argument || !is_singular(&characters[index + 1..]));
                    root_is_compared = true;
                }
                '?' => (growth.has_filter, root_is_compared) = (true, false),
                '&' | '|' | '(' => root_is_compared = false,
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

/// Whether the query that continues with these characters leads to one value at most.
fn is_singular(query: &[char]) -> bool {
    let (mut open, mut previous) = (0_usize, '$');
    for character in query {
        match character {
            '*' | '?' | ':' => return false,
            '.' if previous == '.' => return false,
            ',' if open > 0 => return false,
            '[' => open += 1,
            ']' if open > 0 => open -= 1,
            ']' | ')' | ',' | '=' | '!' | '<' | '>' | '&' | '|' => return true,
            _ => {}
        }
        previous = *character;
    }
    true
}

/// As many bytes of text are compared in the time in which a value is visited.
const TEXT: usize = 64;

/// The number of values, and the depth. Long text counts as several values.
fn size(value: &Value) -> (u128, u128) {
    let below = |members: &mut dyn Iterator<Item = &Value>| {
        members.map(size).fold((1, 1), |(nodes, depth), below| (nodes + below.0, depth.max(below.1 + 1)))
    };
    match value {
        Value::Array(members) => below(&mut members.iter()),
        Value::Object(members) => below(&mut members.values()),
        Value::String(text) => (1 + (text.len() / TEXT) as u128, 1),
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
            let compact: String = outside_quotes(text).filter(|character| !character.is_whitespace()).collect();
            if let Some(function) = PATTERN_FUNCTIONS.iter().find(|function| compact.contains(&format!("{function}("))) {
                let message = format!("`{text}` is not usable: `{function}` compiles its pattern again for every value");
                return Err((message, "select the values without it, and check them with the rule `matches`".to_owned()));
            }
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

    /// Whether evaluating it over these values can select too much to hold or to wait for.
    fn check_cost<'v>(&self, values: impl Iterator<Item = &'v Value>) -> Result<(), TooBroad> {
        let Self::Path { text, .. } = self else { return Ok(()) };
        let growth = Growth::of(text);
        if growth == Growth::default() {
            return Ok(());
        }
        let cost = |value| {
            let (nodes, depth) = size(value);
            // Another descent repeats a value once for each of its ancestors; in a filter it is
            // evaluated for every value. So is a query from the root.
            let again = if growth.has_filter { nodes } else { depth };
            nodes
                .saturating_mul(growth.selectors)
                .saturating_mul(again.saturating_pow(growth.more_descents))
                .saturating_mul(nodes.saturating_pow(growth.absolute))
        };
        if values.map(cost).fold(0, u128::saturating_add) > MAX_VISITED { Err(TooBroad) } else { Ok(()) }
    }

    fn locate<'v>(&self, value: &'v Value) -> Vec<(String, &'v Value)> {
        match self {
            Self::Pointer(pointer) => value.pointer(pointer).map(|found| (pointer.clone(), found)).into_iter().collect(),
            Self::Path { path, .. } => {
                path.query_located(value).iter().map(|located| (pointer(located.location().iter()), located.node())).collect()
            }
        }
    }

    /// Every location that exists, as a JSON Pointer, with its value.
    pub(crate) fn find<'v>(&self, value: &'v Value) -> Result<Vec<(String, &'v Value)>, TooBroad> {
        self.check_cost(std::iter::once(value))?;
        Ok(self.locate(value))
    }

    /// [`find`](Self::find) in each of these documents, with numbers as they were received. The cost
    /// of all together is limited.
    pub(crate) fn find_in_all<'d>(&self, documents: &'d [Document]) -> Result<Vec<Vec<(String, &'d Json)>>, TooBroad> {
        self.check_cost(documents.iter().map(|document| &document.value))?;
        let found = |document: &'d Document| {
            let located = self.locate(&document.value).into_iter();
            located.filter_map(|(at, _)| Some((at.clone(), document.json.at(&at)?))).collect()
        };
        Ok(documents.iter().map(found).collect())
    }

    /// [`find_in_all`](Self::find_in_all) for one document.
    pub(crate) fn find_in<'d>(&self, document: &'d Document) -> Result<Vec<(String, &'d Json)>, TooBroad> {
        Ok(self.find_in_all(std::slice::from_ref(document))?.pop().unwrap_or_default())
    }

    /// The one value at the address; `None` if there is none, or more than one.
    pub(crate) fn find_one<'d>(&self, document: &'d Document) -> Result<Option<&'d Json>, TooBroad> {
        Ok(match self.find_in(document)?.as_slice() {
            [(_, found)] => Some(*found),
            _ => None,
        })
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
        assert_eq!(path.find(&value).unwrap(), [("/a~1b/0/x~0".to_owned(), &json!(1)), ("/a~1b/1/x~0".to_owned(), &json!(2))]);
        for (pointer, found) in path.find(&value).unwrap() {
            assert_eq!(value.pointer(&pointer), Some(found));
        }
        assert!(path.find_one(&Document::read(value.to_string().as_bytes()).unwrap()).unwrap().is_none());
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
        let too_broad = |path: &str, value| Address::parse(path).unwrap().find(value).is_err();
        for path in ["$..a", "$[*].a", "$[?@.a == '$..,,[']", "$..*", "$[0, 1]", "$..[?@.a > 1]", "$['x..$', 2]"] {
            assert!(!too_broad(path, &deep) && !too_broad(path, &wide), "{path}");
        }
        for path in ["$..*..*..*..*", "$..[0]..[0]..[0]..[0]", "$[?$..a][?$..a]", "$..[?@..a]..[0]"] {
            assert!(too_broad(path, &deep), "{path}");
        }
        for path in [
            "$[?@.a > $.want]",
            "$[?@.a == $['x..*,'][0] && (@.a < $[1].a || @.b)]",
            "$[?($[1].a) && @.a == $[2]['a']]",
            "$..[?@.a > $[0].a]",
            "$[?@ == $]",
        ] {
            assert!(!too_broad(path, &wide), "{path}");
        }
        let roots = ["$[?$[*].a]", "$[?$.a == $.b]", "$[?$[0,1].a]", "$[?$[?@.b]]", "$[?$[1:2]]", "$[?length($.a) > 1]"];
        for path in roots {
            assert!(too_broad(path, &wide), "{path}");
        }
        // A function reads its argument for each of the values.
        let text = json!({ "text": "x".repeat(1 << 20), "values": vec![1; 5000] });
        assert!(too_broad("$.values[?length($.text) == @]", &text));
        assert!(!too_broad("$.values[?@ == $.text]", &text));
        let selectors = "$[0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0,0,0,0,0][0,0,0,0,0,0]";
        assert!(too_broad(selectors, &wide));
        assert_eq!(Address::parse("$..*..*..*..*").unwrap().find(&deep), Err(TooBroad));
        assert!(!too_broad("$..*..*..*..*", &serde_json::json!({ "a": [1, 2] })));
    }

    #[test]
    fn the_cost_of_all_documents_together_is_limited() {
        let document = |count: usize| Document::read(format!("[{}]", vec!["1"; count].join(",")).as_bytes()).unwrap();
        let path = Address::parse("$[?$[*]]").unwrap();
        let documents: Vec<_> = (0..300).map(|_| document(500)).collect();
        assert_eq!(path.find_in_all(&documents[..100]).unwrap().len(), 100);
        assert_eq!(path.find_in_all(&documents).unwrap_err(), TooBroad);
        assert_eq!(Address::parse("$[*]").unwrap().find_in_all(&documents).unwrap().len(), 300);
    }

    #[test]
    fn a_function_that_compiles_a_pattern_for_each_value_is_refused() {
        for path in ["$[?match(@.a, 'x.*')]", "$..[?search (@, $.pattern)]", "$[?!(search(@['match('], 'x'))]"] {
            let (message, hint) = Address::parse(path).unwrap_err();
            assert!(message.contains("compiles its pattern again for every value") && hint.contains("`matches`"), "{path}: {message}");
        }
        for path in ["$['match(']", "$.match", "$[?@.search == 'search(']", "$[?count(@.*) > 1]"] {
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
