//! Checks the published crates as a stranger gets them: metadata, licence, links, examples, what
//! cargo packages, each feature by itself, and the minimum version of Rust.
//!
//! `cargo metadata` lists the crates, so that a new one is checked, too.

mod features;
mod manifest;
mod readme;
mod rust_version;

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::Lint;
use crate::program::{cargo, packages};
use model_release::{Diagnostic, Failure};
use terminal::{Exit, Project, files};

/// crates.io accepts no larger package.
const MAX_PACKAGE: u64 = 10 * 1024 * 1024;

/// A crate that is published: its manifest does not have `publish = false`.
pub(super) struct PublishedCrate {
    name: String,
    version: String,
    folder: PathBuf,
    /// As `cargo metadata` prints it.
    package: Json,
}

impl PublishedCrate {
    fn all(packages: Vec<Json>) -> Vec<Self> {
        let is_published = |package: &Json| package["publish"].as_array().is_none_or(|registries| !registries.is_empty());
        packages.into_iter().filter(is_published).map(Self::new).collect()
    }

    fn new(package: Json) -> Self {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let folder = Path::new(&text("manifest_path")).parent().map(Path::to_owned).unwrap_or_default();
        Self { name: text("name"), version: text("version"), folder, package }
    }

    fn manifest(&self) -> PathBuf {
        self.folder.join("Cargo.toml")
    }
}

pub(super) fn check(lint: &mut Lint, project: &Project) -> Result<(), Failure> {
    let published = PublishedCrate::all(packages(project)?);
    lint.printer.step("Checking", format_args!("{} published crates: metadata, licence, links, examples", published.len()));
    let licence = files_text(&project.root.join("LICENSE"))?;
    for item in &published {
        let mut problems = manifest::problems(item, &licence);
        problems.extend(readme::problems(item, &project.root)?);
        for problem in problems {
            lint.printer.diagnostic(&problem);
            lint.exit = lint.exit.worst(Exit::Failed);
        }
    }
    package(lint, project, &published)?;
    features::check(lint, project, &published)?;
    rust_version::check(lint, project, &published)
}

/// Packages the crates as `cargo publish` does, without compiling them, and prints their sizes.
fn package(lint: &mut Lint, project: &Project, published: &[PublishedCrate]) -> Result<(), Failure> {
    lint.printer.step("Checking", "published crates: `cargo package`");
    let names = published.iter().flat_map(|item| ["--package", &item.name]);
    let task = cargo(project).args(["package", "--no-verify", "--allow-dirty", "--locked"]).args(names);
    let (passed, output) = task.output()?;
    if !passed {
        lint.printer.line(output);
        lint.fails("published crates: `cargo package`");
        return Ok(());
    }
    for item in published {
        let archive = project.target(&format!("package/{}-{}.crate", item.name, item.version));
        let size = std::fs::metadata(&archive).map_err(|error| Failure::bad_input(files::cannot("read", &archive, &error)))?.len();
        lint.printer.line(format_args!("             {}: {} KiB", item.name, size.div_ceil(1024)));
        if size > MAX_PACKAGE {
            lint.printer.diagnostic(
                &Diagnostic::error(format!("the package of `{}` has {size} bytes; crates.io accepts {MAX_PACKAGE}", item.name))
                    .file(&item.manifest())
                    .with_hint("leave large files out of `include`"),
            );
            lint.exit = lint.exit.worst(Exit::Failed);
        }
    }
    Ok(())
}

fn files_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::bad_input(files::cannot("read", path, &error)))
}

#[cfg(test)]
mod tests;
