//! Options that say which model package is wanted.

use std::path::PathBuf;

use clap::Args;

/// Which model package is wanted.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ChoiceOptions {
    /// A registry snapshot in place of SageMaker: no call to AWS is made at all.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry: Option<PathBuf>,
    /// The model package to deploy, by version or ARN; the newest approved one when not given.
    #[arg(long, value_name = "VERSION-OR-ARN", env = "MODEL_PACKAGE")]
    pub(crate) model_package: Option<String>,
    /// Deploys the package that --model-package names although it is not approved.
    #[arg(long)]
    pub(crate) allow_unapproved: bool,
    /// The EventBridge event that started this, in a file, or - for standard input: what it says decides what is deployed.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// The package that is deployed now: tells an event that withdraws its approval from one about another package.
    #[arg(long, value_name = "VERSION-OR-ARN", env = "DEPLOYED_MODEL_PACKAGE")]
    pub(crate) deployed_model_package: Option<String>,
    /// What a package must meet [default: release-policy.json in the project's folder, when it is there]
    #[arg(long, visible_alias = "policy", value_name = "FILE", env = "RELEASE_POLICY")]
    pub(crate) release_policy: Option<PathBuf>,
}
