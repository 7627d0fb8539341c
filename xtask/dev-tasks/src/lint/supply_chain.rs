//! Checks how much the shipped program depends on, that the fuzzer's lock file is up to date, and
//! the workflows.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::program::{Task, cargo};
use crate::python_tools::PythonTools;
use model_release::{Diagnostic, Failure};
use terminal::{Printer, Project};

/// The number of crates of other authors in the shipped program, with those that only build it.
/// Each one is trusted with the credentials of every account: a new one needs a reason in its
/// commit.
const SHIPPED: usize = 303;

const ZIZMOR: PythonTools =
    PythonTools { name: "zizmor", folder: "tools/zizmor", requirements: include_str!("zizmor-requirements.txt"), command: "lint" };

/// A problem if the number of dependencies of the shipped program is another one than [`SHIPPED`].
pub(super) fn shipped_dependencies(project: &Project) -> Result<Option<Diagnostic>, Failure> {
    let tree = ["tree", "--locked", "--quiet", "--package", "xtask", "--no-default-features", "--features", "aws"];
    let format = ["--edges", "normal,build", "--target", "x86_64-unknown-linux-gnu", "--prefix", "none", "--format", "{p}"];
    let (succeeds, output) = cargo(project).args(tree).args(format).output()?;
    if !succeeds {
        return Err(Diagnostic::error("`cargo tree` does not list the dependencies").detail(output.trim()).into());
    }
    Ok(unexpected(crates(&output).len()))
}

/// The crates of other authors in the output of `cargo tree`: those of the workspace have a path.
fn crates(tree: &str) -> BTreeSet<&str> {
    let packages = tree.lines().filter(|line| !line.contains(" (/")).map(|line| line.trim_end_matches(" (*)"));
    packages.map(|line| line.trim_end_matches(" (proc-macro)")).filter(|line| !line.is_empty()).collect()
}

fn unexpected(count: usize) -> Option<Diagnostic> {
    let message = |how: &str| format!("the shipped program depends on {count} crates of other authors, {how} than {SHIPPED}");
    let file = "`SHIPPED` in xtask/dev-tasks/src/lint/supply_chain.rs";
    match count.cmp(&SHIPPED) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => Some(Diagnostic::error(message("fewer")).with_hint(format!("lower {file} to {count}"))),
        std::cmp::Ordering::Greater => Some(Diagnostic::error(message("more")).with_hint(format!(
            "`cargo tree --package xtask --no-default-features --features aws --invert CRATE` shows what needs one; do without it, or raise {file} to {count} and give the reason in the commit"
        ))),
    }
}

/// Fails if the lock file of the fuzz targets, a workspace of its own, is not up to date.
pub(super) fn lock_of_fuzz_targets(project: &Project) -> Task {
    cargo(project).args(["metadata", "--locked", "--format-version", "1", "--manifest-path", "fuzz/Cargo.toml"])
}

/// zizmor on the workflows of the project, without the network.
pub(super) fn zizmor(printer: Printer, project: &Project) -> Result<Task, Failure> {
    let program: PathBuf = ZIZMOR.install(printer, project)?.join("zizmor");
    Ok(Task::new(program).folder(&project.root).args([
        "--offline",
        "--no-progress",
        "--strict-collection",
        ".github/workflows",
        "examples/github-actions/model-deploy.yml",
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_other_authors_are_counted_once() {
        let tree = "xtask v0.1.0 (/home/x/xtask)\nserde v1.0.1\nserde_derive v1.0.1 (proc-macro)\nserde v1.0.1 (*)\n\nserde_derive v1.0.1 (proc-macro) (*)\nserde v2.0.0\n";
        assert_eq!(crates(tree), BTreeSet::from(["serde v1.0.1", "serde v2.0.0", "serde_derive v1.0.1"]));
    }

    #[test]
    fn more_and_fewer_dependencies_are_reported_with_what_to_do() {
        assert_eq!(unexpected(SHIPPED), None);
        let hint = |count| unexpected(count).unwrap().hint.unwrap();
        assert!(hint(SHIPPED + 1).contains("raise `SHIPPED` in xtask/dev-tasks/src/lint/supply_chain.rs to"));
        assert!(hint(SHIPPED - 1).starts_with("lower `SHIPPED`"));
    }
}
