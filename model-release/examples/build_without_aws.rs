//! Builds a release from a template, two stage files and a file of model packages, and opens it:
//! `cargo run -p model-release --no-default-features --example build_without_aws`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use cfn_render::PackageOptions;
use cfn_render::store::Directory;
use model_registry::Selection;
use model_registry::documents::NoDocuments;
use model_registry::snapshot::Snapshot;
use model_release::approved_bytes::NoArtifacts;
use model_release::configuration::{BaseFile, Configuration, ConfigurationFiles, StageFiles};
use model_release::manifest::{Source, Tool};
use model_release::release_build::{BuildRequest, Built, Home, StageRequest};
use model_release::{Accounts, Failure, PackageSelection, RegistryAccess, Release, Stage};

const REGISTRY: &str = r#"{ "schema_version": 1, "describe-model-package": [
    { "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13", "CreationTime": "2026-01-01T00:00:00Z",
      "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved", "InferenceSpecification": { "Containers": [
        { "Image": "111111111111.dkr.ecr.us-east-1.amazonaws.com/iris:1" } ] } } ] }"#;
const TEMPLATE: &str = "Parameters:
  SageMakerProjectName: { Type: String }
  SageMakerProjectId: { Type: String }
  ModelPackageName: { Type: String }
  EnvName: { Type: String }
  EnvType: { Type: String }
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      PrimaryContainer: { ModelPackageName: !Ref ModelPackageName }
      ExecutionRoleArn: !Sub 'arn:aws:iam::${AWS::AccountId}:role/Execution'
  Configuration:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - { VariantName: AllTraffic, ModelName: !GetAtt Model.ModelName, InstanceType: ml.m5.large, InitialInstanceCount: 1 }
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: !Sub '${SageMakerProjectName}-${EnvType}'
      EndpointConfigName: !GetAtt Configuration.EndpointConfigName
";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let project = folder.path();
    fs::write(project.join("template.yml"), TEMPLATE)?;
    for stage in ["staging", "prod"] {
        fs::write(project.join(format!("{stage}-config-template.json")), "[]")?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let built = runtime.block_on(build(project)).map_err(|failure| format!("{:?}", failure.diagnostics))?;
    let output = project.join("release");
    fs::create_dir(&output)?;
    for (name, bytes) in &built.files {
        println!("{name}: {} bytes", bytes.len());
        fs::write(output.join(name), bytes)?;
    }

    // Verifies every file against the manifest.
    let release = Release::open(&output).map_err(|failure| format!("{:?}", failure.diagnostics))?;
    assert_eq!(release.parameters(Stage::Prod).map_err(|failure| format!("{:?}", failure.diagnostics))?["EnvType"], "prod");
    Ok(())
}

async fn build(project: &Path) -> Result<Built, Failure> {
    let stage_files = |stage: Stage| StageFiles {
        stage,
        config: project.join(format!("{stage}-config-template.json")),
        is_required: true,
        overrides: project.join(format!("{stage}-overrides.json")),
    };
    let configuration = Configuration::read(&ConfigurationFiles {
        template: Some(project.join("template.yml")),
        base: BaseFile { path: project.join("base.json"), is_named: false },
        stages: [Stage::Staging, Stage::Prod].map(stage_files).into(),
    })?;
    let request = request()?;
    let access = |_: Option<&_>| RegistryAccess {
        registry: Snapshot::parse(REGISTRY).expect("the registry of this example is valid"),
        documents: NoDocuments,
        artifacts: None::<NoArtifacts>,
    };
    let prepared = request.prepare(&configuration, access, &Home::default(), |_event| {}).await?;
    let store = Directory::new(project.join("artifacts"), "artifacts", "us-east-1");
    let packaged = configuration.template.package(&store, &PackageOptions::default()).await.map_err(|error| {
        let problems = error.problems().iter().map(ToString::to_string).collect::<Vec<_>>();
        model_release::Diagnostic::error(problems.join("; "))
    })?;
    let tool = Tool { name: "example".to_owned(), version: "1".to_owned() };
    Ok(prepared.finish(&request, &configuration.template, packaged, Source { commit: None, dirty: None }, tool)?)
}

fn request() -> Result<BuildRequest, Failure> {
    let stage = |stage: Stage| StageRequest {
        stage,
        config_file: format!("{stage}-config.json"),
        env_type: stage.name().to_owned(),
        execution_role: "model-execution-role".to_owned(),
        accounts: Accounts::Own,
        waves: None,
    };
    Ok(BuildRequest {
        project_name: "iris".to_owned(),
        project_id: "p-abc123xyz".to_owned(),
        env_name: "ds".to_owned(),
        group: "iris".parse().map_err(|error| model_release::Diagnostic::error(format!("{error}")))?,
        selection: PackageSelection { selection: Some(Selection::LatestApproved), allow_unapproved: false, policy: None, event: None },
        regions: Vec::new(),
        regional_packages: BTreeMap::new(),
        stages: [stage(Stage::Staging), stage(Stage::Prod)],
        volume_kms_key_arn: None,
        output_template: "template.yaml".to_owned(),
        template_configuration: false,
        without_pipeline: false,
        sources: &[],
    })
}
