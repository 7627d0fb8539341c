//! The schemas that editors use to check stage files.

use serde_json::{Value as Json, json};
use stage_config::{ParametersSection, override_file_schema, stage_file_schema};

fn section() -> ParametersSection {
    ParametersSection::parse(&json!({
        "Count": { "Type": "Number", "MinValue": 1, "Description": "How many" },
        "Kind": { "Type": "String", "AllowedValues": ["blue", "green"], "Default": "blue" },
        "Name": { "Type": "String", "AllowedPattern": "[a-z]+(-[a-z]+)*", "MaxLength": 9 },
        "Odd": { "Type": "String", "AllowedPattern": r"\p{Alpha}++", "Default": "" },
        "Secret": { "Type": "String", "NoEcho": true, "Default": "hunter2" },
    }))
    .unwrap()
}

#[test]
fn a_parameters_schema_matches_its_declaration() {
    let schema = stage_file_schema(&section(), &[("Name", "--env-name")]);
    let of = |name: &str| &schema["definitions"][name];
    assert_eq!(of("Kind")["enum"], json!(["blue", "green"]));
    assert_eq!(of("Kind")["default"], "blue");
    assert_eq!(of("Name")["pattern"], "^(?:[a-z]+(-[a-z]+)*)$");
    assert_eq!(of("Name")["maxLength"], 9);
    assert!(of("Name")["description"].as_str().unwrap().contains("set by the pipeline (--env-name)"));
    assert_eq!(of("Count")["description"], "How many. Type Number. at least 1. required");
    // No expression that engines interpret differently, and no secret.
    assert!(of("Odd").get("pattern").is_none());
    assert!(!schema.to_string().contains("hunter2"));
}

#[test]
fn both_formats_contain_every_parameter_and_nothing_else() {
    let schema = stage_file_schema(&section(), &[]);
    let names: Vec<&str> =
        schema["items"]["properties"]["ParameterKey"]["enum"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(names, ["Count", "Kind", "Name", "Odd", "Secret"]);
    let parameters = &schema["properties"]["Parameters"];
    assert_eq!(parameters["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), names);
    assert_eq!(parameters["additionalProperties"], false);
    let overrides = override_file_schema(&section(), &[]);
    let parameters = &overrides["properties"]["overrides"]["items"]["properties"]["parameters"];
    assert_eq!(parameters["properties"].as_object().map(serde_json::Map::len), Some(5));
}

#[test]
fn every_reference_can_be_resolved() {
    fn references(value: &Json, found: &mut Vec<String>) {
        match value {
            Json::Object(members) => members.iter().for_each(|(name, member)| match member {
                Json::String(text) if name == "$ref" => found.push(text.clone()),
                other => references(other, found),
            }),
            Json::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    for schema in [stage_file_schema(&section(), &[]), override_file_schema(&section(), &[])] {
        let mut found = Vec::new();
        references(&schema, &mut found);
        assert!(found.len() >= 5);
        assert!(found.iter().all(|reference| schema.pointer(&reference[1..]).is_some()), "{found:?}");
    }
}
