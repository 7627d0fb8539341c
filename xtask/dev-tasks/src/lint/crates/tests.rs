use std::fs;
use std::path::Path;

use serde_json::json;

use super::*;

const REPOSITORY: &str = "https://example.com/team/tool";

/// A crate without problems, as `cargo metadata` shows it.
fn metadata(folder: &Path) -> Json {
    json!({
        "name": "clock", "version": "0.1.0", "manifest_path": folder.join("Cargo.toml"), "publish": null,
        "description": "Time as a port", "license": "MIT-0", "repository": REPOSITORY, "rust_version": "1.94.1", "readme": "README.md",
        "keywords": ["time"], "categories": ["date-and-time"], "metadata": { "docs": { "rs": { "all-features": true } } },
        "targets": [{ "kind": ["example"], "name": "wait", "test": true }],
        "dependencies": [{ "name": "tokio", "req": "^1", "kind": null }, { "name": "sandbox", "req": "*", "kind": "dev", "path": "/x" }],
    })
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("LICENSE", "the licence");
    write("README.md", &format!("[guide]({REPOSITORY}/blob/main/LICENSE#part), [`Type`], [here](#here)\n"));
    write("Cargo.toml", "[package]\n\n[[example]]\nname = \"wait\"\ntest = true\nharness = false\n\n[lints]\n");
    folder
}

fn problems(folder: &Path, package: Json) -> Vec<String> {
    let item = PublishedCrate::new(package);
    let found = manifest::problems(&item, "the licence").into_iter().chain(readme::problems(&item, folder).unwrap());
    found.map(|problem| format!("{} ({})", problem.message, problem.hint.unwrap_or_default())).collect()
}

#[test]
fn a_crate_with_everything_has_no_problem() {
    let folder = folder();
    assert_eq!(problems(folder.path(), metadata(folder.path())), Vec::<String>::new());
}

#[test]
fn crates_that_are_not_published_are_not_checked() {
    let other = json!({ "name": "sandbox", "publish": [] });
    let only_there = json!({ "name": "internal", "publish": ["our-registry"] });
    let names: Vec<_> = PublishedCrate::all(vec![json!({ "name": "clock", "publish": null }), other, only_there])
        .into_iter()
        .map(|item| item.name)
        .collect();
    assert_eq!(names, ["clock", "internal"]);
}

#[test]
fn everything_that_a_manifest_lacks_is_reported() {
    let folder = folder();
    for (key, value, message) in [
        ("description", Json::Null, "has no `description`"),
        ("license", Json::Null, "has no `license`"),
        ("rust_version", Json::Null, "has no `rust-version`"),
        ("readme", Json::Null, "has no `readme`"),
        ("keywords", json!([]), "are not 1 to 5 words"),
        ("keywords", json!(["a", "b", "c", "d", "e", "f"]), "are not 1 to 5 words"),
        ("keywords", json!(["more-than-twenty-characters"]), "are not 1 to 5 words"),
        ("categories", json!([]), "has no category"),
        ("categories", json!(["time-travel"]), "`time-travel` of `clock` is not a known category"),
        ("metadata", Json::Null, "which features docs.rs documents"),
        ("targets", json!([]), "has no example that `cargo test` runs"),
        ("targets", json!([{ "kind": ["example"], "name": "wait", "test": false }]), "has no example that `cargo test` runs"),
        ("targets", json!([{ "kind": ["example"], "name": "other", "test": true }]), "has no example that `cargo test` runs"),
        (
            "dependencies",
            json!([{ "name": "terminal", "req": "*", "kind": null, "path": "/x" }]),
            "`terminal` is a dependency by path without a version",
        ),
    ] {
        let mut package = metadata(folder.path());
        package[key] = value;
        let found = problems(folder.path(), package);
        assert_eq!(found.len(), 1, "{key}: {found:?}");
        assert!(found[0].contains(message), "{found:?}");
    }
    let mut without_repository = metadata(folder.path());
    without_repository["repository"] = Json::Null;
    assert!(problems(folder.path(), without_repository)[0].contains("has no `repository`"));
}

#[test]
fn the_licence_must_be_the_repositorys() {
    let folder = folder();
    fs::write(folder.path().join("LICENSE"), "another licence").unwrap();
    assert!(problems(folder.path(), metadata(folder.path()))[0].contains("not a copy"));
    fs::remove_file(folder.path().join("LICENSE")).unwrap();
    assert!(problems(folder.path(), metadata(folder.path()))[0].contains("not a copy"));
}

#[test]
fn an_example_that_the_test_harness_replaces_does_not_count() {
    let folder = folder();
    fs::write(folder.path().join("Cargo.toml"), "[[example]]\nname = \"wait\"\ntest = true\n\n[[bench]]\nharness = false\n").unwrap();
    assert!(problems(folder.path(), metadata(folder.path()))[0].contains("no example that `cargo test` runs"));
}

#[test]
fn links_that_work_only_in_the_repository_are_reported_and_links_to_missing_files() {
    let folder = folder();
    for (link, message) in [
        ("../docs/files.md", "is not absolute"),
        ("docs/files.md#part", "is not absolute"),
        ("/docs/files.md", "is not absolute"),
        (&*format!("{REPOSITORY}/blob/main/docs/files.md"), "names no file"),
        (&*format!("{REPOSITORY}/tree/main/docs"), "names no file"),
    ] {
        fs::write(folder.path().join("README.md"), format!("\n[files]({link})\n")).unwrap();
        let found = problems(folder.path(), metadata(folder.path()));
        assert!(found.len() == 1 && found[0].contains(message), "{link}: {found:?}");
    }
    fs::write(folder.path().join("README.md"), format!("[issues]({REPOSITORY}/issues), [AWS](https://aws.amazon.com)\n")).unwrap();
    assert_eq!(problems(folder.path(), metadata(folder.path())), Vec::<String>::new());
}
