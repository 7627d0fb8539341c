//! Builds of a release from two registries, one per region.

use std::collections::BTreeMap;
use std::path::Path;

use model_registry::Selection;
use model_registry::documents::NoDocuments;
use model_registry::snapshot::Snapshot;
use model_release::approved_bytes::NoArtifacts;
use model_release::configuration::{BaseFile, Configuration, ConfigurationFiles, StageFiles};
use model_release::release_build::{BuildRequest, Event, Home, RegionalSelection, StageRequest};
use model_release::{Accounts, Diagnostic, Level, PackageSelection, RegistryAccess, Stage};
use serde_json::json;

use crate::project::*;

/// A registry with version 5 in each of these regions.
fn registry() -> Snapshot {
    let package = |region: &str| {
        json!({
            "ModelPackageGroupName": "iris", "ModelPackageVersion": 5,
            "ModelPackageArn": format!("arn:aws:sagemaker:{region}:111111111111:model-package/iris/5"),
            "CreationTime": "2026-01-01T00:00:00Z", "ModelPackageStatus": "Completed", "ModelApprovalStatus": "Approved",
        })
    };
    let list = json!({ "schema_version": 1, "list-model-packages": { "ModelPackageSummaryList": [package(EAST), package(WEST)] } });
    Snapshot::parse(&list.to_string()).unwrap()
}

pub(crate) fn configuration(name: &str) -> Configuration {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("builds").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("template.yaml"), TEMPLATE).unwrap();
    let stages = [Stage::Staging, Stage::Prod].map(|stage| {
        let config = folder.join(format!("{stage}.json"));
        std::fs::write(&config, "[]").unwrap();
        StageFiles { stage, config, is_required: true, overrides: folder.join(format!("{stage}-overrides.json")) }
    });
    let base = BaseFile { path: folder.join("base.json"), is_named: false };
    Configuration::read(&ConfigurationFiles { template: Some(folder.join("template.yaml")), base, stages: stages.into() }).unwrap()
}

/// A request for these regions. Every region but the first names its own package.
pub(crate) fn build_request(regions: &[&str], without_pipeline: bool) -> BuildRequest {
    let stage = |stage: Stage| StageRequest {
        stage,
        config_file: format!("{stage}.json"),
        env_type: stage.name().to_owned(),
        execution_role: "ModelRole".to_owned(),
        accounts: Accounts::Own,
        waves: None,
    };
    let arn = |region: &str| format!("arn:aws:sagemaker:{region}:111111111111:model-package/iris/5").parse().unwrap();
    BuildRequest {
        project_name: "iris".to_owned(),
        project_id: "p-1".to_owned(),
        env_name: "env".to_owned(),
        group: "iris".parse().unwrap(),
        selection: PackageSelection { selection: Some(Selection::Arn(arn(EAST))), allow_unapproved: false, policy: None, event: None },
        regions: regions.iter().map(|region| region.parse().unwrap()).collect(),
        regional_packages: regions[1..]
            .iter()
            .map(|region| (region.parse().unwrap(), RegionalSelection::Arn(arn(region))))
            .collect::<BTreeMap<_, _>>(),
        stages: [stage(Stage::Staging), stage(Stage::Prod)],
        volume_kms_key_arn: None,
        output_template: "template.yaml".to_owned(),
        template_configuration: false,
        without_pipeline,
        sources: &[],
    }
}

/// The warnings of a build for these regions.
fn warnings(name: &str, regions: &[&str], without_pipeline: bool) -> Vec<Diagnostic> {
    let request = build_request(regions, without_pipeline);
    let mut found = Vec::new();
    let access = |_: Option<&_>| RegistryAccess { registry: registry(), documents: NoDocuments, artifacts: None::<NoArtifacts> };
    let on_event = |event: Event<'_>| {
        if let Event::Found(diagnostic) = event {
            found.push(diagnostic);
        }
    };
    block_on(request.prepare(&configuration(name), access, &Home::default(), on_event)).unwrap();
    found.retain(|diagnostic| diagnostic.level == Level::Warning);
    found
}

#[test]
fn regional_model_packages_are_overrides_that_codepipeline_does_not_pass() {
    let found = warnings("regional", &[EAST, WEST], false);
    let subjects: Vec<_> = found.iter().map(|warning| (warning.code, warning.subject.as_deref())).collect();
    assert_eq!(subjects, [(Some("overrides-not-passed"), Some("staging")), (Some("overrides-not-passed"), Some("prod"))]);
    assert_eq!(found[0].details, ["eu-west-1 needs arn:aws:sagemaker:eu-west-1:111111111111:model-package/iris/5"]);
    assert_eq!(warnings("no-pipeline", &[EAST, WEST], true), []);
    assert_eq!(warnings("one-region", &[EAST], false), []);
}
