//! `dist`: builds the release binary, which runs on every CodeBuild image, and its checksum.
//!
//! CodeBuild's images have glibc 2.26 or newer; zig links the binary against 2.17. `dist` installs
//! zig and cargo-zigbuild from PyPI, by version and checksum, in a virtual environment.

use std::path::Path;

use super::options::DistOptions;
use super::program::cargo;
use super::python_tools::PythonTools;
use model_release::{Diagnostic, Failure, FailureKind};
use terminal::{Exit, Printer, Project, files};

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
    let architecture = std::env::consts::ARCH;
    if std::env::consts::OS != "linux" || !["x86_64", "aarch64"].contains(&architecture) {
        return Err(Diagnostic::error(format!("`dist` builds Linux binaries on Linux; this is {} {architecture}", std::env::consts::OS))
            .with_hint("run it in a Linux container or in CodeBuild")
            .into());
    }
    let triple = format!("{architecture}-unknown-linux-gnu");
    let bin = LINKER.install(printer, project)?;

    printer.step("Building", format!("xtask for {triple}, glibc {GLIBC} (release; the AWS SDK takes some minutes)"));
    let path =
        std::env::join_paths(std::iter::once(bin.clone()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())))
            .map_err(|error| Failure::bad_input(Diagnostic::error(format!("the search path cannot be extended: {error}"))))?;
    let build = cargo(project)
        .env("PATH", path)
        .args(["zigbuild", "--locked", "--release", "--package", "xtask", "--no-default-features", "--features", "aws", "--target"])
        .arg(format!("{triple}.{GLIBC}"));
    if !build.succeeds()? {
        return Err(Failure::new(FailureKind::Failed, vec![Diagnostic::error("the release binary could not be built")]));
    }

    let output = project.target(&format!("{triple}/release/xtask"));
    let bytes = std::fs::read(&output).map_err(|error| Failure::bad_input(files::cannot("read", &output, &error)))?;
    let folder = options.output_dir.clone().unwrap_or_else(|| project.target("dist"));
    let name = format!("xtask-{}-{triple}", env!("CARGO_PKG_VERSION"));
    let binary = folder.join(&name);
    let checksum = files::digest(&bytes).trim_start_matches("sha256:").to_owned();
    let mut set = files::FileSet::default();
    set.add(binary.clone(), bytes);
    set.add(folder.join(format!("{name}.sha256")), format!("{checksum}  {name}\n"));
    set.write()?;
    executable(&binary)?;
    let result = serde_json::json!({ "binary": binary, "sha256": checksum, "glibc": GLIBC });
    printer.result(&result, format_args!("{}\nXTASK_SHA256={checksum}", binary.display()));
    Ok(Exit::Done)
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
