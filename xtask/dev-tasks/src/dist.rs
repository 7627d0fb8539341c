//! `dist`: builds the release binary, which runs on every CodeBuild image, and what describes it:
//! checksum, bill of materials, licences and provenance.
//!
//! CodeBuild's images have glibc 2.26 or newer; zig links the binary against 2.17. `dist` installs
//! zig and cargo-zigbuild from PyPI, by version and checksum, in a virtual environment.

mod bill_of_materials;
mod dependencies;
mod licences;
mod provenance;
mod recipe;
mod reproducible;

use std::path::Path;

use super::options::{Architecture, DistOptions};
use super::program::{Task, cargo};
use super::python_tools::PythonTools;
use dependencies::Dependencies;
use model_release::{Diagnostic, Failure, FailureKind};
use recipe::{Commit, Recipe};
use terminal::{Exit, Printer, Project, files};

pub(crate) use reproducible::same_binary_from_two_folders;

/// The minimum version of glibc.
const GLIBC: &str = "2.17";
/// The linker's packages by version and checksum, so that the same sources give the same binary.
const LINKER: PythonTools = PythonTools {
    name: "cargo-zigbuild and zig",
    folder: "tools/zig",
    requirements: include_str!("dist-requirements.txt"),
    command: "dist",
};

pub(crate) fn run(printer: Printer, project: &Project, options: &DistOptions) -> Result<Exit, Failure> {
    let architecture = options.architecture.map_or(std::env::consts::ARCH, Architecture::name);
    if std::env::consts::OS != "linux" || !["x86_64", "aarch64"].contains(&architecture) {
        return Err(Diagnostic::error(format!("`dist` builds Linux binaries on Linux; this is {} {architecture}", std::env::consts::OS))
            .with_hint("run it in a Linux container or in CodeBuild")
            .into());
    }
    let triple = format!("{architecture}-unknown-linux-gnu");
    has_standard_library(project, &triple)?;
    let commit = Commit::of(project)?;
    if commit.as_ref().is_none_or(|commit| commit.is_modified) {
        printer.diagnostic(
            &Diagnostic::warning("the sources are not those of a commit: this binary cannot be built again from one")
                .with_hint("commit the changes before you build a binary that others use"),
        );
    }
    let dependencies = Dependencies::of(project, &triple)?;
    let bin = LINKER.install(printer, project)?;

    printer.step("Building", format!("the binary for {triple}, glibc {GLIBC} (profile `dist`; the AWS SDK takes some minutes)"));
    let path =
        std::env::join_paths(std::iter::once(bin.clone()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())))
            .map_err(|error| Failure::bad_input(Diagnostic::error(format!("the search path cannot be extended: {error}"))))?;
    let recipe = Recipe::new(project, &project.target(""), commit.as_ref())?;
    let build =
        recipe.apply(cargo(project).env("PATH", path).arg("zigbuild")).args(["--package", "xtask", "--features", "aws", "--target"]);
    if !build.arg(format!("{triple}.{GLIBC}")).succeeds()? {
        return Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error("the release binary could not be built")]));
    }

    let output = project.target(&format!("{triple}/dist/xtask"));
    let bytes = std::fs::read(&output).map_err(|error| Failure::bad_input(files::cannot("read", &output, &error)))?;
    let folder = options.output_dir.clone().unwrap_or_else(|| project.target("dist"));
    let name = format!("xtask-{}-{triple}", env!("CARGO_PKG_VERSION"));
    let digest = files::digest(&bytes);
    let checksum = digest.trim_start_matches("sha256:").to_owned();
    let binary = folder.join(&name);
    let beside = |extension: &str| folder.join(format!("{name}.{extension}"));
    let statement = provenance::statement(project, &name, &digest, commit.as_ref(), &triple)?;
    let mut set = files::FileSet::default();
    set.add(binary.clone(), bytes);
    set.add(beside("sha256"), format!("{checksum}  {name}\n"));
    set.add(beside("cdx.json"), bill_of_materials::json(&dependencies, &checksum, commit.as_ref()));
    set.add(beside("licences.txt"), licences::text(&dependencies)?);
    set.add(beside("provenance.json"), statement);
    set.write()?;
    executable(&binary)?;
    let result = serde_json::json!({
        "schema_version": 1, "binary": binary, "sha256": checksum, "glibc": GLIBC, "bill_of_materials": beside("cdx.json"),
        "licences": beside("licences.txt"), "provenance": beside("provenance.json"),
    });
    printer.result(&result, format_args!("{}\nXTASK_SHA256={checksum}", binary.display()));
    Ok(Exit::Done)
}

/// Fails if this toolchain cannot compile for the architecture.
fn has_standard_library(project: &Project, triple: &str) -> Result<(), Failure> {
    let (succeeds, output) = Task::new("rustc").folder(&project.root).args(["--print", "target-libdir", "--target", triple]).output()?;
    if succeeds && Path::new(output.trim()).is_dir() {
        return Ok(());
    }
    let diagnostic = Diagnostic::error(format!("Rust's standard library for {triple} is not installed"));
    Err(Failure::unreachable(diagnostic.with_hint(format!("install it: `rustup target add {triple}`"))))
}

fn executable(path: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
            .map_err(|error| Failure::bad_input(files::cannot("make executable", path, &error)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
