//! Options that select the model package.

use std::path::PathBuf;

use clap::Args;

/// The model package to deploy.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = super::MODEL_PACKAGE)]
pub struct ChoiceOptions {
    /// Select this model package [default: the newest approved one]
    #[arg(long, value_name = "VERSION-OR-ARN", env = "MODEL_PACKAGE")]
    pub model_package: Option<String>,
    /// Select the package of --model-package even if it is not approved
    #[arg(long)]
    pub allow_unapproved: bool,
    /// Select what an EventBridge event requires, read from a file or, with -, from stdin
    #[arg(long, value_name = "FILE")]
    pub event: Option<PathBuf>,
    /// Model package that is deployed now, to compare with --event
    #[arg(long, value_name = "VERSION-OR-ARN", env = "DEPLOYED_MODEL_PACKAGE")]
    pub deployed_model_package: Option<String>,
    /// Enforce this release policy [default: release-policy.json if it exists]
    #[arg(long, visible_alias = "policy", value_name = "FILE", env = "RELEASE_POLICY")]
    pub release_policy: Option<PathBuf>,
    /// Read a registry snapshot instead of SageMaker, without calls to AWS
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
}
