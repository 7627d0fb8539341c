//! Finds the property tests of the workspace in its sources, so that none is forgotten.
//!
//! `test` runs them with a fixed seed, then fewer cases with a new seed. `soak` runs many cases.

use std::path::Path;

use model_release::{Diagnostic, Failure};
use terminal::Project;

/// The crates with property tests: name, folder, and the features of the tests. With only these
/// features, none compiles the AWS SDK.
const PACKAGES: [(&str, &str, &str); 9] = [
    ("cfn-render", "cfn-render", ""),
    ("endpoint-test", "endpoint-test", ""),
    ("model-registry", "model-registry", ""),
    ("model-release", "model-release", "signatures"),
    ("release-records", "release-records", "signatures"),
    ("sandbox", "xtask/sandbox", ""),
    ("stack-rollout", "stack-rollout", ""),
    ("stage-config", "stage-config", ""),
    ("team-repository", "team-repository", ""),
];

/// The property tests of one source file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Suite {
    /// `PACKAGE/FILE`, such as `stack-rollout/rollout/state_machine`.
    pub(crate) name: String,
    pub(crate) package: &'static str,
    /// The features of the package that the tests need.
    pub(crate) features: &'static str,
    /// The names of the test functions.
    pub(crate) properties: Vec<String>,
}

/// All suites, sorted by name.
pub(crate) fn suites(project: &Project) -> Result<Vec<Suite>, Failure> {
    let mut suites = Vec::new();
    for (package, folder, features) in PACKAGES {
        for kind in ["src", "tests"] {
            let root = project.root.join(folder).join(kind);
            if root.is_dir() {
                read_folder((package, features), &root, &root, &mut suites)?;
            }
        }
    }
    suites.sort();
    Ok(suites)
}

fn read_folder(of: (&'static str, &'static str), root: &Path, folder: &Path, suites: &mut Vec<Suite>) -> Result<(), Failure> {
    let (package, features) = of;
    let unreadable =
        |error: std::io::Error| Failure::bad_input(Diagnostic::error(format!("the sources cannot be read: {error}")).file(folder));
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            read_folder(of, root, &path, suites)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let properties = properties(&std::fs::read_to_string(&path).map_err(unreadable)?);
            if !properties.is_empty() {
                let file = path.with_extension("");
                let file = file.strip_prefix(root).expect("the folder is below its root").display().to_string();
                suites.push(Suite { name: format!("{package}/{file}"), package, features, properties });
            }
        }
    }
    Ok(())
}

/// The names of the property tests in a source: the functions inside proptest's macros. rustfmt
/// does not change the macros' indentation.
fn properties(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut end: Option<String> = None;
    for line in source.lines() {
        match &end {
            None if matches!(line.trim(), "proptest! {" | "prop_state_machine! {") => {
                let indentation = &line[..line.len() - line.trim_start().len()];
                end = Some(format!("{indentation}}}"));
            }
            None => {}
            Some(close) if line == close => end = None,
            Some(_) => {
                if let Some((name, _)) = line.trim_start().strip_prefix("fn ").and_then(|rest| rest.split_once('(')) {
                    names.push(name.to_owned());
                }
            }
        }
    }
    names
}

#[cfg(test)]
mod tests;
