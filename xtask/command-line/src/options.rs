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
mod history;
mod init_tests;
mod new;
mod package;
mod plan;
mod prune;
mod registry;
mod report;
mod rollback;
mod setup;
mod shared;
mod sign_binary;
mod status;
mod stop;
mod test_endpoints;
mod tour;
mod verify;
mod waves;

pub use aws_cli::AwsCliOptions;
pub use build::BuildOptions;
pub use check_release::{ApprovalOptions, CheckReleaseOptions, StagingTestOptions};
pub use choice::ChoiceOptions;
pub use config::{ConfigCheckOptions, ConfigCommand, ConfigExplainOptions, ConfigSchemaOptions, SchemaOf};
pub use configuration::ConfigurationOptions;
pub use demo::DemoOptions;
pub use deploy::{
    Caller, ConcurrencyMode, DeployOptions, Permissions, PreferenceOptions, RegionConcurrency, StackSetAccess, StackSetOptions,
};
pub use doctor::DoctorOptions;
pub(crate) use doctor::hide_what_only_build_reads;
pub use history::{HistoryOptions, HistoryPlaceOptions};
pub use init_tests::InitTestsOptions;
pub use new::{NewOptions, PinOptions, UpgradeOptions};
pub use package::PackageOptions;
pub use plan::PlanOptions;
pub use prune::PruneOptions;
pub use registry::{ListOptions, RegistryAction, RegistryOptions, ResolveOptions, SnapshotOptions};
pub use report::{EvidenceOptions, ReportOptions};
pub use rollback::RollbackOptions;
pub(crate) use rollback::adapted as rollback_adapted;
pub use setup::SetupOptions;
pub use shared::{
    AccountFilter, FreezeOptions, ProjectOptions, RecordOptions, ReleaseOptions, RoleOptions, SignatureOptions, SigningOptions,
    StageAccounts, TemplateBucketOptions,
};
pub use sign_binary::{SignBinaryOptions, VerifyBinaryOptions};
pub use status::{FleetOptions, StatusOptions};
pub use stop::StopOptions;
pub use test_endpoints::{OwnChecks, TestOptions};
pub use tour::TourOptions;
pub use verify::VerifyOptions;
pub use waves::{OnFailure, WaveOptions};

// The headings of `--help`, which group options by purpose.
const PROJECT: &str = "Project";
const MODEL_PACKAGE: &str = "Model package";
const CONFIGURATION: &str = "Configuration";
const TARGETS: &str = "Targets";
const ARTIFACTS: &str = "Artifacts";
const SHARING: &str = "Sharing";
const RELEASE: &str = "Release";
const APPROVAL: &str = "Approval";
const FLEET: &str = "Fleet";
const STACK_SET: &str = "Stack set";
const STACK_INSTANCES: &str = "Stack instances";
const ROLLOUT: &str = "Rollout";
const WAVES: &str = "Waves";
const SESSION: &str = "AWS session";
const TESTS: &str = "Tests";
const LOAD: &str = "Load";
const COMPARISON: &str = "Comparison";
const EVIDENCE: &str = "Evidence";
const HISTORY: &str = "History";
const PIN: &str = "Pinned binary";
const OUTPUT: &str = "Output";

/// The trimmed value of an option, or `None` if it is empty.
pub fn non_empty(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// Parses a stage's name; `--help` shows both.
fn stage() -> impl clap::builder::TypedValueParser<Value = Stage> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};

    PossibleValuesParser::new(["staging", "prod"]).try_map(|name| name.parse::<Stage>())
}
