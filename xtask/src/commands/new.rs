//! `new`: writes a team's repository.

use std::path::Path;

use endpoint_test::{DraftOptions, SuiteDraft};
use model_registry::{ModelPackage, ModelPackageGroup, PackageStatus, Registry};
use model_release::{Diagnostic, Failure, FailureKind, registry_errors, stop_on_errors};
use serde_json::json;
use team_repository::{Action, Finding, Model, NewRepository, SUITE, Seed, TeamFile, conflicts};

use crate::pin;
use crate::snapshot;
use command_line::NewOptions;
use terminal::files::{self, FileSet};
use terminal::{Exit, Printer};

/// Among so many newest packages an approved one is preferred.
const NEWEST: usize = 100;

pub(crate) async fn run(printer: Printer, options: &NewOptions) -> Result<Exit, Failure> {
    let pin = pin::read(&options.pin)?;
    let seed = options.from_seed.as_deref().map(Seed::read).transpose()?;
    let tests = tests(options)?;
    let model = model(options).await?;
    let repository = NewRepository { pin, model, tests, seed };
    let files = repository.files();
    stop_on_errors(conflicts(&options.folder, &files))?;
    let mut set = FileSet::default();
    for file in &files {
        set.add(options.folder.join(&file.path), file.content.clone());
    }
    set.write()?;
    show(printer, options, &repository, &files);
    Ok(Exit::Done)
}

/// The tests that are made from named payloads.
fn tests(options: &NewOptions) -> Result<Vec<TeamFile>, Failure> {
    let Some(source) = &options.payloads else { return Ok(Vec::new()) };
    let draft_options = DraftOptions { label: options.label.clone(), prediction: options.prediction.clone() };
    // Payloads that are already in the folder stay where they are; others are copied into it.
    let draft = SuiteDraft::read(source, &options.folder.join(SUITE), &draft_options)
        .map_err(|error| Failure::from(Diagnostic::error(error.to_string()).named("--payloads")))?;
    let in_folder = |path: &Path| path.strip_prefix(&options.folder).unwrap_or(path).display().to_string();
    Ok(draft.files.iter().map(|(path, content)| TeamFile::new(in_folder(path), content.to_vec())).collect())
}

/// The newest usable model package of the group.
async fn model(options: &NewOptions) -> Result<Option<Model>, Failure> {
    let saved = options.registry.as_deref().map(snapshot::read).transpose()?;
    let named = command_line::non_empty(options.model_package_group.as_ref());
    let group = named.map(str::parse::<ModelPackageGroup>).transpose();
    let group = group.map_err(|error| Failure::from(Diagnostic::error(error.to_string()).named("--model-package-group")))?;
    let package = match (saved, group) {
        (None, None) => return Ok(None),
        (Some(saved), group) => {
            let group = group.or_else(|| saved.group().cloned()).ok_or_else(|| {
                let error = Diagnostic::error("the snapshot does not name its group").named("--registry");
                Failure::from(error.with_hint("name the group with --model-package-group"))
            })?;
            newest(&saved, &group).await?
        }
        (None, Some(group)) => with_aws(&group).await?,
    };
    Ok(Some(Model {
        name: package.version.map_or_else(|| package.arn.to_string(), |version| format!("version {version} of `{}`", package.group)),
        has_samples: package.sample_payloads.is_some(),
        content_types: package.content_types,
        response_types: package.response_types,
        instance_types: package.realtime_instance_types,
    }))
}

async fn newest(registry: &impl Registry, group: &ModelPackageGroup) -> Result<ModelPackage, Failure> {
    let failed = |error| registry_errors::of_registry(&error);
    let packages = model_registry::list(registry, group, Some(NEWEST)).await.map_err(failed)?.packages;
    let completed = || packages.iter().filter(|package| package.status == PackageStatus::Completed);
    let newest = completed().find(|package| package.approval_status == model_registry::ApprovalStatus::Approved);
    let Some(newest) = newest.or_else(|| completed().next()) else {
        let nothing = Diagnostic::warning(format!("`{group}` has no completed model package: nothing was written"));
        return Err(Failure::new(FailureKind::Nothing, vec![nothing.with_hint("register one first, or make the tests with --payloads")]));
    };
    registry.describe(&newest.arn).await.map_err(failed)
}

#[cfg(feature = "aws")]
async fn with_aws(group: &ModelPackageGroup) -> Result<ModelPackage, Failure> {
    let session = crate::session::open().await?;
    newest(&session.registry(None), group).await
}

#[cfg(not(feature = "aws"))]
async fn with_aws(_: &ModelPackageGroup) -> Result<ModelPackage, Failure> {
    crate::without_aws("new", "name a registry snapshot with --registry").await
}

fn show(printer: Printer, options: &NewOptions, repository: &NewRepository, files: &[TeamFile]) {
    let findings = repository.seed.as_ref().map(|seed| seed.findings.as_slice()).unwrap_or_default();
    let written: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    let data = json!({
        "schema_version": 1,
        "folder": files::shown(&options.folder),
        "files": written,
        "pin": repository.pin,
        "model": repository.model.as_ref().map(|model| &model.name),
        "findings": findings,
    });
    let paths = written.iter().map(|path| files::shown(&options.folder.join(path)));
    let decisions = findings.iter().filter(|finding| finding.action == Action::Decide).count();
    let decide = (decisions > 0).then(|| format!("{decisions} decisions: a person must make them before the first release"));
    let text: Vec<_> = paths.chain(findings.iter().map(Finding::text)).chain(decide).collect();
    printer.result(&data, text.join("\n"));
    if repository.pin.is_none() {
        let warning = Diagnostic::warning("no binary is pinned: the builds cannot obtain one");
        printer.diagnostic(&warning.with_hint("upload the binary, and name it with `upgrade --url URL`"));
    }
    let has_requests = !repository.tests.is_empty()
        || files.iter().any(|file| file.path == SUITE && repository.seed.as_ref().is_some_and(|seed| seed.files.contains(file)));
    if !has_requests && !repository.model.as_ref().is_some_and(|model| model.has_samples) {
        let warning = Diagnostic::warning(format!("no sample payload is known: the case in `{SUITE}` cannot run"));
        printer.diagnostic(&warning.with_hint("write a payload into it, or make the tests from payloads with `init-tests --force`"));
    }
}
