//! The published schemas hold what is really written, and what people write.

use std::path::Path;
use std::process::Command;

use crate::buildspecs::python_program;
use crate::project::{Project, workspace};

/// Whether a JSON or YAML file is as a schema says; what is wrong with it otherwise.
fn validate(schema: &str, file: &Path) -> Result<(), String> {
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
        ("endpoint-tests.v1.json", "test/smoke-tests.yaml"),
        ("stage-config.v1.json", "staging-config-template.json"),
        ("stage-config.v1.json", "prod-config-template.json"),
    ] {
        validate(schema, &workspace().join(file)).unwrap_or_else(|problems| panic!("{file}: {problems}"));
    }
}

#[test]
fn what_the_commands_write_is_valid_and_a_key_that_there_is_not_is_refused() {
    let project = Project::new();
    project.run(["tour"]).ends_with(0);
    for (schema, file) in [
        ("release-manifest.v1.json", "target/tour/release/release-manifest.json"),
        ("stage-config.v1.json", "target/tour/release/staging-config.json"),
        ("test-results.v1.json", "target/tour/test-results/test-results.json"),
    ] {
        validate(schema, &project.path(file)).unwrap_or_else(|problems| panic!("{file}: {problems}"));
    }
    project.write("wrong.yaml", "version: 1\ncases:\n  - name: x\n    paylod: { csv: '1' }\n");
    assert!(validate("endpoint-tests.v1.json", &project.path("wrong.yaml")).unwrap_err().contains("paylod"));
}
