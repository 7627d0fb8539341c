//! Programs from PyPI, by version and checksum, each set in a virtual environment of its own below
//! the target folder.

use std::path::PathBuf;

use super::program::Task;
use model_release::{Diagnostic, Failure};
use terminal::{Printer, Project, files};

/// A set of programs.
pub(crate) struct PythonTools {
    /// What they are, for messages.
    pub(crate) name: &'static str,
    /// The environment's folder in the target folder.
    pub(crate) folder: &'static str,
    /// Wheels for each platform by version and checksum, as pip's requirements.
    pub(crate) requirements: &'static str,
    /// The command that needs them.
    pub(crate) command: &'static str,
}

impl PythonTools {
    /// Installs the programs if they are missing or have other versions; their folder.
    pub(crate) fn install(&self, printer: Printer, project: &Project) -> Result<PathBuf, Failure> {
        let Self { name, folder, requirements, command } = self;
        let environment = project.target(folder);
        let bin = environment.join("bin");
        let stamp = environment.join("installed");
        if std::fs::read_to_string(&stamp).is_ok_and(|text| text == *requirements) {
            return Ok(bin);
        }
        printer.step("Installing", name);
        let file = environment.join("requirements.txt");
        let install =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"];
        let steps = [
            Task::new("python3").args(["-m", "venv", "--clear"]).arg(&environment),
            Task::new(bin.join("python")).args(install).arg("--requirement").arg(&file),
        ];
        for (step, is_last) in steps.into_iter().zip([false, true]) {
            if is_last {
                files::write(&file, requirements.as_bytes())?;
            }
            if !step.succeeds()? {
                return Err(Failure::unreachable(
                    Diagnostic::error(format!("{name} could not be installed"))
                        .with_hint(format!("`{command}` needs python3 with venv (Debian: apt-get install python3-venv) and PyPI")),
                ));
            }
        }
        files::write(&stamp, requirements.as_bytes())?;
        Ok(bin)
    }
}
