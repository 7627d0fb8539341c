//! Options of `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigurationOptions;
use model_release::Stage;

/// The subcommands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show each parameter of a stage, its value, its source and what it overrides
    Explain(Box<ConfigExplainOptions>),
    /// Check the stage files without a model package and without AWS
    Check(Box<ConfigCheckOptions>),
    /// Generate the JSON Schema of a stage file from the template, for editors
    Schema(ConfigSchemaOptions),
}

/// Options of `config explain`.
#[derive(Debug, Args)]
pub struct ConfigExplainOptions {
    /// Stage to explain
    #[arg(long, value_parser = super::stage())]
    pub stage: Stage,
    /// Apply the overrides of this account
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Apply the overrides of this region
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    #[command(flatten)]
    pub configuration: ConfigurationOptions,
}

/// Options of `config check`.
#[derive(Debug, Args)]
pub struct ConfigCheckOptions {
    /// Stage to check [default: both]
    #[arg(long, value_parser = super::stage())]
    pub stage: Option<Stage>,
    /// Check this template, with any stage files in its folder; needs no project
    #[arg(long, value_name = "FILE", help_heading = super::CONFIGURATION)]
    pub template: Option<PathBuf>,
    #[command(flatten)]
    pub configuration: ConfigurationOptions,
}

/// Options of `config schema`.
#[derive(Debug, Args)]
pub struct ConfigSchemaOptions {
    /// Generate the schema of this kind of file
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub of: SchemaOf,
    /// Read the template from NAME-template.yml, .yaml or .json
    #[arg(long, value_name = "NAME", env = "CFN_TEMPLATE_NAME", default_value = "cfn-sm-endpoint")]
    pub template_name: String,
    /// Write the schema to this file [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write nothing; exit with 1 if the file of --out is out of date
    #[arg(long, requires = "out")]
    pub check: bool,
}

/// An input file of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum SchemaOf {
    // NAME-template.json
    #[default]
    Stage,
    // NAME-overrides.json
    Overrides,
}
