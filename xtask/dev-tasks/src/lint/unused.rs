//! Finds dependencies that no source file of their package names.

use std::collections::BTreeSet;
use std::path::Path;

use crate::program::packages;
use model_release::{Diagnostic, Failure};
use terminal::Project;

/// The unused ones: dependencies not named in `src`, and dev-dependencies not named anywhere.
pub(super) fn dependencies(project: &Project) -> Result<Vec<Diagnostic>, Failure> {
    let mut unused = Vec::new();
    for package in packages(project)? {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let manifest = text(&package["manifest_path"]);
        let folder = Path::new(&manifest).parent().unwrap_or(&project.root);
        let mut named = BTreeSet::new();
        words(&folder.join("src"), &mut named);
        let mut named_by_tests = named.clone();
        for path in ["tests", "benches", "examples", "README.md"] {
            words(&folder.join(path), &mut named_by_tests);
        }
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let name = text(dependency.get("rename").filter(|name| name.is_string()).unwrap_or(&dependency["name"]));
            let named = if dependency["kind"] == "dev" { &named_by_tests } else { &named };
            if !named.contains(&name.replace('-', "_")) {
                unused.push(Diagnostic::error(format!("the dependency `{name}` is not used")).file(Path::new(&manifest)));
            }
        }
    }
    Ok(unused)
}

/// Collects the words of a Markdown file, or of all Rust files in a folder.
fn words(path: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        words(&entry.path(), found);
    }
    if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        found.extend(text.split(|character: char| !character.is_alphanumeric() && character != '_').map(str::to_owned));
    }
}
