//! `registry`: lists or exports a model package group, or resolves the package for `build`.

mod list;
mod resolve;
#[cfg(feature = "aws")]
mod snapshot;

use model_registry::ModelPackageGroup;
use model_registry::snapshot::Snapshot;

use command_line::{RegistryAction, RegistryOptions, non_empty};
use model_release::{Diagnostic, Failure};
use terminal::{Exit, Printer, Project};

pub(crate) async fn run(
    printer: Printer,
    project: impl Fn() -> Result<Option<Project>, Failure>,
    options: &RegistryOptions,
) -> Result<Exit, Failure> {
    match &options.action {
        RegistryAction::List(options) => list::run(printer, options).await,
        #[cfg(feature = "aws")]
        RegistryAction::Snapshot(options) => snapshot::run(printer, options).await,
        #[cfg(not(feature = "aws"))]
        RegistryAction::Snapshot(_) => crate::without_aws("registry snapshot", "build it with its default features").await,
        RegistryAction::Resolve(options) => resolve::run(printer, project, options).await,
    }
}

/// The group of the option or its variable, else that of the snapshot.
fn group(named: Option<&String>, snapshot: Option<&Snapshot>) -> Result<ModelPackageGroup, Failure> {
    let Some(text) = non_empty(named) else {
        if let Some(group) = snapshot.and_then(Snapshot::group) {
            return Ok(group.clone());
        }
        return Err(Diagnostic::error("`--model-package-group-name` is missing")
            .with_hint("pass it, or set SOURCE_MODEL_PACKAGE_GROUP_NAME")
            .into());
    };
    text.parse()
        .map_err(|error: model_registry::ParseGroupError| Diagnostic::error(error.to_string()).named("--model-package-group-name").into())
}
