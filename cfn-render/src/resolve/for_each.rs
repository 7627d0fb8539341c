//! Expands `Fn::ForEach` like the transform `AWS::LanguageExtensions`.
//!
//! See <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html>.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::evaluator::Evaluator;
use super::parameters::scalar_text;
use crate::code::Code;
use crate::json_pointer::{below, tokens};
use crate::problem::Problem;

/// The beginning of a loop's key.
pub(super) const FOR_EACH: &str = "Fn::ForEach::";
/// The sections that can contain loops.
const SECTIONS: [&str; 3] = ["Conditions", "Resources", "Outputs"];
/// The maximum nesting of loops; CloudFormation allows five levels.
const MAX_LOOPS: usize = 16;

/// The approximate size of an entry, without its text.
const NODE_BYTES: usize = 128;

/// The origin of the entries that loops made.
#[derive(Debug, Clone, Default)]
pub(super) struct Loops {
    /// From the pointer of an entry to the pointer of its text.
    pub(super) origins: HashMap<String, String>,
    /// From the pointer of an entry to the parameters of the loop's collection.
    pub(super) influences: Vec<(String, BTreeSet<usize>)>,
}

/// The template with every loop expanded whose collection is known.
pub(super) fn expand(evaluator: &mut Evaluator<'_>) -> (Value, Loops) {
    let source = evaluator.source;
    let mut expansion = Expansion { evaluator, bindings: Vec::new(), loops: Loops::default() };
    let mut expanded = Map::new();
    for (section, value) in source.as_object().into_iter().flatten() {
        let pointer = below("", section);
        let value = if SECTIONS.contains(&section.as_str()) { expansion.value(value, &pointer, &pointer) } else { value.clone() };
        expanded.insert(section.clone(), value);
    }
    (Value::Object(expanded), expansion.loops)
}

struct Expansion<'e, 'a> {
    evaluator: &'e mut Evaluator<'a>,
    /// The identifiers of the enclosing loops, the innermost last, and their current values.
    bindings: Vec<(String, String)>,
    loops: Loops,
}

impl Expansion<'_, '_> {
    /// `pointer` is where the value will be, `source` where it is written.
    fn value(&mut self, value: &Value, pointer: &str, source: &str) -> Value {
        if self.evaluator.exhausted() {
            return Value::Null;
        }
        match value {
            Value::Object(entries) => {
                if let Some(bound) = self.reference(entries) {
                    return bound.into();
                }
                let mut expanded = Map::new();
                self.entries(entries, pointer, source, &mut expanded);
                Value::Object(expanded)
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| self.value(item, &format!("{pointer}/{index}"), &format!("{source}/{index}"))).collect()
            }
            Value::String(text) if !self.bindings.is_empty() => self.substituted(text).into(),
            scalar => scalar.clone(),
        }
    }

    fn entries(&mut self, entries: &Map<String, Value>, pointer: &str, source: &str, expanded: &mut Map<String, Value>) {
        for (key, value) in entries {
            let written = below(source, key);
            if key.starts_with(FOR_EACH) && self.for_each(value, pointer, &written, expanded) {
                continue;
            }
            let name = self.substituted(key);
            let place = below(pointer, &name);
            if !self.bindings.is_empty() && place != written {
                self.loops.origins.insert(place.clone(), written.clone());
            }
            let value = self.value(value, &place, &written);
            if expanded.insert(name.clone(), value).is_some() && self.evaluator.wants_problems() {
                let message = format!("a loop produces a duplicate of `{name}`");
                let problem = Problem::error(Code::DuplicateKey, self.evaluator.template.place_of_key(written), message);
                self.evaluator.report(problem.with_hint("use the loop's identifier in the key, as `${Identifier}` or `&{Identifier}`"));
            }
        }
    }

    /// Expands one loop; false if it has to stay because its collection is unknown.
    fn for_each(&mut self, argument: &Value, pointer: &str, source: &str, expanded: &mut Map<String, Value>) -> bool {
        let Some([Value::String(identifier), collection, Value::Object(output)]) = argument.as_array().map(Vec::as_slice) else {
            let message = "`Fn::ForEach` takes an identifier, a collection and a mapping";
            self.evaluator.report(Problem::error(Code::MalformedForEach, self.evaluator.template.place(source), message));
            return false;
        };
        if self.bindings.len() >= MAX_LOOPS {
            let message = format!("loops are nested more than {MAX_LOOPS} levels deep");
            self.evaluator.report(Problem::error(Code::MalformedForEach, self.evaluator.template.place(source), message));
            return false;
        }
        let collection_at = format!("{source}/1");
        let collection = self.value(collection, &collection_at, &collection_at);
        let at: Vec<String> = tokens(&collection_at).into_iter().flatten().collect();
        let at: Vec<&str> = at.iter().map(String::as_str).collect();
        let (value, influence) = self.evaluator.elsewhere(&at, |evaluator| evaluator.traced(&collection));
        let members: Option<Vec<String>> =
            value.as_ref().and_then(Value::as_array).and_then(|items| items.iter().map(scalar_text).collect());
        let Some(members) = members else {
            if value.as_ref().is_none_or(|value| !super::evaluator::is_unknown(value)) {
                let message = "`Fn::ForEach` takes a list of strings, or the `Ref` of a list parameter";
                self.evaluator.report(Problem::error(Code::MalformedForEach, self.evaluator.template.place(collection_at), message));
            }
            return false;
        };
        let names = influence.all();
        for member in members {
            if self.evaluator.exhausted() {
                break;
            }
            self.bindings.push((identifier.clone(), member));
            let mut entries = Map::new();
            self.entries(output, pointer, &format!("{source}/2"), &mut entries);
            self.bindings.pop();
            for (key, value) in entries {
                if !names.is_empty() {
                    self.loops.influences.push((below(pointer, &key), names.clone()));
                }
                if expanded.insert(key.clone(), value).is_some() && self.evaluator.wants_problems() {
                    let message = format!("`Fn::ForEach` produces `{key}` more than once");
                    let problem = Problem::error(Code::DuplicateKey, self.evaluator.template.place_of_key(source), message);
                    self.evaluator.report(problem.with_hint("use the loop's identifier in the key, as `${Identifier}` or `&{Identifier}`"));
                }
            }
        }
        true
    }

    /// The value of a `Ref` to a loop's identifier.
    fn reference(&mut self, entries: &Map<String, Value>) -> Option<String> {
        let name = entries.get("Ref").filter(|_| entries.len() == 1)?.as_str()?;
        let (_, value) = self.bindings.iter().rev().find(|(identifier, _)| identifier == name)?;
        Some(value.clone())
    }

    /// Replaces `${Identifier}` with the member, and `&{Identifier}` with its letters and digits,
    /// for logical ids.
    fn substituted(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        if text.contains('{') {
            for (identifier, member) in self.bindings.iter().rev() {
                text = text.replace(&format!("${{{identifier}}}"), member);
                let plain: String = member.chars().filter(char::is_ascii_alphanumeric).collect();
                text = text.replace(&format!("&{{{identifier}}}"), &plain);
            }
        }
        self.evaluator.spend(NODE_BYTES + text.len());
        text
    }
}
