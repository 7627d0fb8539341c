//! `dist`: builds the release binary, which runs on every CodeBuild image, and its checksum.
//!
//! CodeBuild's images have glibc 2.26 or newer; zig links the binary against 2.17. `dist` installs
//! zig and cargo-zigbuild from PyPI, by version and checksum, in a virtual environment.

use std::path::{Path, PathBuf};

use super::options::DistOptions;
use super::program::{Task, cargo};
use model_release::{Diagnostic, Failure, FailureKind};
use terminal::{Exit, Printer, Project, files};

/// The minimum version of glibc.
const GLIBC: &str = "2.17";
/// The linker's packages by version and checksum, so that the same sources give the same binary.
const LINKER: &str = include_str!("dist-requirements.txt");

pub(crate) fn run(printer: Printer, project: &Project, options: &DistOptions) -> Result<Exit, Failure> {
    let architecture = std::env::consts::ARCH;
    if std::env::consts::OS != "linux" || !["x86_64", "aarch64"].contains(&architecture) {
        return Err(Diagnostic::error(format!("`dist` builds Linux binaries on Linux; this is {} {architecture}", std::env::consts::OS))
            .with_hint("run it in a Linux container or in CodeBuild")
            .into());
    }
    let triple = format!("{architecture}-unknown-linux-gnu");
    let bin = linker(printer, project)?;

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

/// Installs cargo-zigbuild and zig if they are missing; their folder.
fn linker(printer: Printer, project: &Project) -> Result<PathBuf, Failure> {
    let environment = project.target("tools/zig");
    let bin = environment.join("bin");
    let stamp = environment.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == LINKER) {
        return Ok(bin);
    }
    printer.step("Installing", "cargo-zigbuild and zig");
    let requirements = environment.join("requirements.txt");
    let install =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"];
    let steps = [
        Task::new("python3").args(["-m", "venv", "--clear"]).arg(&environment),
        Task::new(bin.join("python")).args(install).arg("--requirement").arg(&requirements),
    ];
    for (step, is_last) in steps.into_iter().zip([false, true]) {
        if is_last {
            files::write(&requirements, LINKER.as_bytes())?;
        }
        if !step.succeeds()? {
            return Err(Failure::unreachable(
                Diagnostic::error("the linker could not be installed")
                    .with_hint("`dist` needs python3 with venv (Debian: apt-get install python3-venv) and PyPI"),
            ));
        }
    }
    files::write(&stamp, LINKER.as_bytes())?;
    Ok(bin)
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
