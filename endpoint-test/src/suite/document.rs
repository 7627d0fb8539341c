//! YAML as a tree in which every node has its location.
//!
//! The suite is read from this tree by hand because derived code stops at the first problem. Only
//! this module uses the YAML library.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::lines::Lines;
use super::quoting;
use crate::deep_stack::on_deep_stack;
use crate::json::{Json, Numeral};
use crate::problem::{Place, Problem};

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) content: Content,
    /// Whether it contains a variable's value: such text may be a number.
    pub(super) substituted: bool,
    /// Whether it is text without quotes that YAML 1.1 reads as a boolean.
    pub(super) is_plain_word: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(Numeral),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    /// The key's own location, if an alias is the place.
    defined: Place,
    pub(super) value: Node,
}

/// The deepest nesting of a document.
const MAX_DEPTH: usize = 64;
/// The library needs 40 KiB for each level, without optimization.
const STACK: usize = 8 * 1024 * 1024;
/// The most values of a document, with those that aliases repeat.
const MAX_NODES: usize = 250_000;

/// Parses a document, with a problem for each duplicate key: the first value of a key is kept.
/// Several documents, excessive aliases and nesting are errors.
pub(super) fn parse(text: &str) -> Result<(Node, Vec<Problem>), Problem> {
    let parsed = on_deep_stack(STACK, || serde_saphyr::from_str_with_options(text, options()))
        .map_err(|error| Problem::new(format!("the file could not be parsed: {error}")))?;
    let mut document = parsed.map_err(|error| broken(&error, text))?;
    restore_notation(&mut document, &Lines::of(text));
    let mut duplicates = Vec::new();
    remove_duplicates(&mut document, &mut duplicates);
    // Each use of an alias repeats them.
    duplicates.sort_by_key(|problem| problem.place);
    duplicates.dedup();
    Ok((document, duplicates))
}

/// Keeps the first value of each key, and adds a problem for each other one.
fn remove_duplicates(node: &mut Node, problems: &mut Vec<Problem>) {
    match &mut node.content {
        Content::List(nodes) => nodes.iter_mut().for_each(|node| remove_duplicates(node, problems)),
        Content::Map(entries) => {
            let mut keys = HashSet::new();
            entries.retain_mut(|entry| {
                remove_duplicates(&mut entry.value, problems);
                let is_first = keys.insert(entry.key.clone());
                if !is_first {
                    let problem = Problem::new(format!("the key `{}` is given twice", entry.key)).with_hint("keep one of them");
                    problems.push(problem.at(Some(entry.defined)));
                }
                is_first
            });
        }
        Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_) => {}
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // Against a few lines that expand to gigabytes.
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH, max_nodes: MAX_NODES },
        with_snippet: false,
        // Each is a problem of its own: the library stops at the first.
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        // YAML 1.2: `on`, `yes`, `1_000` and `007` are strings.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    }
}

/// Restores the original digits of each number, because the YAML library returns only binary
/// numbers, and marks words that are booleans for other YAML parsers.
fn restore_notation(node: &mut Node, lines: &Lines<'_>) {
    let Place { line, column, length } = node.place;
    let written = || lines.part(line, column - 1, length);
    match &mut node.content {
        Content::Number(number) => {
            // YAML has notations that JSON lacks, and tags or anchors before a number: keep the
            // value.
            if let Some(written) = written().and_then(Numeral::read).filter(|written| written.order(number).is_eq()) {
                *number = written;
            }
        }
        Content::Text(text) => node.is_plain_word = quoting::boolean_word(text).is_some() && written() == Some(text),
        Content::List(nodes) => nodes.iter_mut().for_each(|node| restore_notation(node, lines)),
        Content::Map(entries) => entries.iter_mut().for_each(|entry| restore_notation(&mut entry.value, lines)),
        Content::Null | Content::Bool(_) => {}
    }
}

