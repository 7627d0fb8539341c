//! The commands of a dossier are valid command lines; the end-to-end tests run them.

use clap::Parser as _;

use super::*;
use command_line::Cli;
use model_release::dossier::{Claim, Evidence, assemble};
use model_release::manifest::Manifest;
use model_release::release_build::Built;

fn release() -> Release {
    let stage = |name: &str| {
        serde_json::json!({
            "env_type": name, "config": format!("{name}.json"), "accounts": ["222222222222"], "regions": ["us-east-1", "eu-west-1"],
            "execution_role_name": "Role", "endpoints": ["iris"], "stack_set": "iris",
        })
    };
    let manifest: Manifest = serde_json::from_value(serde_json::json!({
        "schema_version": 1, "tool": { "name": "test", "version": "1" }, "action": "deploy",
        "source": { "commit": null, "dirty": null }, "project": { "name": "iris", "id": "p-1", "environment": "env" },
        "model_package": {
            "arn": "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13", "group": "iris", "version": 13,
            "approval_status": "Approved", "status": "Completed", "created": "2026-01-01T00:00:00Z", "images": [], "model_data": [],
        },
        "choice": { "selection": "latest-approved", "because": "it is the newest", "passed_over": [] },
        "stages": { "staging": stage("staging"), "prod": stage("prod") }, "files": {},
    }))
    .unwrap();
    Release::of(Built { manifest, digest: format!("sha256:{}", "a".repeat(64)), files: Vec::new() })
}

fn dossier(production: Option<&str>, pipeline: Option<&str>) -> Dossier {
    let release = release();
    let mut dossier = assemble(&release, &Evidence::without(crate::tool(), "nothing was read"));
    if let Some(arn) = production {
        dossier.comparison.production = Claim::declared(arn.to_owned(), "test");
    }
    let paths = Paths { build_dir: "target/the release".into(), staging: "it's.json".into(), pipeline };
    add(&mut dossier, &release, &paths);
    dossier
}

/// The words of a command, as a shell reads them. The paths of this test have spaces and quotes.
fn words(command: &str) -> Vec<String> {
    let output = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {command}")]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn every_command_of_this_program_is_valid() {
    let mut parsed = 0;
    for production in
        ["arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/12", "arn:aws:sagemaker:us-east-1:111111111111:model-package/other/2"]
    {
        let dossier = dossier(Some(production), Some("pipeline"));
        for command in dossier.verify.iter().chain(&dossier.roll_back).filter(|command| command.command.starts_with("xtask ")) {
            let words = words(&command.command);
            Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
            parsed += 1;
        }
    }
    assert_eq!(parsed, 10);
    let release = release();
    Cli::try_parse_from(words(&remove(&release))).unwrap();
    assert!(remove(&release).contains("--instance 222222222222/us-east-1 --instance 222222222222/eu-west-1"));
}

#[test]
fn a_package_of_another_group_is_named_by_its_arn() {
    let other = "arn:aws:sagemaker:us-east-1:111111111111:model-package/other/2";
    let back = dossier(Some(other), Some("pipeline")).roll_back;
    assert!(back[0].command.ends_with(&format!("value={other}")) && back[1].command.contains(other), "{back:#?}");
    let own = dossier(Some("arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/12"), Some("pipeline")).roll_back;
    assert!(own[0].command.ends_with("--variables name=MODEL_PACKAGE,value=12"), "{own:#?}");
}

#[test]
fn without_a_known_model_in_production_there_is_no_command_to_go_back() {
    assert!(dossier(None, Some("pipeline")).roll_back.is_empty());
}
