//! Options of `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigurationOptions;
use model_release::Stage;

/// The subcommands of `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show each parameter of a stage, its value, its source and what it overrides
    Explain(Box<ConfigExplainOptions>),
    /// Check the stage files without a model package and without AWS
    Check(Box<ConfigCheckOptions>),
    /// Generate the JSON Schema of a stage file from the template, for editors
    Schema(ConfigSchemaOptions),
}

/// Options of `config explain`.
#[derive(Debug, Args)]
pub(crate) struct ConfigExplainOptions {
    /// Stage to explain
    #[arg(long, value_parser = super::stage())]
    pub(crate) stage: Stage,
    /// Apply the overrides of this account
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Apply the overrides of this region
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    #[command(flatten)]
    pub(crate) configuration: ConfigurationOptions,
}

/// Options of `config check`.
#[derive(Debug, Args)]
pub(crate) struct ConfigCheckOptions {
    /// Stage to check [default: both]
    #[arg(long, value_parser = super::stage())]
    pub(crate) stage: Option<Stage>,
    /// Check this template, with any stage files in its folder; needs no project
    #[arg(long, value_name = "FILE", help_heading = super::CONFIGURATION)]
    pub(crate) template: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) configuration: ConfigurationOptions,
}

/// Options of `config schema`.
#[derive(Debug, Args)]
pub(crate) struct ConfigSchemaOptions {
    /// Generate the schema of this kind of file
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub(crate) of: SchemaOf,
    /// Read the template from NAME-template.yml, .yaml or .json
    #[arg(long, value_name = "NAME", env = "CFN_TEMPLATE_NAME", default_value = "cfn-sm-endpoint")]
    pub(crate) template_name: String,
    /// Write the schema to this file [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write nothing; exit with 1 if the file of --out is out of date
    #[arg(long, requires = "out")]
    pub(crate) check: bool,
}

/// An input file of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum SchemaOf {
    // NAME-template.json
    #[default]
    Stage,
    // NAME-overrides.json
    Overrides,
}
