//! Options of `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigurationOptions;
use model_release::Stage;

/// What to do with the stages' parameters.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Shows each parameter of a stage, its value, where that came from, and what it replaced.
    Explain(Box<ConfigExplainOptions>),
    /// Makes every check of `build` that needs neither a model package nor AWS.
    Check(Box<ConfigCheckOptions>),
    /// Makes the JSON Schema from the template that editors complete and check stage files by.
    Schema(ConfigSchemaOptions),
}

/// Options of `config explain`.
#[derive(Debug, Args)]
pub(crate) struct ConfigExplainOptions {
    /// The stage.
    #[arg(long, value_parser = super::stage())]
    pub(crate) stage: Stage,
    /// Shows what holds in this account; without it, what holds where nothing is overridden.
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Shows what holds in this region.
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    #[command(flatten)]
    pub(crate) configuration: ConfigurationOptions,
}

/// Options of `config check`.
#[derive(Debug, Args)]
pub(crate) struct ConfigCheckOptions {
    /// The stage; both when not given.
    #[arg(long, value_parser = super::stage())]
    pub(crate) stage: Option<Stage>,
    #[command(flatten)]
    pub(crate) configuration: ConfigurationOptions,
}

/// Options of `config schema`.
#[derive(Debug, Args)]
pub(crate) struct ConfigSchemaOptions {
    /// Which file the schema is for.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) of: SchemaOf,
    /// The template's name: reads NAME-template.yml (or .yaml).
    #[arg(long, value_name = "NAME", env = "CFN_TEMPLATE_NAME", default_value = "cfn-sm-endpoint")]
    pub(crate) template_name: String,
    /// Where the schema goes; standard output when not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Writes nothing; exit code 1 says that the file is not what the template says.
    #[arg(long, requires = "out")]
    pub(crate) check: bool,
}

/// A file that people write for a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum SchemaOf {
    /// NAME-template.json
    #[default]
    Stage,
    /// NAME-overrides.json
    Overrides,
}
