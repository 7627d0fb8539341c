//! What a command prints with `--format json` is valid by its schema in `schemas/`: every run of a
//! test is checked.

use std::ffi::OsString;

use serde_json::Value as Json;

use super::workspace;

/// The commands that print a document, with its schema. An option can change the document.
pub(crate) const SCHEMAS: &[(&str, Option<&str>, &str)] = &[
    ("build", None, "release-manifest.v2.json"),
    ("check-release", None, "checked-release.v1.json"),
    ("config check", None, "config-check.v1.json"),
    ("config explain", None, "config-explanation.v1.json"),
    ("deploy", None, "rollout.v1.json"),
    ("dist", None, "dist.v1.json"),
    ("doctor", None, "doctor.v1.json"),
    ("history", None, "history.v1.json"),
    ("init-tests", None, "init-tests.v1.json"),
    ("new", None, "new-repository.v1.json"),
    ("package", None, "package-result.v1.json"),
    ("plan", None, "plan.v1.json"),
    ("prepare-release", None, "prepare-release.v1.json"),
    ("prune", None, "prune.v1.json"),
    ("registry list", None, "model-packages.v1.json"),
    ("registry resolve", None, "resolved-package.v1.json"),
    ("registry snapshot", None, "written-snapshot.v1.json"),
    ("report", None, "release-dossier.v1.json"),
    ("rollback", None, "rollout.v1.json"),
    ("setup", None, "setup.v1.json"),
    ("status", Some("--all"), "fleet-status.v1.json"),
    ("status", None, "status.v1.json"),
    ("sign-binary", None, "binary-record.v1.json"),
    ("stop", None, "status.v1.json"),
    ("test-prod", Some("--list"), "listed-cases.v1.json"),
    ("test-prod", Some("--check"), "test-outlook.v1.json"),
    ("test-prod", None, "test-results.v1.json"),
    ("test-staging", Some("--list"), "listed-cases.v1.json"),
    ("test-staging", Some("--check"), "test-outlook.v1.json"),
    ("test-staging", None, "test-results.v1.json"),
    ("upgrade", None, "upgrade.v1.json"),
    ("verify", None, "verification.v1.json"),
    ("verify-binary", None, "binary-record.v1.json"),
];

/// Validates a document; the error lists the problems.
pub(crate) fn problems(schema: &str, document: &Json) -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join("schemas").join(schema)).unwrap_or_else(|error| panic!("{schema}: {error}"));
    let schema = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Checks what a run printed, if it has this format.
pub(super) fn check(arguments: &[OsString], printed: &str) {
    let arguments: Vec<_> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    if printed.is_empty() || !arguments.windows(2).any(|pair| pair == ["--format", "json"]) {
        return;
    }
    let mut words = arguments.iter().filter(|argument| !argument.starts_with('-'));
    let mut command = (*words.next().expect("a command")).to_owned();
    if command == "registry" || command == "config" {
        command = format!("{command} {}", words.next().expect("a command"));
    }
    let found = SCHEMAS.iter().find(|(name, option, _)| *name == command && option.is_none_or(|option| arguments.contains(&option)));
    let (.., schema) = found.unwrap_or_else(|| panic!("`{command}` prints a document without a schema: {printed}"));
    let document = serde_json::from_str(printed).unwrap_or_else(|error| panic!("`{command}`: {error}: {printed}"));
    let problems = problems(schema, &document);
    assert!(problems.is_empty(), "`{command}` and schemas/{schema}: {problems:#?}\n{printed}");
}
