//! The command line: its options and their environment variables.
//!
//! Options and variables of the Python seed's scripts keep their names, so that existing pipelines
//! keep working. An empty variable or value counts as not set.

#![expect(missing_docs, reason = "a flattened group is documented at its type, and a comment at a value would become help")]

mod options;

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use options::{
    AccountFilter, ApprovalOptions, AwsCliOptions, BuildOptions, Caller, CheckReleaseOptions, ChoiceOptions, ConcurrencyMode,
    ConfigCheckOptions, ConfigCommand, ConfigExplainOptions, ConfigSchemaOptions, ConfigurationOptions, DemoOptions, DeployOptions,
    DoctorOptions, EvidenceOptions, FleetOptions, FreezeOptions, HistoryOptions, HistoryPlaceOptions, InitTestsOptions, ListOptions,
    NewOptions, OnFailure, OwnChecks, PackageOptions, Permissions, PinOptions, PlanOptions, PreferenceOptions, ProjectOptions,
    PruneOptions, RecordOptions, RegionConcurrency, RegistryAction, RegistryOptions, ReleaseOptions, ReportOptions, ResolveOptions,
    RoleOptions, RollbackOptions, SchemaOf, SetupOptions, SignBinaryOptions, SignatureOptions, SigningOptions, SnapshotOptions,
    StackSetAccess, StackSetOptions, StageAccounts, StagingTestOptions, StatusOptions, StopOptions, TemplateBucketOptions, TestOptions,
    TourOptions, UpgradeOptions, VerifyBinaryOptions, VerifyOptions, WaveOptions, non_empty,
};

use terminal::Format;

