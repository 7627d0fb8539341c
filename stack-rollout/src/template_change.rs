//! Determines how an update changes a stack's resources, by comparing the old and the new template.
//!
//! CloudFormation has no change sets for stack sets. This comparison makes no call to AWS and
//! creates nothing in the targets. Both templates must be resolved with the parameters of one
//! stack. Values that only AWS knows (references to resources, `Fn::GetAtt`) stay unresolved.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::update_behaviour::{Behaviour, behaviour, name_property};

/// The change of one resource. Unchanged resources have none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ResourceChange {
    /// The logical id.
    pub logical_id: String,
    /// The resource type, such as `AWS::SageMaker::Endpoint`; the new type if it changes.
    pub resource_type: String,
    /// The effect on the resource.
    pub effect: Effect,
    /// The changed properties. Empty for a resource that is created or deleted.
    pub properties: Vec<PropertyChange>,
    /// The custom name, if known: the current one, or that of a new resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// CloudFormation will reject it: it must be replaced and keeps its custom name.
    pub blocked_by_its_name: bool,
}

/// The effect of an update on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effect {
    /// The resource is created.
    Create,
    /// The resource is updated in place.
    Update,
    /// The resource is updated or replaced; which one is unknown.
    UpdateOrReplace,
    /// The resource is replaced.
    Replace,
    /// The resource is deleted.
    Delete,
}

/// A changed property.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PropertyChange {
    /// The JSON pointer within the resource's properties.
    pub path: String,
    /// The current value, if any.
    pub from: Option<Value>,
    /// The new value, if any.
    pub to: Option<Value>,
    /// The update behaviour of the property.
    pub behaviour: Behaviour,
    /// The replaced resource that the value refers to and changes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
}

/// The changes from one resolved template to another, ordered by logical id.
pub fn template_changes(old: &Value, new: &Value) -> Vec<ResourceChange> {
    let none = Map::new();
    let section = |template: &'_ Value| template.get("Resources").and_then(Value::as_object).cloned();
    let (old, new) = (section(old).unwrap_or_else(|| none.clone()), section(new).unwrap_or(none));
    let mut changes: BTreeMap<&str, ResourceChange> = BTreeMap::new();
    for (id, resource) in &new {
        match old.get(id) {
            None => drop(changes.insert(id, resource_change(id, resource, Effect::Create))),
            Some(before) => drop(compare(id, before, resource).map(|change| changes.insert(id, change))),
        }
    }
    for (id, resource) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
        changes.insert(id, resource_change(id, resource, Effect::Delete));
    }
    follow_replacements(&old, &new, &mut changes);
    for change in changes.values_mut() {
        change.effect = effect(change);
        let before = old.get(&change.logical_id).map(name);
        let after = new.get(&change.logical_id).map(name);
        change.blocked_by_its_name = change.effect == Effect::Replace && before == after && after.flatten().is_some();
    }
    changes.into_values().collect()
}

fn resource_change(id: &str, resource: &Value, effect: Effect) -> ResourceChange {
    ResourceChange {
        logical_id: id.to_owned(),
        resource_type: resource_type(resource).to_owned(),
        effect,
        properties: Vec::new(),
        name: name(resource),
        blocked_by_its_name: false,
    }
}

fn compare(id: &str, before: &Value, after: &Value) -> Option<ResourceChange> {
    if resource_type(before) != resource_type(after) {
        let change = PropertyChange {
            path: "/Type".to_owned(),
            from: before.get("Type").cloned(),
            to: after.get("Type").cloned(),
            behaviour: Behaviour::Replacement,
            follows: None,
        };
        return Some(ResourceChange { properties: vec![change], ..resource_change(id, after, Effect::Replace) });
    }
    let none = Value::Object(Map::new());
    let properties = |resource: &Value| resource.get("Properties").cloned().unwrap_or_else(|| none.clone());
    let mut found = Vec::new();
    differences("", &properties(before), &properties(after), &mut found);
    let kind = resource_type(after);
    for change in &mut found {
        change.behaviour = behaviour(kind, top_level(&change.path));
    }
    (!found.is_empty()).then(|| ResourceChange { properties: found, name: name(before), ..resource_change(id, after, Effect::Update) })
}

