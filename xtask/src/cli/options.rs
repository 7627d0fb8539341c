//! The options of each command, a file a command.

use model_release::Stage;

mod build;
mod choice;
mod config;
mod configuration;
mod demo;
mod deploy;
mod doctor;
mod package;
mod plan;
mod prune;
mod registry;
mod setup;
mod shared;
mod test_endpoints;
mod tour;

pub(crate) use build::BuildOptions;
pub(crate) use choice::ChoiceOptions;
pub(crate) use config::{ConfigCheckOptions, ConfigCommand, ConfigExplainOptions, ConfigSchemaOptions, SchemaOf};
pub(crate) use configuration::ConfigurationOptions;
pub(crate) use demo::DemoOptions;
#[cfg(feature = "aws")]
pub(crate) use deploy::{Caller, ConcurrencyMode, Permissions, RegionConcurrency};
pub(crate) use deploy::{DeployOptions, PreferenceOptions, StackSetOptions};
pub(crate) use doctor::DoctorOptions;
pub(crate) use package::PackageOptions;
pub(crate) use plan::PlanOptions;
pub(crate) use prune::PruneOptions;
#[cfg(feature = "aws")]
pub(crate) use registry::SnapshotOptions;
pub(crate) use registry::{ListOptions, RegistryAction, RegistryOptions, ResolveOptions};
pub(crate) use setup::SetupOptions;
pub(crate) use shared::{AccountFilter, ProjectOptions, RecordOptions, ReleaseOptions, RoleOptions, StageAccounts};
pub(crate) use test_endpoints::{OwnChecks, TestOptions};
pub(crate) use tour::TourOptions;

/// The value of an option, unless it is empty.
pub(crate) fn given(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// Reads a stage's name, and lists both in `--help`.
fn stage() -> impl clap::builder::TypedValueParser<Value = Stage> {
    use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};

    let names = [("staging", "The staging accounts"), ("prod", "The production accounts")];
    PossibleValuesParser::new(names.map(|(name, help)| PossibleValue::new(name).help(help))).try_map(|name| name.parse::<Stage>())
}
