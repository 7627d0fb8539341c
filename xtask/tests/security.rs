//! The tests that `SECURITY.md` names exist.

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
