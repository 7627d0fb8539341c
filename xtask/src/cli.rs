//! The command line: what can be typed, and which environment variable stands in for it.
//!
//! Every option of the Python seed's scripts is here under its name, with the environment variable of its pipeline, so that a pipeline
//! that exists keeps working. An empty variable, or an empty value, counts as not given.

mod options;

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub(crate) use options::{
    AccountFilter, BuildOptions, ChoiceOptions, ConfigCheckOptions, ConfigCommand, ConfigExplainOptions, ConfigSchemaOptions,
    ConfigurationOptions, DemoOptions, DeployOptions, DoctorOptions, ListOptions, OwnChecks, PackageOptions, PlanOptions, ProjectOptions,
    PruneOptions, RecordOptions, RegistryAction, RegistryOptions, ReleaseOptions, ResolveOptions, RoleOptions, SchemaOf, SetupOptions,
    StageAccounts, TestOptions, TourOptions, given,
};
#[cfg(feature = "aws")]
pub(crate) use options::{Caller, ConcurrencyMode, Permissions, PreferenceOptions, RegionConcurrency, SnapshotOptions, StackSetOptions};

use crate::printer::Format;

/// From an approved model package to tested endpoints on Amazon SageMaker, across accounts.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    version,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalOptions {
    /// The project's folder; found upward from the working directory when not given.
    #[arg(long, global = true, value_name = "DIR", env = "XTASK_PROJECT_DIR")]
    pub(crate) project_dir: Option<PathBuf>,
    /// The shape of the result on standard output.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Whether to use colour.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "always", "never"])]
    pub(crate) color: String,
    /// Says only what failed.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Says more; twice shows the log of the AWS SDK.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The first minute: builds, refuses, packages and tests on this machine, with no account and nothing but Rust.
    Tour(TourOptions),
    /// Creates the model package group when it is missing, and shares it with the target accounts.
    Setup(SetupOptions),
    /// Checks everything that a release needs, in every account, and says what is missing. Changes nothing.
    Doctor(Box<DoctorOptions>),
    /// Chooses the approved model package, merges and checks both stages' parameters, and packages the template.
    Build(Box<BuildOptions>),
    /// Explains and checks the stages' parameters, and makes their schemas; needs no AWS.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Lists a model package group, writes it into a file, or says which package `build` would choose. Changes nothing.
    Registry(Box<RegistryOptions>),
    /// Packages a template in place of `aws cloudformation package`.
    #[command(infer_long_args = true)]
    Package(Box<PackageOptions>),
    /// Tells what a rollout of a stage would change, in every account and region, and whether it could. Changes nothing.
    Plan(Box<PlanOptions>),
    /// Removes stack instances that the release has no target for: those that are named or confirmed, and no others.
    Prune(Box<PruneOptions>),
    /// Rolls a stage out through its stack set, and checks that its endpoints then serve the release.
    Deploy(Box<DeployOptions>),
    /// Tests every endpoint of the staging accounts.
    TestStaging(TestOptions),
    /// Tests every endpoint of the production accounts.
    TestProd(TestOptions),
    /// The whole pipeline on this machine, against a local AWS with three accounts: it cannot reach the real one.
    Demo(DemoOptions),
    #[cfg(feature = "dev")]
    #[command(flatten)]
    Developer(crate::dev::DeveloperTask),
}

impl Cli {
    /// Reads the command line; clap prints help and errors itself and ends the process with 0 or 2.
    pub(crate) fn read() -> Self {
        let command = without_empty_variables(Self::command());
        let read = command.try_get_matches().and_then(|matches| Self::from_arg_matches(&matches));
        read.unwrap_or_else(|error| explained(error).exit())
    }
}

/// The tasks of `crate::dev`.
const DEVELOPER_TASKS: [&str; 5] = ["test", "soak", "lint", "bench", "dist"];

/// In a program without the developers' tasks these are not unknown commands: the error says where they are.
fn explained(error: clap::Error) -> clap::Error {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(task)) if DEVELOPER_TASKS.contains(&task.as_str()) => Cli::command().error(
            ErrorKind::InvalidSubcommand,
            format!("`{task}` needs the workspace that this program is built from: run `cargo xtask {task}` there"),
        ),
        _ => error,
    }
}

/// clap takes an empty environment variable as an empty value; in a pipeline it means that nobody set it.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| match argument.get_env() {
            Some(name) if std::env::var_os(name).is_some_and(|value| value.is_empty()) => argument.env(None::<&'static str>),
            _ => argument,
        })
        .mut_subcommands(without_empty_variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
    #[test]
    fn a_developers_task_is_listed_where_it_is_compiled_in_and_otherwise_needs_the_workspace() {
        let is_there = cfg!(feature = "dev");
        let help = Cli::command().render_help().to_string();
        for task in DEVELOPER_TASKS {
            let error = explained(Cli::try_parse_from(["xtask", task, "--help"]).unwrap_err());
            assert_eq!(error.kind(), if is_there { ErrorKind::DisplayHelp } else { ErrorKind::InvalidSubcommand }, "{error}");
            assert_eq!(error.exit_code(), if is_there { 0 } else { 2 });
            assert!(is_there || error.to_string().contains("needs the workspace"), "{error}");
            assert_eq!(help.contains(&format!("\n  {task} ")), is_there, "{help}");
        }
    }
}
