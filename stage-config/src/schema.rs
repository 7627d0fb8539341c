//! JSON Schemas for stage files, generated from the template's `Parameters`: editors use them to
//! complete and check the files.
//!
//! They are of draft 7, which every editor supports. A schema checks less than
//! [`check`](crate::check): one value at a time, and no expression that engines interpret
//! differently.

use serde_json::{Map, Value as Json, json};

use crate::parameter_type::ParameterType;
use crate::parameters_section::{ParameterDeclaration, ParametersSection};

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of a stage file, in either of its formats.
///
/// `offered` are the parameters that the pipeline sets, and their sources, for the descriptions.
pub fn stage_file_schema(section: &ParametersSection, offered: &[(&str, &str)]) -> Json {
    let names: Vec<&String> = section.declarations.keys().collect();
    let rules: Vec<Json> = section
        .declarations
        .keys()
        .map(|name| {
            json!({
                "if": { "properties": { "ParameterKey": { "const": name } }, "required": ["ParameterKey"] },
                "then": { "properties": { "ParameterValue": { "$ref": reference(name) } } },
            })
        })
        .collect();
    let descriptions: Vec<String> =
        section.declarations.iter().map(|(name, declaration)| description(name, declaration, offered)).collect();
    let snippets: Vec<Json> = section
        .declarations
        .iter()
        .map(|(name, declaration)| {
            let value = declaration.default.clone().filter(|_| !declaration.no_echo).unwrap_or_default();
            json!({ "label": name, "body": { "ParameterKey": name, "ParameterValue": format!("${{1:{}}}", escape_snippet(&value)) } })
        })
        .collect();
    json!({
        "$schema": DRAFT,
        "title": "Parameters of a stage",
        "description": "Generated from the template's Parameters. Either a list for the CloudFormationStackSet action, or an object for the CloudFormation action's TemplateConfiguration.",
        "definitions": definitions(section, offered),
        "type": ["array", "object"],
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["ParameterKey"],
            "properties": {
                "ParameterKey": { "description": "The parameter's name in the template.", "enum": names, "enumDescriptions": descriptions },
                "ParameterValue": { "description": "Its value, as a string.", "type": "string" },
                "UsePreviousValue": { "description": "Keeps the stack's current value, instead of a ParameterValue.", "type": "boolean" },
            },
            "allOf": rules,
            "defaultSnippets": snippets,
        },
        "additionalProperties": false,
        "required": ["Parameters"],
        "properties": {
            "$schema": { "type": "string" },
            "Parameters": values(section),
            "Tags": {
                "description": "Tags of the stack; only the CloudFormation action sets them.",
                "type": "object",
                "maxProperties": 50,
                "additionalProperties": { "type": "string", "minLength": 1, "maxLength": 256 },
            },
            "StackPolicy": { "description": "A stack policy; only the CloudFormation action sets it.", "type": "object", "required": ["Statement"] },
            "waves": {
                "description": "The waves in which `deploy` rolls the stage out: numbers of accounts, percentages, account ids or regions, and \"rest\" at the end.",
                "type": "array",
                "minItems": 1,
                "items": {
                    "anyOf": [
                        { "type": "integer", "minimum": 1 },
                        { "type": "string" },
                        { "type": "array", "minItems": 1, "items": { "type": "string" } },
                    ],
                },
            },
            "bake_minutes": {
                "description": "How many minutes `deploy` watches the endpoints' alarms between two waves.",
                "type": "integer",
                "minimum": 0,
                "maximum": 1440,
            },
        },
    })
}

/// The schema of a stage's override file.
pub fn override_file_schema(section: &ParametersSection, offered: &[(&str, &str)]) -> Json {
    json!({
        "$schema": DRAFT,
        "title": "Overrides of a stage",
        "description": "Parameters with other values in some of a stage's accounts or regions. Generated from the template's Parameters.",
        "definitions": definitions(section, offered),
        "type": "object",
        "additionalProperties": false,
        "required": ["version", "overrides"],
        "properties": {
            "$schema": { "type": "string" },
            "version": { "description": "The version of this format.", "const": 1 },
            "overrides": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["parameters"],
                    "anyOf": [{ "required": ["accounts"] }, { "required": ["regions"] }],
                    "properties": {
                        "description": { "description": "The reason for the override.", "type": "string" },
                        "accounts": {
                            "description": "Accounts of the stage; all of them if omitted.",
                            "type": "array",
                            "minItems": 1,
                            "items": { "type": "string", "pattern": "^[0-9]{12}$" },
                        },
                        "regions": {
                            "description": "Regions of the stage; all of them if omitted.",
                            "type": "array",
                            "minItems": 1,
                            "items": { "type": "string", "pattern": "^[a-z]+(-[a-z]+)+-[0-9]+$" },
                        },
                        "parameters": values(section),
                    },
                },
            },
        },
    })
}

