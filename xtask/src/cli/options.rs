//! The options of each command, a file a command.

mod build;
mod config;
mod configuration;
mod demo;
mod deploy;
mod dist;
mod package;
mod setup;
mod shared;
mod stage;
mod test_endpoints;
mod tour;

pub(crate) use build::BuildOptions;
pub(crate) use config::{ConfigCheckOptions, ConfigCommand, ConfigExplainOptions, ConfigSchemaOptions, SchemaOf};
pub(crate) use configuration::ConfigurationOptions;
pub(crate) use demo::DemoOptions;
pub(crate) use deploy::{Caller, ConcurrencyMode, DeployOptions, Permissions, PreferenceOptions, RegionConcurrency, StackSetOptions};
pub(crate) use dist::DistOptions;
pub(crate) use package::PackageOptions;
pub(crate) use setup::SetupOptions;
pub(crate) use shared::{ProjectOptions, RoleOptions, StageAccounts};
pub(crate) use stage::Stage;
pub(crate) use test_endpoints::TestOptions;
pub(crate) use tour::TourOptions;

/// The value of an option, unless it is empty.
pub(crate) fn given(value: Option<&String>) -> Option<&str> {
    value.map(|value| value.trim()).filter(|value| !value.is_empty())
}
