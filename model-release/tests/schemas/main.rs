//! The JSON Schemas in `schemas/`, generated from the types of the files. These tests fail if a
//! schema is stale.
//!
//! `UPDATE_SCHEMAS=1 cargo test -p model-release --features schema --test schemas` updates them.

mod commands;
mod rollout;

use std::collections::BTreeMap;
use std::path::Path;

use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde_json::Value as Json;

use model_release::approval::ApprovalRecord;
use model_release::dossier::Dossier;
use model_release::fleet::FleetStatus;
use model_release::history::{Event, HistoryAnswer};
use model_release::manifest::Manifest;
use model_release::plan_report::PlanDocument;
use model_release::{DoctorReport, PackageResult, StageStatus};

/// The parameters of a stage (NAME-template.json), in the format of either of CodePipeline's
/// CloudFormation actions.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "stage-config has its own parser, which records locations; this is the format")]
enum StageFile {
    /// For the CloudFormationStackSet action.
    StackSet(Vec<StackSetParameter>),
    /// For the CloudFormation action (TemplateConfiguration).
    TemplateConfiguration(TemplateConfiguration),
}

/// One parameter.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct StackSetParameter {
    /// The parameter's name in the template.
    parameter_key: String,
    /// The value, as text.
    parameter_value: Option<String>,
    /// Whether the stack keeps its previous value.
    use_previous_value: Option<bool>,
}

/// Parameters, tags and a stack policy.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct TemplateConfiguration {
    /// The values by parameter name.
    parameters: BTreeMap<String, String>,
    /// Tags of the stack.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// A stack policy.
    #[serde(default)]
    stack_policy: Option<Json>,
    /// The waves in which `deploy` rolls the stage out; each is a number of accounts, a percentage,
    /// `rest`, or account ids or regions.
    #[serde(default, rename = "waves")]
    waves: Option<Vec<Json>>,
    /// How many minutes `deploy` watches the endpoints' alarms between two waves.
    #[serde(default, rename = "bake_minutes")]
    bake_minutes: Option<u32>,
    /// The path of the schema, for editors.
    #[serde(rename = "$schema")]
    schema: Option<String>,
}

/// Parameter overrides for accounts and regions of a stage (NAME-overrides.json).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "stage-config has its own parser, which records locations; this is the format")]
struct OverrideFile {
    /// The path of the schema, for editors.
    #[serde(rename = "$schema")]
    schema: Option<String>,
    /// The version of this format: 1.
    version: u32,
    /// The overrides. If several match a target, the most specific one wins: a region's, then an
    /// account's, then one of both.
    overrides: Vec<Override>,
}

/// Overrides for some accounts or regions.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct Override {
    /// A description.
    description: Option<String>,
    /// The accounts; if missing, all accounts of the stage.
    accounts: Option<Vec<String>>,
    /// The regions; if missing, all regions of the stage.
    regions: Option<Vec<String>>,
    /// The values by parameter name.
    parameters: BTreeMap<String, String>,
}

/// The gates that a model package must pass before it is deployed (release-policy.json).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "model-registry has its own parser, which records locations; this is the format")]
struct ReleasePolicy {
    /// The path of the schema, for editors.
    #[serde(rename = "$schema", default)]
    schema: Option<String>,
    /// The version of the format: 1.
    #[schemars(extend("const" = 1))]
    schema_version: u32,
    /// Required metadata of the package (CustomerMetadataProperties).
    #[serde(default)]
    metadata: Vec<RequiredMetadata>,
    /// Limits of its metrics.
    #[serde(default)]
    metrics: Vec<RequiredMetric>,
    /// The required life cycle stage (ModelLifeCycle).
    #[serde(default)]
    life_cycle: Option<RequiredLifeCycle>,
    /// The permitted image registries: a registry's host, or a host with the first complete parts
    /// of the repository name.
    #[serde(default)]
    image_registries: Vec<String>,
    /// The media types that it must accept.
    #[serde(default)]
    content_types: Vec<String>,
    /// The instance types that it must support for endpoints.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$")))]
    instance_types: Vec<String>,
    /// Packages that must not be deployed, even if they are approved.
    #[serde(default)]
    deny: Vec<Denied>,
    /// Whether the approver, who changed it last, must be a different person than the one who
    /// registered it.
    #[serde(default)]
    four_eyes: bool,
    /// What applies to the bytes of its images and artifacts.
    #[serde(default)]
    approved_bytes: Option<ApprovedBytes>,
    /// The key that signs the records of releases.
    #[serde(default)]
    signatures: Option<Signatures>,
    /// The approval that a deployment to production needs.
    #[serde(default)]
    approval: Option<RequiredApproval>,
    /// The times in which nothing is rolled out to production.
    #[serde(default)]
    freeze: Vec<Freeze>,
    /// The maximum number of production accounts that a rollout operates on at once.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10000))]
    max_parallel_accounts: Option<u32>,
}

