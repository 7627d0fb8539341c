//! Output files and input files are valid by the published schemas.

use std::path::Path;
use std::process::Command;

use crate::buildspecs::python_program;
use crate::project::{Project, workspace};

/// Validates a JSON or YAML file; the error lists the problems.
pub(crate) fn validate(schema: &str, file: &Path) -> Result<(), String> {
    let check = "import json, sys, yaml, jsonschema
schema = json.load(open(sys.argv[1]))
errors = sorted(jsonschema.Draft202012Validator(schema).iter_errors(yaml.safe_load(open(sys.argv[2]))), key=str)
sys.exit('; '.join(error.message for error in errors) or 0)";
    let schema = workspace().join("schemas").join(schema);
    let output = Command::new(python_program("python")).args(["-c", check]).arg(schema).arg(file).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn the_projects_own_files_are_valid() {
    for (schema, file) in [
        ("endpoint-tests.v1.json", "test/endpoint-tests.yaml"),
        ("stage-config.v1.json", "staging-config-template.json"),
        ("stage-config.v1.json", "prod-config-template.json"),
        ("stage-config.cfn-sm-endpoint.json", "staging-config-template.json"),
        ("stage-config.cfn-sm-endpoint.json", "prod-config-template.json"),
    ] {
        validate(schema, &workspace().join(file)).unwrap_or_else(|problems| panic!("{file}: {problems}"));
    }
}

#[test]
fn the_commands_files_are_valid_and_an_unknown_key_is_refused() {
    let project = Project::new();
    project.run(["tour"]).ends_with(0);
    for (schema, file) in [
        ("release-manifest.v2.json", "target/tour/release/release-manifest.json"),
        ("stage-config.v1.json", "target/tour/release/staging-config.json"),
        ("test-results.v1.json", "target/tour/test-results/test-results.json"),
    ] {
        validate(schema, &project.path(file)).unwrap_or_else(|problems| panic!("{file}: {problems}"));
    }
    for wrong in [
        r#"{ "schema_version": 2 }"#,
        r#"{ "schema_version": 1, "metadta": [] }"#,
        r#"{ "schema_version": 1, "metrics": [{ "name": "x", "at": "/x" }] }"#,
        r#"{ "schema_version": 1, "metrics": [{ "name": "x", "at": "/x", "min": 1, "source": "Model" }] }"#,
        r#"{ "schema_version": 1, "deny": [{ "reason": "x" }] }"#,
        r#"{ "schema_version": 1, "instance_types": ["m5.large"] }"#,
    ] {
        project.write("release-policy.json", wrong);
        assert!(validate("release-policy.v1.json", &project.path("release-policy.json")).is_err(), "{wrong}");
        project.run(["registry", "resolve", "--model-package-group-name", "iris", "--registry", "examples/registry.json"]).ends_with(2);
    }
    project.write("wrong.yaml", "version: 1\ncases:\n  - name: x\n    paylod: { csv: '1' }\n");
    assert!(validate("endpoint-tests.v1.json", &project.path("wrong.yaml")).unwrap_err().contains("paylod"));
}

#[test]
fn the_schemas_of_the_template_find_mistakes_in_both_formats() {
    let project = Project::new();
    let stage = "stage-config.cfn-sm-endpoint.json";
    for (schema, text, says) in [
        (stage, r#"[{ "ParameterKey": "EndpointInstanceTyp", "ParameterValue": "ml.m5.large" }]"#, "EndpointInstanceTyp"),
        (stage, r#"[{ "ParameterKey": "EndpointKind", "ParameterValue": "severless" }]"#, "severless"),
        (stage, r#"[{ "ParameterKey": "EndpointInstanceCount", "ParameterValue": "two" }]"#, "two"),
        (stage, r#"{ "Parameters": { "EndpointInstanceType": "m5.large" } }"#, "m5.large"),
        (stage, r#"{ "Parameters": { "EndpointInstanceTyp": "ml.m5.large" } }"#, "EndpointInstanceTyp"),
        ("stage-overrides.cfn-sm-endpoint.json", r#"{ "version": 1, "overrides": [{ "parameters": { "EndpointKind": "x" } }] }"#, "x"),
        ("stage-overrides.v1.json", r#"{ "version": 1, "overrides": [{ "parameter": {} }] }"#, "parameter"),
        ("stage-config.v1.json", r#"[{ "ParameterKey": "A", "ParameterValue": null }]"#, "null"),
    ] {
        project.write("wrong.json", text);
        let problems = validate(schema, &project.path("wrong.json")).expect_err(text);
        assert!(problems.contains(says) || schema == "stage-config.v1.json", "{text}: {problems}");
    }
    let overrides = r#"{ "$schema": "x", "version": 1, "overrides": [{ "description": "large", "accounts": ["222222222222"],
        "regions": ["eu-west-1"], "parameters": { "EndpointInstanceCount": "4" } }] }"#;
    project.write("right.json", overrides);
    for schema in ["stage-overrides.v1.json", "stage-overrides.cfn-sm-endpoint.json"] {
        validate(schema, &project.path("right.json")).unwrap_or_else(|problems| panic!("{schema}: {problems}"));
    }
    project.write("right.json", r#"{ "$schema": "x", "Parameters": { "EndpointInstanceCount": "4" }, "Tags": { "team": "ml" } }"#);
    for schema in ["stage-config.v1.json", stage] {
        validate(schema, &project.path("right.json")).unwrap_or_else(|problems| panic!("{schema}: {problems}"));
    }
}