/// Collects the innermost differing values with their paths.
fn differences(path: &str, from: &Value, to: &Value, found: &mut Vec<PropertyChange>) {
    let change = |path: String, from: Option<&Value>, to: Option<&Value>| PropertyChange {
        path,
        from: from.cloned(),
        to: to.cloned(),
        behaviour: Behaviour::Unknown,
        follows: None,
    };
    match (from, to) {
        _ if from == to => {}
        // An intrinsic function is one value.
        (Value::Object(from), Value::Object(to)) if !is_function(from) && !is_function(to) => {
            let keys: BTreeSet<_> = from.keys().chain(to.keys()).collect();
            for key in keys {
                let place = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                match (from.get(key), to.get(key)) {
                    (Some(from), Some(to)) => differences(&place, from, to, found),
                    (from, to) => found.push(change(place, from, to)),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (from, to)) in before.iter().zip(after).enumerate() {
                differences(&format!("{path}/{index}"), from, to, found);
            }
        }
        // CloudFormation treats the text of a number or boolean as equal to its value.
        _ if as_text(from).is_some() && as_text(from) == as_text(to) => {}
        _ => found.push(change(path.to_owned(), Some(from), Some(to))),
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn is_function(object: &Map<String, Value>) -> bool {
    object.len() == 1 && object.keys().all(|key| key == "Ref" || key == "Condition" || key.starts_with("Fn::"))
}

/// Adds changes for references to replaced resources, which may cause further replacements.
fn follow_replacements<'a>(old: &Map<String, Value>, new: &'a Map<String, Value>, changes: &mut BTreeMap<&'a str, ResourceChange>) {
    loop {
        let replaced: BTreeSet<String> =
            changes.values().filter(|change| effect(change) == Effect::Replace).map(|change| change.logical_id.clone()).collect();
        let mut has_grown = false;
        for (id, resource) in new.iter().filter(|(id, _)| old.contains_key(*id)) {
            let mut found = Vec::new();
            references("", resource.get("Properties").unwrap_or(&Value::Null), &mut found);
            for (path, target) in found.into_iter().filter(|(_, target)| replaced.contains(target) && target != id) {
                let known = |change: &ResourceChange| change.properties.iter().any(|property| property.path == path);
                if changes.get(id.as_str()).is_some_and(known) {
                    continue;
                }
                let value = resource.pointer(&format!("/Properties{path}")).cloned();
                let behaviour = behaviour(resource_type(resource), top_level(&path));
                let property = PropertyChange { path, from: value.clone(), to: value, behaviour, follows: Some(target) };
                let name = old.get(id).and_then(name);
                let change = changes.entry(id).or_insert_with(|| ResourceChange { name, ..resource_change(id, resource, Effect::Update) });
                change.properties.push(property);
                has_grown = true;
            }
        }
        if !has_grown {
            break;
        }
    }
}

/// Collects the references in a value: each path with the logical id that it refers to.
fn references(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            match object.iter().next() {
                Some((key, Value::String(target))) if object.len() == 1 && key == "Ref" => found.push((path.to_owned(), target.clone())),
                Some((key, target)) if object.len() == 1 && key == "Fn::GetAtt" => {
                    let target = target.as_str().map_or_else(|| target.get(0).and_then(Value::as_str), |text| text.split('.').next());
                    found.extend(target.map(|target| (path.to_owned(), target.to_owned())));
                }
                Some((key, text)) if object.len() == 1 && key == "Fn::Sub" => {
                    let text = text.as_str().or_else(|| text.get(0).and_then(Value::as_str)).unwrap_or_default();
                    let names = text.split("${").skip(1).filter_map(|part| part.split(['}', '.']).next());
                    found.extend(names.map(|name| (path.to_owned(), name.to_owned())));
                    // The variables of `Fn::Sub` are part of this value.
                    let mut inner = Vec::new();
                    object
                        .values()
                        .for_each(|value| value.as_array().into_iter().flatten().for_each(|value| references("", value, &mut inner)));
                    found.extend(inner.into_iter().map(|(_, target)| (path.to_owned(), target)));
                }
                Some((_, argument)) if is_function(object) => {
                    let mut inner = Vec::new();
                    references("", argument, &mut inner);
                    found.extend(inner.into_iter().map(|(_, target)| (path.to_owned(), target)));
                }
                _ => object.iter().for_each(|(key, value)| {
                    references(&format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), value, found);
                }),
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| references(&format!("{path}/{index}"), value, found)),
        _ => {}
    }
}

/// The strongest effect of the changed properties.
fn effect(change: &ResourceChange) -> Effect {
    if matches!(change.effect, Effect::Create | Effect::Delete | Effect::Replace) {
        return change.effect;
    }
    match change.properties.iter().map(|property| property.behaviour).max() {
        Some(Behaviour::Replacement) => Effect::Replace,
        Some(Behaviour::Unknown) => Effect::UpdateOrReplace,
        Some(Behaviour::InPlace) | None => Effect::Update,
    }
}

fn resource_type(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

fn name(resource: &Value) -> Option<String> {
    let property = name_property(resource_type(resource))?;
    resource.get("Properties")?.get(property)?.as_str().map(str::to_owned)
}

fn top_level(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}