/// A time in which nothing is rolled out to production.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct Freeze {
    /// Its beginning: RFC 3339, with its offset.
    #[schemars(extend("format" = "date-time"))]
    from: String,
    /// Its end, which is not part of it.
    #[schemars(extend("format" = "date-time"))]
    to: String,
    /// Why.
    reason: String,
}

/// What applies to the bytes of the images and artifacts of a package.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct ApprovedBytes {
    /// Whether the release is refused if it is not known whether an image or artifact is still the
    /// approved one.
    #[schemars(extend("enum" = ["allow", "block"]))]
    not_known: String,
}

/// The keys that sign the records of releases: one of `public_key` and `public_keys`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["public_key"] }, { "required": ["public_keys"] }]))]
#[expect(dead_code, reason = "the format of a file")]
struct Signatures {
    /// The trusted public key of all records: a PEM file, relative to this file's folder, or its text.
    #[serde(default)]
    #[schemars(extend("type" = "string"))]
    public_key: Option<String>,
    /// The trusted public key of each kind of record.
    #[serde(default)]
    public_keys: Option<PublicKeys>,
    /// Whether `check-release`, `deploy` and the tests refuse a release without signed records.
    #[serde(default)]
    required: bool,
}

/// The trusted public key of each kind of record, each a PEM file or its text.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct PublicKeys {
    /// Of the provenance, which `build` signs.
    build: String,
    /// Of the results of tests.
    test: String,
    /// Of the verification summary, which `check-release` signs.
    check_release: String,
}

/// The approval that a deployment to production needs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct RequiredApproval {
    /// Whether the approver must be another person than the one who registered the model package.
    /// `required`: a release is refused unless AWS's records show two persons. `if-known`: it is
    /// refused only if they show the same person.
    #[serde(default)]
    #[schemars(extend("enum" = ["required", "if-known"]))]
    other_person: Option<String>,
    /// The maximum age of the approval and of the staging tests, in days.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3650))]
    max_age_days: Option<u32>,
}

/// A metadata entry that the package must have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct RequiredMetadata {
    /// The key.
    key: String,
    /// The permitted values; if missing, any value.
    #[serde(default)]
    one_of: Vec<String>,
}

/// Limits of a metric: `min`, `max`, or both.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [{ "required": ["min"] }, { "required": ["max"] }]))]
#[expect(dead_code, reason = "the format of a file")]
struct RequiredMetric {
    /// The metric's name.
    name: String,
    /// The document in the package's ModelMetrics; if missing, ModelQuality.Statistics.
    #[serde(default)]
    #[schemars(extend("enum" = sources()))]
    source: Option<String>,
    /// The JSON pointer in the document (RFC 6901).
    #[schemars(regex(pattern = "^/"))]
    at: String,
    /// The minimum.
    #[serde(default)]
    min: Option<f64>,
    /// The maximum.
    #[serde(default)]
    max: Option<f64>,
    /// The tolerance beyond a limit, in the metric's unit.
    #[serde(default)]
    #[schemars(range(min = 0))]
    tolerance: Option<f64>,
}

/// The names of the documents of ModelMetrics.
fn sources() -> Vec<&'static str> {
    model_registry::MetricSource::ALL.iter().map(|source| source.as_str()).collect()
}

/// The required life cycle stages and statuses.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the format of a file")]
struct RequiredLifeCycle {
    /// The permitted stages; if missing, any stage.
    #[serde(default)]
    stages: Vec<String>,
    /// The permitted statuses; if missing, any status.
    #[serde(default)]
    statuses: Vec<String>,
}

/// A package that must not be deployed, by version or ARN.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["version"] }, { "required": ["arn"] }]))]
#[expect(dead_code, reason = "the format of a file")]
struct Denied {
    /// A version of the group.
    #[serde(default)]
    #[schemars(range(min = 1, max = 999_999_999))]
    version: Option<u32>,
    /// The ARN of the package.
    #[serde(default)]
    arn: Option<String>,
    /// The reason.
    reason: String,
}

/// A registry snapshot, used instead of SageMaker: the outputs of AWS CLI commands by command name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "model-registry has its own parser, which records locations; this is the format")]
struct RegistrySnapshot {
    /// The path of the schema, for editors.
    #[serde(rename = "$schema", default)]
    schema: Option<String>,
    /// The version of the format: 1.
    #[schemars(extend("const" = 1))]
    schema_version: u32,
    /// The group, by name or ARN.
    #[serde(default)]
    model_package_group: Option<String>,
    /// The output of `aws sagemaker list-model-packages`; if missing, the described packages are
    /// the list.
    #[serde(rename = "list-model-packages", default)]
    list: Option<PackageList>,
    /// The output of `aws sagemaker describe-model-package` for each package.
    #[serde(rename = "describe-model-package", default)]
    descriptions: Vec<Package>,
}

