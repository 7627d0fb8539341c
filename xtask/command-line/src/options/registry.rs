//! Options of `registry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ChoiceOptions;

/// Options of `registry`.
#[derive(Debug, Args)]
pub struct RegistryOptions {
    #[command(subcommand)]
    pub action: RegistryAction,
}

/// The subcommands of `registry`.
#[derive(Debug, Subcommand)]
pub enum RegistryAction {
    /// List the model packages of a group, newest first
    List(ListOptions),
    /// Write the model packages of a group to a file, for builds without AWS
    Snapshot(SnapshotOptions),
    /// Print the model package that `build` would choose, for Terraform, CDK and shells
    Resolve(ResolveOptions),
}

/// The group, and how many packages of it to read.
#[derive(Debug, Clone, Args)]
pub struct GroupOptions {
    /// Model package group
    #[arg(long, value_name = "NAME-OR-ARN", env = "SOURCE_MODEL_PACKAGE_GROUP_NAME")]
    pub model_package_group_name: Option<String>,
    /// Read this many of the newest packages
    #[arg(long, value_name = "COUNT", default_value_t = 100, conflicts_with = "all", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Read all packages
    #[arg(long)]
    pub all: bool,
}

/// Options of `registry list`.
#[derive(Debug, Args)]
pub struct ListOptions {
    #[command(flatten)]
    pub group: GroupOptions,
    /// Read a registry snapshot instead of SageMaker
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
}

/// Options of `registry snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotOptions {
    #[command(flatten)]
    pub group: GroupOptions,
    /// Write the snapshot to this file
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Also download the packages' metrics from S3, to NAME.s3 beside NAME.json
    #[arg(long)]
    pub with_metrics: bool,
}

/// Options of `registry resolve`.
#[derive(Debug, Args)]
pub struct ResolveOptions {
    /// Model package group
    #[arg(long, value_name = "NAME-OR-ARN", env = "SOURCE_MODEL_PACKAGE_GROUP_NAME")]
    pub model_package_group_name: Option<String>,
    #[command(flatten)]
    pub choice: ChoiceOptions,
}
