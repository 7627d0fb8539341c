//! Compiles what has no AWS SDK with the minimum version of Rust, if that toolchain is installed.
//!
//! Clippy's `incompatible_msrv`, which `lint code` runs, reports newer functions of the standard
//! library without the toolchain.

use super::{Lint, PublishedCrate};
use crate::program::Task;
use model_release::{Diagnostic, Failure};
use terminal::Project;

pub(super) fn check(lint: &mut Lint, project: &Project, published: &[PublishedCrate]) -> Result<(), Failure> {
    let versions = published.iter().filter_map(|item| item.package["rust_version"].as_str());
    let Some(version) = versions.max_by_key(|version| numbers(version)) else { return Ok(()) };
    let rustup = |arguments: &[&str]| Task::new("rustup").folder(&project.root).args(["run", version]).args(arguments.iter().copied());
    if !rustup(&["rustc", "--version"]).quietly_succeeds() {
        lint.printer.diagnostic(
            &Diagnostic::warning(format!("THE MINIMUM VERSION OF RUST IS NOT CHECKED: the toolchain {version} is not installed"))
                .with_hint(format!("`rustup toolchain install {version} --profile minimal`")),
        );
        return Ok(());
    }
    // In a folder of its own: another compiler's files would replace those of this one.
    let check = ["cargo", "check", "--locked", "--quiet", "--package", "xtask", "--no-default-features", "--target-dir"];
    let name = format!("published crates: Rust {version}");
    lint.step(&name, &rustup(&check).arg(project.target("minimum-rust")))
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("1.100.0") > numbers("1.94.1"));
    }
}
