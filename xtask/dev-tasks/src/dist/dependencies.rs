//! The crates in the shipped program, from `cargo tree`, `cargo metadata` and Cargo.lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::program::cargo;
use model_release::{Diagnostic, Failure};
use terminal::{Project, files};

/// The crates by name and version (`serde@1.0.0`).
#[derive(Debug)]
pub(super) struct Dependencies {
    pub(super) root: String,
    pub(super) all: BTreeMap<String, Dependency>,
}

/// A crate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) licence: Option<String>,
    pub(super) description: Option<String>,
    pub(super) repository: Option<String>,
    /// Of its package on crates.io; crates of this workspace have none.
    pub(super) sha256: Option<String>,
    /// Its sources.
    pub(super) folder: PathBuf,
    pub(super) needs: BTreeSet<String>,
}

impl Dependencies {
    pub(super) fn of(project: &Project, triple: &str) -> Result<Self, Failure> {
        let output = |arguments: &[&str]| {
            let (succeeds, output) = cargo(project).args(arguments.iter().copied()).output()?;
            let problem = || Diagnostic::error(format!("`cargo {}` does not list the dependencies", arguments[0])).detail(output.trim());
            if succeeds { Ok(output) } else { Err(Failure::from(problem())) }
        };
        let selection = ["--locked", "--quiet", "--package", "xtask", "--no-default-features", "--features", "aws", "--target", triple];
        let format = ["--edges", "normal,build", "--prefix", "depth", "--format", "{p}"];
        let tree = output(&[&["tree"], selection.as_slice(), &format].concat())?;
        let metadata: Json = serde_json::from_str(&output(&["metadata", "--locked", "--quiet", "--format-version", "1"])?)
            .map_err(|error| Diagnostic::error(format!("the output of `cargo metadata` cannot be read: {error}")))?;
        let lock = project.root.join("Cargo.lock");
        let lock = std::fs::read_to_string(&lock).map_err(|error| Failure::bad_input(files::cannot("read", &lock, &error)))?;
        Ok(Self::from(&tree, &metadata, &lock))
    }

    pub(super) fn from(tree: &str, metadata: &Json, lock: &str) -> Self {
        let (root, edges) = edges(tree);
        let checksums = checksums(lock);
        let mut all = BTreeMap::new();
        for package in metadata["packages"].as_array().into_iter().flatten() {
            let text = |key: &str| package[key].as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            let (name, version) = (text("name").unwrap_or_default(), text("version").unwrap_or_default());
            let id = format!("{name}@{version}");
            let Some(needs) = edges.get(&id) else { continue };
            let manifest = text("manifest_path").unwrap_or_default();
            let dependency = Dependency {
                licence: text("license").map(|licence| licence.replace('/', " OR ")),
                description: text("description").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
                repository: text("repository"),
                sha256: checksums.get(&id).cloned(),
                folder: Path::new(&manifest).parent().map(Path::to_owned).unwrap_or_default(),
                needs: needs.clone(),
                name,
                version,
            };
            all.insert(id, dependency);
        }
        Self { root, all }
    }
}

/// The root and what each crate needs, from a tree with depths. A crate's subtree is printed once.
fn edges(tree: &str) -> (String, BTreeMap<String, BTreeSet<String>>) {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut path: Vec<String> = Vec::new();
    for line in tree.lines() {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(depth) = line[..digits].parse::<usize>() else { continue };
        let mut words = line[digits..].split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next().and_then(|version| version.strip_prefix('v'))) else { continue };
        let id = format!("{name}@{version}");
        path.truncate(depth);
        if let Some(parent) = path.last() {
            edges.entry(parent.clone()).or_default().insert(id.clone());
        }
        edges.entry(id.clone()).or_default();
        path.push(id);
    }
    (path.into_iter().next().unwrap_or_default(), edges)
}

fn checksums(lock: &str) -> BTreeMap<String, String> {
    let value = |package: &str, key: &str| {
        package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"').map(str::to_owned))
    };
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|package| Some((format!("{}@{}", value(package, "name")?, value(package, "version")?), value(package, "checksum")?)))
        .collect()
}
