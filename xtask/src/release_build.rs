//! Builds, writes and prints a release, for `build`, `tour` and `lint`'s template checks.

use std::path::Path;

use aws_names::Region;
use cfn_render::{PackageOptions, Packaged};
use model_registry::Registry;
use model_registry::documents::Documents;
use model_release::configuration::Configuration;
use model_release::manifest::Manifest;
use model_release::release_build::{Built, Event, Home};
use model_release::{Diagnostic, Failure, RegistryAccess, problems, records, release_text};
use stack_rollout::preflight::ArtifactReader;

use crate::requests::BuildCommand;
use crate::signing::Signing;
use crate::stores::{self, Bucket};
use command_line::AwsCliOptions;
use terminal::files::{self, FileSet};
use terminal::{Printer, Project};

/// Builds and writes a release, the manifest last. `access` returns a region's registry.
pub(crate) async fn write<R: Registry, D: Documents, A: ArtifactReader>(
    printer: Printer,
    project: &Project,
    command: &BuildCommand,
    configuration: &Configuration,
    access: impl Fn(Option<&Region>) -> RegistryAccess<R, D, A>,
    home: Home,
    signing: &Signing,
) -> Result<Manifest, Failure> {
    let mut found = Vec::new();
    let built = build(printer, project, command, configuration, access, &home, &mut found).await;
    printer.diagnostics_once(found);
    let built = built?;
    let mut file_set = FileSet::default();
    let (manifest, others) = built.files.split_last().expect("the manifest is one of the files");
    for (name, bytes) in others {
        file_set.add(command.output_dir.join(name), bytes.clone());
    }
    if let Some(record) = signing.record(|run| records::provenance(&built.manifest, &built.digest, run)).await? {
        file_set.add(command.output_dir.join(records::PROVENANCE), record);
    }
    file_set.add(command.output_dir.join("release.env"), variables(&built.manifest, &built.digest));
    file_set.add(command.output_dir.join(&manifest.0), manifest.1.clone());
    file_set.write()?;
    Ok(built.manifest)
}

/// Builds a release and uploads its template's artifacts; writes nothing else. Adds the findings that
/// are no errors to `found`.
pub(crate) async fn build<R: Registry, D: Documents, A: ArtifactReader>(
    printer: Printer,
    project: &Project,
    command: &BuildCommand,
    configuration: &Configuration,
    access: impl Fn(Option<&Region>) -> RegistryAccess<R, D, A>,
    home: &Home,
    found: &mut Vec<Diagnostic>,
) -> Result<Built, Failure> {
    let prepared = command
        .request
        .prepare(configuration, access, home, |event| match event {
            Event::Announced(announcement) => printer.step("Event", announcement),
            Event::Chosen(choice) => printer.step("Chosen", format_args!("{} ({})", choice.package.arn, choice.because)),
            Event::ChosenFor { region, arn } => printer.step("Chosen", format_args!("{arn} for {region}")),
            Event::Found(diagnostic) => found.push(diagnostic),
            _ => {}
        })
        .await;
    #[cfg(feature = "aws")]
    crate::session::locate_all(found).await;
    let prepared = prepared?;
    let packaged = package(printer, command, configuration, prepared.first_region()).await?;
    Ok(prepared.finish(&command.request, &configuration.template, packaged, project.source(), crate::tool())?)
}

async fn package(
    printer: Printer,
    command: &BuildCommand,
    configuration: &Configuration,
    region: Option<&Region>,
) -> Result<Packaged, Failure> {
    let folder = command.artifact_dir.clone();
    let mut session = AwsCliOptions::default();
    session.region = region.filter(|_| folder.is_some()).map(Region::to_string);
    let prefix = command.artifact_prefix.clone();
    let bucket = command.artifact_bucket.clone().map(|name| Bucket { name, prefix, session, folder, ..Bucket::default() });
    let template = &configuration.template;
    let mut packaging = PackageOptions::default();
    packaging.within = stores::boundary(template.path());
    let packaged = stores::package(printer, template, &packaging, bucket).await?;
    for note in &packaged.notes {
        printer.diagnostic(&problems::of_template(note, template.text()));
    }
    Ok(packaged)
}

/// Prints the release on standard output.
pub(crate) fn print(printer: Printer, manifest: &Manifest, folder: &Path) {
    printer.result(manifest, release_text(manifest, &files::shown(folder)));
}

/// `release.env`: variables for a pipeline's shell, each value in single quotes.
pub(crate) fn variables(manifest: &Manifest, digest: &str) -> String {
    let version = manifest.model_package.version.map(|version| version.to_string()).unwrap_or_default();
    files::shell_variables(&[
        ("RELEASE_ACTION", &manifest.action),
        ("MODEL_PACKAGE_ARN", manifest.model_package.arn.as_str()),
        ("MODEL_PACKAGE_VERSION", &version),
        ("RELEASE_MANIFEST_SHA256", digest.trim_start_matches("sha256:")),
    ])
}

/// `release.env` if there is nothing to deploy.
pub(crate) fn no_variables() -> String {
    let names = ["MODEL_PACKAGE_ARN", "MODEL_PACKAGE_VERSION", "RELEASE_MANIFEST_SHA256"];
    let variables: Vec<_> = std::iter::once(("RELEASE_ACTION", "none")).chain(names.map(|name| (name, ""))).collect();
    files::shell_variables(&variables)
}
