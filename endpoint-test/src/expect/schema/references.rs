//! The references of a JSON Schema, checked before it is compiled, and how often its subschemas
//! apply to a response.
//!
//! The library takes a reference that goes in a circle for satisfied, follows chains of references
//! with its stack, and applies a subschema once for each way that leads to it.

use std::collections::HashMap;
use std::ptr;

use jsonschema::{Registry, Resource, Uri, uri};
use serde_json::{Map, Value};

/// The longest chain of subschemas, with those that references lead to.
const MAX_DEPTH: usize = 100;
/// How many subschemas apply to one value at most, each counted as often as it applies.
const MAX_APPLIED: u64 = 100_000;
/// How often subschemas apply to all values of a response at most.
const MAX_APPLIED_IN_ALL: u64 = 50_000_000;
/// The base of schemas without an identifier.
const BASE: &str = "json-schema:///suite";

/// Keywords with a subschema for the same value.
const SAME_VALUE: &[&str] = &["not", "if", "then", "else"];
/// Keywords with a list of subschemas for the same value.
const SAME_VALUE_LISTS: &[&str] = &["allOf", "anyOf", "oneOf"];
/// Keywords with subschemas for the same value by name.
const SAME_VALUE_MAPS: &[&str] = &["dependentSchemas", "dependencies"];
const REFERENCES: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef"];
/// Keywords with a subschema, or a list of them, for the members of a list.
const OF_LISTS: &[&str] = &["items", "prefixItems", "additionalItems", "unevaluatedItems", "contains"];
/// Keywords with a subschema for the members of an object.
const OF_OBJECTS: &[&str] = &["additionalProperties", "unevaluatedProperties"];
/// Keywords with subschemas for the members of an object, by name.
const OF_OBJECTS_MAPS: &[&str] = &["properties", "patternProperties"];
/// Keywords with a subschema for a value without members.
const OF_TEXT: &[&str] = &["propertyNames", "contentSchema"];
/// Keywords with subschemas that apply only through references.
const DEFINITIONS: &[&str] = &["definitions", "$defs"];

/// A subschema is known by its address in the document.
type Id = *const Value;

#[derive(Debug, Default)]
struct Subschema {
    /// A JSON Pointer, through the first reference that leads to it.
    at: String,
    /// The subschemas for the same value.
    same_value: Vec<Id>,
    /// The subschemas for the value's members.
    parts: Vec<(Members, Id)>,
    /// The subschemas for other text, such as the names of members.
    of_text: Vec<Id>,
    measure: State<Measure>,
    /// The longest chain of subschemas below it.
    chain: State<usize>,
}

/// The members of a value that a subschema applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Members {
    /// The member of an object with this name.
    Named(String),
    /// The members of an object, without these names.
    Except(Vec<String>),
    /// The member of a list with this index.
    Item(usize),
    /// The members of a list from this index on.
    ItemsFrom(usize),
}

#[derive(Debug, Clone, Copy, Default)]
enum State<T> {
    #[default]
    New,
    /// Its subschemas are being measured: one that leads here again goes in a circle.
    Open,
    Done(T),
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

/// Which subschemas apply to a value and to its members.
#[derive(Debug, Default)]
pub(super) struct Applied {
    subschemas: Vec<Applies>,
    root: usize,
}

#[derive(Debug, Default)]
struct Applies {
    same_value: Vec<usize>,
    parts: Vec<(Members, usize)>,
}

impl Applied {
    /// Whether subschemas apply to this response more than [`MAX_APPLIED_IN_ALL`] times. In a
    /// schema that refers to itself the number can double with each level of the response.
    pub(super) fn is_too_often(&self, response: &Value) -> bool {
        self.count(self.root, response, &mut 0).is_none()
    }

