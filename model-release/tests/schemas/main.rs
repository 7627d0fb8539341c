//! The JSON Schemas in `schemas/`: generated from the types that read and write the files, and held fresh by these tests.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p model-release --features schema schemas` writes them anew.

mod rollout;

use std::collections::BTreeMap;
use std::path::Path;

use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde_json::Value as Json;

use model_release::manifest::Manifest;
use model_release::plan_report::PlanDocument;
use model_release::{DoctorReport, PackageResult, StageStatus};

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
    /// The schema's file, for editors.
    #[serde(rename = "$schema")]
    schema: Option<String>,
}

/// Parameters that are others in some of a stage's accounts or regions (NAME-overrides.json).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "stage-config reads the file by hand, for its places; this is its shape")]
struct OverrideFile {
    /// The schema's file, for editors.
    #[serde(rename = "$schema")]
    schema: Option<String>,
    /// The version of this format: 1.
    version: u32,
    /// Where several meet, the one that says more of the target wins: a region's, then an account's, then one of both.
    overrides: Vec<Override>,
}

/// Some parameters, in some accounts or regions.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct Override {
    /// Why, for people.
    description: Option<String>,
    /// Accounts of the stage; all of them when left out.
    accounts: Option<Vec<String>>,
    /// Regions of the stage; all of them when left out.
    regions: Option<Vec<String>>,
    /// Values by the parameters' names.
    parameters: BTreeMap<String, String>,
}

/// What a model package must meet before it is deployed (release-policy.json).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "model-registry reads the file by hand, for its places; this is its shape")]
struct ReleasePolicy {
    /// This schema, for editors.
    #[serde(rename = "$schema", default)]
    schema: Option<String>,
    /// The version of the format: 1.
    #[schemars(extend("const" = 1))]
    schema_version: u32,
    /// What the package's owner must have noted about it (CustomerMetadataProperties).
    #[serde(default)]
    metadata: Vec<RequiredMetadata>,
    /// Limits of its metrics.
    #[serde(default)]
    metrics: Vec<RequiredMetric>,
    /// Where it must be in its life (ModelLifeCycle).
    #[serde(default)]
    life_cycle: Option<RequiredLifeCycle>,
    /// Where its images may come from: a registry's host, or that and the beginning of a repository's name, in whole parts.
    #[serde(default)]
    image_registries: Vec<String>,
    /// The media types that it must take.
    #[serde(default)]
    content_types: Vec<String>,
    /// The instance types that it must support for endpoints.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$")))]
    instance_types: Vec<String>,
    /// The packages that must not be deployed, whatever their approval says.
    #[serde(default)]
    deny: Vec<Denied>,
    /// Whether the last who changed it, the approver, must be someone else than the one who registered it.
    #[serde(default)]
    four_eyes: bool,
}

/// Something that the package's owner must have noted about it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct RequiredMetadata {
    /// The key.
    key: String,
    /// The values that will do; any without.
    #[serde(default)]
    one_of: Vec<String>,
}

/// Limits of a metric: `min`, `max`, or both.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{ "required": ["min"] }, { "required": ["max"] }]))]
#[expect(dead_code, reason = "the shape of a file")]
struct RequiredMetric {
    /// What people call it.
    name: String,
    /// The document of the package's ModelMetrics that it is in; ModelQuality.Statistics without.
    #[serde(default)]
    #[schemars(extend("enum" = sources()))]
    source: Option<String>,
    /// Where in the document it is: a JSON pointer (RFC 6901).
    #[schemars(regex(pattern = "^/"))]
    at: String,
    /// It must be at least this.
    #[serde(default)]
    min: Option<f64>,
    /// It must be at most this.
    #[serde(default)]
    max: Option<f64>,
    /// How far beyond a limit it may be, in the metric's own unit.
    #[serde(default)]
    #[schemars(range(min = 0))]
    tolerance: Option<f64>,
}

/// The names of the documents of ModelMetrics.
fn sources() -> Vec<&'static str> {
    model_registry::MetricSource::ALL.iter().map(|source| source.as_str()).collect()
}

/// Where a package must be in its life.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of a file")]
struct RequiredLifeCycle {
    /// The stages that will do; any without.
    #[serde(default)]
    stages: Vec<String>,
    /// The statuses that will do; any without.
    #[serde(default)]
    statuses: Vec<String>,
}

/// A package that must not be deployed: by its version, or by its ARN.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["version"] }, { "required": ["arn"] }]))]
#[expect(dead_code, reason = "the shape of a file")]
struct Denied {
    /// A version of the group.
    #[serde(default)]
    #[schemars(range(min = 1, max = 999_999_999))]
    version: Option<u32>,
    /// This very one.
    #[serde(default)]
    arn: Option<String>,
    /// Why.
    reason: String,
}