/// The output of `aws sagemaker list-model-packages`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "the format of a file")]
struct PackageList {
    /// The packages.
    model_package_summary_list: Vec<Package>,
}

/// A model package; other properties are permitted.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "the format of a file")]
struct Package {
    /// Its ARN.
    model_package_arn: String,
    /// The creation time: ISO 8601, or seconds since 1970.
    #[schemars(extend("type" = ["string", "number"]))]
    creation_time: Json,
    /// The status, such as Completed or Failed.
    model_package_status: String,
    /// The approval status: Approved, Rejected or PendingManualApproval.
    #[serde(default)]
    model_approval_status: Option<String>,
}

fn assert_schema(name: &str, title: &str, schema: Json) {
    let mut schema = schema;
    schema["title"] = title.into();
    assert_fresh(name, &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
}

fn assert_fresh(name: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(name);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "schemas/{name} is stale: run UPDATE_SCHEMAS=1 cargo test -p model-release --features schema --test schemas"
    );
}

fn json(schema: Schema) -> Json {
    schema.to_value()
}

/// In input files, an optional value can be missing but not null.
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
    assert_schema("release-manifest.v2.json", "Release manifest", json(schema_for!(Manifest)));
}

#[test]
fn the_schema_of_an_approval_is_fresh() {
    assert_schema("approval.v1.json", "Approval of a release", json(schema_for!(ApprovalRecord)));
}

#[test]
fn the_schema_of_a_rollout_is_fresh() {
    assert_schema("rollout.v1.json", "Rollout", json(schema_for!(rollout::Rollout)));
}

#[test]
fn the_schema_of_an_event_of_the_history_is_fresh() {
    assert_schema("history-event.v1.json", "Event of the history of releases", json(schema_for!(Event)));
}

#[test]
fn the_schema_of_an_answer_of_the_history_is_fresh() {
    assert_schema("history.v1.json", "Answer of the history of releases", json(schema_for!(HistoryAnswer)));
}

#[test]
fn the_schema_of_a_plan_is_fresh() {
    assert_schema("plan.v1.json", "Plan", json(schema_for!(PlanDocument)));
}

#[test]
fn the_schema_of_a_release_dossier_is_fresh() {
    assert_schema("release-dossier.v1.json", "Release dossier", json(schema_for!(Dossier)));
}

#[test]
fn the_schema_of_a_stage_s_status_is_fresh() {
    assert_schema("status.v1.json", "Status of a stage", json(schema_for!(StageStatus)));
}

#[test]
fn the_schema_of_a_fleet_s_status_is_fresh() {
    assert_schema("fleet-status.v1.json", "Status of a fleet", json(schema_for!(FleetStatus)));
}

#[test]
fn the_schema_of_what_doctor_finds_is_fresh() {
    assert_schema("doctor.v1.json", "What doctor found", json(schema_for!(DoctorReport)));
}

#[test]
fn the_schema_of_the_result_of_package_is_fresh() {
    assert_schema("package-result.v1.json", "Result of package", json(schema_for!(PackageResult)));
}

#[test]
fn the_schema_of_a_stage_file_is_fresh() {
    assert_schema("stage-config.v1.json", "Stage parameters", without_null(schema_for!(StageFile)));
}

#[test]
fn the_schema_of_an_override_file_is_fresh() {
    assert_schema("stage-overrides.v1.json", "Overrides of a stage", without_null(schema_for!(OverrideFile)));
}

#[test]
fn the_schema_of_the_endpoint_tests_is_fresh() {
    assert_schema("endpoint-tests.v1.json", "Endpoint tests", endpoint_test::suite::json_schema());
}

#[test]
fn the_schema_of_the_test_results_is_fresh() {
    assert_schema("test-results.v1.json", "Test results", endpoint_test::report::json_schema());
}

#[test]
fn the_schemas_of_what_a_check_reads_and_writes_are_fresh() {
    assert_schema("check-input.v1.json", "What an endpoint check reads", endpoint_test::check_input_schema());
    assert_schema("check-output.v1.json", "What an endpoint check writes", endpoint_test::check_output_schema());
}

#[test]
fn the_schema_of_a_release_policy_is_fresh() {
    assert_schema("release-policy.v1.json", "Release policy", json(schema_for!(ReleasePolicy)));
}

#[test]
fn the_schema_of_a_registry_snapshot_is_fresh() {
    assert_schema("registry-snapshot.v1.json", "Registry snapshot", json(schema_for!(RegistrySnapshot)));
}
