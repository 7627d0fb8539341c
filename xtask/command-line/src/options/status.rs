//! Options of `status`.

use std::path::PathBuf;

use clap::Args;

use model_release::Stage;

use super::{ReleaseOptions, RoleOptions, StackSetAccess, StackSetOptions};

/// Options of `status`: of a stage, or of a fleet.
#[derive(Debug, Args)]
pub struct StatusOptions {
    /// Stage of the release; required without --all
    #[arg(long, value_parser = super::stage(), required_unless_present = "all", help_heading = super::RELEASE)]
    pub stage: Option<Stage>,
    #[command(flatten)]
    pub release: ReleaseOptions,
    /// Only these accounts of the stage, comma-separated
    #[arg(long, value_name = "ACCOUNTS", help_heading = super::RELEASE)]
    pub accounts: Option<String>,
    /// Only these regions of the release, comma-separated
    #[arg(long, value_name = "REGIONS", help_heading = super::RELEASE)]
    pub regions: Option<String>,
    #[command(flatten)]
    pub fleet: FleetOptions,
    #[command(flatten)]
    pub access: StackSetAccess,
    #[command(flatten)]
    pub role: RoleOptions,
}

/// The fleet: all projects of the account and region.
#[derive(Debug, Args)]
#[command(next_help_heading = super::FLEET)]
pub struct FleetOptions {
    /// Show the stages of all projects of this account and region; needs no release
    #[arg(long, conflicts_with_all = ["stage", "accounts", "regions", "build_dir"])]
    pub all: bool,
    /// Only the project with this name or id; repeatable
    #[arg(long, value_name = "NAME-OR-ID", requires = "all")]
    pub project: Vec<String>,
    /// Only the projects that this file lists, one in each line
    #[arg(long, value_name = "FILE", requires = "all")]
    pub projects_file: Option<PathBuf>,
    /// Only stack sets with this tag; repeatable
    #[arg(long, value_name = "KEY=VALUE", requires = "all")]
    pub tag: Vec<String>,
    /// Also write the status to this file, as an HTML page
    #[arg(long, value_name = "FILE", requires = "all")]
    pub html: Option<PathBuf>,
}

impl StatusOptions {
    /// The options of the stage; `None` with `--all`.
    pub fn stack_set(&self) -> Option<StackSetOptions> {
        Some(StackSetOptions {
            stage: self.stage?,
            release: self.release.clone(),
            accounts: self.accounts.clone(),
            regions: self.regions.clone(),
            access: self.access.clone(),
            role: self.role.clone(),
        })
    }
}