fn broken(error: &serde_saphyr::Error, text: &str) -> Problem {
    use serde_saphyr::Error;
    let problem = match error {
        Error::MultipleDocuments { .. } => {
            Problem::new("the file has more than one YAML document").with_hint("remove the line `---` and what follows it")
        }
        Error::NonFiniteFloat { value, .. } => Problem::new(format!("`{value}` is not a finite number")),
        error if is_limit(error) => {
            Problem::new(format!("the file is nested deeper than {MAX_DEPTH}, or has more than {MAX_NODES} values"))
                .with_hint("values that aliases repeat count each time; put large payloads into files")
        }
        error => {
            let line_of = |place: Place| text.lines().nth(place.line - 1).and_then(|line| quoting::hint(line, place.column));
            let hint = error.location().as_ref().map(place).and_then(line_of);
            Problem { hint, ..Problem::new(format!("this is not YAML: {}", words(error))) }
        }
    };
    problem.at(error.location().as_ref().map(place))
}

/// Whether a document exceeds a limit of the library.
fn is_limit(error: &serde_saphyr::Error) -> bool {
    // The parser's own limit has no variant, and an alias wraps those that have one.
    let text = error.to_string();
    text.contains("budget breached") || text.contains("recursion limit exceeded")
}

/// The library's message without the location, which is reported separately.
fn words(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}

fn place(location: &Location) -> Place {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Place { line: count(location.line()).max(1), column: count(location.column()).max(1), length: count(location.span().len()).max(1) }
}

impl Node {
    /// The node as JSON. JSON objects do not keep the order of keys.
    pub(super) fn to_json(&self) -> Json {
        match &self.content {
            Content::Null => Json::Null,
            Content::Bool(value) => Json::Bool(*value),
            Content::Number(number) => Json::Number(number.clone()),
            Content::Text(text) => Json::Text(text.clone()),
            Content::List(nodes) => Json::List(nodes.iter().map(Self::to_json).collect()),
            Content::Map(entries) => Json::Map(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect()),
        }
    }

    /// The node as JSON text, with keys in their original order: some models read by position.
    pub(super) fn to_json_text(&self) -> String {
        match &self.content {
            Content::List(nodes) => {
                let members: Vec<_> = nodes.iter().map(Self::to_json_text).collect();
                format!("[{}]", members.join(","))
            }
            Content::Map(entries) => {
                let member = |entry: &Entry| format!("{}:{}", Value::from(entry.key.as_str()), entry.value.to_json_text());
                let members: Vec<_> = entries.iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }
            _ => self.to_json().to_string(),
        }
    }

    /// The hint for text where a boolean must be.
    pub(super) fn boolean_hint(&self) -> Option<String> {
        let Content::Text(text) = &self.content else { return None };
        let boolean = quoting::boolean_word(text).or_else(|| text.to_ascii_lowercase().parse().ok())?;
        Some(format!("write `{boolean}` without quotes; `yes`, `no`, `on` and `off` are text in YAML 1.2"))
    }

    /// The value of a mapping's key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Content::Map(entries) = &self.content else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Whether the node is a mapping with this key.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The node's number; text from a variable may be one too.
    pub(super) fn number(&self) -> Option<Numeral> {
        match &self.content {
            Content::Number(number) => Some(number.clone()),
            Content::Text(text) if self.substituted => Numeral::read(text),
            _ => None,
        }
    }

    /// The node's kind, for messages: `a number`.
    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::Text(_) => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self { place: place(&spanned.referenced), content: spanned.value, substituted: false, is_plain_word: false })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyContent)
    }
}

struct AnyContent;

impl<'de> Visitor<'de> for AnyContent {
    type Value = Content;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Content, E> {
        Numeral::of(value).map(Content::Number).ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Content, E> {
        Ok(Content::Text(value))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Content, E> {
        Err(E::custom("binary data is not supported: put it into a file"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = access.next_element()? {
            nodes.push(node);
        }
        Ok(Content::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let value = access.next_value()?;
            let (place, defined) = (place(&key.referenced), place(&key.defined));
            entries.push(Entry { key: key.value, place, defined, value });
        }
        Ok(Content::Map(entries))
    }
}
