//! Reads `expect`: what the reply must be.

use regex::{Regex, RegexBuilder};

use super::document::{Content, Node};
use super::reader::{Fields, Reader, media, number};
use crate::expect::json::{JsonExpectation, JsonRule, JsonType, Tolerance};
use crate::expect::{Expectation, ModelErrorExpectation, ReplyExpectation, TextRule};

pub(super) const EXPECT_KEYS: &[&str] = &["status", "content_type", "text", "json", "latency", "model_error"];
pub(super) const TEXT_KEYS: &[&str] = &["equals", "contains", "matches"];
pub(super) const JSON_KEYS: &[&str] = &["at", "equals", "one_of", "between", "matches", "type", "length", "abs", "rel"];
pub(super) const LATENCY_KEYS: &[&str] = &["max"];
pub(super) const MODEL_ERROR_KEYS: &[&str] = &["status", "message_contains"];

/// A compiled pattern may take this much memory, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// Reads a case's `expect`; without one, the model must answer with something.
pub(super) fn read(reader: &mut Reader, node: Option<&Node>) -> Option<Expectation> {
    let Some(node) = node else { return Some(Expectation::default()) };
    let fields = reader.fields(node, "`expect`", EXPECT_KEYS)?;
    let before = reader.problems.len();
    let latency_max = fields.get("latency").and_then(|node| latency(reader, node));
    let expectation = match fields.get("model_error") {
        Some(node) => {
            for key in ["status", "content_type", "text", "json"].into_iter().filter(|key| fields.get(key).is_some()) {
                let problem =
                    reader.problem(fields.key_place(key), format!("`{key}` cannot be checked beside `model_error`: there is no reply"));
                problem.hint = Some("make two cases of it, or look into `model_error`".to_owned());
            }
            model_error(reader, node).map(|expected| Expectation::ModelError { expected, latency_max })
        }
        None => Some(Expectation::Reply(reply(reader, &fields, latency_max))),
    };
    expectation.filter(|_| reader.problems.len() == before)
}

fn reply(reader: &mut Reader, fields: &Fields<'_>, latency_max: Option<std::time::Duration>) -> ReplyExpectation {
    ReplyExpectation {
        status: status(reader, fields),
        content_type: media(reader, fields, "content_type"),
        text: fields.get("text").map(|node| text(reader, node)).unwrap_or_default(),
        json: match fields.get("json") {
            Some(_) => fields.list(reader, "json").unwrap_or_default().iter().flat_map(|node| json(reader, node)).collect(),
            None => Vec::new(),
        },
        latency_max,
    }
}

fn status(reader: &mut Reader, fields: &Fields<'_>) -> Option<u16> {
    let status = fields.whole(reader, "status", 200, 599)?;
    if status >= 400 {
        let problem =
            reader.problem(fields.place("status"), format!("a model that answers with status {status} makes no reply but an error"));
        problem.hint = Some(format!("write `model_error: {{ status: {status} }}`"));
        return None;
    }
    u16::try_from(status).ok()
}

fn latency(reader: &mut Reader, node: &Node) -> Option<std::time::Duration> {
    let fields = reader.fields(node, "`latency`", LATENCY_KEYS)?;
    fields.require(reader, "max")?;
    fields.duration(reader, "max")
}

fn model_error(reader: &mut Reader, node: &Node) -> Option<ModelErrorExpectation> {
    let fields = reader.fields(node, "`model_error`", MODEL_ERROR_KEYS)?;
    let status = fields.whole(reader, "status", 400, 599).and_then(|status| u16::try_from(status).ok());
    let message_contains = fields.text(reader, "message_contains").map(str::to_owned);
    Some(ModelErrorExpectation { status, message_contains })
}

fn text(reader: &mut Reader, node: &Node) -> Vec<TextRule> {
    let Some(fields) = reader.fields(node, "`text`", TEXT_KEYS) else { return Vec::new() };
    if fields.lacks_all(TEXT_KEYS) {
        reader.problem(node.place, "`text` expects nothing").hint = Some("give `equals`, `contains` or `matches`".to_owned());
    }
    let equals = fields.text(reader, "equals").map(|text| TextRule::Equals(text.to_owned()));
    let contains = fields.text(reader, "contains").map(|text| TextRule::Contains(text.to_owned()));
    let matches = pattern(reader, &fields).map(TextRule::Matches);
    [equals, contains, matches].into_iter().flatten().collect()
}

