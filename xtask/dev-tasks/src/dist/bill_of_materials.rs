//! The bill of materials: CycloneDX 1.6, as JSON. The same commit gives the same bytes.

use serde_json::{Value as Json, json};

use super::dependencies::{Dependencies, Dependency};
use super::recipe::Commit;

pub(super) fn json(dependencies: &Dependencies, checksum: &str, commit: Option<&Commit>) -> String {
    let Dependencies { root, all } = dependencies;
    let mut program = all.get(root).map_or_else(|| json!({}), |program| component(root, program));
    program["type"] = "application".into();
    program["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    let mut metadata = json!({ "component": program, "tools": { "components": [{ "type": "application", "name": "xtask dist", "version": env!("CARGO_PKG_VERSION") }] } });
    if let Some(commit) = commit {
        metadata["timestamp"] = commit.time().into();
        metadata["properties"] = json!([{ "name": "xtask:commit", "value": commit.id }]);
    }
    let components: Vec<Json> = all.iter().filter(|(id, _)| *id != root).map(|(id, dependency)| component(id, dependency)).collect();
    let graph: Vec<Json> = all.iter().map(|(id, dependency)| json!({ "ref": id, "dependsOn": dependency.needs })).collect();
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": serial_number(checksum), "metadata": metadata, "components": components, "dependencies": graph,
    });
    format!("{document:#}\n")
}

fn component(id: &str, dependency: &Dependency) -> Json {
    let Dependency { name, version, licence, description, repository, sha256, .. } = dependency;
    let mut component =
        json!({ "type": "library", "bom-ref": id, "name": name, "version": version, "purl": format!("pkg:cargo/{name}@{version}") });
    if let Some(text) = description {
        component["description"] = text.as_str().into();
    }
    if let Some(expression) = licence {
        component["licenses"] = json!([{ "expression": expression }]);
    }
    if let Some(sha256) = sha256 {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
    }
    if let Some(url) = repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": url }]);
    }
    component
}

/// A UUID (version 8) of the binary's checksum.
fn serial_number(checksum: &str) -> String {
    let digits = |from: usize, to: usize| checksum.get(from..to).unwrap_or("000000000000").to_owned();
    format!("urn:uuid:{}-{}-8{}-8{}-{}", digits(0, 8), digits(8, 12), digits(12, 15), digits(15, 18), digits(18, 30))
}
