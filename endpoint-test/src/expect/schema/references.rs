//! The references of a JSON Schema, checked before it is compiled.
//!
//! The library takes a reference that goes in a circle for satisfied, follows chains of references
//! with its stack, and applies a subschema once for each way that leads to it.

use std::collections::HashMap;
use std::ptr;

use jsonschema::{Registry, Resource, Uri, uri};
use serde_json::Value;

/// The longest chain of subschemas, with those that references lead to.
const MAX_DEPTH: usize = 100;
/// How many subschemas apply to one value at most, each counted as often as it applies.
const MAX_APPLIED: u64 = 100_000;
/// The base of schemas without an identifier.
const BASE: &str = "json-schema:///suite";

/// Keywords with a subschema for the same value.
const SAME_VALUE: &[&str] = &["not", "if", "then", "else"];
/// Keywords with a list of subschemas for the same value.
const SAME_VALUE_LISTS: &[&str] = &["allOf", "anyOf", "oneOf"];
/// Keywords with subschemas for the same value by name.
const SAME_VALUE_MAPS: &[&str] = &["dependentSchemas", "dependencies"];
const REFERENCES: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef"];
/// Keywords with a subschema, or a list of them, for other values.
const PARTS: &[&str] = &[
    "items",
    "prefixItems",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "contentSchema",
];
/// Keywords with subschemas for other values by name.
const PART_MAPS: &[&str] = &["properties", "patternProperties", "definitions", "$defs"];

/// A subschema is known by its address in the document.
type Id = *const Value;

#[derive(Debug, Default)]
struct Subschema {
    /// A JSON Pointer, through the first reference that leads to it.
    at: String,
    /// The subschemas for the same value.
    same_value: Vec<Id>,
    measure: State,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    New,
    /// Its subschemas are being measured: one that leads here again goes in a circle.
    Open,
    Done(Measure),
}

#[derive(Debug, Clone, Copy)]
struct Measure {
    depth: usize,
    applied: u64,
}

struct Walk<'r> {
    registry: &'r Registry<'r>,
    found: HashMap<Id, Subschema>,
}

/// Checks that no reference goes in a circle, and that references are not too deep or too many.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    // What this cannot resolve the library cannot resolve either; it has the better message.
    let Ok(base) = uri::from_str(BASE) else { return Ok(()) };
    let Ok(registry) = Registry::new().add(BASE, Resource::from_contents(schema.clone())).and_then(jsonschema::RegistryBuilder::prepare)
    else {
        return Ok(());
    };
    let Ok(root) = registry.resolver(base.clone()).lookup("#") else { return Ok(()) };
    let mut walk = Walk { registry: &registry, found: HashMap::new() };
    walk.visit(root.contents(), &base, "", 0)?;
    let all: Vec<Id> = walk.found.keys().copied().collect();
    for id in all {
        walk.measure(id, 0)?;
    }
    Ok(())
}

fn too_deep(at: &str) -> String {
    format!("its subschemas and references are more than {MAX_DEPTH} deep, at `{at}`")
}

impl<'r> Walk<'r> {
    /// Finds the subschemas below this one, also through references.
    fn visit(&mut self, schema: &'r Value, base: &Uri<String>, at: &str, depth: usize) -> Result<Id, String> {
        let id = ptr::from_ref(schema);
        let Value::Object(members) = schema else { return Ok(id) };
        if self.found.contains_key(&id) {
            return Ok(id);
        }
        if depth > MAX_DEPTH {
            return Err(too_deep(at));
        }
        self.found.insert(id, Subschema { at: at.to_owned(), ..Subschema::default() });
        let own = ["$id", "id"].iter().find_map(|key| self.registry.resolve_uri(&base.borrow(), members.get(*key)?.as_str()?).ok());
        let base = own.as_deref().unwrap_or(base);
        let mut same_value = Vec::new();
        for (key, value) in members {
            let at = format!("{at}/{key}");
            let key = key.as_str();
            if REFERENCES.contains(&key) {
                let Some(reference) = value.as_str() else { continue };
                let Ok(target) = self.registry.resolver(base.clone()).lookup(reference) else { continue };
                same_value.push(self.visit(target.contents(), &target.resolver().base_uri(), &at, depth + 1)?);
            } else if SAME_VALUE.contains(&key) {
                same_value.push(self.visit(value, base, &at, depth + 1)?);
            } else if SAME_VALUE_LISTS.contains(&key) || SAME_VALUE_MAPS.contains(&key) {
                for (step, value) in members_of(value) {
                    same_value.push(self.visit(value, base, &format!("{at}/{step}"), depth + 1)?);
                }
            } else if PART_MAPS.contains(&key) || (PARTS.contains(&key) && value.is_array()) {
                for (step, value) in members_of(value) {
                    self.visit(value, base, &format!("{at}/{step}"), depth + 1)?;
                }
            } else if PARTS.contains(&key) {
                self.visit(value, base, &at, depth + 1)?;
            }
        }
        if let Some(found) = self.found.get_mut(&id) {
            found.same_value = same_value;
        }
        Ok(id)
    }

    /// How deep, and how often, subschemas apply to the value of this one.
    fn measure(&mut self, id: Id, depth: usize) -> Result<Measure, String> {
        let Some(subschema) = self.found.get(&id) else { return Ok(Measure { depth: 0, applied: 1 }) };
        match subschema.measure {
            State::Open => return Err(format!("the reference to `{}` goes in a circle", subschema.at)),
            State::Done(measure) => return Ok(measure),
            State::New if depth > MAX_DEPTH => return Err(too_deep(&subschema.at)),
            State::New => {}
        }
        let same_value = subschema.same_value.clone();
        self.set(id, State::Open);
        let mut measure = Measure { depth: 0, applied: 1 };
        for part in same_value {
            let part = self.measure(part, depth + 1)?;
            measure.depth = measure.depth.max(part.depth + 1);
            measure.applied = measure.applied.saturating_add(part.applied);
        }
        let at = |walk: &Self| walk.found.get(&id).map(|found| found.at.clone()).unwrap_or_default();
        if measure.depth > MAX_DEPTH {
            return Err(too_deep(&at(self)));
        }
        if measure.applied > MAX_APPLIED {
            return Err(format!("more than {MAX_APPLIED} subschemas apply to one value, at `{}`", at(self)));
        }
        self.set(id, State::Done(measure));
        Ok(measure)
    }

    fn set(&mut self, id: Id, state: State) {
        if let Some(found) = self.found.get_mut(&id) {
            found.measure = state;
        }
    }
}

/// The members of a list or an object, with their steps in a JSON Pointer.
fn members_of(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Array(members) => members.iter().enumerate().map(|(index, member)| (index.to_string(), member)).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        _ => Vec::new(),
    }
}
