//! Opening a release whose files have the right checksums and contradict its manifest.

use std::path::{Path, PathBuf};

use model_release::manifest::Manifest;
use model_release::release_build::Built;
use model_release::{FailureKind, Release, files};
use serde_json::json;

use crate::project::*;

/// A release folder, changed by `edit`, whose checksums are right again afterwards.
fn opened(name: &str, edit: impl FnOnce(&mut Built)) -> Result<Release, Vec<String>> {
    let mut built = built(TEMPLATE, 5, &[]);
    for stage in ["staging", "prod"] {
        built.files.push((format!("{stage}-accounts.json"), json!([A, B]).to_string().into_bytes()));
    }
    edit(&mut built);
    built.manifest.files = built.files.iter().map(|(name, bytes)| (name.clone(), files::digest(bytes))).collect();
    let folder = folder(name);
    for (name, bytes) in &built.files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    std::fs::write(folder.join("release-manifest.json"), built.manifest.to_json()).unwrap();
    Release::open(&folder).map_err(|failure| {
        assert_eq!(failure.kind, FailureKind::BadInput);
        failure.diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect()
    })
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("contradictions").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn replace(built: &mut Built, name: &str, bytes: impl Into<Vec<u8>>) {
    built.files.retain(|(known, _)| known != name);
    built.files.push((name.to_owned(), bytes.into()));
}

fn parameters(version: u32) -> String {
    json!([{ "ParameterKey": "ModelPackageName", "ParameterValue": package(version) }]).to_string()
}

fn edited(manifest: &Manifest, edit: impl FnOnce(&mut serde_json::Value)) -> Manifest {
    let mut value = serde_json::to_value(manifest).unwrap();
    edit(&mut value);
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_release_that_agrees_with_itself_is_opened() {
    opened("right", |_| {}).unwrap();
    // A template can have its model package somewhere else.
    opened("no-parameter", |built| {
        replace(
            built,
            "template.yaml",
            TEMPLATE.replace("ModelPackageName: { Type", "Package: { Default: x, Type").replace("!Ref ModelPackageName", "!Ref Package"),
        );
        replace(built, "staging.json", "[]");
    })
    .unwrap();
}

#[test]
fn the_parameters_of_every_target_select_the_manifests_model_package() {
    let wrong = opened("parameters", |built| replace(built, "staging.json", parameters(2))).unwrap_err();
    assert_eq!(wrong, ["`ModelPackageName` of the staging stage in `us-east-1` is not the model package of the manifest"]);
    assert_eq!(opened("no-value", |built| replace(built, "prod.json", "[]")).unwrap_err().len(), 1);
    let wrong = opened("override", |built| {
        built.manifest = edited(&built.manifest, |manifest| {
            let parameters = json!({ "ModelPackageName": package(2) });
            manifest["stages"]["prod"]["parameter_overrides"] = json!([{ "account": B, "parameters": parameters }]);
        });
    });
    assert_eq!(wrong.unwrap_err(), ["`ModelPackageName` of the prod stage in `us-east-1` is not the model package of the manifest"]);
    let regional = |version: u32| {
        opened(&format!("region-{version}"), move |built| {
            let west = |version| format!("arn:aws:sagemaker:eu-west-1:111111111111:model-package/iris/{version}");
            built.manifest = edited(&built.manifest, |manifest| {
                manifest["model_package"]["regions"] = json!({ WEST: { "arn": west(5), "images": [], "model_data": [] } });
                for stage in ["staging", "prod"] {
                    let stage = &mut manifest["stages"][stage];
                    stage["regions"] = json!([EAST, WEST]);
                    stage["parameter_overrides"] = json!([{ "region": WEST, "parameters": { "ModelPackageName": west(version) } }]);
                }
            });
        })
    };
    regional(5).unwrap();
    assert_eq!(regional(4).unwrap_err().len(), 2);
    let configuration = |version| json!({ "Parameters": { "ModelPackageName": package(version) } }).to_string();
    let with = |version| {
        opened(&format!("action-{version}"), move |built| replace(built, "prod-template-configuration.json", configuration(version)))
    };
    with(5).unwrap();
    assert_eq!(with(2).unwrap_err(), ["`ModelPackageName` in `prod-template-configuration.json` is not a model package of the manifest"]);
}

#[test]
fn the_accounts_files_have_the_manifests_accounts() {
    let wrong = opened("accounts", |built| replace(built, "staging-accounts.json", json!([A]).to_string())).unwrap_err();
    assert_eq!(wrong, ["the accounts in `staging-accounts.json` are not those of the staging stage in the manifest"]);
    let missing = opened("no-accounts", |built| built.files.retain(|(name, _)| name != "prod-accounts.json")).unwrap_err();
    assert_eq!(missing, ["the release has no file `prod-accounts.json`"]);
    assert_eq!(opened("not-accounts", |built| replace(built, "prod-accounts.json", "[1]")).unwrap_err().len(), 1);
}

/// Deploying and testing would otherwise judge such a manifest differently.
#[test]
fn an_action_or_targets_that_cannot_be_deployed_are_refused_by_every_command() {
    let with =
        |name: &str, edit: fn(&mut serde_json::Value)| opened(name, |built| built.manifest = edited(&built.manifest, edit)).unwrap_err();
    assert_eq!(
        with("none", |manifest| manifest["action"] = json!("none")),
        ["the action of the release is `none`, so there is nothing to deploy"]
    );
    let twice = with("twice", |manifest| manifest["stages"]["prod"]["accounts"] = json!([A, B, A]));
    assert_eq!(twice, ["the prod stage names the same account twice"]);
    let no_regions = with("no-regions", |manifest| manifest["stages"]["staging"]["regions"] = json!([]));
    assert_eq!(no_regions, ["the staging stage has no region"]);
}