/// `dist` adds the commit and its date. Other builds do not read git: they would be compiled again
/// after each commit.
const VERSION: &str = match option_env!("XTASK_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

/// Deploy approved models to Amazon SageMaker endpoints across AWS accounts, and test them
#[derive(Debug, Parser)]
#[command(
    name = terminal::program(),
    bin_name = terminal::program(),
    version = VERSION,
    max_term_width = 110,
    disable_help_flag = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalOptions,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalOptions {
    /// Use this project folder [default: found upward from the working directory]
    #[arg(long, global = true, value_name = "DIR", env = "XTASK_PROJECT_DIR")]
    pub project_dir: Option<PathBuf>,
    /// Print the result as text or JSON; `upgrade` also prints Markdown
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Format,
    /// Use color in the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_parser = colors())]
    pub color: String,
    /// Print only the result and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print more; -vv also prints the log of the AWS SDK
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print help
    #[arg(short, long, global = true, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, package and test an example on this machine in a minute, without AWS
    Tour(TourOptions),
    /// Create a team's repository: template, stage files, tests, buildspecs with a pinned binary
    New(NewOptions),
    /// Move the pinned binary and merge the files of this version; a team's changes stay
    Upgrade(UpgradeOptions),
    /// Create the model package group and share it with the target accounts
    Setup(SetupOptions),
    /// Check all prerequisites of a release in every account; changes nothing
    #[command(mut_args(options::hide_what_only_build_reads))]
    Doctor(Box<DoctorOptions>),
    /// Build a release: choose the model package, check both stages, package the template
    Build(Box<BuildOptions>),
    /// Explain, check and describe the parameters of the stages, without AWS
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List, export or resolve the model packages of a group; changes nothing
    Registry(Box<RegistryOptions>),
    /// Package a template, as a replacement for `aws cloudformation package`
    #[command(infer_long_args = true, version = VERSION)]
    Package(Box<PackageOptions>),
    /// Show what a rollout would change in every account and region; changes no stack
    Plan(Box<PlanOptions>),
    /// Show the current status of every target of a stage, or of all projects; changes nothing
    Status(Box<StatusOptions>),
    /// Stop the running operation of a stage, and show what every target serves then
    Stop(Box<StopOptions>),
    /// Delete stack instances that the release does not target
    Prune(Box<PruneOptions>),
    /// Check that a release is still allowed: tested in staging, approved, unchanged; changes nothing
    CheckRelease(Box<CheckReleaseOptions>),
    /// Write the release dossier, one page for the person who approves the release; changes nothing
    Report(Box<ReportOptions>),
    /// Roll a stage out and check that its endpoints serve the release
    Deploy(Box<DeployOptions>),
    /// Deploy an earlier release again, from the history, with the checks of a deployment
    #[command(mut_args(options::rollback_adapted))]
    Rollback(Box<RollbackOptions>),
    /// Show what was deployed at a time, who approved it, and what proves it; changes nothing
    History(HistoryOptions),
    /// Write first endpoint tests from labelled rows or sample payloads
    InitTests(InitTestsOptions),
    /// Test every endpoint of the staging accounts
    TestStaging(TestOptions),
    /// Test every endpoint of the production accounts
    TestProd(TestOptions),
    /// Verify the signed records of a release with a public key: offline, or with its history
    Verify(VerifyOptions),
    /// Sign the provenance of a binary that `dist` built, with a key of AWS KMS
    SignBinary(SignBinaryOptions),
    /// Verify the signed provenance of a binary with a public key, without AWS
    VerifyBinary(VerifyBinaryOptions),
    /// Run the whole pipeline on this machine, against a local AWS with three accounts
    Demo(DemoOptions),
    #[cfg(feature = "dev")]
    #[command(flatten)]
    Developer(dev_tasks::DeveloperTask),
}

impl Command {
    /// The files that identify a project's folder: the template or a stage file, for `upgrade` its
    /// lock file.
    ///
    /// # Panics
    ///
    /// If an option of the configuration is required and has no default: a mistake of this crate,
    /// which its tests would show.
    pub fn project_files(&self) -> Vec<String> {
        if let Self::Upgrade(_) = self {
            return vec!["xtask.lock".to_owned()];
        }
        // For a command without these options: their variables and defaults.
        let usual = without_empty_variables(ConfigurationOptions::augment_args(clap::Command::new("")))
            .mut_arg("account_filter", |argument| argument.env(None::<&'static str>));
        let usual =
            || ConfigurationOptions::from_arg_matches(&usual.get_matches_from([""])).expect("every option has a default or is optional");
        let read;
        let options = match self {
            Self::Build(options) => &options.configuration,
            Self::Doctor(options) => &options.build.configuration,
            Self::Config(ConfigCommand::Check(options)) => &options.configuration,
            Self::Config(ConfigCommand::Explain(options)) => &options.configuration,
            _ => {
                read = usual();
                &read
            }
        };
        let template = if let Self::Config(ConfigCommand::Schema(schema)) = self { &schema.template_name } else { &options.template_name };
        let templates = ["yml", "yaml", "json"].map(|extension| format!("{template}-template.{extension}"));
        templates
            .into_iter()
            .chain([&options.staging_config_name, &options.prod_config_name].map(|name| format!("{name}-template.json")))
            .collect()
    }
}

impl Cli {
    /// Reads the command line; clap prints help and errors itself and ends the process with 0 or 2.
    pub fn read() -> Self {
        let command = without_empty_variables(Self::command());
        let read = command.try_get_matches().and_then(|matches| Self::from_arg_matches(&matches)).and_then(Self::checked);
        read.unwrap_or_else(|error| explained(error).exit())
    }

    /// Only `upgrade` has Markdown as a format; other commands write it to files.
    fn checked(self) -> Result<Self, clap::Error> {
        if self.global.format != Format::Markdown || matches!(self.command, Command::Upgrade(_)) {
            return Ok(self);
        }
        let message = "only `upgrade` has the format markdown: `plan` and `report` have options for files with Markdown";
        Err(Self::command().error(ErrorKind::InvalidValue, message))
    }
}

/// The values of `--color`; `on` and `off` are aliases for the AWS CLI.
fn colors() -> impl clap::builder::TypedValueParser<Value = String> {
    use clap::builder::{PossibleValue, PossibleValuesParser};

    PossibleValuesParser::new(["auto".into(), PossibleValue::new("always").alias("on"), PossibleValue::new("never").alias("off")])
}

/// The tasks of `dev-tasks`; CONTRIBUTING.md names what they need.
const DEVELOPER_TASKS: [&str; 6] = ["test", "soak", "lint", "bench", "dist", "prepare-release"];

/// An option that `package` knows in another place, or by more than one name.
fn unknown_option(option: &str) -> Option<clap::Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let command = words.iter().position(|word| word == "package")?;
    let place = words.iter().position(|word| word.split('=').next() == Some(option))?;
    let candidates = options_of_package(option);
    let message = if place < command && !candidates.is_empty() {
        format!("`{option}` is an option of `package`: write it after the command")
    } else if candidates.len() > 1 {
        format!("`{option}` is ambiguous: it can be {}", candidates.join(", "))
    } else {
        return None;
    };
    Some(Cli::command().error(ErrorKind::UnknownArgument, message))
}

/// The options of `package` that an unknown option can mean: it accepts beginnings.
fn options_of_package(beginning: &str) -> Vec<String> {
    let command = Cli::command();
    let package = command.find_subcommand("package").into_iter().flat_map(clap::Command::get_arguments);
    let names = package.filter_map(clap::Arg::get_long).map(|name| format!("--{name}"));
    names.filter(|name| name.starts_with(beginning)).collect()
}

/// The error of a command that needs files of this workspace.
pub fn needs_workspace(task: &str) -> String {
    format!("`{task}` needs this program's source workspace: run `cargo xtask {task}` there")
}

/// A program built without the developers' tasks reports where to run them.
fn explained(error: clap::Error) -> clap::Error {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(task)) if DEVELOPER_TASKS.contains(&task.as_str()) => {
            Cli::command().error(ErrorKind::InvalidSubcommand, needs_workspace(task))
        }
        _ => match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(option)) if error.kind() == ErrorKind::UnknownArgument => unknown_option(option).unwrap_or(error),
            _ => error,
        },
    }
}

/// Ignores empty environment variables, and hides the values of variables in `--help`.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| match argument.get_env() {
            Some(name) if std::env::var_os(name).is_some_and(|value| value.is_empty()) => argument.env(None::<&'static str>),
            _ => argument.hide_env_values(true),
        })
        .mut_subcommands(without_empty_variables)
}

#[cfg(test)]
#[path = "../tests/in_process/options.rs"]
mod tests;
