//! Reads one entry of `json`: one or several locations, with one or more rules.

use super::pattern;
use crate::expect::address::Address;
use crate::expect::json::{JsonExpectation, JsonRule, JsonType};
use crate::expect::number::Tolerance;
use crate::problem::Place;
use crate::suite::document::{Content, Node};
use crate::suite::reader::{Fields, Reader};

/// The keys of rules, after these keys and before the others: by default those of a tolerance.
macro_rules! with_rules {
    ($($key:literal),+) => { with_rules!($($key),+; "abs", "rel") };
    ($($key:literal),*; $($other:literal),*) => {
        &[
            $($key,)*
            "equals", "equals_column", "one_of", "between", "less_than", "at_most", "greater_than", "at_least", "matches", "contains",
            "type", "length", "count", "absent",
            $($other,)*
        ]
    };
}
pub(super) use with_rules;

pub(in crate::suite) const JSON_KEYS: &[&str] = with_rules!("at");
const RULE_KEYS: &[&str] = with_rules!(;);

pub(super) fn read(reader: &mut Reader, node: &Node, columns: &mut Vec<(String, Place)>) -> Vec<JsonExpectation> {
    let Some(fields) = reader.fields(node, "an entry of `json`", JSON_KEYS) else { return Vec::new() };
    for key in ["equals", "one_of", "contains"] {
        fields.get(key).into_iter().for_each(|node| reader.warn_about_words(key, node));
    }
    let at = address(reader, &fields);
    let rules = rules(reader, node, &fields, "`json`", columns);
    let Some(at) = at else { return Vec::new() };
    if matches!(at, Address::Pointer(_)) && fields.get("count").is_some() {
        reader.problem(fields.key_place("count"), "`count` is for a JSONPath: a JSON Pointer has one location").hint =
            Some("`length` counts the members of a list".to_owned());
    }
    rules.into_iter().map(|rule| JsonExpectation { at: at.clone(), rule }).collect()
}

/// The rules of an entry of a list.
pub(super) fn rules(
    reader: &mut Reader,
    node: &Node,
    fields: &Fields<'_>,
    list: &str,
    columns: &mut Vec<(String, Place)>,
) -> Vec<JsonRule> {
    let tolerance = tolerance(reader, fields);
    let rules = [
        fields.get("equals").map(|node| JsonRule::Equals { expected: node.to_json(), tolerance }),
        fields.text(reader, "equals_column").map(|column| {
            columns.push((column.to_owned(), fields.place("equals_column")));
            JsonRule::EqualsColumn { column: column.to_owned(), tolerance }
        }),
        fields.list(reader, "one_of").map(|nodes| JsonRule::OneOf(nodes.iter().map(Node::to_json).collect())),
        fields.get("between").and_then(|node| between(reader, node)),
        fields.number(reader, "less_than").map(JsonRule::LessThan),
        fields.number(reader, "at_most").map(JsonRule::AtMost),
        fields.number(reader, "greater_than").map(JsonRule::GreaterThan),
        fields.number(reader, "at_least").map(JsonRule::AtLeast),
        pattern(reader, fields).map(JsonRule::Matches),
        fields.get("contains").map(|node| JsonRule::Contains(node.to_json())),
        kind(reader, fields).map(JsonRule::Type),
        fields.whole(reader, "length", 0, u64::MAX).map(JsonRule::Length),
        fields.whole(reader, "count", 0, u64::MAX).map(JsonRule::Count),
        absent(reader, fields),
    ];
    if fields.lacks_all(RULE_KEYS) {
        reader.problem(node.place, format!("an entry of {list} expects nothing")).hint =
            Some("give `equals`, `one_of`, `between`, `matches`, `type`, `length` or another rule".to_owned());
    }
    if fields.get("absent").is_some() && RULE_KEYS.iter().any(|rule| *rule != "absent" && fields.get(rule).is_some()) {
        reader.problem(fields.key_place("absent"), "`absent` cannot be combined with other rules");
    }
    rules.into_iter().flatten().collect()
}

/// A JSON Pointer (RFC 6901) or a JSONPath (RFC 9535).
pub(super) fn address(reader: &mut Reader, fields: &Fields<'_>) -> Option<Address> {
    fields.require(reader, "at")?;
    match Address::parse(fields.text(reader, "at")?) {
        Ok(address) => Some(address),
        Err((message, hint)) => {
            reader.problem(fields.place("at"), message).hint = Some(hint);
            None
        }
    }
}

fn tolerance(reader: &mut Reader, fields: &Fields<'_>) -> Tolerance {
    let compares = fields.get("equals").is_some() || fields.get("equals_column").is_some();
    for key in ["abs", "rel"].into_iter().filter(|key| fields.get(key).is_some() && !compares) {
        reader.problem(fields.key_place(key), format!("`{key}` is a tolerance for `equals`, which is missing"));
    }
    Tolerance { abs: fields.tolerance(reader, "abs").unwrap_or(0.0), rel: fields.tolerance(reader, "rel").unwrap_or(0.0) }
}

fn between(reader: &mut Reader, node: &Node) -> Option<JsonRule> {
    let bounds = match &node.content {
        Content::List(nodes) => nodes.iter().map(Node::number).collect::<Option<Vec<_>>>().unwrap_or_default(),
        _ => Vec::new(),
    };
    match &bounds[..] {
        [low, high] if low.order(high).is_le() => return Some(JsonRule::Between(low.clone(), high.clone())),
        [low, high] => reader.problem(node.place, format!("`between` has the larger number first: {low}, {high}")),
        _ => {
            let problem = reader.problem(node.place, "`between` must be two numbers");
            problem.hint = Some("such as `between: [0, 1]`; both ends are included".to_owned());
            problem
        }
    };
    None
}

fn kind(reader: &mut Reader, fields: &Fields<'_>) -> Option<JsonType> {
    // `null` without quotes is YAML's null.
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

fn absent(reader: &mut Reader, fields: &Fields<'_>) -> Option<JsonRule> {
    if fields.boolean(reader, "absent")? {
        return Some(JsonRule::Absent);
    }
    reader.problem(fields.place("absent"), "`absent` can only be `true`").hint = Some("use any other rule to require a value".to_owned());
    None
}