/// An object of values by parameter name.
fn values(section: &ParametersSection) -> Json {
    let properties: Map<String, Json> =
        section.declarations.keys().map(|name| (name.clone(), json!({ "$ref": reference(name) }))).collect();
    json!({ "description": "Values by parameter name.", "type": "object", "additionalProperties": false, "properties": properties })
}

fn reference(name: &str) -> String {
    format!("#/definitions/{name}")
}

fn definitions(section: &ParametersSection, offered: &[(&str, &str)]) -> Json {
    let definition = |(name, declaration): (&String, &ParameterDeclaration)| (name.clone(), value(name, declaration, offered));
    Json::Object(section.declarations.iter().map(definition).collect())
}

/// The schema of one parameter's value.
fn value(name: &str, declaration: &ParameterDeclaration, offered: &[(&str, &str)]) -> Json {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "string".into());
    schema.insert("description".to_owned(), description(name, declaration, offered).into());
    if let Some(default) = declaration.default.as_ref().filter(|_| !declaration.no_echo) {
        schema.insert("default".to_owned(), default.clone().into());
    }
    let is_list = declaration.parameter_type.is_list();
    if !declaration.allowed_values.is_empty() && !is_list {
        schema.insert("enum".to_owned(), declaration.allowed_values.clone().into());
    }
    match &declaration.parameter_type {
        ParameterType::Number => {
            schema.insert("pattern".to_owned(), r"^[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?$".into());
        }
        ParameterType::NumberList => {
            schema.insert("pattern".to_owned(), r"^[-+0-9.eE, ]*$".into());
        }
        _ => {
            let pattern = declaration.allowed_pattern.as_ref().filter(|pattern| !is_list && pattern.unchecked().is_none());
            if let Some(pattern) = pattern.filter(|pattern| is_portable(pattern.as_str())) {
                schema.insert("pattern".to_owned(), format!("^(?:{})$", pattern.as_str()).into());
            }
            schema.extend(declaration.min_length.map(|least| ("minLength".to_owned(), least.into())));
            schema.extend(declaration.max_length.map(|most| ("maxLength".to_owned(), most.into())));
        }
    }
    Json::Object(schema)
}

fn description(name: &str, declaration: &ParameterDeclaration, offered: &[(&str, &str)]) -> String {
    let mut parts: Vec<String> = declaration.description.iter().map(|text| text.trim().to_owned()).collect();
    parts.push(format!("Type {}", declaration.parameter_type));
    match (declaration.min_value, declaration.max_value) {
        (Some(least), Some(most)) => parts.push(format!("{least} to {most}")),
        (Some(least), None) => parts.push(format!("at least {least}")),
        (None, Some(most)) => parts.push(format!("at most {most}")),
        (None, None) => {}
    }
    parts.extend(declaration.constraint_description.clone());
    if declaration.no_echo {
        parts.push("a secret (NoEcho)".to_owned());
    }
    if let Some((_, source)) = offered.iter().find(|(known, _)| *known == name) {
        parts.push(format!("set by the pipeline ({source}), which overrides the stage file"));
    } else if declaration.default.is_none() {
        parts.push("required".to_owned());
    }
    parts.join(". ")
}

/// Whether editors' engines interpret the expression like Java: plain groups and few escapes only.
fn is_portable(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    let mut depth = 0_usize;
    while let Some(character) = characters.next() {
        match character {
            '\\' if !characters.next().is_some_and(|escaped| "dw.\\/+*?()[]{}|^$".contains(escaped)) => return false,
            '(' if depth == 0 && characters.peek() == Some(&'?') => return false,
            '[' if depth > 0 => return false,
            '[' => depth = 1,
            ']' => depth = 0,
            '&' if characters.peek() == Some(&'&') => return false,
            other if !other.is_ascii() => return false,
            _ => {}
        }
    }
    true
}

/// Escapes `$`, `}` and `\`, which have a meaning in an editor's snippets.
fn escape_snippet(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, character| {
        if matches!(character, '$' | '}' | '\\') {
            out.push('\\');
        }
        out.push(character);
        out
    })
}
