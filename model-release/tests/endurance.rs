//! Many builds in one process: memory and descriptors stay flat.
//!
//! `cargo xtask soak endurance` makes 10,000 builds. It is a test program of its own, since other
//! tests in the same process would be measured, too.
#![cfg(target_os = "linux")]

use std::path::Path;

use cfn_render::PackageOptions;
use cfn_render::store::Directory;
use model_registry::Selection;
use model_registry::documents::NoDocuments;
use model_registry::snapshot::Snapshot;
use model_release::approved_bytes::NoArtifacts;
use model_release::configuration::{BaseFile, Configuration, ConfigurationFiles, StageFiles};
use model_release::manifest::{Source, Tool};
use model_release::release_build::{BuildRequest, Home, StageRequest};
use model_release::{Accounts, PackageSelection, RegistryAccess, Stage};
use sandbox::usage::{Allowance, Usage, flat};

const REGISTRY: &str = include_str!("../../examples/registry.json");
const GROUP: &str = "iris-p-abc123xyz";

fn request() -> BuildRequest {
    let stage = |stage: Stage| StageRequest {
        stage,
        config_file: format!("{stage}-config.json"),
        env_type: stage.name().to_owned(),
        execution_role: "ds-model-execution-role".to_owned(),
        accounts: Accounts::Own,
        waves: None,
    };
    BuildRequest {
        project_name: "iris".to_owned(),
        project_id: "p-abc123xyz".to_owned(),
        env_name: "ds".to_owned(),
        group: GROUP.parse().unwrap(),
        selection: PackageSelection { selection: Some(Selection::LatestApproved), allow_unapproved: false, policy: None, event: None },
        regions: Vec::new(),
        regional_packages: std::collections::BTreeMap::new(),
        stages: [stage(Stage::Staging), stage(Stage::Prod)],
        volume_kms_key_arn: None,
        output_template: "cfn-sm-endpoint.yaml".to_owned(),
        template_configuration: false,
        without_pipeline: false,
        sources: &[],
    }
}

/// A build from the project's own files: its digest.
async fn build(project: &Path, artifacts: &Path) -> String {
    let stages = [(Stage::Staging, "staging-config-template.json"), (Stage::Prod, "prod-config-template.json")];
    let stages = stages.map(|(stage, name)| StageFiles {
        stage,
        config: project.join(name),
        is_required: true,
        overrides: project.join(format!("{stage}-overrides.json")),
    });
    let base = BaseFile { path: project.join("base.json"), is_named: false };
    let template = Some(project.join("cfn-sm-endpoint-template.yml"));
    let configuration = Configuration::read(&ConfigurationFiles { template, base, stages: stages.into() }).unwrap();
    let request = request();
    let access = |_: Option<&_>| RegistryAccess {
        registry: Snapshot::parse(REGISTRY).unwrap(),
        documents: NoDocuments,
        artifacts: None::<NoArtifacts>,
    };
    let prepared = request.prepare(&configuration, access, &Home::default(), |_| {}).await.unwrap();
    let packaged =
        configuration.template.package(&Directory::new(artifacts, "artifacts", "us-east-1"), &PackageOptions::default()).await.unwrap();
    let tool = Tool { name: "test".to_owned(), version: "1".to_owned() };
    let source = Source { commit: None, dirty: None };
    prepared.finish(&request, &configuration.template, packaged, source, tool).unwrap().digest
}

#[allow(clippy::print_stdout, reason = "`soak` shows the figures")]
#[test]
fn builds_in_one_process_use_no_more_and_are_the_same() {
    let builds: usize = std::env::var("BUILDS").ok().and_then(|value| value.parse().ok()).unwrap_or(40);
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let artifacts = Path::new(env!("CARGO_TARGET_TMPDIR")).join("endurance");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime.block_on(build(project, &artifacts));
    let mut samples = Vec::new();
    for number in 1..builds {
        let digest = runtime.block_on(build(project, &artifacts));
        assert_eq!(digest, first, "build {number}");
        if number % (builds / 40).max(1) == 0 {
            samples.push(Usage::of(std::process::id()).unwrap());
        }
    }
    let (early, late) = flat(&samples, Allowance { resident_kib: 2048, descriptors: 0 }).unwrap();
    println!("{builds} builds: {early:?} in the second quarter, {late:?} in the last one");
}
