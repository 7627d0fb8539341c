//! Options of `rollback`: those of `deploy`, and which release to go back to.

use clap::{Arg, Args};

use super::DeployOptions;

/// Options of `rollback`.
#[derive(Debug, Args)]
pub struct RollbackOptions {
    /// Go back to this release: its digest, or the version or ARN of its model package [default: the release before]
    #[arg(long, value_name = "RELEASE", env = "ROLLBACK_TO", help_heading = super::HISTORY)]
    pub to: Option<String>,
    /// Record this reason in the history
    #[arg(long, value_name = "TEXT", env = "ROLLBACK_REASON", help_heading = super::HISTORY)]
    pub reason: Option<String>,
    /// In an emergency, go back without the staging tests and the approval of the release
    #[arg(long, requires = "reason", conflicts_with = "staging_results", help_heading = super::HISTORY)]
    pub skip_staging: bool,
    /// SageMaker project id [default: that of the release in target/deploy]
    #[arg(long, value_name = "ID", env = "SAGEMAKER_PROJECT_ID", help_heading = super::HISTORY)]
    pub sagemaker_project_id: Option<String>,
    /// Do not ask for confirmation
    #[arg(long, help_heading = super::HISTORY)]
    pub yes: bool,
    #[command(flatten)]
    pub deploy: DeployOptions,
}

/// Some options of `deploy` have another meaning, or none: `rollback` knows the release.
pub(crate) fn adapted(argument: Arg) -> Arg {
    match argument.get_id().as_str() {
        "release_sha256" => argument.hide(true).env(None::<&'static str>),
        "without_staging_tests" => argument.hide(true),
        "build_dir" => argument.help("Write the files of the release to this folder [default: target/rollback/STAGE/SHA256]"),
        "staging_results" => argument.help("Read the results of test-staging from this file, for prod [default: the history]"),
        _ => argument,
    }
}
