//! The tests that `SECURITY.md` names exist, and what builds the program is pinned by content.

use std::path::Path;

/// The text of all Rust sources below a folder.
fn sources(folder: &Path, found: &mut String) {
    for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_row_of_the_threat_model_names_tests_that_exist_or_says_that_nothing_helps() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut code = String::new();
    sources(workspace, &mut code);
    let page = std::fs::read_to_string(workspace.join("SECURITY.md")).unwrap();
    let model = page.split("## Threat model").nth(1).unwrap().split("\n## ").next().unwrap();
    assert_eq!(model.matches("\n### ").count(), 6);
    let rows = model.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| can |"));
    let (mut named, mut wrong) = (0, Vec::new());
    for row in rows {
        let tests: Vec<&str> = row.rsplit('|').nth(1).unwrap().split('`').skip(1).step_by(2).collect();
        named += tests.len();
        wrong.extend(tests.iter().filter(|test| !code.contains(&format!("fn {test}("))).map(|test| (*test).to_owned()));
        if tests.is_empty() && !row.contains("**nothing") {
            wrong.push(row.to_owned());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(named > 50, "{named}");
}

/// The files with this ending in a folder.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(folder);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = paths.filter(|path| path.to_string_lossy().ends_with(ending));
    named.map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
}

/// A tag of an action, or a version of a package, can become another program.
#[test]
fn actions_are_pinned_by_commit_and_python_tools_by_hash() {
    let workflows = [files(".github/workflows", ".yml"), files("examples/github-actions", ".yml")].concat();
    let mut actions = 0;
    for (name, text) in &workflows {
        for line in text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: ")) {
            let commit = line.split_once('@').map_or("", |(_, reference)| reference.split(' ').next().unwrap_or_default());
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}: {line}");
            actions += 1;
        }
    }
    assert!(workflows.len() >= 3 && actions >= 10, "{actions} actions in {} workflows", workflows.len());

    let folders = ["xtask/dev-tasks/src", "xtask/dev-tasks/src/lint", "xtask/sandbox/model-servers", "xtask/sandbox/stand-in"];
    let requirements: Vec<_> = folders.into_iter().flat_map(|folder| files(folder, "requirements.txt")).collect();
    assert_eq!(requirements.len(), 4, "{requirements:#?}");
    for (name, text) in &requirements {
        let text = text.replace("\\\n", " ");
        let packages: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty()).collect();
        assert!(!packages.is_empty(), "{name}");
        for package in packages {
            assert!(package.contains("==") && package.contains("--hash=sha256:"), "{name}: {package}");
        }
    }
}
