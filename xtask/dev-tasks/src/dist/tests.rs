use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::*;

const TREE: &str =
    "0xtask v0.1.0 (/p/xtask)\n1serde v1.0.2\n2serde_derive v1.0.2 (proc-macro)\n1tokio v1.5.0\n2serde v1.0.2 (*)\n\n1serde v0.9.0\n";
const LOCK: &str = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.2\"\nchecksum = \"aa\"\n\n[[package]]\nname = \"xtask\"\nversion = \"0.1.0\"\ndependencies = [\n \"serde 1.0.2\",\n]\n";
const CHECKSUM: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

/// The crates of [`TREE`], with folders for their licences.
fn dependencies(folder: &Path) -> Dependencies {
    let package = |name: &str, version: &str, licence: Option<&str>| {
        let folder = folder.join(format!("{name}-{version}"));
        fs::create_dir_all(&folder).unwrap();
        json!({ "name": name, "version": version, "license": licence, "manifest_path": folder.join("Cargo.toml"),
                "description": " Two\n lines ", "repository": if name == "serde" { "https://example.com/serde".into() } else { Json::Null } })
    };
    let packages = [
        package("xtask", "0.1.0", Some("MIT-0")),
        package("serde", "1.0.2", Some("MIT/Apache-2.0")),
        package("serde", "0.9.0", None),
        package("serde_derive", "1.0.2", Some("MIT OR Apache-2.0")),
        package("tokio", "1.5.0", Some("MIT")),
        package("unrelated", "1.0.0", Some("GPL-3.0")),
    ];
    Dependencies::from(TREE, &json!({ "packages": packages }), LOCK)
}

#[test]
fn the_program_has_the_crates_of_its_tree_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let dependencies = dependencies(folder.path());
    assert_eq!(dependencies.root, "xtask@0.1.0");
    let names: Vec<_> = dependencies.all.keys().map(String::as_str).collect();
    assert_eq!(names, ["serde@0.9.0", "serde@1.0.2", "serde_derive@1.0.2", "tokio@1.5.0", "xtask@0.1.0"]);
    let needs = |id: &str| dependencies.all[id].needs.iter().map(String::as_str).collect::<BTreeSet<_>>();
    assert_eq!(needs("xtask@0.1.0"), BTreeSet::from(["serde@0.9.0", "serde@1.0.2", "tokio@1.5.0"]));
    assert_eq!(needs("tokio@1.5.0"), BTreeSet::from(["serde@1.0.2"]));
    assert_eq!(needs("serde@1.0.2"), BTreeSet::from(["serde_derive@1.0.2"]), "a repeated crate keeps its subtree");
    assert_eq!(dependencies.all["serde@1.0.2"].sha256.as_deref(), Some("aa"));
    assert_eq!(dependencies.all["xtask@0.1.0"].sha256, None);
}

