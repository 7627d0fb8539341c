//! From what a release was built.

use std::collections::BTreeMap;

use release_records::{BuildDefinition, BuildMetadata, Builder, Provenance, ResourceDescriptor, RunDetails, Statement};
use serde_json::{Value as Json, json};

use super::{RecordingRun, subjects};
use crate::manifest::{Manifest, StageTargets};

/// How to read the parameters: version 1 of what this module writes.
const BUILD_TYPE: &str = "pkg:cargo/model-release#release/v1";

/// The provenance of a release; `digest` is that of its manifest. The same release of the same run
/// has the same statement, on every machine and for every user.
pub fn provenance(manifest: &Manifest, digest: &str, run: &RecordingRun) -> Statement<Provenance> {
    let predicate = Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: parameters(manifest),
            resolved_dependencies: dependencies(manifest),
        },
        run_details: RunDetails {
            builder: Builder { id: run.program(), version: run.version() },
            metadata: BuildMetadata { invocation_id: run.invocation.clone(), finished_on: Some(run.time()) },
        },
    };
    Statement::new(subjects::parts(manifest, digest), predicate)
}

pub(super) fn parameters(manifest: &Manifest) -> BTreeMap<String, Json> {
    let stage = |stage: &StageTargets| json!({ "environment_type": stage.env_type, "accounts": stage.accounts, "regions": stage.regions });
    let choice = &manifest.choice;
    let parameters = [
        ("project", json!(manifest.project)),
        ("model_package", json!(manifest.model_package.arn)),
        ("selection", json!(choice.selection)),
        ("without_approval", json!(choice.without_approval)),
        ("event", json!(choice.event)),
        ("source", json!(manifest.source)),
        ("stages", json!({ "staging": stage(&manifest.stages.staging), "prod": stage(&manifest.stages.prod) })),
    ];
    parameters.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The model packages, their images and model data, the commit and the release policy.
fn dependencies(manifest: &Manifest) -> Vec<ResourceDescriptor> {
    let package = &manifest.model_package;
    let packages = std::iter::once(&package.arn).chain(package.regions.values().map(|package| &package.arn));
    let model_data = package.model_data.iter().chain(package.regions.values().flat_map(|package| &package.model_data));
    let images = subjects::images(manifest).into_iter().map(|image| match image.split_once('@') {
        Some((name, digest)) => ResourceDescriptor::named(name, digest),
        None => ResourceDescriptor { name: Some(image.into_owned()), ..ResourceDescriptor::default() },
    });
    let commit = manifest.source.commit.iter().map(|commit| ResourceDescriptor::named("source", &format!("gitCommit:{commit}")));
    let policy = manifest.choice.release_policy.iter().map(|policy| ResourceDescriptor::named(&policy.file, &policy.digest));
    let mut dependencies: Vec<_> = packages
        .map(|arn| ResourceDescriptor::at(arn.as_str(), None))
        .chain(model_data.map(|url| ResourceDescriptor::at(url, None)))
        .chain(images)
        .chain(subjects::artifacts(manifest))
        .chain(commit)
        .chain(policy)
        .collect();
    dependencies.sort();
    dependencies.dedup();
    dependencies
}
