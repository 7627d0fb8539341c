//! Options of `report`.

use std::path::PathBuf;

use clap::Args;

use super::{ReleaseOptions, RoleOptions, StackSetAccess};

/// Options of `report`.
#[derive(Debug, Args)]
pub struct ReportOptions {
    #[command(flatten)]
    pub release: ReleaseOptions,
    #[command(flatten)]
    pub evidence: EvidenceOptions,
    #[command(flatten)]
    pub access: StackSetAccess,
    #[command(flatten)]
    pub role: RoleOptions,
    /// Write release-dossier.html, .md and .json to this folder [default: target/dossier]
    #[arg(long, value_name = "DIR", help_heading = super::OUTPUT)]
    pub output_dir: Option<PathBuf>,
}

/// Where to read what the dossier shows.
#[derive(Debug, Args)]
#[command(next_help_heading = super::EVIDENCE)]
pub struct EvidenceOptions {
    /// Read the results of test-staging from this file or folder [default: target/test-results]
    #[arg(long, value_name = "PATH")]
    pub staging_results: Option<PathBuf>,
    /// Read the results of the last test-prod of the model in production from this file or folder
    #[arg(long, value_name = "PATH")]
    pub production_results: Option<PathBuf>,
    /// Read the plan of production from this file, which plan --format json prints, instead of AWS
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Read a registry snapshot instead of SageMaker
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Make no call to AWS: what is in no file is not known
    #[arg(long)]
    pub offline: bool,
    /// Pipeline that deploys the release, for the command that goes back
    #[arg(long, value_name = "NAME", env = "PIPELINE_NAME")]
    pub pipeline: Option<String>,
    /// Execution of that pipeline
    #[arg(long, value_name = "ID", env = "PIPELINE_EXECUTION_ID")]
    pub pipeline_execution: Option<String>,
}

impl ReportOptions {
    /// The options of `plan` for a stage.
    pub fn stack_set(&self, stage: model_release::Stage) -> super::StackSetOptions {
        super::StackSetOptions {
            stage,
            release: self.release.clone(),
            accounts: None,
            regions: None,
            access: self.access.clone(),
            role: self.role.clone(),
        }
    }
}
