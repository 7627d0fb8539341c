//! The steps of the pipeline: runs this program as CodeBuild does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sandbox::demo::{GROUP, PROD, ROLE, STAGING, Scene};

use model_release::Stage;
use model_release::{Diagnostic, Failure, FailureKind};
use terminal::{Exit, Printer, Project, files};

/// The variables that a step inherits: for the terminal, the search path, and the program's name.
const INHERITED: [&str; 9] =
    ["PATH", "TERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "LANG", "TMPDIR", terminal::STARTED_BY];

/// Runs the commands of the pipeline.
#[derive(Debug)]
pub(crate) struct Pipeline<'a> {
    printer: Printer,
    project: &'a Project,
    folder: &'a Path,
    variables: Vec<(String, String)>,
}

impl<'a> Pipeline<'a> {
    /// Sets the variables of the Python seed's pipeline, and the local AWS's credentials.
    pub(crate) fn new(printer: Printer, project: &'a Project, folder: &'a Path, scene: &Scene) -> Result<Self, Failure> {
        let mut variables = scene.environment().map_err(|error| super::sandbox_failure(&error))?;
        let pipeline = [
            ("SAGEMAKER_PROJECT_ID", "p-abc123xyz"),
            ("SAGEMAKER_PROJECT_NAME", "iris"),
            ("SOURCE_MODEL_PACKAGE_GROUP_NAME", GROUP),
            ("ENV_NAME", "ds"),
            ("ENV_TYPE", "dev"),
            ("ENV_TYPE_STAGING_NAME", "staging"),
            ("ENV_TYPE_PROD_NAME", "prod"),
            ("MULTI_ACCOUNT_DEPLOYMENT", "YES"),
            ("ORGANIZATIONAL_UNIT_STAGING_ID", STAGING.unit),
            ("ORGANIZATIONAL_UNIT_PROD_ID", PROD.unit),
            ("SAGEMAKER_EXECUTION_ROLE_STAGING_NAME", ROLE),
            ("SAGEMAKER_EXECUTION_ROLE_PROD_NAME", ROLE),
        ];
        variables.extend(pipeline.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(Self { printer, project, folder, variables })
    }

    pub(crate) fn build(&self) -> Result<(), Failure> {
        self.printer.heading("Build");
        self.detail("In CodePipeline: the Build stage, buildspec.yml in CodeBuild.");
        self.expect(&["build", "--output-dir", &self.release()], Exit::Done)
    }

    pub(crate) fn deploy(&self, stage: Stage, expected: Exit) -> Result<(), Failure> {
        self.printer.heading(&format!("Deploy to {stage}"));
        self.detail("In CodePipeline: a CloudFormationStackSet action with the same files and the same stack set.");
        let results = self.path(&format!("rollout-{stage}"));
        let (release, tested) = (self.release(), self.staging_results());
        let mut arguments = vec!["deploy", "--stage", stage.name(), "--build-dir", &release, "--results-dir", &results];
        if stage == Stage::Prod {
            arguments.extend(["--staging-results", tested.as_str()]);
        }
        self.expect(&arguments, expected)
    }

    /// Checks that the release is still approved and tested.
    pub(crate) fn check(&self, stage: Stage) -> Result<(), Failure> {
        self.printer.heading(&format!("Check before {stage}"));
        self.detail("In CodePipeline: the CheckRelease action. The registry can change while the approval is pending.");
        let (release, tested) = (self.release(), self.staging_results());
        self.expect(&["check-release", "--stage", stage.name(), "--build-dir", &release, "--staging-results", &tested], Exit::Done)
    }

    pub(crate) fn test(&self, stage: Stage) -> Result<(), Failure> {
        self.printer.heading(&format!("Test {stage}"));
        self.detail("In CodePipeline: test/buildspec.yml in CodeBuild. It sends real requests to every endpoint.");
        let command = format!("test-{stage}");
        self.expect(&[&command, "--build-dir", &self.release(), "--results-dir", &self.path(&command)], Exit::Done)
    }

    /// Shows the changes that the approver decides on.
    pub(crate) fn plan(&self, stage: Stage) -> Result<(), Failure> {
        self.expect(&["plan", "--stage", stage.name(), "--build-dir", &self.release()], Exit::Done)
    }

    /// The test report for the approver.
    pub(crate) fn report(&self, stage: Stage) -> PathBuf {
        self.folder.join(format!("test-{stage}/report.html"))
    }

    pub(crate) fn detail(&self, text: &str) {
        self.printer.line(format_args!("  {text}"));
    }

    /// Runs a command of this program, and checks its exit code.
    pub(crate) fn expect(&self, arguments: &[&str], expected: Exit) -> Result<(), Failure> {
        let line = arguments.join(" ");
        self.printer.line(format_args!("  $ {} {line}", terminal::program()));
        let program = std::env::current_exe()
            .map_err(|error| Failure::unreachable(Diagnostic::error(format!("the path of this program is unknown: {error}"))))?;
        let inherited = INHERITED.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        let xtask = terminal::program();
        let status = Command::new(program)
            .args(arguments)
            .args(["--project-dir".as_ref(), self.project.root.as_os_str()])
            .args(["--color", Printer::colour()])
            .env_clear()
            .envs(inherited)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .status()
            .map_err(|error| Failure::unreachable(Diagnostic::error(format!("`{xtask} {line}` cannot be run: {error}"))))?;
        if status.code() == Some(i32::from(expected.code())) {
            return Ok(());
        }
        let ended = status.code().map_or_else(|| "by a signal".to_owned(), |code| format!("with exit code {code}"));
        Err(Failure::new(
            FailureKind::Failed,
            vec![Diagnostic::error(format!("`{xtask} {line}` ended {ended}; expected exit code {}", expected.code()))],
        ))
    }

    fn staging_results(&self) -> String {
        self.path("test-staging/test-results.json")
    }

    fn release(&self) -> String {
        self.path("release")
    }

    fn path(&self, name: &str) -> String {
        files::shown(&self.folder.join(name))
    }
}
