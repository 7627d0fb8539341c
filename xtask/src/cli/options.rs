//! The options of each command, one file per command.

use model_release::Stage;

mod aws_cli;
mod build;
mod check_release;
mod choice;
mod config;
mod configuration;
mod demo;
mod deploy;
mod doctor;
mod init_tests;
mod package;
mod plan;
mod prune;
mod registry;
mod report;
mod setup;
mod shared;
mod stop;
mod test_endpoints;
mod tour;
mod verify;
mod waves;

pub(crate) use aws_cli::AwsCliOptions;
pub(crate) use build::BuildOptions;
#[cfg(feature = "aws")]
pub(crate) use check_release::ApprovalOptions;
pub(crate) use check_release::{CheckReleaseOptions, StagingTestOptions};
pub(crate) use choice::ChoiceOptions;
pub(crate) use config::{ConfigCheckOptions, ConfigCommand, ConfigExplainOptions, ConfigSchemaOptions, SchemaOf};
pub(crate) use configuration::ConfigurationOptions;
pub(crate) use demo::DemoOptions;
#[cfg(feature = "aws")]
pub(crate) use deploy::{Caller, ConcurrencyMode, Permissions, RegionConcurrency};
pub(crate) use deploy::{DeployOptions, PreferenceOptions, StackSetAccess, StackSetOptions};
pub(crate) use doctor::{DoctorOptions, hide_what_only_build_reads};
pub(crate) use init_tests::InitTestsOptions;
pub(crate) use package::PackageOptions;
pub(crate) use plan::PlanOptions;
pub(crate) use prune::PruneOptions;
#[cfg(feature = "aws")]
pub(crate) use registry::SnapshotOptions;
pub(crate) use registry::{ListOptions, RegistryAction, RegistryOptions, ResolveOptions};
pub(crate) use report::{EvidenceOptions, ReportOptions};
pub(crate) use setup::SetupOptions;
pub(crate) use shared::{
    AccountFilter, ProjectOptions, RecordOptions, ReleaseOptions, RoleOptions, SignatureOptions, SigningOptions, StageAccounts,
    TemplateBucketOptions,
};
pub(crate) use stop::StopOptions;
pub(crate) use test_endpoints::{OwnChecks, TestOptions};
pub(crate) use tour::TourOptions;
pub(crate) use verify::VerifyOptions;
#[cfg(feature = "aws")]
pub(crate) use waves::OnFailure;
pub(crate) use waves::WaveOptions;

// The headings of `--help`, which group options by purpose.
const PROJECT: &str = "Project";
const MODEL_PACKAGE: &str = "Model package";
const CONFIGURATION: &str = "Configuration";
const TARGETS: &str = "Targets";
const ARTIFACTS: &str = "Artifacts";
const SHARING: &str = "Sharing";
const RELEASE: &str = "Release";
const APPROVAL: &str = "Approval";
const STACK_SET: &str = "Stack set";
const STACK_INSTANCES: &str = "Stack instances";
const ROLLOUT: &str = "Rollout";
const WAVES: &str = "Waves";
const SESSION: &str = "AWS session";
const TESTS: &str = "Tests";
const LOAD: &str = "Load";
const COMPARISON: &str = "Comparison";
const EVIDENCE: &str = "Evidence";
const OUTPUT: &str = "Output";

/// The trimmed value of an option, or `None` if it is empty.
pub(crate) fn non_empty(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// Parses a stage's name; `--help` shows both.
fn stage() -> impl clap::builder::TypedValueParser<Value = Stage> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};

    PossibleValuesParser::new(["staging", "prod"]).try_map(|name| name.parse::<Stage>())
}
