//! Options of `registry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ChoiceOptions;

/// Options of `registry`.
#[derive(Debug, Args)]
pub(crate) struct RegistryOptions {
    #[command(subcommand)]
    pub(crate) action: RegistryAction,
}

/// What to do with the registry.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryAction {
    /// Lists a group's model packages, newest first.
    List(ListOptions),
    /// Writes a group's model packages into a file, for builds without AWS.
    Snapshot(SnapshotOptions),
    /// Says which model package `build` would choose, for Terraform, CDK and shells.
    Resolve(ResolveOptions),
}

/// The group, and how much of it.
#[derive(Debug, Clone, Args)]
pub(crate) struct GroupOptions {
    /// The model package group, by name or ARN.
    #[arg(long, value_name = "NAME-OR-ARN", env = "SOURCE_MODEL_PACKAGE_GROUP_NAME")]
    pub(crate) model_package_group_name: Option<String>,
    /// How many of the newest packages.
    #[arg(long, value_name = "COUNT", default_value_t = 100, conflicts_with = "all", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// All packages, however many there are.
    #[arg(long)]
    pub(crate) all: bool,
}

/// Options of `registry list`.
#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    #[command(flatten)]
    pub(crate) group: GroupOptions,
    /// A registry snapshot in place of SageMaker.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry: Option<PathBuf>,
}

/// Options of `registry snapshot`.
#[derive(Debug, Args)]
pub(crate) struct SnapshotOptions {
    #[command(flatten)]
    pub(crate) group: GroupOptions,
    /// Where the snapshot goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Fetches the packages' metrics from S3, too, into a folder beside the file: NAME.s3 for NAME.json.
    #[arg(long)]
    pub(crate) with_metrics: bool,
}

/// Options of `registry resolve`.
#[derive(Debug, Args)]
pub(crate) struct ResolveOptions {
    /// The model package group, by name or ARN.
    #[arg(long, value_name = "NAME-OR-ARN", env = "SOURCE_MODEL_PACKAGE_GROUP_NAME")]
    pub(crate) model_package_group_name: Option<String>,
    #[command(flatten, next_help_heading = "Which model package")]
    pub(crate) choice: ChoiceOptions,
}
