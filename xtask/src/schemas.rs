//! The JSON Schemas in `schemas/`: generated from the types that read and write the files, and held fresh by these tests.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p xtask schemas` writes them anew.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::manifest::Manifest;

/// The parameters of a stage (NAME-template.json): the form of either of CodePipeline's CloudFormation actions.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "stage-config reads the file by hand, for its places; this is its shape")]
enum StageFile {
    /// As the CloudFormationStackSet action takes it.
    StackSet(Vec<StackSetParameter>),
    /// As the CloudFormation action's TemplateConfiguration.
    TemplateConfiguration(TemplateConfiguration),
}

/// One parameter.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct StackSetParameter {
    /// The parameter's name in the template.
    parameter_key: String,
    /// Its value, as text.
    parameter_value: Option<String>,
    /// Keeps the value that the stack has.
    use_previous_value: Option<bool>,
}

/// Parameters, tags and a stack policy.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct TemplateConfiguration {
    /// Values by the parameters' names.
    parameters: BTreeMap<String, String>,
    /// Tags of the stack.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// A stack policy.
    #[serde(default)]
    stack_policy: Option<Json>,
}

fn holds(name: &str, title: &str, schema: Json) {
    let mut schema = schema;
    schema["title"] = title.into();
    let fresh = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(name);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "schemas/{name} is stale: run UPDATE_SCHEMAS=1 cargo test -p xtask schemas");
}

fn json(schema: Schema) -> Json {
    schema.to_value()
}

#[test]
fn the_schema_of_the_release_manifest_is_fresh() {
    holds("release-manifest.v1.json", "Release manifest", json(schema_for!(Manifest)));
}

#[test]
fn the_schema_of_a_stage_file_is_fresh() {
    holds("stage-config.v1.json", "Stage parameters", json(schema_for!(StageFile)));
}

#[test]
fn the_schema_of_the_endpoint_tests_is_fresh() {
    holds("endpoint-tests.v1.json", "Endpoint tests", endpoint_test::suite::json_schema());
}

#[test]
fn the_schema_of_the_test_results_is_fresh() {
    holds("test-results.v1.json", "Test results", endpoint_test::report::json_schema());
}