#[test]
fn the_bill_of_materials_is_the_same_for_the_same_commit_and_every_reference_resolves() {
    let folder = tempfile::tempdir().unwrap();
    let dependencies = dependencies(folder.path());
    let commit = Commit { id: "abc".to_owned(), seconds: 0, is_modified: false };
    let text = bill_of_materials::json(&dependencies, CHECKSUM, Some(&commit));
    assert_eq!(text, bill_of_materials::json(&dependencies, CHECKSUM, Some(&commit)));
    let document: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(document["serialNumber"], "urn:uuid:2c26b46b-68ff-8c68-8ff9-9b453c1d3041");
    assert_eq!(document["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
    assert_eq!(document["metadata"]["component"]["hashes"][0]["content"], CHECKSUM);
    let serde = &document["components"][1];
    assert_eq!(serde["purl"], "pkg:cargo/serde@1.0.2");
    assert_eq!(serde["licenses"], json!([{ "expression": "MIT OR Apache-2.0" }]));
    assert_eq!(serde["description"], "Two lines");
    assert_eq!(document["components"][0]["licenses"], Json::Null, "without a licence in its manifest");
    let components = document["components"].as_array().unwrap().iter().chain([&document["metadata"]["component"]]);
    let known: BTreeSet<&str> = components.map(|component| component["bom-ref"].as_str().unwrap()).collect();
    for entry in document["dependencies"].as_array().unwrap() {
        assert!(known.contains(entry["ref"].as_str().unwrap()));
        assert!(entry["dependsOn"].as_array().unwrap().iter().all(|id| known.contains(id.as_str().unwrap())), "{entry}");
    }
}

#[test]
fn each_text_of_a_licence_is_there_once_with_its_crates() {
    let folder = tempfile::tempdir().unwrap();
    let dependencies = dependencies(folder.path());
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write("serde-1.0.2/LICENSE-MIT", "Permission of serde\r\n");
    write("serde-1.0.2/LICENSE-APACHE", "Apache");
    write("serde_derive-1.0.2/LICENSE-MIT", "Permission of serde");
    write("tokio-1.5.0/COPYING", "Permission of tokio");
    write("tokio-1.5.0/NOTICE.txt", "A notice");
    write("tokio-1.5.0/license.rs", "not a licence");
    let text = licences::text(&dependencies).unwrap();
    assert_eq!(text.matches("Permission of serde").count(), 1);
    assert!(text.contains("\nserde@1.0.2, serde_derive@1.0.2\n\nPermission of serde\n"), "{text}");
    assert!(text.contains("\nserde@0.9.0  see its text below (its package has no licence file)\n"), "{text}");
    assert!(text.contains("\ntokio@1.5.0  MIT\n"), "{text}");
    assert!(text.contains("A notice") && !text.contains("not a licence") && !text.contains("unrelated"), "{text}");
    fs::remove_dir_all(folder.path().join("tokio-1.5.0")).unwrap();
    assert!(licences::text(&dependencies).is_err(), "sources that are missing are not skipped");
}

#[test]
fn the_provenance_is_a_statement_about_the_binary_and_never_names_a_commit_that_was_modified() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let project = Project { root: root.to_owned() };
    let statement = |is_modified: bool| -> Json {
        let commit = Commit { id: "0123456789abcdef".to_owned(), seconds: 0, is_modified };
        let digest = format!("sha256:{CHECKSUM}");
        let text = provenance::statement(&project, "xtask-x", &digest, Some(&commit), "x86_64-unknown-linux-gnu").unwrap();
        release_records::Statement::<release_records::Provenance>::parse(text.as_bytes()).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let clean = statement(false);
    assert_eq!(clean["subject"], json!([{ "name": "xtask-x", "digest": { "sha256": CHECKSUM } }]));
    assert_eq!(clean["predicateType"], "https://slsa.dev/provenance/v1");
    assert!(clean.to_string().contains("0123456789abcdef"));
    // The form that `sign-binary` signs.
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("xtask-x");
    std::fs::write(&binary, "x").unwrap();
    let commit = Commit { id: "0123456789abcdef".to_owned(), seconds: 0, is_modified: false };
    let digest = model_release::files::digest(b"x");
    let text = provenance::statement(&project, "xtask-x", &digest, Some(&commit), "x86_64-unknown-linux-gnu").unwrap();
    std::fs::write(folder.path().join("xtask-x.provenance.json"), text).unwrap();
    model_release::records::Binary::read(&binary).unwrap().statement().unwrap();
    assert!(!statement(true).to_string().contains("0123456789abcdef"));
}

#[test]
fn the_real_dependencies_have_licences_and_checksums() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let dependencies = Dependencies::of(&Project { root: root.to_owned() }, "x86_64-unknown-linux-gnu").unwrap();
    assert_eq!(dependencies.all[&dependencies.root].name, "xtask");
    assert!(dependencies.all.len() > 200, "{}", dependencies.all.len());
    for (id, dependency) in &dependencies.all {
        assert!(dependency.licence.is_some(), "{id}");
        assert_eq!(dependency.sha256.is_some(), !dependency.folder.starts_with(root), "{id}");
    }
}

#[test]
fn an_architecture_without_its_standard_library_is_reported_with_the_command_that_installs_it() {
    let project = Project { root: std::env::temp_dir() };
    let failure = has_standard_library(&project, "no-such-architecture").unwrap_err();
    assert_eq!(failure.diagnostics[0].hint.as_deref(), Some("install it: `rustup target add no-such-architecture`"));
}