/// One entry of `json` is one place with one or more rules.
fn json(reader: &mut Reader, node: &Node) -> Vec<JsonExpectation> {
    let Some(fields) = reader.fields(node, "an entry of `json`", JSON_KEYS) else { return Vec::new() };
    let at = pointer(reader, &fields);
    let tolerance = tolerance(reader, &fields);
    let equals = fields.get("equals").map(|node| JsonRule::Equals { expected: node.to_json(), tolerance });
    let one_of = fields.list(reader, "one_of").map(|nodes| JsonRule::OneOf(nodes.iter().map(Node::to_json).collect()));
    let between = fields.get("between").and_then(|node| between(reader, node));
    let matches = pattern(reader, &fields).map(JsonRule::Matches);
    let kind = kind(reader, &fields).map(JsonRule::Type);
    let length = fields.whole(reader, "length", 0, u64::MAX).map(JsonRule::Length);
    if fields.lacks_all(&["equals", "one_of", "between", "matches", "type", "length"]) {
        reader.problem(node.place, "an entry of `json` expects nothing").hint =
            Some("give `equals`, `one_of`, `between`, `matches`, `type` or `length`".to_owned());
    }
    let Some(at) = at else { return Vec::new() };
    let rules = [equals, one_of, between, matches, kind, length].into_iter().flatten();
    rules.map(|rule| JsonExpectation { at: at.clone(), rule }).collect()
}

/// A JSON Pointer (RFC 6901): empty for the whole reply, else steps that begin with `/`.
fn pointer(reader: &mut Reader, fields: &Fields<'_>) -> Option<String> {
    fields.require(reader, "at")?;
    let text = fields.text(reader, "at")?;
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if escaped && (text.is_empty() || text.starts_with('/')) {
        return Some(text.to_owned());
    }
    let place = fields.place("at");
    reader.problem(place, format!("`{text}` is not a JSON Pointer")).hint = Some(if escaped {
        "write each step after a `/`, such as `/predictions/0/score`".to_owned()
    } else {
        "in a JSON Pointer `~0` stands for `~` and `~1` for `/`".to_owned()
    });
    None
}

fn tolerance(reader: &mut Reader, fields: &Fields<'_>) -> Tolerance {
    for key in ["abs", "rel"].into_iter().filter(|key| fields.get(key).is_some() && fields.get("equals").is_none()) {
        reader.problem(fields.key_place(key), format!("`{key}` is a tolerance for `equals`, which is not given"));
    }
    Tolerance { abs: fields.tolerance(reader, "abs").unwrap_or(0.0), rel: fields.tolerance(reader, "rel").unwrap_or(0.0) }
}

fn between(reader: &mut Reader, node: &Node) -> Option<JsonRule> {
    let bounds = match &node.content {
        Content::List(nodes) => nodes.iter().map(|node| number(node)?.as_f64()).collect::<Option<Vec<_>>>().unwrap_or_default(),
        _ => Vec::new(),
    };
    match bounds[..] {
        [low, high] if low <= high => return Some(JsonRule::Between(low, high)),
        [low, high] => reader.problem(node.place, format!("`between` has its larger number first: {low}, {high}")),
        _ => {
            let problem = reader.problem(node.place, "`between` must be two numbers");
            problem.hint = Some("such as `between: [0, 1]`; both ends belong to it".to_owned());
            problem
        }
    };
    None
}

fn kind(reader: &mut Reader, fields: &Fields<'_>) -> Option<JsonType> {
    // `null` without quotes is YAML's own null, and means what it says.
    let name = match &fields.get("type")?.content {
        Content::Null => "null",
        _ => fields.text(reader, "type")?,
    };
    let kind = JsonType::from_name(name);
    if kind.is_none() {
        reader.problem(fields.place("type"), format!("`{name}` is not a type of JSON")).hint =
            Some("the types are `array`, `boolean`, `integer`, `null`, `number`, `object` and `string`".to_owned());
    }
    kind
}

fn pattern(reader: &mut Reader, fields: &Fields<'_>) -> Option<Regex> {
    let text = fields.text(reader, "matches")?;
    match RegexBuilder::new(text).size_limit(PATTERN_SIZE).build() {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            // The last line of the library's message says what is wrong; those before it draw the pattern.
            let reason = error.to_string().lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
            reader.problem(fields.place("matches"), format!("`{text}` is not a regular expression: {reason}")).hint =
                Some("the syntax is that of Rust's `regex` crate; in YAML, single quotes keep backslashes as they are".to_owned());
            None
        }
    }
}
