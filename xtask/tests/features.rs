//! `cargo test` must not build the AWS SDK a second time.
//!
//! Cargo builds a crate once per set of features. The AWS SDK and its dependencies must therefore
//! have the same features for `cargo run -p xtask`, for the workspace and for its tests. A member
//! or dev-dependency that adds a feature costs minutes and 5 GB.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

type Features = BTreeMap<String, BTreeSet<String>>;

fn cargo_tree(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output =
        Command::new(cargo).arg("tree").args(["--locked", "--prefix", "none"]).args(arguments).current_dir(workspace).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Each crate of a selection with its sets of features.
fn features(selection: &[&str]) -> Features {
    let arguments: Vec<_> = selection.iter().copied().chain(["--format", "{p}|{f}"]).collect();
    let mut features = Features::new();
    for line in cargo_tree(&arguments).lines() {
        let (name, set) = line.split_once('|').unwrap_or((line, ""));
        // cargo prints path dependencies with their folder, and repeated crates with an asterisk.
        let name = name.split(" (").next().unwrap_or(name).to_owned();
        features.entry(name).or_default().insert(set.trim_end_matches(" (*)").to_owned());
    }
    features
}

/// The SDK's crates, tokio, and their dependencies.
fn below_the_sdk() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for root in
        ["aws-sdk-sagemaker", "aws-sdk-sagemakerruntime", "aws-sdk-cloudformation", "aws-sdk-s3", "aws-sdk-sts", "aws-config", "tokio"]
    {
        let tree = cargo_tree(&["--package", root, "--edges", "normal,build", "--format", "{p}"]);
        names.extend(tree.lines().map(|line| line.split(" (").next().unwrap_or(line).to_owned()).filter(|name| !name.is_empty()));
    }
    names
}

#[test]
fn the_sdk_is_built_once_for_the_program_the_workspace_and_its_tests() {
    let program = features(&["--package", "xtask", "--edges", "normal,build"]);
    let below = below_the_sdk();
    assert!(below.iter().any(|name| name.starts_with("aws-sdk-sagemaker ")), "the SDK is in the tree: {below:?}");
    for (what, selection) in [
        ("the workspace", &["--workspace", "--edges", "normal,build"] as &[&str]),
        ("its tests", &["--workspace", "--edges", "normal,build,dev"]),
        ("xtask's tests", &["--package", "xtask", "--edges", "normal,build,dev"]),
    ] {
        let other = features(selection);
        for name in below.iter().filter(|name| program.contains_key(*name)) {
            assert_eq!(program.get(name), other.get(name), "`{name}` has other features in {what}: the AWS SDK would be built twice");
        }
    }
}

#[test]
fn the_tour_compiles_nothing_of_the_sdk() {
    let tour = features(&["--package", "xtask", "--no-default-features", "--edges", "normal,build"]);
    let sdk: Vec<_> = tour.keys().filter(|name| is_sdk(name) || name.starts_with("rustls")).collect();
    assert!(sdk.is_empty(), "{sdk:?}");
}

/// Whether a crate belongs to the AWS SDK; `aws-names` belongs to this workspace.
fn is_sdk(name: &str) -> bool {
    name.starts_with("aws-") && !name.starts_with("aws-names ")
}

#[test]
fn the_second_tls_stack_of_the_sdk_is_not_built() {
    let program = features(&["--package", "xtask", "--edges", "normal,build"]);
    for name in program.keys() {
        assert!(!name.starts_with("ring v") && !name.starts_with("rustls v0.21") && !name.starts_with("hyper v0."), "{name}");
    }
}
