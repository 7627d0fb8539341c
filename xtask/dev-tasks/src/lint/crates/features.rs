//! Compiles each published crate without features and with each feature by itself.
//!
//! The AWS SDK is never compiled for this: with other features than the program's, it takes minutes
//! and 5 GB. Its features are in the default ones, which the workspace compiles.

use super::{Lint, PublishedCrate};
use crate::program::cargo;
use model_release::{Diagnostic, Failure};
use terminal::Project;

pub(super) fn check(lint: &mut Lint, project: &Project, published: &[PublishedCrate]) -> Result<(), Failure> {
    for item in published {
        for feature in sets(item) {
            if needs_the_sdk(project, &item.name, feature)? {
                continue;
            }
            let name = if feature.is_empty() {
                format!("published crates: {} without features", item.name)
            } else {
                format!("published crates: {} with `{feature}` only", item.name)
            };
            let clippy =
                ["clippy", "--locked", "--quiet", "--no-default-features", "--lib", "--package", &item.name, "--features", feature];
            lint.step(&name, &cargo(project).args(clippy).args(["--", "--deny", "warnings"]))?;
        }
    }
    Ok(())
}

/// No feature, and each feature by itself.
fn sets(item: &PublishedCrate) -> Vec<&str> {
    let features = item.package["features"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    std::iter::once("").chain(features.filter(|name| *name != "default")).collect()
}

fn needs_the_sdk(project: &Project, name: &str, feature: &str) -> Result<bool, Failure> {
    let tree = ["tree", "--locked", "--quiet", "--edges", "normal,build", "--prefix", "none", "--format", "{p}", "--no-default-features"];
    let (succeeds, output) = cargo(project).args(tree).args(["--package", name, "--features", feature]).output()?;
    if !succeeds {
        return Err(Diagnostic::error("`cargo tree` does not list the dependencies").detail(output.trim()).into());
    }
    Ok(output.lines().any(is_of_the_sdk))
}

fn is_of_the_sdk(line: &str) -> bool {
    ["aws-config ", "aws-runtime ", "aws-sdk-", "aws-smithy-"].iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_a_set_of_its_own() {
        let item = PublishedCrate::new(serde_json::json!({ "name": "x", "features": { "default": ["a"], "a": [], "b": ["a"] } }));
        assert_eq!(sets(&item), ["", "a", "b"]);
    }

    #[test]
    fn the_sdk_is_recognised_by_its_crates() {
        assert!(is_of_the_sdk("aws-sdk-s3 v1.0.0") && is_of_the_sdk("aws-smithy-types v1.0.0"));
        assert!(!is_of_the_sdk("aws-names v0.1.0 (/x)") && !is_of_the_sdk("aws-lc-rs v1.0.0"));
    }
}
