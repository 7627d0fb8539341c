//! Runs other programs for the developers' tasks.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use model_release::{Diagnostic, Failure};
use terminal::Project;

/// A program to run, with its arguments.
#[derive(Debug)]
pub(crate) struct Task {
    command: Vec<OsString>,
    folder: Option<std::path::PathBuf>,
    variables: Vec<(String, OsString)>,
}

/// The cargo that runs this program, in the project's folder.
pub(crate) fn cargo(project: &Project) -> Task {
    Task::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).folder(&project.root)
}

/// The workspace's packages from `cargo metadata`.
pub(crate) fn packages(project: &Project) -> Result<Vec<Json>, Failure> {
    let (succeeded, output) = cargo(project).args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--quiet"]).output()?;
    let metadata: Option<Json> = if succeeded { serde_json::from_str(&output).ok() } else { None };
    metadata
        .and_then(|metadata| metadata["packages"].as_array().cloned())
        .ok_or_else(|| Diagnostic::error("`cargo metadata` does not list the workspace's packages").detail(output.trim()).into())
}

impl Task {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self { command: vec![program.as_ref().to_owned()], folder: None, variables: Vec::new() }
    }

    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs the program with this process's streams; whether it succeeded.
    pub(crate) fn succeeds(&self) -> Result<bool, Failure> {
        Ok(self.command().status().map_err(|error| self.cannot_run(&error))?.success())
    }

    /// Runs the program; whether it succeeded, and its output.
    pub(crate) fn output(&self) -> Result<(bool, String), Failure> {
        let output = self.command().stdin(Stdio::null()).output().map_err(|error| self.cannot_run(&error))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok((output.status.success(), text))
    }

    /// Runs the program, prints its output and passes each line to `line`; whether it succeeded.
    pub(crate) fn follow(&self, mut line: impl FnMut(&str)) -> Result<bool, Failure> {
        let cannot_run = |error: std::io::Error| self.cannot_run(&error);
        // One pipe for both streams: the order shows which test binary a line belongs to.
        let (reader, writer) = std::io::pipe().map_err(cannot_run)?;
        let mut command = self.command();
        command.stdout(writer.try_clone().map_err(cannot_run)?).stderr(writer).env("CARGO_TERM_COLOR", "never");
        let mut child = command.spawn().map_err(cannot_run)?;
        // Closes this process's writers, so that the loop below ends with the child.
        drop(command);
        let mut reader = BufReader::new(reader);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).map_err(cannot_run)? > 0 {
            line(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']));
            let _ = std::io::stderr().write_all(&bytes);
            bytes.clear();
        }
        Ok(child.wait().map_err(cannot_run)?.success())
    }

    /// Whether the program exists and succeeds; prints nothing.
    pub(crate) fn quietly_succeeds(&self) -> bool {
        self.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    fn cannot_run(&self, error: &std::io::Error) -> Failure {
        let program = self.command[0].to_string_lossy();
        Failure::unreachable(
            Diagnostic::error(format!("`{program}` cannot be run: {error}")).with_hint(format!("install `{program}` and try again")),
        )
    }
}
