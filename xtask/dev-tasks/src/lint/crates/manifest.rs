//! What the manifest of a published crate must have.

use std::fs;

use serde_json::Value as Json;

use super::PublishedCrate;
use model_release::Diagnostic;

/// The categories of crates.io that the crates use; crates.io ignores a category that it does not
/// know.
const CATEGORIES: [&str; 9] = [
    "api-bindings",
    "config",
    "cryptography",
    "data-structures",
    "date-and-time",
    "development-tools::testing",
    "encoding",
    "parser-implementations",
    "template-engine",
];

pub(super) fn problems(item: &PublishedCrate, licence: &str) -> Vec<Diagnostic> {
    let problem = |message: String, hint: &str| Diagnostic::error(message).file(&item.manifest()).with_hint(hint.to_owned());
    let package = &item.package;
    let mut problems = Vec::new();
    for (key, hint) in [
        ("description", "say in one line what the crate does"),
        ("license", "write `license.workspace = true`"),
        ("repository", "write `repository.workspace = true`"),
        ("rust_version", "write `rust-version.workspace = true`"),
        ("readme", "write `readme = \"README.md\"`"),
    ] {
        if package[key].as_str().is_none_or(str::is_empty) {
            problems.push(problem(format!("the published crate `{}` has no `{}`", item.name, key.replace('_', "-")), hint));
        }
    }
    let words = |key: &str| texts(&package[key]);
    let is_keyword = |word: &&str| word.len() <= 20 && word.starts_with(|first: char| first.is_ascii_alphanumeric());
    if !(1..=5).contains(&words("keywords").len()) || !words("keywords").iter().all(is_keyword) {
        problems.push(problem(
            format!("the keywords of `{}` are not 1 to 5 words", item.name),
            "crates.io accepts 1 to 5 keywords of at most 20 characters",
        ));
    }
    if !(1..=5).contains(&words("categories").len()) {
        problems.push(problem(format!("`{}` has no category", item.name), "name 1 to 5 of https://crates.io/category_slugs"));
    }
    for category in words("categories").into_iter().filter(|category| !CATEGORIES.contains(category)) {
        let hint = "if https://crates.io/category_slugs has it, add it to `CATEGORIES` in xtask/dev-tasks/src/lint/crates/manifest.rs";
        problems.push(problem(format!("`{category}` of `{}` is not a known category", item.name), hint));
    }
    let docs = &package["metadata"]["docs"]["rs"];
    if docs["all-features"] != true && docs["features"].as_array().is_none() {
        problems.push(problem(
            format!("`{}` does not say which features docs.rs documents", item.name),
            "write `[package.metadata.docs.rs]` with `all-features = true`",
        ));
    }
    let copy = item.folder.join("LICENSE");
    if fs::read_to_string(&copy).ok().as_deref() != Some(licence) {
        problems.push(
            Diagnostic::error("it is not a copy of the repository's LICENSE")
                .file(&copy)
                .with_hint("copy LICENSE to it: a package contains only its own folder"),
        );
    }
    if !has_tested_example(item) {
        problems.push(problem(
            format!("`{}` has no example that `cargo test` runs", item.name),
            "add examples/NAME.rs, whose `main` fails if something is wrong, and `[[example]]` with `name = \"NAME\"`, `test = true` and `harness = false`",
        ));
    }
    problems.extend(dependencies(package).map(|(name, message)| {
        problem(format!("`{name}` {message}"), "write `NAME.workspace = true`; the root manifest has path and version")
    }));
    problems
}

fn texts(list: &Json) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

/// Whether an example is a test whose `main` decides. `cargo metadata` does not show `harness`.
fn has_tested_example(item: &PublishedCrate) -> bool {
    let targets = item.package["targets"].as_array().into_iter().flatten();
    let mut tested = targets.filter(|target| texts(&target["kind"]).contains(&"example") && target["test"] == true);
    let text = fs::read_to_string(item.manifest()).unwrap_or_default();
    let sections: Vec<&str> = text.split("\n[").filter(|section| section.starts_with("[example]]")).collect();
    tested.any(|target| {
        let name = format!("name = \"{}\"", target["name"].as_str().unwrap_or_default());
        sections.iter().any(|section| section.contains(&name) && section.contains("harness = false"))
    })
}

/// The dependencies that crates.io rejects: those of the workspace without a version. Cargo omits
/// such development dependencies.
fn dependencies(package: &Json) -> impl Iterator<Item = (String, &'static str)> {
    let all = package["dependencies"].as_array().into_iter().flatten();
    all.filter(|dependency| dependency["path"].is_string() && dependency["kind"] != "dev" && dependency["req"] == "*")
        .map(|dependency| (dependency["name"].as_str().unwrap_or_default().to_owned(), "is a dependency by path without a version"))
}