/// A registry in place of SageMaker: what the AWS CLI prints, under the names of its commands.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "model-registry reads the file by hand, for its places; this is its shape")]
struct RegistrySnapshot {
    /// This schema, for editors.
    #[serde(rename = "$schema", default)]
    schema: Option<String>,
    /// The version of the format: 1.
    #[schemars(extend("const" = 1))]
    schema_version: u32,
    /// The group, by name or ARN.
    #[serde(default)]
    model_package_group: Option<String>,
    /// What `aws sagemaker list-model-packages` prints; without it the described packages are the list.
    #[serde(rename = "list-model-packages", default)]
    list: Option<PackageList>,
    /// What `aws sagemaker describe-model-package` prints of each package.
    #[serde(rename = "describe-model-package", default)]
    descriptions: Vec<Package>,
}

/// What `aws sagemaker list-model-packages` prints.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "the shape of a file")]
struct PackageList {
    /// The packages.
    model_package_summary_list: Vec<Package>,
}

/// A model package, with whatever else AWS says of it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "the shape of a file")]
struct Package {
    /// Its ARN.
    model_package_arn: String,
    /// When it was registered: ISO 8601, or seconds since 1970.
    #[schemars(extend("type" = ["string", "number"]))]
    creation_time: Json,
    /// Completed, Failed and so on.
    model_package_status: String,
    /// Approved, Rejected or PendingManualApproval.
    #[serde(default)]
    model_approval_status: Option<String>,
}

fn holds(name: &str, title: &str, schema: Json) {
    let mut schema = schema;
    schema["title"] = title.into();
    is_fresh(name, &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
}

fn is_fresh(name: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(name);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "schemas/{name} is stale: run UPDATE_SCHEMAS=1 cargo test -p model-release --features schema schemas");
}

fn json(schema: Schema) -> Json {
    schema.to_value()
}

/// What may be left out may not be null where people write the file.
fn without_null(schema: Schema) -> Json {
    fn walk(value: &mut Json) {
        if let Json::Object(members) = value {
            if let Some(Json::Array(types)) = members.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            members.values_mut().for_each(walk);
        } else if let Json::Array(items) = value {
            items.iter_mut().for_each(walk);
        }
    }
    let mut value = json(schema);
    walk(&mut value);
    value
}

#[test]
fn the_schema_of_the_release_manifest_is_fresh() {
    holds("release-manifest.v1.json", "Release manifest", json(schema_for!(Manifest)));
}

#[test]
fn the_schema_of_a_rollout_is_fresh() {
    holds("rollout.v1.json", "Rollout", json(schema_for!(rollout::Rollout)));
}

#[test]
fn the_schema_of_a_plan_is_fresh() {
    holds("plan.v1.json", "Plan", json(schema_for!(PlanDocument)));
}

#[test]
fn the_schema_of_a_stage_s_status_is_fresh() {
    holds("status.v1.json", "Status of a stage", json(schema_for!(StageStatus)));
}

#[test]
fn the_schema_of_what_doctor_finds_is_fresh() {
    holds("doctor.v1.json", "What doctor found", json(schema_for!(DoctorReport)));
}

#[test]
fn the_schema_of_the_result_of_package_is_fresh() {
    holds("package-result.v1.json", "Result of package", json(schema_for!(PackageResult)));
}

#[test]
fn the_schema_of_a_stage_file_is_fresh() {
    holds("stage-config.v1.json", "Stage parameters", without_null(schema_for!(StageFile)));
}

#[test]
fn the_schema_of_an_override_file_is_fresh() {
    holds("stage-overrides.v1.json", "Overrides of a stage", without_null(schema_for!(OverrideFile)));
}

#[test]
fn the_schema_of_the_endpoint_tests_is_fresh() {
    holds("endpoint-tests.v1.json", "Endpoint tests", endpoint_test::suite::json_schema());
}

#[test]
fn the_schema_of_the_test_results_is_fresh() {
    holds("test-results.v1.json", "Test results", endpoint_test::report::json_schema());
}

#[test]
fn the_schemas_of_what_a_check_reads_and_writes_are_fresh() {
    holds("check-input.v1.json", "What an endpoint check reads", endpoint_test::check_input_schema());
    holds("check-output.v1.json", "What an endpoint check writes", endpoint_test::check_output_schema());
}

#[test]
fn the_schema_of_a_release_policy_is_fresh() {
    holds("release-policy.v1.json", "Release policy", json(schema_for!(ReleasePolicy)));
}

#[test]
fn the_schema_of_a_registry_snapshot_is_fresh() {
    holds("registry-snapshot.v1.json", "Registry snapshot", json(schema_for!(RegistrySnapshot)));
}