    /// Counts the subschemas from this one on; `None` above the limit.
    fn count(&self, subschema: usize, value: &Value, count: &mut u64) -> Option<()> {
        *count += 1;
        if *count > MAX_APPLIED_IN_ALL {
            return None;
        }
        let Some(subschema) = self.subschemas.get(subschema) else { return Some(()) };
        for same_value in &subschema.same_value {
            self.count(*same_value, value, count)?;
        }
        for (members, part) in &subschema.parts {
            match (members, value) {
                (Members::Named(name), Value::Object(object)) => {
                    object.get(name).into_iter().try_for_each(|value| self.count(*part, value, count))?;
                }
                (Members::Except(names), Value::Object(object)) => {
                    object.iter().filter(|(name, _)| !names.contains(name)).try_for_each(|(_, value)| self.count(*part, value, count))?;
                }
                (Members::Item(index), Value::Array(list)) => {
                    list.get(*index).into_iter().try_for_each(|value| self.count(*part, value, count))?;
                }
                (Members::ItemsFrom(first), Value::Array(list)) => {
                    list.iter().skip(*first).try_for_each(|value| self.count(*part, value, count))?;
                }
                _ => {}
            }
        }
        Some(())
    }
}

/// Checks that no reference goes in a circle, and that references are not too deep or too many.
/// Returns which subschemas apply to which values.
pub(super) fn check(schema: &Value) -> Result<Applied, String> {
    // What this cannot resolve the library cannot resolve either; it has the better message.
    let Ok(base) = uri::from_str(BASE) else { return Ok(Applied::default()) };
    let Ok(registry) = Registry::new().add(BASE, Resource::from_contents(schema.clone())).and_then(jsonschema::RegistryBuilder::prepare)
    else {
        return Ok(Applied::default());
    };
    let Ok(root) = registry.resolver(base.clone()).lookup("#") else { return Ok(Applied::default()) };
    let mut walk = Walk { registry: &registry, found: HashMap::new() };
    let root = walk.visit(root.contents(), &base, "", 0)?;
    let all: Vec<Id> = walk.found.keys().copied().collect();
    for id in &all {
        walk.measure(*id, 0)?;
        walk.chain(*id, 0)?;
    }
    Ok(walk.applied(root, &all))
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
        let (mut same_value, mut parts, mut of_text) = (Vec::new(), Vec::new(), Vec::new());
        for (key, value) in members {
            let at = format!("{at}/{key}");
            let key = key.as_str();
            let below = |walk: &mut Self, step: &str, value| walk.visit(value, base, &format!("{at}/{step}"), depth + 1);
            if REFERENCES.contains(&key) {
                let Some(reference) = value.as_str() else { continue };
                let Ok(target) = self.registry.resolver(base.clone()).lookup(reference) else { continue };
                same_value.push(self.visit(target.contents(), &target.resolver().base_uri(), &at, depth + 1)?);
            } else if SAME_VALUE.contains(&key) {
                same_value.push(self.visit(value, base, &at, depth + 1)?);
            } else if SAME_VALUE_LISTS.contains(&key) || SAME_VALUE_MAPS.contains(&key) {
                for (step, value) in members_of(value) {
                    same_value.push(below(self, &step, value)?);
                }
            } else if OF_LISTS.contains(&key) {
                if let Value::Array(list) = value {
                    for (index, value) in list.iter().enumerate() {
                        parts.push((Members::Item(index), below(self, &index.to_string(), value)?));
                    }
                } else {
                    parts.push((Members::ItemsFrom(first_item(members, key)), self.visit(value, base, &at, depth + 1)?));
                }
            } else if OF_OBJECTS.contains(&key) {
                parts.push((Members::Except(known_names(members)), self.visit(value, base, &at, depth + 1)?));
            } else if OF_OBJECTS_MAPS.contains(&key) {
                for (name, value) in members_of(value) {
                    let part = below(self, &name, value)?;
                    parts.push((if key == "properties" { Members::Named(name) } else { Members::Except(Vec::new()) }, part));
                }
            } else if OF_TEXT.contains(&key) {
                of_text.push(self.visit(value, base, &at, depth + 1)?);
            } else if DEFINITIONS.contains(&key) {
                for (step, value) in members_of(value) {
                    below(self, &step, value)?;
                }
            }
        }
        if let Some(found) = self.found.get_mut(&id) {
            (found.same_value, found.parts, found.of_text) = (same_value, parts, of_text);
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
        self.set_measure(id, State::Open);
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
        self.set_measure(id, State::Done(measure));
        Ok(measure)
    }

    fn set_measure(&mut self, id: Id, state: State<Measure>) {
        if let Some(found) = self.found.get_mut(&id) {
            found.measure = state;
        }
    }

    /// The longest chain of subschemas below this one, which the library compiles with its stack.
    /// What refers to itself ends its chain: the library compiles it once.
    fn chain(&mut self, id: Id, depth: usize) -> Result<usize, String> {
        let Some(subschema) = self.found.get_mut(&id) else { return Ok(0) };
        match subschema.chain {
            State::Open => return Ok(0),
            State::Done(longest) => return Ok(longest),
            State::New if depth > MAX_DEPTH => return Err(too_deep(&subschema.at)),
            State::New => subschema.chain = State::Open,
        }
        let at = subschema.at.clone();
        let parts = subschema.parts.iter().map(|(_, part)| part);
        let below: Vec<Id> = subschema.same_value.iter().chain(parts).chain(&subschema.of_text).copied().collect();
        let mut longest = 0;
        for part in below {
            longest = longest.max(self.chain(part, depth + 1)? + 1);
        }
        if longest > MAX_DEPTH {
            return Err(too_deep(&at));
        }
        if let Some(found) = self.found.get_mut(&id) {
            found.chain = State::Done(longest);
        }
        Ok(longest)
    }

    /// The same with indices instead of addresses, which end with the document.
    fn applied(&self, root: Id, all: &[Id]) -> Applied {
        let positions: HashMap<Id, usize> = all.iter().enumerate().map(|(position, id)| (*id, position)).collect();
        // A schema that is `true` or `false` has no subschemas, and no position.
        let position = |id: &Id| positions.get(id).copied().unwrap_or(all.len());
        let applies = |id: &Id| {
            let found = self.found.get(id)?;
            let parts = found.parts.iter().map(|(members, part)| (members.clone(), position(part))).collect();
            Some(Applies { same_value: found.same_value.iter().map(position).collect(), parts })
        };
        Applied { subschemas: all.iter().map(|id| applies(id).unwrap_or_default()).collect(), root: position(&root) }
    }
}

/// The index of the first member of a list that a keyword applies to.
fn first_item(schema: &Map<String, Value>, key: &str) -> usize {
    let before = match key {
        "items" => schema.get("prefixItems"),
        "additionalItems" => schema.get("items"),
        "unevaluatedItems" => schema.get("prefixItems").or_else(|| schema.get("items")),
        _ => None,
    };
    before.and_then(Value::as_array).map_or(0, Vec::len)
}

/// The names of the members of an object to which the keywords for other members do not apply.
fn known_names(schema: &Map<String, Value>) -> Vec<String> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::keys).cloned().collect()
}

/// The members of a list or an object, with their steps in a JSON Pointer.
fn members_of(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Array(members) => members.iter().enumerate().map(|(index, member)| (index.to_string(), member)).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        _ => Vec::new(),
    }
}
