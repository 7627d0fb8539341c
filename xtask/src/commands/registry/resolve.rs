//! `registry resolve`: prints the package that `build` would select. All values of the JSON are
//! strings, as Terraform's `external` data source requires.

use std::collections::BTreeMap;

use model_registry::documents::Mirror;
use model_registry::{Choice, ModelPackageGroup};

use super::group;
use crate::snapshot;
use command_line::ResolveOptions;
use model_release::approved_bytes::NoArtifacts;
use model_release::{Diagnostic, Failure, FailureKind, Level, PackageSelection, RegistryAccess, stop_on_errors};
use terminal::{Exit, Printer, Project};

pub(super) async fn run(
    printer: Printer,
    project: impl Fn() -> Result<Option<Project>, Failure>,
    options: &ResolveOptions,
) -> Result<Exit, Failure> {
    let project = project()?;
    if project.is_none() && options.choice.release_policy.is_none() {
        let note = Diagnostic::new(Level::Note, "no project was found, so no release policy applies: only the approval is checked");
        printer.diagnostic(&note.with_hint("name a policy with --release-policy, or a project with --project-dir"));
    }
    let saved = options.choice.registry.as_deref().map(|file| Ok::<_, Failure>((file, snapshot::read(file)?))).transpose()?;
    let group = group(options.model_package_group_name.as_ref(), saved.as_ref().map(|(_, saved)| saved))?;
    let mut diagnostics = Vec::new();
    let selection = crate::requests::selection(project.as_ref(), &options.choice, Some(&group), &mut diagnostics);
    stop_on_errors(diagnostics)?;
    let Some(selection) = selection else { return Err(Failure::new(FailureKind::BadInput, Vec::new())) };
    selection.stop_when_nothing()?;
    if let Some(announcement) = selection.announcement() {
        printer.step("Event", announcement);
    }
    let choice = match saved {
        Some((file, registry)) => {
            let access = RegistryAccess { registry, documents: Mirror::new(snapshot::mirror(file)), artifacts: None::<NoArtifacts> };
            selection.choose(&group, access).await?
        }
        None => with_aws(&selection, &group).await?,
    };
    printer.step("Chosen", &choice.because);
    printer.result(&values(&choice), &choice.package.arn);
    Ok(Exit::Done)
}

#[cfg(feature = "aws")]
async fn with_aws(selection: &PackageSelection, group: &ModelPackageGroup) -> Result<Choice, Failure> {
    let session = crate::session::open().await?;
    Box::pin(selection.choose(group, session.registry_access(None))).await
}

#[cfg(not(feature = "aws"))]
async fn with_aws(_: &PackageSelection, _: &ModelPackageGroup) -> Result<Choice, Failure> {
    crate::without_aws("registry resolve", "name a registry snapshot with --registry").await
}

fn values(choice: &Choice) -> BTreeMap<&'static str, String> {
    let package = &choice.package;
    BTreeMap::from([
        ("model_package_arn", package.arn.to_string()),
        ("model_package_group", package.group.to_string()),
        ("model_package_version", package.version.map(|version| version.to_string()).unwrap_or_default()),
        ("account", package.arn.account().to_string()),
        ("region", package.arn.region().to_string()),
        ("approval_status", package.approval_status.to_string()),
        ("created", package.created.to_string()),
        ("images", package.images.join(",")),
        ("model_data", package.model_data.join(",")),
        ("because", choice.because.to_string()),
    ])
}
