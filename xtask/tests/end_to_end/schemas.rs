//! Output files and input files are valid by the published schemas.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use serde_json::json;

use crate::buildspecs::python_program;
use crate::cloud::{Cloud, GROUP};
use crate::project::json_output::{SCHEMAS, problems};
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

/// Commands whose result is no document.
const WITHOUT_DOCUMENT: [&str; 7] = ["bench", "config schema", "demo", "lint", "soak", "test", "tour"];

fn commands(command: &clap::Command, before: &str, found: &mut BTreeSet<String>) {
    for command in command.get_subcommands() {
        let name = format!("{before}{}", command.get_name());
        if command.has_subcommands() {
            commands(command, &format!("{name} "), found);
        } else {
            found.insert(name);
        }
    }
}

#[test]
fn every_command_that_prints_a_document_has_a_schema() {
    let mut all = BTreeSet::new();
    commands(&command_line::Cli::command(), "", &mut all);
    let known: BTreeSet<String> = SCHEMAS.iter().map(|(command, ..)| *command).chain(WITHOUT_DOCUMENT).map(str::to_owned).collect();
    assert_eq!(all, known, "left: the commands; right: those with a schema, and those without a document");
    for (.., schema) in SCHEMAS {
        assert!(workspace().join("schemas").join(schema).is_file(), "{schema}");
    }
}

/// The other documents are checked where the tests of their commands print them.
#[test]
fn what_no_other_test_prints_as_json_is_valid_and_so_is_the_lock_file() {
    let cloud = Cloud::new();
    cloud.register(3);
    cloud.prepare("staging", "222222222222");
    let project = cloud.project();
    let json = |arguments: &[&str], code| {
        let run = project.run(arguments.iter().chain(&["--format", "json"])).ends_with(code);
        assert!(!run.stdout.is_empty(), "{arguments:?}");
    };
    json(&["setup", "--check"], 1);
    json(&["setup"], 0);
    json(&["registry", "snapshot", "--out", "snapshot.json"], 0);
    json(&["config", "check"], 0);
    json(&["test-prod", "--list"], 0);
    json(&["build"], 0);
    json(&["deploy", "--stage", "staging", "--no-preflight"], 0);
    json(&["prune", "--stage", "staging", "--instance", "222222222222/us-east-1", "--even-targets"], 0);
    json(&["new", "team", "--url", "s3://tools/xtask"], 0);
    json(&["new", "other", "--from-parameter", "/mlops/xtask"], 0);
    json(&["new", "third"], 0);
    for folder in ["team", "other", "third"] {
        let mut lock = project.json(&format!("{folder}/xtask.lock"));
        assert_eq!(problems("xtask-lock.v1.json", &lock), [""; 0], "{folder}");
        json(&["upgrade", "--project-dir", folder, "--check"], 4);
        lock["xtasks"] = json!("0.1.0");
        assert!(!problems("xtask-lock.v1.json", &lock).is_empty(), "an unknown key is refused");
    }
    assert!(project.read("snapshot.json").contains(GROUP));
}
