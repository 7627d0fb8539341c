//! `build`: the files of a release.

use serde_json::{Value as Json, json};

use crate::cloud::Cloud;
use crate::project::Project;

const REGISTRY: [&str; 3] = ["build", "--registry", "examples/registry.json"];

fn parameters(file: &Json) -> Vec<(String, String)> {
    let text = |entry: &Json, name: &str| entry[name].as_str().unwrap().to_owned();
    file.as_array().unwrap().iter().map(|entry| (text(entry, "ParameterKey"), text(entry, "ParameterValue"))).collect()
}

#[test]
fn a_release_is_built_from_a_snapshot_without_any_call_to_aws() {
    let mut project = Project::new().with_pipeline_variables();
    // Any call to AWS would fail.
    project.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    project.set("AWS_ACCESS_KEY_ID", "nobody");
    project.set("AWS_SECRET_ACCESS_KEY", "nothing-at-all");
    project.run(REGISTRY).ends_with(0).says("iris-p-abc123xyz version 13");

    let staging = parameters(&project.json("target/deploy/staging-config.json"));
    assert_eq!(
        staging,
        [
            ("DeploymentAttempt", ""),
            ("EndpointInstanceCount", "1"),
            ("EndpointInstanceType", "ml.m5.large"),
            ("EnvName", "ds"),
            ("EnvType", "staging"),
            ("ExecutionRoleName", "ds-model-execution-role"),
            ("ModelPackageName", "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris-p-abc123xyz/13"),
            ("SageMakerProjectId", "p-abc123xyz"),
            ("SageMakerProjectName", "iris"),
            ("SageMakerSecurityGroupIds", "ds-staging-sagemaker-sg-ids"),
            ("SageMakerSubnetIds", "ds-staging-private-subnet-ids"),
            ("VolumeKmsKeyArn", "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(project.json("target/deploy/staging-accounts.json"), json!(["222222222222"]));
    assert_eq!(project.json("target/deploy/prod-accounts.json"), json!(["333333333333"]));
    assert_eq!(project.read("target/deploy/cfn-sm-endpoint.yaml"), project.read("cfn-sm-endpoint-template.yml"));

    let manifest = project.json("target/deploy/release-manifest.json");
    assert_eq!(manifest["schema_version"], 2);
    assert_eq!(manifest["action"], "deploy");
    assert_eq!(manifest["model_package"]["version"], 13);
    assert_eq!(manifest["model_package"]["created"], "2026-01-01T00:00:00Z");
    assert_eq!(manifest["choice"]["selection"], "latest-approved");
    assert_eq!(manifest["choice"]["passed_over"][0]["reason"], "pending approval");
    assert_eq!(manifest["stages"]["staging"]["endpoints"], json!(["iris-p-abc123xyz-staging"]));
    assert_eq!(manifest["stages"]["prod"]["stack_set"], "sagemaker-iris-p-abc123xyz-deploy-prod");
    assert_eq!(manifest["files"].as_object().unwrap().len(), 5);
    assert!(project.read("target/deploy/release.env").contains("MODEL_PACKAGE_VERSION='13'\n"));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let project = Project::new().with_pipeline_variables();
    project.run(REGISTRY).ends_with(0);
    let first = project.files("target/deploy");
    project.run(REGISTRY).ends_with(0);
    assert_eq!(first, project.files("target/deploy"));
}

#[test]
fn flags_override_variables_and_an_empty_one_counts_as_not_set() {
    let mut project = Project::new().with_pipeline_variables();
    project.set("STAGING_CONFIG_NAME", "");
    let flags = ["--env-type-staging-name", "stg", "--staging-accounts", " 222222222222, 444444444444,222222222222,", "--regions", ""];
    project.run(REGISTRY.iter().chain(&flags)).ends_with(0).says("`EnvType` is `staging` here, but is overridden by the pipeline's `stg`");
    let staging = parameters(&project.json("target/deploy/staging-config.json"));
    assert_eq!(staging.iter().filter(|(name, _)| name == "EnvType").map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["stg"]);
    assert!(staging.contains(&("SageMakerSubnetIds".to_owned(), "ds-stg-private-subnet-ids".to_owned())));
    assert_eq!(project.json("target/deploy/staging-accounts.json"), json!(["222222222222", "444444444444"]));
    let manifest = project.json("target/deploy/release-manifest.json");
    assert_eq!(manifest["stages"]["staging"]["endpoints"], json!(["iris-p-abc123xyz-stg"]));
    assert_eq!(manifest["stages"]["staging"]["stack_set"], "sagemaker-iris-p-abc123xyz-deploy-stg");
}

#[test]
fn without_multi_account_both_stages_deploy_to_the_account_of_the_registry() {
    let mut project = Project::new().with_pipeline_variables();
    project.set("MULTI_ACCOUNT_DEPLOYMENT", "No");
    project.run(REGISTRY).ends_with(0);
    assert_eq!(project.json("target/deploy/staging-accounts.json"), json!(["111111111111"]));
    assert_eq!(project.json("target/deploy/prod-accounts.json"), json!(["111111111111"]));
}

#[test]
fn a_template_that_declares_accounts_gets_them_and_another_extension_is_found() {
    let project = Project::new().with_pipeline_variables();
    let template = project
        .read("cfn-sm-endpoint-template.yml")
        .replace("Parameters:\n", "Parameters:\n  Accounts:\n    Type: String\n    Default: ''\n\n");
    std::fs::remove_file(project.path("cfn-sm-endpoint-template.yml")).unwrap();
    project.write("cfn-sm-endpoint-template.yaml", &template);
    project.run(REGISTRY.iter().chain(&["--staging-accounts", "222222222222,444444444444"])).ends_with(0);
    let staging = parameters(&project.json("target/deploy/staging-config.json"));
    assert!(staging.contains(&("Accounts".to_owned(), "222222222222,444444444444".to_owned())));
    assert_eq!(project.read("target/deploy/cfn-sm-endpoint.yaml"), template);
}

#[test]
fn a_version_can_be_named_and_must_be_approved() {
    let project = Project::new().with_pipeline_variables();
    project.run(REGISTRY.iter().chain(&["--model-package", "12"])).ends_with(0);
    assert_eq!(project.json("target/deploy/release-manifest.json")["model_package"]["version"], 12);
    project.run(REGISTRY.iter().chain(&["--model-package", "15"])).ends_with(2).says("rejected");
    assert_eq!(project.json("target/deploy/release-manifest.json")["model_package"]["version"], 12);
}

#[test]
fn with_format_json_standard_output_is_only_json() {
    let project = Project::new().with_pipeline_variables();
    let run = project.run(REGISTRY.iter().chain(&["--format", "json"])).ends_with(0);
    let printed: Json = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(printed, project.json("target/deploy/release-manifest.json"));
}

/// A project whose template names a local file.
fn with_artifact(project: &Project) {
    let job = "Resources:\n  Job: {Type: 'AWS::Glue::Job', Properties: {Command: {Name: glueetl, ScriptLocation: job.py}, Role: role}}\n";
    let template = project.read("cfn-sm-endpoint-template.yml").replacen("Resources:\n", job, 1);
    project.write("cfn-sm-endpoint-template.yml", &template);
    project.write("job.py", "print(1)\n");
}

#[test]
fn a_second_build_uploads_nothing_and_names_the_same_objects() {
    let cloud = Cloud::new();
    let mut project = cloud.project();
    project.set("ARTIFACT_BUCKET", "artifacts-of-the-team");
    cloud.make_bucket("artifacts-of-the-team");
    with_artifact(&project);
    project.run(REGISTRY).ends_with(0);
    assert_eq!(cloud.requests("PutObject").len(), 1);
    let template = project.read("target/deploy/cfn-sm-endpoint.yaml");
    assert!(template.contains("s3://artifacts-of-the-team/"), "{template}");
    project.run(REGISTRY).ends_with(0);
    assert_eq!((cloud.requests("HeadObject").len(), cloud.requests("PutObject").len()), (2, 1));
    assert_eq!(project.read("target/deploy/cfn-sm-endpoint.yaml"), template);
}

#[test]
fn artifact_dir_gets_the_artifacts_without_aws() {
    let mut project = Project::new().with_pipeline_variables();
    project.set("ARTIFACT_BUCKET", "artifacts-of-the-team");
    project.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    with_artifact(&project);
    project.run(REGISTRY.iter().chain(&["--artifact-dir", "artifacts"])).ends_with(0);
    let template = project.read("target/deploy/cfn-sm-endpoint.yaml");
    let key = template.split("s3://artifacts-of-the-team/").nth(1).unwrap().split('}').next().unwrap();
    assert_eq!(project.read(&format!("artifacts/{key}")), "print(1)\n");
}
