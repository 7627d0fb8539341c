//! What an update would do to a stack's resources, worked out from its template as it is and as it will be.
//!
//! Stack sets have no change sets: nobody at AWS is asked, and nothing is made in the targets. Both templates come in resolved for one
//! stack's parameters, with what only AWS knows (references to resources, `Fn::GetAtt`) left as it is written.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::update_behaviour::{Behaviour, behaviour, name_property};

/// What becomes of one resource. Resources that stay as they are have none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ResourceChange {
    /// Its name in the template.
    pub logical_id: String,
    /// Such as `AWS::SageMaker::Endpoint`; the new one where the type changes.
    pub resource_type: String,
    /// What becomes of it.
    pub effect: Effect,
    /// The properties that change. Empty for a resource that is created or deleted.
    pub properties: Vec<PropertyChange>,
    /// The name that the template gives it, where that is known: as it is now, or as it will be when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// CloudFormation will refuse: the resource has to be replaced, and keeps the name that its template gives it.
    pub blocked_by_its_name: bool,
}

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effect {
    /// It is made.
    Create,
    /// It is changed where it is.
    Update,
    /// It is changed, and whether in place or by another one is not known.
    UpdateOrReplace,
    /// Another one is made in its place.
    Replace,
    /// It is deleted.
    Delete,
}

/// One property that changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PropertyChange {
    /// Where in the resource's properties, as a JSON pointer.
    pub path: String,
    /// The value as it is; `None` where there is none.
    pub from: Option<Value>,
    /// The value as it will be; `None` where there is none.
    pub to: Option<Value>,
    /// What the change does to the resource.
    pub behaviour: Behaviour,
    /// The value refers to a resource that is replaced, and changes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
}

/// What an update from one resolved template to another does, by the resources' names.
pub fn template_changes(old: &Value, new: &Value) -> Vec<ResourceChange> {
    let none = Map::new();
    let section = |template: &'_ Value| template.get("Resources").and_then(Value::as_object).cloned();
    let (old, new) = (section(old).unwrap_or_else(|| none.clone()), section(new).unwrap_or(none));
    let mut changes: BTreeMap<&str, ResourceChange> = BTreeMap::new();
    for (id, resource) in &new {
        match old.get(id) {
            None => drop(changes.insert(id, alone(id, resource, Effect::Create))),
            Some(before) => drop(compare(id, before, resource).map(|change| changes.insert(id, change))),
        }
    }
    for (id, resource) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
        changes.insert(id, alone(id, resource, Effect::Delete));
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

fn alone(id: &str, resource: &Value, effect: Effect) -> ResourceChange {
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
        return Some(ResourceChange { properties: vec![change], ..alone(id, after, Effect::Replace) });
    }
    let none = Value::Object(Map::new());
    let properties = |resource: &Value| resource.get("Properties").cloned().unwrap_or_else(|| none.clone());
    let mut found = Vec::new();
    differences("", &properties(before), &properties(after), &mut found);
    let kind = resource_type(after);
    for change in &mut found {
        change.behaviour = behaviour(kind, top_level(&change.path));
    }
    (!found.is_empty()).then(|| ResourceChange { properties: found, name: name(before), ..alone(id, after, Effect::Update) })
}

/// The innermost values that differ, each with its place.
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
        // A function of CloudFormation is one value, whatever it is made of.
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
        // CloudFormation reads the text of a number or a boolean as what it says.
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

/// What refers to a resource that is replaced changes with it, and may have to be replaced itself.
fn follow_replacements<'a>(old: &Map<String, Value>, new: &'a Map<String, Value>, changes: &mut BTreeMap<&'a str, ResourceChange>) {
    loop {
        let replaced: BTreeSet<String> =
            changes.values().filter(|change| effect(change) == Effect::Replace).map(|change| change.logical_id.clone()).collect();
        let mut grown = false;
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
                let change = changes.entry(id).or_insert_with(|| ResourceChange { name, ..alone(id, resource, Effect::Update) });
                change.properties.push(property);
                grown = true;
            }
        }
        if !grown {
            break;
        }
    }
}

/// Each place in a value that refers to a resource, with the resource's name.
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
                    // What the text is given to insert is a part of this one value.
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

/// The strongest of what its properties' changes do.
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
